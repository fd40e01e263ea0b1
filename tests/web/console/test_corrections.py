"""What takes something away says first what will happen, and happens only on POST."""

from __future__ import annotations

import pytest

from incidents.models import Correction, ImpactInterval
from tests.factories import make_component, open_incident

pytestmark = pytest.mark.django_db


def text(answer):
    return answer.content.decode()


def test_a_text_is_withheld_after_a_page_that_says_what_will_happen(console):
    update = open_incident(make_component(), body="A secret.").updates.get()
    path = f"/console/updates/{update.code}/withhold"
    assert path in text(console.get(f"/console/incidents/{update.incident.code}"))
    assert "cannot be undone" in text(console.get(path))
    update.refresh_from_db()
    assert update.body == "A secret."
    assert console.post(path, {"reason": ""}).status_code == 422
    assert console.post(path, {"reason": "A password"}).status_code == 302
    page = text(console.get(f"/console/incidents/{update.incident.code}"))
    assert "A secret." not in page
    assert "A password" in page


def test_an_incident_is_withdrawn_after_a_page_that_says_what_will_happen(console):
    row = open_incident(make_component())
    path = f"/console/incidents/{row.code}/withdraw"
    assert "cannot be undone" in text(console.get(path))
    assert console.post(path, {"reason": ""}).status_code == 422
    assert console.post(path, {"reason": "A drill"}).status_code == 302
    row.refresh_from_db()
    assert row.withdrawn_reason == "A drill"
    assert f'href="{path}"' not in text(console.get(f"/console/incidents/{row.code}"))


def test_an_interval_moves_to_another_component(console):
    open_incident(make_component())
    other, wrong = make_component("Web"), ImpactInterval.objects.get()
    form = {"level": wrong.level, "started_at": "2026-01-01 10:00", "component_id": other.pk, "reason": "It was Web"}
    assert console.post(f"/console/intervals/{wrong.pk}/correct", form).status_code == 302
    assert ImpactInterval.objects.get(superseded_at=None).component == other
    assert Correction.objects.get().changes[0] == {"field": "component", "old": "API", "new": "Web"}


def test_an_amended_text_keeps_the_time_that_the_form_showed_without_fractions(console):
    row = open_incident(make_component())
    update = row.updates.get()
    shown = f"{update.posted_at:%Y-%m-%d %H:%M:%S}"
    form = {"body": "Other.", "posted_at": shown, "reason": "R", "seen_version": row.version}
    assert console.post(f"/console/updates/{update.code}/amend", form).status_code == 302
    before = update.posted_at
    update.refresh_from_db()
    assert (update.body, update.posted_at) == ("Other.", before)
