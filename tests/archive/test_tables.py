"""Every table and every field is either public or has a reason not to be; nothing internal leaves with the public."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from incidents.archive.lines import lines
from incidents.archive.tables import EXPORTED, NOT_PUBLIC, Same, fields_of, layout
from incidents.chain import lasting
from incidents.models import Component, Incident, Region, Subscriber
from tests.factories import make_component, make_region, make_subscriber, open_incident, post_update
from tests.publishing.test_review_canary import CANARY, World
from tests.workflow_world import slight

SECRET = "hunter2-canary"
TEXTS = (models.CharField, models.TextField)
ALL_MODELS = list(apps.get_app_config("incidents").get_models())
# Checked by the database: no secret can stand in them.
CHECKED = {("remediation", "verified_by_label")}


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_a_table_is_public_or_has_a_reason_not_to_be(model):
    assert (model in EXPORTED) != (model._meta.model_name in NOT_PUBLIC), "one line in archive/tables.py"


def test_no_reason_is_given_for_what_is_not_there():
    assert set(NOT_PUBLIC) <= {model._meta.model_name for model in ALL_MODELS}


@pytest.mark.parametrize("model", EXPORTED, ids=lambda model: model.__name__)
def test_a_field_is_public_or_has_a_value_in_its_place(model):
    told = EXPORTED[model]
    public = told.public.split()
    assert sorted([*public, *told.neutral]) == sorted(field.name for field in fields_of(model))
    assert public[0] == "id"
    assert {value.field for value in told.neutral.values() if isinstance(value, Same)} <= set(public)


def test_everything_has_every_table_but_the_one_that_is_counted_anew():
    names = {model._meta.model_name for model in ALL_MODELS} | {"user", "group"}
    assert set(layout(True)) == names - {"componentday"}


def seed(model: type[models.Model], names: set[str], rows: Any) -> None:
    lasting.let_go()  # the database would keep the log as it was written
    for row in rows:
        values = {}
        for name in names:
            field: Any = model._meta.get_field(name)
            values[name] = f"{row.pk}-{SECRET}"[-field.max_length :] if field.max_length else SECRET
        model._default_manager.filter(pk=row.pk).update(**values)


def texts_of(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if isinstance(field, TEXTS) and not field.choices}


def withdrawn() -> None:
    """An incident that was opened by mistake."""
    gone = open_incident(make_component("Gone"), title=SECRET, body=SECRET)
    post_update(gone, "resolved", body=SECRET)
    Incident.objects.filter(pk=gone.pk).update(withdrawn_at=gone.created_at, withdrawn_reason="A slip.")


@pytest.fixture
def full(db: None) -> None:
    """A review with all its parts, a withdrawn incident, somebody who is told: and secrets wherever nobody looks."""
    world = World()
    world.write()
    world.publish("preliminary")
    withdrawn()
    make_subscriber(f"{SECRET}@example.org")
    for model in ALL_MODELS:
        rows: Any = model._default_manager.all()
        if model not in EXPORTED:
            wide = {name for name in texts_of(model) if (model._meta.get_field(name).max_length or 999) > 40}
            seed(model, wide, rows)
        else:
            told = EXPORTED[model]
            seed(model, texts_of(model) & set(told.neutral) - {"effect", "disposition", "assistance"}, rows)


def test_nothing_that_is_not_public_is_in_the_public_file(full):
    told = list(lines())
    assert [line[:200] for line in told if SECRET in line or CANARY in line] == []
    assert any("Fit a second cable" in line for line in told)
    assert SECRET in "".join(lines(is_everything=True))


def test_a_withdrawn_incident_leaves_its_tombstone(db):
    withdrawn()
    rows = [json.loads(line) for line in lines()]
    gone = [row for row in rows if row.get("table") == "incident" and row["withdrawn_at"]]
    assert [(row["title"], row["withdrawn_reason"]) for row in gone] == [("A withdrawn incident", "A slip.")]
    assert [row for row in rows if row.get("table") == "incidentupdate" and row["incident"] == gone[0]["id"]] == []


def test_the_file_says_what_it_is_and_how_many_rows_it_has(db):
    region = make_region()
    make_component("API", region_ids=[region.pk])
    first, *rows, last = [json.loads(line) for line in lines()]
    assert (first["format"], first["version"], first["contents"]) == ("candor-records", 1, "public")
    assert last == {"end": len(rows)}
    assert [row["table"] for row in rows] == ["publicpage", "region", "component"]
    assert rows[2]["regions"] == [region.pk]


def test_two_exports_of_one_truth_are_the_same_bytes(db):
    slight()
    assert list(lines()) == list(lines())
    assert list(lines(True)) == list(lines(True))


def test_queries_and_memory_do_not_grow_with_the_rows(db):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            read = lines(True)
            assert sum(1 for _line in read) > 0
        return len(found)

    make_component("API", region_ids=[make_region().pk])
    make_subscriber()
    few = queries()
    Region.objects.bulk_create(Region(key=f"r{number}", name="R") for number in range(50))
    Subscriber.objects.bulk_create(
        Subscriber(address=f"{n}@example.org", address_key=f"{n}", created_at=Component.objects.get().created_at)
        for n in range(50)
    )
    assert queries() == few
