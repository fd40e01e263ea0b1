"""Agreements in the console: added, edited with a reason, archived; exclusions granted and withdrawn."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Agreement, AgreementExclusion, AuditEntry
from tests.factories import make_component

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


def form(*component_ids, **overrides):
    values = {
        "name": "API for customers", "slug": "api", "audience": "For **everybody**.",
        "component_ids": [str(pk) for pk in component_ids], "target_percent": "99.9", "first_month": "2026-06",
        "zone": "UTC", "clock": "impact", "weight_major": "1", "weight_partial": "0.3", "weight_degraded": "0",
        "weight_after_monitoring": "", "is_maintenance_excluded": "on", "maintenance_notice_hours": "24",
        "component_rule": "worst", "region_rule": "worst", "credit_tiers": "below 99.5: 10 %\nbelow 99.0 %: 25%",
        "note": "",
    }  # fmt: skip
    return values | overrides


def test_it_is_added_edited_archived_and_restored(console):
    api = make_component()
    answer = console.post("/console/agreements/add", form(api.pk))
    assert answer.status_code == 302, text(answer)
    row = Agreement.objects.get()
    assert row.credit_tiers == [
        {"below_percent": "99", "credit_percent": "25"}, {"below_percent": "99.5", "credit_percent": "10"},
    ]  # fmt: skip
    assert list(row.components.all()) == [api]
    page = text(console.get("/console/agreements"))
    assert "99.9 % of every month from 2026-06 on, UTC: <bdi>API</bdi>" in page
    path = f"/console/agreements/{row.pk}/edit"
    shown = console.get(path).context["form"]
    assert shown.initial["credit_tiers"] == "below 99: 25 %\nbelow 99.5: 10 %"
    typed = form(api.pk, target_percent="99.5", reason="As signed.", seen_version=row.version)
    assert console.post(path, typed).status_code == 302
    row.refresh_from_db()
    assert row.target_percent == Decimal("99.5")
    stale = console.post(path, typed | {"target_percent": "98"})
    assert stale.status_code == 409
    assert 'value="98"' in text(stale)
    assert "99.5" in text(stale)
    for act in ("archive", "restore"):
        assert console.post(f"/console/agreements/{row.pk}/{act}").status_code == 302
        row.refresh_from_db()
        assert (row.archived_at is not None) == (act == "archive")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"target_percent": "100.1"}, "target_percent"),
        ({"target_percent": "0"}, "target_percent"),
        ({"weight_partial": "-0.1"}, "weight_partial"),
        ({"weight_major": "1.5"}, "weight_major"),
        ({"weight_after_monitoring": "two"}, "weight_after_monitoring"),
        ({"first_month": "June"}, "first_month"),
        ({"credit_tiers": "ten percent"}, "credit_tiers"),
        ({"credit_tiers": "below 99.5: 101 %"}, "credit_tiers"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"slug": "API!"}, "slug"),
        ({"component_ids": []}, "component_ids"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(console, wrong, field):
    answer = console.post("/console/agreements/add", form(make_component().pk, **wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "For **everybody**." in text(answer)
    assert not Agreement.objects.exists()


def test_an_edit_needs_a_reason(console):
    api = make_component()
    console.post("/console/agreements/add", form(api.pk))
    row = Agreement.objects.get()
    answer = console.post(f"/console/agreements/{row.pk}/edit", form(api.pk, seen_version=row.version))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]


def test_an_exclusion_is_granted_and_withdrawn_with_reasons(console):
    api = make_component()
    console.post("/console/agreements/add", form(api.pk))
    row = Agreement.objects.get()
    path = f"/console/agreements/{row.pk}/exclude"
    typed = {"component_id": str(api.pk), "started_at": "2026-06-23 14:00", "reason": "Their own network."}
    answer = console.post(path, typed | {"ended_at": "2026-06-23 13:00"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["ended_at"]
    assert "Their own network." in text(answer)
    assert console.post(path, typed | {"ended_at": "2026-06-23 15:00"}).status_code == 302
    exclusion = AgreementExclusion.objects.get()
    assert "Their own network." in text(console.get("/console/agreements"))
    path = f"/console/exclusions/{exclusion.pk}/withdraw"
    assert console.post(path, {"reason": " "}).status_code == 422
    assert console.post(path, {"reason": "It was ours."}).status_code == 302
    assert console.post(path, {"reason": "Again."}).status_code == 422
    exclusion.refresh_from_db()
    assert exclusion.withdrawn_reason == "It was ours."
    assert AuditEntry.objects.filter(verb="exclusion.withdrawn").count() == 1


def test_the_list_asks_no_more_when_there_is_more(console):
    def count():
        with CaptureQueriesContext(connection) as captured:
            assert console.get("/console/agreements").status_code == 200
        return len(captured)

    def add(number):
        console.post("/console/agreements/add", form(make_component(f"API {number}").pk, slug=f"api-{number}"))
        stretch = {"started_at": "2026-06-23 14:00", "ended_at": "2026-06-23 15:00", "reason": "Theirs."}
        row = Agreement.objects.latest("id")
        component_id = row.components.get().pk
        path = f"/console/agreements/{row.pk}/exclude"
        assert console.post(path, stretch | {"component_id": component_id}).status_code == 302

    add(0)
    console.get("/console/agreements")  # what is kept in the session is looked up once
    few = count()
    for number in (1, 2, 3):
        add(number)
    console.get("/console/agreements")  # takes the messages of the acts with it
    assert count() == few
