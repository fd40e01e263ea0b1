"""Advice to client programs as the public sees it, and which of it concerns a component in a region."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from incidents.domain.advice import AdviceKind
from incidents.models import ClientAdvice


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
    for row in ClientAdvice.objects.filter(withdrawn_at__isnull=True).select_related("component__group", "region"):
        found[row.incident_id].append(_view(row))
    return {incident_id: tuple(views) for incident_id, views in found.items()}


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
