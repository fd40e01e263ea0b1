"""The list of incidents, one incident, and the corrections of its record."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.amending import amend_update, edit_incident
from incidents.models import ImpactInterval, MilestoneStatement
from tests.factories import MARIA, make_component, open_incident, post_update


@pytest.fixture
def incident(db):
    return open_incident(make_component("API"), title="API errors")


def text(answer):
    return answer.content.decode()


def test_the_list_is_narrowed_by_stage_and_by_a_word_of_title_or_text(console, incident):
    other = open_incident(title="Slow website", body="A cable was cut.")
    post_update(other, "resolved")
    assert "API errors" in text(console.get("/console/incidents"))
    opened = text(console.get("/console/incidents?stage=open"))
    assert "API errors" in opened
    assert "Slow website" not in opened
    found = text(console.get("/console/incidents?q=CABLE"))
    assert "Slow website" in found
    assert "API errors" not in found
    piece = text(console.get("/console/incidents?q=nothing", headers={"HX-Request": "true"}))
    assert "No incident matches" in piece
    assert "<html" not in piece


@pytest.mark.parametrize("query", ["q=%00", "q=%25", "q=' OR 1=1 --", "page=0", "page=1e9", "page=abc", "stage=<b>"])
def test_a_strange_question_is_answered(console, incident, query):
    for name in ("incidents", "subscribers", "deliveries", "audit"):
        assert console.get(f"/console/{name}?{query}").status_code == 200


def test_an_incident_shows_its_timeline_ledger_milestones_and_former_texts(console, incident):
    update = incident.updates.get()
    amend_update(actor=MARIA, update_id=update.pk, body="We **know**.", reason="A slip")
    html = text(console.get(f"/console/incidents/{incident.code}"))
    for shown in ("<strong>know</strong>", "We are looking into it.", "A slip", "Major outage", "from the ledger"):
        assert shown in html
    assert f'id="update-{update.code}"' in html


def test_an_update_is_amended_with_a_reason(console, incident):
    update = incident.updates.get()
    path = f"/console/updates/{update.code}/amend"
    assert "We are looking into it." in text(console.get(path))
    form = {"body": "Better words.", "reason": "", "seen_version": incident.version}
    refused = console.post(path, form)
    assert refused.status_code == 422
    assert "Better words." in text(refused)
    assert console.post(path, form | {"reason": "A slip"}).status_code == 302
    update.refresh_from_db()
    assert update.body == "Better words."
    assert update.revisions.get().body == "We are looking into it."


def test_an_edit_of_a_version_that_is_gone_is_a_conflict_that_keeps_what_was_typed(console, incident):
    path = f"/console/incidents/{incident.code}/edit"
    form = {
        "title": "My title", "impact_override": "minor", "advice": "Wait.", "reason": "R",
        "seen_version": incident.version,
    }  # fmt: skip
    post_update(incident, "identified")
    answer = console.post(path, form)
    assert answer.status_code == 409
    assert 'value="My title"' in text(answer)
    assert "It is identified." in text(answer), "the newer update is shown"
    incident.refresh_from_db()
    assert incident.title == "API errors"
    assert f'name="seen_version" value="{incident.version}"' in text(answer)
    assert console.post(path, form | {"seen_version": incident.version}).status_code == 302
    incident.refresh_from_db()
    assert (incident.title, incident.impact_override, incident.advice) == ("My title", "minor", "Wait.")


def test_two_people_who_amend_one_update_see_both_texts(console, incident):
    update = incident.updates.get()
    path = f"/console/updates/{update.code}/amend"
    form = {"body": "My words.", "reason": "A slip", "seen_version": incident.version}
    amend_update(actor=MARIA, update_id=update.pk, body="Her words.", reason="Clearer")
    answer = console.post(path, form)
    assert answer.status_code == 409
    assert '<p class="theirs">Her words.</p>' in text(answer)
    assert "My words.</textarea>" in text(answer)
    incident.refresh_from_db()
    assert console.post(path, form | {"seen_version": incident.version}).status_code == 302
    update.refresh_from_db()
    assert update.body == "My words."
    assert [row.body for row in update.revisions.all()] == ["We are looking into it.", "Her words."]


def test_what_others_set_meanwhile_is_shown_beside_what_was_typed(console, incident):
    path = f"/console/incidents/{incident.code}/edit"
    form = {"title": "Mine", "impact_override": "", "advice": "Same\r\ntext", "seen_version": incident.version}
    edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Hers", impact_override="minor", advice="Same\ntext", reason="R"
    )
    html = text(console.post(path, form))
    assert re.findall(r'<p class="theirs">(.*?)</p>', html) == ["Hers", "Minor impact"]


def test_the_list_is_put_in_the_order_of_a_column_and_keeps_its_filter(console, db):
    now = timezone.now()
    open_incident(make_component("API"), title="Beta", started_at=now - timedelta(hours=2))
    open_incident(title="Alpha", started_at=now - timedelta(hours=3))
    gamma = open_incident(make_component("Web"), title="Gamma", started_at=now - timedelta(hours=1))
    post_update(gamma, "resolved")

    def titles(query):
        return re.findall(r'<th scope="row"><a[^>]*>(\w+)</a>', text(console.get(f"/console/incidents?{query}")))

    assert titles("") == ["Gamma", "Alpha", "Beta"]
    assert titles("sort=title") == ["Alpha", "Beta", "Gamma"]
    assert titles("sort=-title") == ["Gamma", "Beta", "Alpha"]
    assert titles("sort=started") == ["Alpha", "Beta", "Gamma"]
    assert titles("sort=-started&stage=open&q=e") == ["Beta", "Alpha"]
    assert titles("sort=password") == ["Gamma", "Alpha", "Beta"]
    html = text(console.get("/console/incidents?stage=open&sort=title&page=1"))
    assert '<th scope="col" aria-sort="ascending"><a href="?stage=open&amp;sort=-title">Incident ↑</a></th>' in html
    assert '<input type="hidden" name="sort" value="title">' in html


def test_a_milestone_is_stated_with_a_public_reason(console, incident):
    path = f"/console/incidents/{incident.code}/state/detected"
    at = (timezone.now() - timedelta(minutes=5)).replace(microsecond=0)
    form = {"at": f"{at:%Y-%m-%d %H:%M:%S}", "reason": "The alert says so", "seen_version": incident.version}
    assert console.post(path, form).status_code == 302
    assert MilestoneStatement.objects.get(milestone="detected").at == at
    assert "The alert says so" in text(console.get(f"/console/incidents/{incident.code}"))
    assert console.get(f"/console/incidents/{incident.code}/state/lunch").status_code == 404


def test_an_interval_is_corrected_and_the_former_one_stays_readable(console, incident):
    wrong = ImpactInterval.objects.get()
    start = (wrong.started_at - timedelta(minutes=22)).replace(microsecond=0)
    path = f"/console/intervals/{wrong.pk}/correct"
    assert console.get(path).status_code == 200
    form = {"level": "partial_outage", "started_at": f"{start:%Y-%m-%d %H:%M:%S}", "ended_at": "", "reason": "Logs"}
    assert console.post(path, form)["Location"] == f"/console/incidents/{incident.code}"
    wrong.refresh_from_db()
    assert (wrong.superseded_by.level, wrong.superseded_by.started_at) == ("partial_outage", start)
    html = text(console.get(f"/console/incidents/{incident.code}"))
    assert "1 corrected interval" in html
    assert "Logs" in html
    again = console.post(path, form)
    assert again.status_code == 422
    assert "not in the ledger any more" in text(again)


def test_the_overview_counts_the_time_until_the_promise_and_after_it(console, db):
    now = timezone.now()
    api = make_component("API")
    posted = now - timedelta(minutes=40)
    open_incident(
        api, title="Late", now=posted, started_at=posted - timedelta(minutes=22),
        next_update_due_at=posted + timedelta(minutes=30),
    )  # fmt: skip
    open_incident(title="Early", next_update_due_at=now + timedelta(minutes=20, seconds=30))
    html = text(console.get("/console/"))
    assert "1 h 2 min" in html
    assert html.index("Late") < html.index("Early")
    assert "overdue 10 min" in " ".join(html.split())
    assert "in 20 min" in " ".join(html.split())
