"""The day table follows the ledger: whatever moved is counted anew in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from incidents import queries
from incidents.counting import days as counting
from incidents.domain.days import Amounts, beginning, local_date
from incidents.models import Component, ComponentDay, ImpactInterval, PublicPage


def follow(published: Sequence[Model], changes: Mapping[str, Any]) -> None:
    """Renew what these rows, just written, make different: intervals their days, a component in other regions all of
    its own, a page in another zone everything."""
    if "time_zone" in changes and any(isinstance(row, PublicPage) for row in published):
        rebuild()
        return
    moved = [row for row in published if isinstance(row, ImpactInterval)]
    if moved:
        renew({row.component_id for row in moved}, min(row.started_at for row in moved))
    if "regions" in changes:
        renew([row.pk for row in published if isinstance(row, Component)])


def renew(component_ids: Collection[int], since: datetime | None = None) -> None:
    """Count some components anew: the day of `since` and those after it, or all. Call it in the transaction that
    changed them."""
    zone = queries.the_page().time_zone
    first = local_date(since, zone) if since else None
    right = counting.settled(zone, component_ids, beginning(first, zone) if first else None, first)
    if right == counting.table(component_ids, first):
        return
    stale = ComponentDay.objects.filter(component_id__in=component_ids)
    (stale.filter(day__gte=first) if first else stale).delete()
    _write(right)


def rebuild() -> None:
    """Make the whole table anew from the ledger."""
    with transaction.atomic():
        right = counting.settled(queries.the_page().time_zone)
        ComponentDay.objects.all().delete()
        _write(right)


def differences() -> Iterable[tuple[counting.Key, Amounts | None, Amounts | None]]:
    """Rows that are not as the ledger says: which, as it stands, as it ought to be (None: no row)."""
    stands, right = counting.table(), counting.settled(queries.the_page().time_zone)
    keys = sorted(stands.keys() | right.keys(), key=lambda key: (key[0], key[2], key[1] or 0))
    return [(key, stands.get(key), right.get(key)) for key in keys if stands.get(key) != right.get(key)]


def _write(rows: Mapping[counting.Key, Amounts]) -> None:
    ComponentDay.objects.bulk_create(
        (
            ComponentDay(
                component_id=component_id,
                region_id=region_id,
                day=day,
                **dict(zip(counting.COLUMNS, amounts, strict=True)),
            )
            for (component_id, region_id, day), amounts in rows.items()
        ),
        batch_size=1_000,
    )
