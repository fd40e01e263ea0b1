"""The lines of an export, one at a time: memory does not grow with the record."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Model, Q

from incidents import queries
from incidents.archive import FORMAT, VERSION
from incidents.archive.tables import Table, layout, schema_of
from incidents.archive.values import written
from incidents.models import ContributingFactor, Promise, Remediation, Review

CHUNK = 200
# A reference of a public row to one that is not public is left empty.
_OPTIONAL = {(Promise, "review"): Review, (Remediation, "superseded_by"): Remediation}


def lines(is_everything: bool = False) -> Iterator[str]:
    """Everything public, or everything an owner has, as lines that end in a newline.

    Read it in one transaction, so that it mixes no states. Subscribers, accounts and the hashes of their passwords are
    in the second kind: give it to nobody.
    """
    page = queries.the_page()
    yield _line(
        {
            "format": FORMAT,
            "version": VERSION,
            "schema": schema_of(is_everything),
            "contents": "everything" if is_everything else "public",
            "page": {"name": page.name, "url": settings.SITE_URL},
        }
    )
    count = 0
    tables = layout(is_everything)
    for table in tables.values():
        for row in rows_of(table, tables):
            yield _line({"table": table.name, **row})
            count += 1
    yield _line({"end": count})


def rows_of(table: Table, tables: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    """The rows of a table as JSON, by number."""
    limits = _limits(table, tables)
    rows: Any = table.model._default_manager.filter(_which(table)).order_by("pk")
    related = ["incident"] if table.exported and table.name == "correction" else []
    rows = rows.select_related(*related) if related else rows
    for row in rows.prefetch_related(*(each.name for each in table.lists)).iterator(chunk_size=CHUNK):
        yield _row(row, table, limits)


def _row(row: Any, table: Table, limits: Mapping[str, Collection[int]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in table.fields:
        if field.many_to_many:
            numbers = sorted(each.pk for each in getattr(row, field.name).all())
            values[field.name] = [each for each in numbers if field.name not in limits or each in limits[field.name]]
        else:
            value = getattr(row, field.attname)
            values[field.name] = None if field.name in limits and value not in limits[field.name] else value
    veiled = table.exported.veil(row) if table.exported and table.exported.veil else {}
    return {name: written(veiled.get(name, value)) for name, value in values.items()}


def _limits(table: Table, tables: Mapping[str, Table]) -> Mapping[str, Collection[int]]:
    """The numbers to which a field of the table may point, for those fields that could point at what is not public."""
    if not table.exported:
        return {}
    targets: dict[str, type[Model]] = {
        name: target for (model, name), target in _OPTIONAL.items() if model is table.model
    }
    targets |= {field.name: ContributingFactor for field in table.lists if field.related_model is ContributingFactor}
    return {name: set(_numbers(tables[str(target._meta.model_name)])) for name, target in targets.items()}


def _numbers(table: Table) -> Iterator[int]:
    yield from table.model._default_manager.filter(_which(table)).values_list("pk", flat=True)


def _which(table: Table) -> Q:
    return table.exported.rows() if table.exported else Q()


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
