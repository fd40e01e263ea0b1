"""Proposals in the console: publish, write first, dismiss, and the end that a monitor proposes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from incidents.actions import proposal as actions
from incidents.actions.roles import set_roles
from incidents.domain.actor import SYSTEM
from incidents.models import ImpactInterval, InboundRule, InboundSource, Incident, Proposal, Upstream
from tests.factories import MARIA, make_component, make_region
from tests.inbound_world import alert, make_proposal, make_rule, make_source, minutes_later, over, post, propose, report


def text(answer):
    return answer.content.decode()


def test_the_overview_shows_first_what_waits_as_the_page_would_say_it(console):
    make_source(dead_man_minutes=30)
    make_proposal(make_component(), title="Errors <b>rise</b>", body="Since **14:40**. <script>")
    for path in ("/console/", "/console/proposals"):
        page = text(console.get(path))
        assert "Errors &lt;b&gt;rise&lt;/b&gt;" in page
        assert "<strong>14:40</strong>" in page
        assert "<script>" not in page.replace("<script src", "")
        assert "API</bdi>: Major outage" in page
        assert "a neutral first post goes out by itself at" in page


def test_one_click_publishes_and_a_second_one_says_what_became_of_it(console):
    row = make_proposal(make_component())
    path = f"/console/proposals/{row.pk}/publish"
    answer = console.post(path, {"seen_version": row.version})
    opened = Incident.objects.get()
    assert answer["Location"] == f"/console/incidents/{opened.code}"
    assert "What monitors and upstreams say" in text(console.get(answer["Location"]))
    again = console.post(path, {"seen_version": row.version})
    assert again.status_code == 409
    assert "answered already" in text(again)
    assert Incident.objects.count() == 1
    assert opened.title in text(console.get("/console/proposals"))


@pytest.mark.parametrize("act", ["publish", "dismiss"])
def test_a_click_on_what_has_changed_is_refused_and_nonsense_is_no_fault(console, act):
    row = make_proposal()
    assert console.post(f"/console/proposals/{row.pk}/{act}", {"seen_version": row.version + 1}).status_code == 409
    assert console.post(f"/console/proposals/{row.pk + 1}/{act}").status_code == 404
    assert Proposal.objects.get().state == "open"
    for odd in ("x", "٣", "9" * 30, "\x00"):
        fresh = propose(fingerprint=f"f{odd}")
        assert console.post(f"/console/proposals/{fresh.pk}/{act}", {"seen_version": odd}).status_code == 302


def test_dismissing_takes_it_off_the_overview(console):
    row = make_proposal()
    console.post(f"/console/proposals/{row.pk}/dismiss", {"seen_version": row.version})
    assert "Proposals <span" not in text(console.get("/console/"))
    assert "Dismissed" in text(console.get("/console/proposals"))


def test_what_an_upstream_proposes_goes_by_its_name(console):
    upstream = Upstream.objects.create(name="Cloud & Co", slug="cloud", kind="feed", created_at=timezone.now())
    row = propose(origin=f"upstream:{upstream.pk}")
    opened = actions.publish_proposal(actor=SYSTEM, proposal_id=row.pk, seen_version=row.version)
    propose(origin="upstream:999", fingerprint="y")
    for path in ("/console/proposals", f"/console/incidents/{opened.code}"):
        page = text(console.get(path))
        assert "Cloud &amp; Co" in page
        assert "upstream:" not in page
    assert "Proposals <span" in text(console.get("/console/"))


def test_the_composer_begins_with_what_is_proposed_and_answers_it(console):
    api, eu = make_component(), make_region("eu")
    api.regions.add(eu, make_region("us"))
    source, _key = make_source()
    make_rule(source, api, region_id=eu.pk)
    began = timezone.now().replace(microsecond=0) - timedelta(minutes=5)
    report(source, alert(body="Errors.", started_at=began))
    row = Proposal.objects.get()
    path = f"/console/proposals/{row.pk}/edit"
    form = console.get(path).context["form"]
    assert (form["title"].value(), form["body"].value()) == ("High error rate", "Errors.")
    assert (form[f"level_{api.pk}"].value(), form[f"regions_{api.pk}"].value()) == ("major_outage", [eu.pk])
    typed = {
        "title": "Errors on the API", "body": "We are on it.", "stage": "identified", "due": "none", "key": "k1",
        f"level_{api.pk}": "partial_outage", "started_at": form["started_at"].value(), "step": "post",
    }  # fmt: skip
    answer = console.post(path, typed)
    assert answer.status_code == 302
    opened = Incident.objects.get()
    row.refresh_from_db()
    assert (row.state, row.incident) == ("published", opened)
    assert ImpactInterval.objects.get().started_at == began
    late = console.post(path, typed | {"key": "k2", "body": "My words."})
    assert late.status_code == 409
    assert "answered already" in text(late)
    assert "My words.</textarea>" in text(late)
    assert Incident.objects.count() == 1


def test_the_end_that_a_monitor_proposes_is_filled_in_and_a_person_posts_it(console):
    api, web = make_component(), make_component("Web")
    row = make_proposal(api, started_at=minutes_later(-30))
    opened = actions.publish_proposal(actor=MARIA, proposal_id=row.pk)
    ended = (timezone.now() - timedelta(minutes=7)).replace(microsecond=0)
    report(row.source, over(ended_at=ended))
    page = text(console.get("/console/"))
    assert "Prometheus says that it is over" in page
    path = f"/console/proposals/{row.pk}/resolve"
    assert path in page
    form = console.get(path).context["form"]
    assert (form["stage"].value(), form[f"level_{api.pk}"].value()) == ("resolved", "operational")
    assert not form[f"level_{web.pk}"].value()
    typed = {name: form[name].value() or "" for name in form.fields if form[name].value()}
    answer = console.post(path, typed | {"body": "It works again.", "step": "post", "due": "none"})
    assert answer.status_code == 302
    opened.refresh_from_db()
    assert (opened.stage, ImpactInterval.objects.get().ended_at) == ("resolved", ended)
    assert "says that it is over" not in text(console.get("/console/"))
    assert console.get(path)["Location"] == "/console/proposals"


def test_an_incident_is_not_called_over_while_another_alert_of_it_fires(console):
    api = make_component()
    row = make_proposal(api)
    actions.publish_proposal(actor=MARIA, proposal_id=row.pk)
    report(row.source, alert("2"))
    report(row.source, over())
    assert "says that it is over" not in text(console.get("/console/"))
    report(row.source, over("2"))
    assert "says that it is over" in text(console.get("/console/"))


@pytest.fixture
def administrator(console, responder):
    set_roles(actor=SYSTEM, user_id=responder.pk, roles=["administrator"])
    return console


def test_a_source_is_added_its_address_shown_once_and_an_alert_taken_at_it(administrator, settings):
    settings.SITE_URL = "https://status.example.org"
    page = text(administrator.post("/console/sources/add", {"kind": "generic", "name": "Cron", "is_enabled": "on"}))
    address = page.split("https://status.example.org/inbound/generic/")[1].split("<")[0]
    assert post("generic", address, {"fingerprint": "x"}).status_code == 202
    assert address not in text(administrator.get("/console/sources"))
    source = InboundSource.objects.get()
    newer = text(administrator.post(f"/console/sources/{source.pk}/renew-key"))
    assert "/inbound/generic/" in newer
    assert address not in newer
    assert post("generic", address, {"fingerprint": "x"}).status_code == 404


def test_rules_are_written_as_labels_and_changed_and_removed(administrator):
    source, _key = make_source()
    api = make_component()
    path = f"/console/sources/{source.pk}/rules/add"
    typed = {
        "match": 'severity="critical"\n job : api \n\n', "act": "hold", "component_id": api.pk, "level": "major_outage",
    }  # fmt: skip
    assert administrator.post(path, typed)["Location"] == "/console/sources"
    rule = InboundRule.objects.get()
    assert rule.match == {"severity": "critical", "job": "api"}
    wrong = administrator.post(path, typed | {"match": "severity"})
    assert wrong.status_code == 422
    assert "one label in a line" in text(wrong)
    assert "severity</textarea>" in text(wrong)
    report(source, alert(labels=rule.match))
    assert "holds it now" in text(administrator.get("/console/sources"))
    edit = f"/console/rules/{rule.pk}/edit"
    assert "job=api\nseverity=critical</textarea>" in text(administrator.get(edit))
    assert administrator.post(edit, typed | {"act": "propose"}).status_code == 302
    assert InboundRule.objects.get().act == "propose"
    administrator.post(f"/console/rules/{rule.pk}/remove")
    assert not InboundRule.objects.exists()


def test_a_source_is_edited_and_a_wrong_time_is_refused_with_what_was_typed(administrator):
    source, _key = make_source()
    path = f"/console/sources/{source.pk}/edit"
    wrong = administrator.post(path, {"name": "New name", "is_enabled": "on", "dead_man_minutes": "99999"})
    assert wrong.status_code == 422
    assert 'value="New name"' in text(wrong)
    administrator.post(path, {"name": "New name", "dead_man_minutes": "15"})
    source.refresh_from_db()
    assert (source.name, source.is_enabled, source.dead_man_minutes) == ("New name", False, 15)


def test_for_who_is_no_administrator_there_are_no_sources(console, responder):
    responder.groups.remove(Group.objects.get(name="administrator"))
    source, key = make_source()
    rule = make_rule(source, make_component())
    assert console.get("/console/sources").status_code == 404
    posts = {
        "/console/sources/add": {"kind": "generic", "name": "X"},
        f"/console/sources/{source.pk}/edit": {"name": "X"},
        f"/console/sources/{source.pk}/renew-key": {},
        f"/console/rules/{rule.pk}/remove": {},
    }
    for path, typed in posts.items():
        answer = console.post(path, typed)
        assert answer.status_code == 404, path
    assert post("generic", key, {"fingerprint": "x"}).status_code == 202
