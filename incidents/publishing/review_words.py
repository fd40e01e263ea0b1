"""What times, provenances and changes of a published review are called; a document holds them as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from incidents.domain.promises import PromiseState
from incidents.domain.review import Certainty, Precision
from incidents.models.review_words import word_of
from incidents.models.words import Word
from incidents.publishing import words

PROVENANCES: Mapping[str, Word] = {
    "ledger": gettext_lazy("from the ledger of impact"),
    "update": gettext_lazy("time of an update"),
    "stated": gettext_lazy("stated"),
    "none": gettext_lazy("not known"),
}
VERDICTS: Mapping[str, Word] = {
    "met": pgettext_lazy("agreement", "Met"),
    "breached": pgettext_lazy("agreement", "Breached"),
}
STANDINGS: Mapping[str, Word] = {
    "preliminary": gettext_lazy("Preliminary"),
    "final": gettext_lazy("Final"),
}
# How an answer about a guard-rail is drawn: the word always stands beside it.
ANSWER_ICONS: Mapping[str, str] = {"yes": "ok", "no": "major", "unknown": "unknown"}
_ABOUT = (Precision.QUARTER_HOUR, Precision.HOUR)


def moment(text: str, precision: str = Precision.MINUTE, *, has_day: bool = True) -> str:
    """An instant of a document in UTC, as exact as it is known: `23 Jun 2026, 14:30 UTC`, `about 14:30 UTC`,
    `23 Jun 2026`, `Jun 2026`; empty for none."""
    if not text:
        return ""
    at = instant(text)
    if precision == Precision.MONTH:
        return f"{words.MONTHS[at.month - 1]} {at.year}"
    if precision == Precision.DAY:
        return words.day(at.date())
    clock = words.clock(at, has_day=has_day, has_seconds=precision == Precision.SECOND)
    return _("about %(time)s") % {"time": clock} if precision in _ABOUT else clock


def day(text: str | date | None) -> str:
    """A day of a document: `31 Aug 2026`; empty for none."""
    if not text:
        return ""
    return words.day(text if isinstance(text, date) else date.fromisoformat(text[:10]))


def instant(text: str) -> datetime:
    """RFC 3339 as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def promise_word(state: str) -> str:
    """How a promise stands."""
    return word_of(PromiseState, state)


def provenance(milestone: Mapping[str, Any]) -> str:
    """Where a milestone was taken from; for a stated one, and one that is not known, the public reason."""
    said = str(PROVENANCES.get(milestone["provenance"], milestone["provenance"]))
    return f"{said}: {milestone['reason']}" if milestone["reason"] else said


def certainty(value: str) -> str:
    """How sure it is; empty when it is."""
    return "" if value in ("", Certainty.CONFIRMED) else word_of(Certainty, value).lower()


def value(text: object) -> str:
    """A value of a change for reading: instants as times; empty for none."""
    if text is None:
        return ""
    if isinstance(text, str) and len(text) == 20 and text.endswith("Z") and text[4] == "-":
        return moment(text)
    return str(text)
