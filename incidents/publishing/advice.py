"""Advice to client programs as the public sees it, as values and in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from incidents.domain.advice import AdviceKind
from incidents.models import ClientAdvice, Incident
from incidents.publishing import words


@dataclass(frozen=True)
class AdviceView:
    """One advice that stands. `seconds` of `retry_after`, `target` (address or text) of `fail_over`, `discard_since`
    (UTC) of the kind of that name; empty for other kinds. `component_code` and `region_key` "" mean all that the
    incident touches."""

    number: int
    kind: AdviceKind
    seconds: int | None
    target: str
    discard_since: datetime | None
    note: str
    component_code: str
    component_slug: str
    component_name: str
    region_key: str
    region_name: str
    given_at: datetime

    @property
    def is_lasting(self) -> bool:
        """Whether it still says something when the incident is over."""
        return self.kind == AdviceKind.DISCARD_SINCE


def advice_by_incident() -> dict[int, tuple[AdviceView, ...]]:
    """All advice that was not withdrawn, by the id of its incident, in the order in which it was given; one query."""
    found: defaultdict[int, list[AdviceView]] = defaultdict(list)
    for row in _standing():
        found[row.incident_id].append(_view(row))
    return {incident_id: tuple(views) for incident_id, views in found.items()}


def advice_of(incident: Incident) -> list[AdviceView]:
    """The same of one incident."""
    return [_view(row) for row in _standing().filter(incident=incident)]


def _standing() -> QuerySet[ClientAdvice]:
    return ClientAdvice.objects.filter(withdrawn_at__isnull=True).select_related("component__group", "region")


def _view(row: ClientAdvice) -> AdviceView:
    return AdviceView(
        number=row.pk,
        kind=AdviceKind(row.kind),
        seconds=row.seconds,
        target=row.target,
        discard_since=row.discard_since,
        note=row.note,
        component_code=row.component.code if row.component else "",
        component_slug=row.component.slug if row.component else "",
        component_name=row.component.full_name if row.component else "",
        region_key=row.region.key if row.region else "",
        region_name=row.region.name if row.region else "",
        given_at=row.given_at,
    )


def shown(advice: Iterable[AdviceView], *, is_open: bool) -> list[SafeString]:
    """The advice of an incident in words, for people; of one that is over, what lasts."""
    return [said(row) for row in advice if is_open or row.is_lasting]


def said(row: AdviceView) -> SafeString:
    """One advice as a sentence of safe HTML, with what it is about and the note."""
    about = ", ".join(name for name in (row.component_name, row.region_name) if name)
    return format_html(
        "<b>{}</b>{}{}",
        _SENTENCES[row.kind](row),
        format_html(" ({})", words.isolated(about)) if about else "",
        format_html(" {}", words.isolated(row.note)) if row.note else "",
    )


def _fail_over(row: AdviceView) -> SafeString:
    is_address = row.target.startswith(("https://", "http://"))
    target = format_html('<a href="{}">{}</a>', row.target, row.target) if is_address else words.isolated(row.target)
    return mark_safe(_("Fail over to %(target)s.") % {"target": target})  # noqa: S308 - escaped


def _retry_after(row: AdviceView) -> str:
    seconds = row.seconds or 0
    # Words floor to whole minutes; what programs are told is said exactly.
    length = _("%(count)s s") % {"count": seconds} if seconds % 60 else words.duration(seconds)
    return _("Retry after %(length)s.") % {"length": length}


def _hold(_row: AdviceView) -> str:
    return _("Hold: begin nothing new.")


def _discard_since(row: AdviceView) -> SafeString:
    at = words.time_element(row.discard_since or row.given_at, has_day=True, has_seconds=True)
    return mark_safe(_("Discard results since %(at)s.") % {"at": at})  # noqa: S308 - a time


_SENTENCES: Mapping[AdviceKind, Callable[[AdviceView], str]] = {
    AdviceKind.RETRY_AFTER: _retry_after,
    AdviceKind.FAIL_OVER: _fail_over,
    AdviceKind.HOLD: _hold,
    AdviceKind.DISCARD_SINCE: _discard_since,
}
