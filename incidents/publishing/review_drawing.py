"""The timeline of a review as a drawing: bars for components and phases, marks for entries. The table says the same.

Widths are percentages of the drawing and heights are pixels, so letters keep their size on a phone. Nothing is told by
colour alone: each bar stands under its name, and each level has its own hatching.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.status import Level
from incidents.publishing import words

LANE, LABEL, BAR = 40, 14, 14  # pixels: from bar to bar, down to the letters' foot, of a bar
AXIS = 24
MARGIN = 0.03  # of the length, before the beginning and after the end
LONGEST_LABEL = 44  # characters that fit on a phone
STEPS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400)
)
MOST_TICKS = 5


@dataclass(frozen=True)
class Bar:
    """One lane: its name, the class of its hatching, and from when to when (UTC; None: to the end of the drawing)."""

    name: str
    kind: str
    says: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Span:
    """What the drawing covers."""

    start: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        """Where a moment stands, in per cent of the width, kept inside."""
        return 100 * min(max((moment - self.start) / (self.end - self.start), 0.0), 1.0)

    def has(self, moment: datetime) -> bool:
        """Whether it is shown."""
        return self.start <= moment <= self.end


def drawing(review: dict[str, Any]) -> SafeString | str:
    """The SVG of the review in a document; empty when it knows no stretch of time to draw."""
    bars = [*_phases(review["phases"]), *_components(review["components"])]
    span = _span(review, bars)
    if span is None:
        return ""
    marks = [(_at(row["at"]), f"{row['label']}: {row['text']}") for row in review["timeline"]]
    shown = [(at, text) for at, text in marks if span.has(at)]
    height = len(bars) * LANE + AXIS + (LANE if shown else 0)
    return format_html(
        '<svg class="drawing" width="100%" height="{}" role="img" aria-labelledby="drawing-title">'
        '<title id="drawing-title">{}</title>{}{}{}{}</svg>',
        height,
        _title(span, bars, len(marks) - len(shown)),
        _patterns(),
        _axis(span, height),
        format_html_join("", "{}", ((_lane(bar, index * LANE, span),) for index, bar in enumerate(bars))),
        _marks(shown, len(bars) * LANE, span) if shown else "",
    )


def _span(review: dict[str, Any], bars: Sequence[Bar]) -> Span | None:
    """From the beginning of the trouble to its end, with a margin; of several incidents from the first to the last."""
    known = [
        _at(row["at"]) for row in review["milestones"] if row["at"] and row["name"] in ("impact_started", "resolved")
    ]
    known += [bar.start for bar in bars]
    known += [bar.end for bar in bars if bar.end]
    if len(set(known)) < 2:
        return None
    margin = (max(known) - min(known)) * MARGIN
    return Span(min(known) - margin, max(known) + margin)


def _phases(rows: Iterable[dict[str, Any]]) -> list[Bar]:
    return [
        Bar(
            row["name"],
            "quality" if row["is_quality"] else "phase",
            _("served, but wrong") if row["is_quality"] else str(row["share"]),
            _at(row["started_at"]),
            _at(row["ended_at"]) if row["ended_at"] else None,
        )
        for row in rows
    ]


def _components(rows: Iterable[dict[str, Any]]) -> list[Bar]:
    return [
        Bar(
            row["name"],
            words.SHORT[Level(row["worst_level"])],
            str(words.LEVELS[Level(row["worst_level"])]),
            _at(row["started_at"]),
            _at(row["ended_at"]) if row["ended_at"] else None,
        )
        for row in rows
        if row["started_at"]
    ]


def _lane(bar: Bar, top: int, span: Span) -> SafeString:
    start, end = span.at(bar.start), span.at(bar.end or span.end)
    until = words.clock(bar.end, has_day=bar.end.date() != bar.start.date()) if bar.end else _("still going on")
    label = f"{bar.name}: {bar.says}" if bar.says else bar.name
    shape = format_html(
        'x="{}%" y="{}" width="{}%" height="{}"', _n(start), top + LABEL + 5, _n(end - start or 0.4), BAR
    )
    return format_html(
        '<g class="{0}"><title>{1}, {2} – {3}</title><text x="0" y="{4}">{5}</text><rect class="fill" {6}/>'
        '<rect class="hatch-{0}" {6}/></g>',
        bar.kind,
        label,
        words.clock(bar.start, has_day=True),
        until,
        top + LABEL,
        label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…",
        shape,
    )


def _marks(marks: Sequence[tuple[datetime, str]], top: int, span: Span) -> SafeString:
    drawn = format_html_join(
        "",
        '<g><title>{0}, {1}</title><line x1="{2}%" x2="{2}%" y1="{3}" y2="{4}"/><circle cx="{2}%" cy="{4}" r="4"/></g>',
        (
            (words.clock(at, has_day=True), text[:200], _n(span.at(at)), top + LABEL + 4, top + LABEL + 15)
            for at, text in marks
        ),
    )
    return format_html('<g class="marks"><text x="0" y="{}">{}</text>{}</g>', top + LABEL, _("Entries below"), drawn)


def _axis(span: Span, height: int) -> SafeString:
    ticks = _ticks(span)
    is_long = span.end - span.start > timedelta(days=2)
    return format_html(
        '<g class="axis">{}</g>',
        format_html_join(
            "",
            '<line x1="{0}%" x2="{0}%" y1="0" y2="{1}"/><text x="{0}%" y="{2}" text-anchor="{3}">{4}</text>',
            (
                (
                    _n(span.at(tick)),
                    height - AXIS + 4,
                    height - 6,
                    "end" if span.at(tick) > 95 else "start" if span.at(tick) < 5 else "middle",
                    f"{tick.day} {words.MONTHS[tick.month - 1]}" if is_long else f"{tick:%H:%M}",
                )
                for tick in ticks
            ),
        ),
    )


def _ticks(span: Span) -> list[datetime]:
    """Round times inside, at most MOST_TICKS."""
    length = span.end - span.start
    step = next((each for each in STEPS if length / each <= MOST_TICKS), length / MOST_TICKS)
    midnight = span.start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + step * -(-(span.start - midnight) // step)
    found = [first + step * index for index in range(MOST_TICKS + 1)]
    return [tick for tick in found if span.has(tick)]


def _patterns() -> SafeString:
    """Hatching by level: a major outage is solid, a partial one has dense lines, degraded performance wide ones."""
    drawn = (
        ("partial", 6, "M-1 7 7 -1M-1 1 1 -1M5 7 7 5"),
        ("degraded", 10, "M-1 11 11 -1M-1 1 1 -1M9 11 11 9"),
        ("maintenance", 6, "M3 0V6"),
        ("quality", 6, "M0 3H6"),
    )
    return format_html(
        "<defs>{}</defs>",
        format_html_join(
            "",
            '<pattern id="hatch-{0}" width="{1}" height="{1}" patternUnits="userSpaceOnUse"><path d="{2}"/></pattern>',
            drawn,
        ),
    )


def _title(span: Span, bars: Sequence[Bar], outside: int) -> str:
    said = _("From %(start)s to %(end)s: %(names)s.") % {
        "start": words.clock(span.start, has_day=True),
        "end": words.clock(span.end, has_day=True),
        "names": ", ".join(bar.name for bar in bars) or _("no component"),
    }
    more = ngettext("%(count)s entry lies outside.", "%(count)s entries lie outside.", outside) % {"count": outside}
    return f"{said} {more}" if outside else said


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
