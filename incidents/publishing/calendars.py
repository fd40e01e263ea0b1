"""A month as one small drawing: a calendar, Monday first, each troubled day in the shape and stripes of its level."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext, pgettext_lazy

from incidents.domain.uptime import DayBar
from incidents.models.words import Word
from incidents.publishing import words
from incidents.publishing.bars import TroubledDay

CELL, GAP, HEAD = 44, 4, 22  # a day, the space between two, the line with the names of the weekdays
STEP = CELL + GAP
WEEKDAYS: tuple[Word, ...] = (
    pgettext_lazy("short weekday", "Mon"), pgettext_lazy("short weekday", "Tue"), pgettext_lazy("short weekday", "Wed"),
    pgettext_lazy("short weekday", "Thu"), pgettext_lazy("short weekday", "Fri"), pgettext_lazy("short weekday", "Sat"),
    pgettext_lazy("short weekday", "Sun"),
)  # fmt: skip


def drawing(days: Sequence[DayBar], troubled: Sequence[TroubledDay], name: str) -> SafeString:
    """The days of one month, the first of them first, as SVG: a label in words, a title on each troubled day."""
    told = {row.day: row for row in troubled}
    first = days[0].day.weekday()
    rows = (first + len(days) - 1) // 7 + 1
    heads = format_html_join(
        "", '<text x="{}" y="14">{}</text>', ((column * STEP + CELL // 2, day) for column, day in enumerate(WEEKDAYS))
    )
    cells = [_cell(bar, first + index, told.get(bar.day)) for index, bar in enumerate(days)]
    return mark_safe(  # noqa: S308 - names and words are escaped, the rest are numbers
        f'<svg class="calendar" viewBox="0 0 {7 * STEP - GAP} {HEAD + rows * STEP - GAP}" role="img" '
        f'aria-label="{escape(_summary(days, troubled, name))}">{heads}{"".join(cells)}</svg>'
    )


def _cell(bar: DayBar, place: int, told: TroubledDay | None) -> SafeString:
    x, y = place % 7 * STEP, HEAD + place // 7 * STEP
    if told is None:
        kind = "none" if bar.worst is None else "ok"
        return format_html(
            '<g class="{}"><path d="M{} {}h{}"/><text x="{}" y="{}">{}</text></g>',
            kind, x + 12, y + CELL - 5, CELL - 24, x + CELL // 2, y + 26, bar.day.day,
        )  # fmt: skip
    kind = words.SHORT[told.worst]
    return format_html(
        '<g class="{0}"><title>{1}</title><rect x="{2}" y="{3}" width="{4}" height="{4}" rx="6"/>'
        '<text x="{5}" y="{6}">{7}</text><use class="icon" href="#i-{0}" x="{8}" y="{9}" width="14" height="14"/></g>',
        kind, _title(told), x + 1, y + 1, CELL - 2, x + CELL // 2, y + 18, bar.day.day, x + CELL // 2 - 7, y + 24,
    )  # fmt: skip


def _title(told: TroubledDay) -> str:
    title = f"{words.day(told.day)}: {told.text}"
    return title + " · " + ", ".join(row.name for row in told.incidents) if told.incidents else title


def _summary(days: Sequence[DayBar], troubled: Sequence[TroubledDay], name: str) -> str:
    known = sum(bar.worst is not None for bar in days)
    return ngettext(
        "%(name)s: %(days)s day, trouble on %(troubled)s.", "%(name)s: %(days)s days, trouble on %(troubled)s.", known
    ) % {"name": name, "days": known, "troubled": len(troubled)}
