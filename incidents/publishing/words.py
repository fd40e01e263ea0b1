"""The words for levels, stages, times and lengths of time, the same wherever people read them.

Times are printed in UTC on a 24-hour clock; days in the zone of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from incidents.domain.instants import to_the_second
from incidents.domain.status import Impact, Level, Stage
from incidents.models.words import LEVELS as LEVELS
from incidents.models.words import MILESTONES as MILESTONES
from incidents.models.words import STAGES as STAGES
from incidents.models.words import Word
from incidents.models.words import number as number

IMPACTS: Mapping[Impact, Word] = {
    Impact.NONE: gettext_lazy("No impact"),
    Impact.MAINTENANCE: gettext_lazy("Maintenance"),
    Impact.MINOR: gettext_lazy("Minor impact"),
    Impact.MAJOR: gettext_lazy("Major impact"),
    Impact.CRITICAL: gettext_lazy("Critical impact"),
}
PROVENANCES: Mapping[str, Word] = {
    "impact_started ledger": gettext_lazy("start of the first interval below"),
    "acknowledged update": gettext_lazy("time of the first post"),
    "identified update": gettext_lazy("first update that says Identified"),
    "first_recovery update": gettext_lazy("first update that says Monitoring"),
    "resolved update": gettext_lazy("update that says Resolved"),
}
DURATIONS: Mapping[str, Word] = {
    "time_to_detect": gettext_lazy("Time to detect"),
    "time_to_acknowledge": gettext_lazy("Time to acknowledge"),
    "time_to_first_recovery": gettext_lazy("Time to first recovery"),
    "time_to_resolve": gettext_lazy("Time to resolve"),
}
# What a style sheet, an icon and a bar call a level.
SHORT: Mapping[Level, str] = {
    Level.OPERATIONAL: "ok",
    Level.UNDER_MAINTENANCE: "maintenance",
    Level.DEGRADED_PERFORMANCE: "degraded",
    Level.PARTIAL_OUTAGE: "partial",
    Level.MAJOR_OUTAGE: "major",
}
MONTHS: tuple[Word, ...] = (
    pgettext_lazy("short month", "Jan"), pgettext_lazy("short month", "Feb"), pgettext_lazy("short month", "Mar"),
    pgettext_lazy("short month", "Apr"), pgettext_lazy("short month", "May"), pgettext_lazy("short month", "Jun"),
    pgettext_lazy("short month", "Jul"), pgettext_lazy("short month", "Aug"), pgettext_lazy("short month", "Sep"),
    pgettext_lazy("short month", "Oct"), pgettext_lazy("short month", "Nov"), pgettext_lazy("short month", "Dec"),
)  # fmt: skip


class Named(NamedTuple):
    """Something with a name and, where it has one, an address on this site."""

    name: str
    href: str = ""


def state(stage: Stage, is_cancelled: bool) -> str:
    """Where an incident stands: the word for its stage, or that it was cancelled. The publication of its review leaves
    it resolved."""
    stage = Stage.RESOLVED if stage == Stage.POSTMORTEM else stage
    return _("Cancelled") if is_cancelled else str(STAGES[stage])


def duration(seconds: int) -> str:
    """A length of time as people say it: `45 s`, `22 min`, `3 h 45 min`, `2 d 4 h`; minutes are floored. Sign kept."""
    if seconds < 0:
        return "−" + duration(-seconds)
    if seconds < 60:
        return _("%(count)s s") % {"count": seconds}
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours == 0:
        return _("%(count)s min") % {"count": minutes}
    if hours < 48:
        rest = minutes % 60
        whole = _("%(count)s h") % {"count": hours}
        return f"{whole} " + _("%(count)s min") % {"count": rest} if rest else whole
    rest = hours % 24
    whole = _("%(count)s d") % {"count": days}
    return f"{whole} " + _("%(count)s h") % {"count": rest} if rest else whole


def day(value: date, *, has_year: bool = True) -> str:
    """`23 Jun 2026`, or `23 Jun`; a language may have another order."""
    parts = {"day": value.day, "month": MONTHS[value.month - 1], "year": value.year}
    if not has_year:
        return pgettext("day without year", "%(day)s %(month)s") % parts
    return pgettext("day", "%(day)s %(month)s %(year)s") % parts


def units() -> str:
    """Seconds, minutes, hours and days as `duration` writes them, with `%s` for the count and `|` between them."""
    patterns = (_("%(count)s s"), _("%(count)s min"), _("%(count)s h"), _("%(count)s d"))
    return "|".join(pattern % {"count": "%s"} for pattern in patterns)


def arrow(*, is_back: bool = False) -> str:
    """An arrow in the direction of reading, or against it: nothing turns one round by itself."""
    return "←" if is_back != get_language_bidi() else "→"


def clock(at: datetime, *, has_day: bool = False, has_seconds: bool = False) -> str:
    """`14:30 UTC`, with seconds `14:30:07 UTC`, with the day `23 Jun 2026, 14:30 UTC`. `at` is aware, in any zone."""
    at = at.astimezone(UTC)
    text = f"{at:%H:%M:%S} UTC" if has_seconds else f"{at:%H:%M} UTC"
    if not has_day:
        return text
    return pgettext("day and time", "%(day)s, %(time)s") % {"day": day(at.date()), "time": text}


def time_element(at: datetime, *, has_day: bool = False, has_seconds: bool = False) -> SafeString:
    """The same as `clock`, as a `<time>` that says the instant to machines (ISO 8601, UTC)."""
    stamp = to_the_second(at)
    return format_html('<time datetime="{}">{}</time>', stamp, clock(at, has_day=has_day, has_seconds=has_seconds))


def time_near(at: datetime, now: datetime) -> SafeString:
    """The time alone if it lies on the day (UTC) of `now`, else with its day."""
    return time_element(at, has_day=at.astimezone(UTC).date() != now.astimezone(UTC).date())


def isolated(name: str) -> SafeString:
    """A name that somebody typed, kept from turning the direction of the words beside it."""
    return format_html("<bdi>{}</bdi>", name)


def listing(names: Iterable[Named], limit: int = 12) -> SafeString:
    """`A, B and 5 more`: about `limit` names, each isolated and linked to its address, then how many others."""
    known = list(names)
    shown = known if len(known) <= limit + 1 else known[:limit]
    linked = [
        format_html('<a href="{}">{}</a>', row.href, isolated(row.name)) if row.href else isolated(row.name)
        for row in shown
    ]
    if more := len(known) - len(shown):
        linked.append(format_html("{}", ngettext("%(count)s more", "%(count)s more", more) % {"count": more}))
    if len(linked) < 2:
        return format_html_join("", "{}", ((row,) for row in linked))
    head = format_html_join(", ", "{}", ((row,) for row in linked[:-1]))
    return mark_safe(_("%(names)s and %(last)s") % {"names": head, "last": linked[-1]})  # noqa: S308 - parts are escaped
