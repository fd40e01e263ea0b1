"""What templates need to print statuses, times and lengths of time; the words themselves are in `publishing.words`."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from incidents.domain.instants import to_the_second
from incidents.domain.status import Impact, Level, Stage
from incidents.publishing import advice, cards, csp, planned, words
from incidents.publishing.periods import Month
from incidents.publishing.public import IncidentView, IntervalView
from incidents.reviewing.milestones import Milestone

register = template.Library()

# Colour and shape of the small picture in the browser's tab, by the state of the page.
_CIRCLE = "<circle cx='8' cy='8' r='7'/>"
_FAVICONS = {
    "ok": ("#1a7f4b", _CIRCLE),
    "degraded": ("#c99700", "<path d='m8 0 8 8-8 8-8-8z'/>"),
    "partial": ("#e0700c", "<path d='m8 1 8 14H0z'/>"),
    "major": ("#d3222e", "<path d='M5 0h6l5 5v6l-5 5H5l-5-5V5z'/>"),
    "maintenance": ("#2f6fd6", "<rect width='16' height='16' rx='3'/>"),
    "notice": ("#6b7076", _CIRCLE),
    "unknown": ("#6b7076", "<circle cx='8' cy='8' r='6' fill='none' stroke='#6b7076' stroke-width='2.5'/>"),
    "neutral": ("#6b7076", _CIRCLE),
}


@register.simple_tag
def when(at: datetime, form: str = "") -> SafeString:
    """A `<time>` in UTC: `14:30 UTC`; form "day" puts the day before it, "seconds" adds the seconds."""
    return words.time_element(at, has_day="day" in form, has_seconds="seconds" in form)


@register.simple_tag
def when_near(at: datetime, other: datetime) -> SafeString:
    """A `<time>` in UTC, with its day only if that is not the day of the other time."""
    return words.time_near(at, other)


@register.simple_tag
def units() -> str:
    """The units of lengths for the script of the page, from seconds to days: `%s s|%s min|%s h|%s d`."""
    return words.units()


@register.simple_tag
def arrow(way: str = "") -> str:
    """An arrow in the direction of reading; way "back": against it."""
    return words.arrow(is_back=way == "back")


@register.filter
def day_words(value: date) -> str:
    """`23 Jun 2026`."""
    return words.day(value)


@register.filter
def duration(seconds: int) -> str:
    """Seconds as `3 h 45 min`."""
    return words.duration(seconds)


@register.filter
def level_word(level: str) -> str:
    """The words for a component's level."""
    return str(words.LEVELS[Level(level)])


@register.filter
def client_advice(incident: IncidentView) -> list[SafeString]:
    """What client programs are advised, in words."""
    return advice.shown(incident.client_advice, is_open=incident.is_open)


@register.filter
def short(level: str) -> str:
    """The name of a level in class names and icons."""
    return words.SHORT[Level(level)]


@register.filter
def stage_word(stage: str) -> str:
    """The word for an incident's stage."""
    return str(words.STAGES[Stage(stage)])


@register.filter
def impact_word(impact: str) -> str:
    """The words for an incident's impact."""
    return str(words.IMPACTS[Impact(impact)])


@register.filter
def milestone_word(name: str) -> str:
    """What a milestone is called."""
    return str(words.MILESTONES[name])


@register.filter
def duration_word(name: str) -> str:
    """What the span between two milestones is called."""
    return str(words.DURATIONS[name])


@register.filter
def provenance(milestone: Milestone) -> str:
    """Where a milestone was taken from, in words; for a stated one the public reason."""
    return milestone.reason or str(words.PROVENANCES.get(f"{milestone.name} {milestone.provenance}", ""))


@register.filter
def length_words(interval: IntervalView) -> str:
    """How long an interval lasted; empty while it goes on."""
    if interval.ended_at is None:
        return ""
    return words.duration(int((interval.ended_at - interval.started_at).total_seconds()))


@register.simple_tag
def incident_span(incident: IncidentView) -> SafeString:
    """`23 Jun 2026, 14:30 UTC to 18:15 UTC, 3 h 45 min`, or since when."""
    return cards.span(incident)


@register.filter
def slugs(incident: IncidentView) -> str:
    """The slugs of the components of an incident, for the script that shows only some of them."""
    return " ".join(row.slug for row in incident.affected)


@register.filter
def as_question(incident: IncidentView) -> str:
    """The fragment with which `/affected` asks about the components and the time of an incident."""
    asked = [f"only={','.join(row.slug for row in incident.affected)}", f"from={to_the_second(incident.started_at)}"]
    return "&".join(asked + ([f"to={to_the_second(incident.resolved_at)}"] if incident.resolved_at else []))


@register.filter
def state_word(incident: IncidentView) -> str:
    """Where an incident stands: the word for its stage, or that it was cancelled."""
    return words.state(incident.stage, incident.is_cancelled)


@register.simple_tag
def tally(month: Month) -> str:
    """`2 incidents, 1 maintenance`."""
    return planned.tally(month.incident_count, month.maintenance_count)


@register.simple_tag
def icon(kind: str) -> SafeString:
    """The shape of a level (see `templates/public/_icons.html`). The words always stand beside it, so it is silent."""
    return format_html('<svg class="icon {0}" aria-hidden="true" viewBox="0 0 16 16"><use href="#i-{0}"/></svg>', kind)


@register.simple_tag
def favicon(state: str) -> str:
    """A data address (RFC 2397) for the icon of a page in this state."""
    colour, shape = _FAVICONS.get(state) or _FAVICONS["neutral"]
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='{colour}'>{shape}</svg>"
    return "data:image/svg+xml," + quote(drawing, safe="' /=:")


@register.simple_tag
def public_style(brand: str = "", is_front: bool = False) -> SafeString:
    """The style sheet of a public page, for a `<style>` element; `publishing.csp` allows exactly this text."""
    return mark_safe(csp.style(brand or "", bool(is_front)))  # noqa: S308 - our own files, and checked values


@register.simple_tag
def public_script() -> SafeString:
    """The script of the public pages, for a `<script>` element."""
    return mark_safe(csp.script())  # noqa: S308 - our own file
