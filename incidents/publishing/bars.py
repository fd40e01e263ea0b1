"""Ninety days of a component as one small drawing, and the same as rows of a table.

Drawn for eyes that see no colour as well: a day's bar grows with its weighed downtime, and each level has its own
stripes (the style sheet gives the classes their dashes). Days without trouble are one path, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import sqrt

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.status import HEAVINESS, Level
from incidents.domain.uptime import DayBar
from incidents.publishing import words
from incidents.publishing.periods import local_day
from incidents.publishing.public import ComponentView, IntervalView
from incidents.publishing.words import Named

STEP, WIDTH, HEIGHT = 4, 3, 28  # a bar of three units, then a gap of one
LOWEST = 16  # of a troubled day; quiet days and days without data are lower
RUN_HEIGHTS = {"ok": 12, "none": 4}
# An outage of this many weighed seconds in a day reaches the full height: half a working day.
FULL_SECONDS = 4 * 3600


@dataclass(frozen=True)
class TroubledDay:
    """A day that was not clean: the words for its levels and lengths, the heaviest level, its incidents."""

    day: date
    worst: Level
    text: str
    incidents: tuple[Named, ...]


def weighed(bar: DayBar) -> float:
    """Seconds of the day, a major outage counting whole and a partial one 0.3, as the uptime policy weighs them."""
    return bar.seconds.get(Level.MAJOR_OUTAGE, 0) + 0.3 * bar.seconds.get(Level.PARTIAL_OUTAGE, 0)


def height(bar: DayBar) -> int:
    """The height of a troubled day's bar in units. A root, so that ten minutes are seen beside four hours."""
    share = min(1.0, weighed(bar) / FULL_SECONDS)
    return LOWEST + round((HEIGHT - LOWEST) * sqrt(share))


def troubled_days(component: ComponentView, zone: str) -> list[TroubledDay]:
    """The days of its bars that were not clean, newest first."""
    intervals = [row for part in (component, *component.children) for row in part.intervals]
    return told_days(component.bars, intervals, zone)[::-1]


def told_days(days: Iterable[DayBar], intervals: Iterable[IntervalView], zone: str) -> list[TroubledDay]:
    """Those of the days that were not clean, in their order, with the incidents whose intervals touch them."""
    spans = [(row, *_days_of(row, zone)) for row in intervals if row.incident_code]
    return [
        TroubledDay(bar.day, bar.worst, _figures(bar), _incidents_on(bar.day, spans))
        for bar in days
        if bar.worst not in (None, Level.OPERATIONAL)
    ]


def drawing(component: ComponentView, troubled: list[TroubledDay]) -> SafeString:
    """The bars as SVG: a role, a label in words, a title on each troubled day, no style attribute."""
    by_day = {row.day: row for row in troubled}
    runs = dict.fromkeys(RUN_HEIGHTS, "")
    parts = []
    at = 0
    for kind, group in groupby(component.bars, key=_kind):
        members = list(group)
        if kind == "trouble":
            parts += [_bar(at + index, bar, by_day[bar.day]) for index, bar in enumerate(members)]
        else:
            runs[kind] += f"M{at * STEP} {HEIGHT - RUN_HEIGHTS[kind] // 2}h{len(members) * STEP - 1}"
        at += len(members)
    quiet = [f'<path class="{kind}" d="{path}"/>' for kind, path in runs.items() if path]
    said = escape(f"{component.full_name}: {summary(component, troubled)}")  # among many pictures, which one this is
    return mark_safe(  # noqa: S308 - names and words are escaped, the rest are numbers
        f'<svg class="bars" viewBox="0 0 {at * STEP - 1} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{said}">{"".join(quiet)}{"".join(parts)}</svg>'
    )


def summary(component: ComponentView, troubled: list[TroubledDay]) -> str:
    """The drawing in one sentence."""
    days = sum(bar.worst is not None for bar in component.bars)
    if days == 0:
        return _("No data yet.")
    if not troubled:
        return ngettext("%(days)s day without trouble.", "%(days)s days without trouble.", days) % {"days": days}
    sentence = ngettext(
        "%(days)s day, trouble on %(troubled)s of them.", "%(days)s days, trouble on %(troubled)s of them.", days
    )
    return sentence % {"days": days, "troubled": len(troubled)}


def _kind(bar: DayBar) -> str:
    if bar.worst is None:
        return "none"
    return "ok" if bar.worst == Level.OPERATIONAL else "trouble"


def _bar(index: int, bar: DayBar, told: TroubledDay) -> SafeString:
    title = f"{words.day(bar.day)}: {told.text}"
    if told.incidents:
        title += " · " + ", ".join(row.name for row in told.incidents)
    return format_html(
        '<path class="{}" d="M{} {}v-{}"><title>{}</title></path>',
        words.SHORT[told.worst],
        index * STEP + WIDTH / 2,
        HEIGHT,
        height(bar),
        title,
    )


def _figures(bar: DayBar) -> str:
    """`3 h 45 min major outage, 20 min degraded performance`: the heaviest first."""
    found = sorted(bar.seconds.items(), key=lambda entry: -HEAVINESS[entry[0]])
    return ", ".join(f"{words.duration(seconds)} {str(words.LEVELS[level]).lower()}" for level, seconds in found)


def _days_of(row: IntervalView, zone: str) -> tuple[date, date]:
    return local_day(row.started_at, zone), local_day(row.ended_at, zone) if row.ended_at else date.max


def _incidents_on(day: date, days: list[tuple[IntervalView, date, date]]) -> tuple[Named, ...]:
    found = {
        row.incident_code: Named(row.incident_title, f"/incidents/{row.incident_code}")
        for row, first, last in days
        if first <= day <= last
    }
    return tuple(found.values())
