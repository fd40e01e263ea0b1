"""What the forms of a review's parts share: fields in groups of which some are folded, and times on the day of the
incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents import queries
from incidents.models import Review
from incidents.web.console.times import CLOCK, UtcField

Layout = tuple[tuple[str | Promise, tuple[str, ...]], ...]
NOTHING: tuple[Any, ...] = (None, "", False, [], "unknown")


class ReviewTimeField(UtcField):
    """A time in UTC; a clock time alone is on the day of the incident, and refused where that lasted several days."""

    day: date | None = None

    def clean(self, value: Any) -> Any:
        """The instant in UTC, or None. Raises ValidationError."""
        raw = forms.CharField.clean(self, value).strip()
        if not CLOCK.fullmatch(raw):
            return super().clean(value)
        if self.day is None:
            raise forms.ValidationError(
                _now("Write the day too, as 2026-06-23 14:30: it is not clear which one is meant."), code="day"
            )
        return super().clean(f"{self.day} {raw.zfill(5) if raw.count(':') == 1 else raw.zfill(8)}")


class DayField(forms.DateField):
    """A day as 2026-06-23."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(
                attrs={"size": 12, "autocomplete": "off", "placeholder": "2026-06-23"}, format="%Y-%m-%d"
            ),
            error_messages={"invalid": _("That is not a day. Write it as 2026-06-23.")},
            **options,
        )


@dataclass(frozen=True)
class Group:
    """Fields that stand together. `heading`: what unfolds them; "" for those that are always seen. `rows`: more of
    them that repeat, such as those of stages."""

    heading: str | Promise
    fields: list[BoundField]
    is_open: bool
    rows: list[list[BoundField]] = field(default_factory=list)


class PartForm(forms.Form):
    """A form whose fields stand in groups. A group with a heading is folded while nothing is said in it."""

    layout: Layout = ()
    seen_version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, review: Review | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.set_day(review)

    def set_day(self, review: Review | None) -> None:
        """Let a clock time alone be on the day of this review's incidents."""
        times = [each for each in self.fields.values() if isinstance(each, ReviewTimeField)]
        day = day_of(review) if review and times else None
        for each in times:
            each.day = day
            if day:
                each.widget.attrs["placeholder"] = _now("14:30 (on %(day)s)") % {"day": day}

    def groups(self) -> list[Group]:
        """The groups in the order of `layout`, without fields that this form has not."""
        found = []
        for heading, names in self.layout:
            fields = [self[name] for name in names if name in self.fields]
            rows = self.rows_of_group(names)
            every = fields + [each for row in rows for each in row]
            if every:
                found.append(Group(heading, fields, any(each.errors or _says(each) for each in every), rows))
        return found

    def rows_of_group(self, _names: Sequence[str]) -> list[list[BoundField]]:
        """The fields that repeat in a group of these names; none, unless a form has such."""
        return []

    def said(self, names: Iterable[str]) -> dict[str, Any]:
        """The clean values of these fields."""
        return {name: self.cleaned_data[name] for name in names}


def day_of(review: Review) -> date | None:
    """The day (UTC) on which the incidents of a review began and ended; None where that is not one day."""
    days = set()
    for incident in review.incidents.all():
        spells = queries.spells_of(incident)
        ends = [spell.end for spell in spells if spell.end]
        days |= {at.astimezone(UTC).date() for at in (queries.impact_started_at(incident, spells), *ends)}
    return days.pop() if len(days) == 1 else None


def span_of(review: Review) -> tuple[datetime, datetime | None]:
    """When the first of the incidents of a review began and the last of their troubles ended (None: goes on), UTC."""
    starts, ends = [review.created_at], []
    for incident in review.incidents.all():
        spells = queries.spells_of(incident)
        starts.append(queries.impact_started_at(incident, spells))
        ends += [spell.end for spell in spells] or [incident.updated_at]
    return min(starts), None if None in ends else max(end for end in ends if end)


def _says(bound: BoundField) -> bool:
    """Whether the field says something that a folded group would hide."""
    value = bound.value()
    return value not in NOTHING and str(value) != str(bound.field.initial or "")
