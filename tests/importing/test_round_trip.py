"""What was captured of a page, taken over and served again, is equal; what cannot be is named, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.models import PublicPage
from incidents.publishing import snapshot
from tests.importing.worlds import differences, fill_once, take
from tests.publishing.dialect_world import CODAMETRIX, SAMPLES, documents, sample

pytestmark = pytest.mark.django_db
TAKEN_AT = datetime(2026, 8, 4, 16, 0, tzinfo=UTC)
CAPTURED = {
    "/api/v2/summary.json": "summary",
    "/api/v2/status.json": "status",
    "/api/v2/components.json": "components",
    "/api/v2/incidents.json": "incidents",
    "/api/v2/incidents/unresolved.json": "incidents-unresolved",
    "/api/v2/scheduled-maintenances.json": "scheduled-maintenances",
    "/api/v2/scheduled-maintenances/upcoming.json": "scheduled-maintenances-upcoming",
    "/api/v2/scheduled-maintenances/active.json": "scheduled-maintenances-active",
}


@pytest.fixture(scope="module")
def codametrix(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[dict[str, Any]]:
    """The documents that are served once those of CodaMetrix were taken over."""
    served: dict[str, Any] = {}

    def fill() -> None:
        take(SAMPLES / "codametrix-2026-08-04", TAKEN_AT)
        served.update(documents(snapshot.build(TAKEN_AT)))

    filled = fill_once(django_db_blocker, tmp_path_factory.mktemp("round_trip"), fill)
    next(filled)
    yield served
    next(filled, None)


@pytest.mark.parametrize(("path", "name"), CAPTURED.items(), ids=CAPTURED.values())
def test_every_document_of_a_page_in_another_zone_comes_back_equal(codametrix, path, name):
    assert list(differences(sample(f"{CODAMETRIX}{name}.json"), codametrix[path])) == []


def test_each_incident_has_a_document_of_its_own_with_the_same_object(codametrix):
    for row in sample(f"{CODAMETRIX}incidents.json")["incidents"]:
        served = codametrix[f"/api/v2/incidents/{row['id']}.json"]["incident"]
        assert list(differences(row["incident_updates"], served["incident_updates"])) == []
        assert served["id"] == row["id"]


def test_the_exceptions_do_differ_and_hide_nothing_else(codametrix):
    served, captured = codametrix["/api/v2/incidents.json"], sample(f"{CODAMETRIX}incidents.json")
    assert served["page"]["id"] == captured["page"]["id"] == PublicPage.objects.get().code
    assert served["page"]["url"] != captured["page"]["url"]
    assert served["page"]["updated_at"] != captured["page"]["updated_at"]
    assert all(row["shortlink"].endswith(f"/i/{row['id']}") for row in served["incidents"])
