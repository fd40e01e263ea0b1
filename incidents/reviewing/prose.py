"""Where a text and the record disagree: figures written by hand that no row bears out, with the nearest that one does.

A length may be off by a minute, a clock time may not; a percentage is compared as floored to the digits that are
written, a count exactly. What is said with “about” or “nearly” may be off by a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from incidents.domain.clock_times import ClockTime
from incidents.domain.literals import Count, Length, Literal, Percentage, literals_in
from incidents.reviewing import lengths
from incidents.reviewing.prose_record import Moment, Record, record_of

__all__ = ["Disagreement", "Moment", "Record", "disagreements", "record_of"]

MINUTE = 60


@dataclass(frozen=True)
class Disagreement:
    """One figure in a text: `literal` as it is written, `kind` (length, time, percentage, count), the `nearest` value
    of the record in words ("" if it has none of the kind), and a sentence that says so."""

    literal: str
    kind: str
    nearest: str
    sentence: str


def disagreements(text: str, record: Record) -> tuple[Disagreement, ...]:
    """What is written in the text and disagrees with every value of the record, each literal once."""
    found = [_disagreement(literal, record) for literal in literals_in(text)]
    return tuple({each.literal: each for each in found if each is not None}.values())


def _disagreement(literal: Literal, record: Record) -> Disagreement | None:
    if isinstance(literal, Length):
        return _of_length(literal, record)
    if isinstance(literal, ClockTime):
        return _of_time(literal, record)
    if isinstance(literal, Percentage):
        return _of_percentage(literal, record)
    return _of_count(literal, record)


def _of_length(literal: Length, record: Record) -> Disagreement | None:
    if any(literal.low <= seconds <= literal.high for seconds, _label in record.lengths):
        return None
    nearest = min(record.lengths, key=lambda pair: abs(pair[0] - literal.seconds), default=None)
    words = _("%(length)s (%(label)s)") % {"length": lengths.length(nearest[0]), "label": nearest[1]} if nearest else ""
    return _found(literal.text, "length", words)


def _of_time(literal: ClockTime, record: Record) -> Disagreement | None:
    distances = [(_distance(literal, moment), moment) for moment in record.moments]
    if any(distance < MINUTE + literal.slack for distance, _moment in distances):
        return None
    nearest = min(distances, key=lambda pair: pair[0], default=None)
    words = ""
    if nearest:
        at = nearest[1].at.astimezone(UTC)
        clock = f"{at:%Y-%m-%d %H:%M} UTC" if literal.instants else f"{at:%H:%M} UTC"
        words = _("%(time)s (%(label)s)") % {"time": clock, "label": nearest[1].label}
    return _found(literal.text, "time", words)


def _distance(literal: ClockTime, moment: Moment) -> Fraction:
    """Seconds from what is written to the moment; of a time without a date, within the day."""
    spread = moment.spread
    if literal.instants:
        gaps = [Fraction(int((at - moment.at).total_seconds())) for at in literal.instants]
        return min(max(-gap, gap - spread, Fraction(0)) for gap in gaps)
    at = moment.at.astimezone(UTC)
    second = at.hour * 3600 + at.minute * 60 + at.second
    ahead = [(minutes * 60 - second) % 86400 for minutes in literal.minutes]
    return min(Fraction(0) if gap <= spread else min(gap - spread, 86400 - gap) for gap in ahead)


def _of_percentage(literal: Percentage, record: Record) -> Disagreement | None:
    known = record.uptimes if literal.is_uptime else record.shares
    # Of a share the record need not know anything; only what it knows can be contradicted.
    if not known or any(_floored(value, literal.value) == literal.value for value in (*known, *record.shares)):
        return None
    nearest = min(known, key=lambda value: abs(value - literal.value))
    return _found(literal.text, "percentage", f"{nearest} %")


def _floored(value: Decimal, like: Decimal) -> Decimal:
    return value.quantize(Decimal(1).scaleb(int(like.as_tuple().exponent)), rounding=ROUND_FLOOR)


def _of_count(literal: Count, record: Record) -> Disagreement | None:
    known = record.counts.get(literal.thing, frozenset())
    if not known or literal.number in known:
        return None
    nearest = min(sorted(known, reverse=True), key=lambda number: abs(number - literal.number))
    return _found(literal.text, "count", str(nearest))


def _found(literal: str, kind: str, nearest: str) -> Disagreement:
    values = {"literal": literal, "nearest": nearest}
    sentence = _("The text says “%(literal)s”; the record does not. Nearest in the record: %(nearest)s.") % values
    if not nearest:
        sentence = _("The text says “%(literal)s”; the record knows nothing of that kind.") % values
    return Disagreement(literal, kind, nearest, sentence)
