"""Proposals: one for each trouble, answered once, and posted neutrally when nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from incidents import relay
from incidents.actions import (
    inbound,
    maintenance,
    maintenance_schedule,
    operators,
    page,
    proposal,
    suggesting,
    withholding,
)
from incidents.actions import incident as incident_actions
from incidents.actions.refusals import Conflict, Refused
from incidents.chain.verification import verify
from incidents.domain.actor import SYSTEM
from incidents.models import AuditEntry, ImpactInterval, Incident, OutboxEvent, Proposal
from incidents.reviewing.neglect import neglected
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update
from tests.inbound_world import alert, make_proposal, make_rule, make_source, minutes_later, over, propose, report

pytestmark = pytest.mark.django_db


def states():
    return list(Proposal.objects.order_by("pk").values_list("state", flat=True))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Do these at the same time, each on a connection of its own; what each returned or was refused with."""
    together, came = Barrier(len(acts)), []

    def do(act):
        together.wait()
        try:
            came.append(act())
        except Refused as refusal:
            came.append(refusal)
        connection.close()

    threads = [Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


def test_one_click_opens_the_incident_as_it_was_proposed():
    api, eu = make_component(), make_region("eu")
    api.regions.add(eu, make_region("us"))
    source, _key = make_source()
    make_rule(source, api, region_id=eu.pk, level="partial_outage")
    began = timezone.now() - timedelta(minutes=9)
    report(source, alert(body="Error rate is 12 %.", started_at=began))
    row = proposal.publish_proposal(actor=MARIA, proposal_id=Proposal.objects.get().pk)
    assert (row.title, row.stage) == ("High error rate", "investigating")
    assert row.updates.get().body == "Error rate is 12 %."
    held = ImpactInterval.objects.get()
    assert (held.component, held.region, held.level, held.started_at) == (api, eu, "partial_outage", began)
    assert Proposal.objects.get().incident == row
    assert states() == ["published"]
    entry = AuditEntry.objects.get(verb="incident.opened")
    assert (entry.actor_label, "High error rate" in entry.changes["proposal"][1]) == ("maria", True)
    assert verify().findings == []


def test_nothing_of_a_proposal_is_public_before_it_is_published():
    make_proposal(make_component(), title="Secret host db-7")
    assert not OutboxEvent.objects.filter(verb__startswith="proposal").exists()
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_publish_at_once_open_one_incident():
    row = make_proposal(make_component())
    came = at_once(*[lambda: proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)] * 2)
    assert sorted(type(each).__name__ for each in came) == ["Conflict", "Incident"]
    assert Incident.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_publishing_while_the_dead_man_rule_posts_opens_one_incident():
    make_source(dead_man_minutes=5)
    row = make_proposal(make_component())
    at_once(
        lambda: proposal.publish_proposal(actor=MARIA, proposal_id=row.pk, now=minutes_later(6)),
        *[lambda: proposal.post_unanswered(minutes_later(6))] * 2,
    )
    assert Incident.objects.count() == 1
    assert states()[0] in ("published", "posted")


@pytest.mark.django_db(transaction=True)
def test_an_alert_that_comes_by_two_ways_at_once_is_one_proposal():
    source, _key = make_source()
    at_once(*[lambda: report(source, alert())] * 4)
    assert Proposal.objects.get().count == 4


def test_a_stale_click_is_refused():
    row = make_proposal()
    report(row.source, over())
    report(row.source, alert())
    with pytest.raises(Conflict, match="changed while you were reading"):
        proposal.publish_proposal(actor=MARIA, proposal_id=row.pk, seen_version=row.version)
    with pytest.raises(Conflict, match="changed while you were reading"):
        proposal.dismiss_proposal(actor=MARIA, proposal_id=row.pk, seen_version=row.version)


def test_an_incident_that_was_written_from_a_proposal_answers_it_and_a_second_one_is_refused():
    row = make_proposal()
    given: dict[str, Any] = {"actor": MARIA, "title": "Errors", "body": "We know.", "proposal_id": row.pk}
    opened = incident_actions.open_incident(**given, key="k")
    assert incident_actions.open_incident(**given, key="k") == opened, "a double click is no second answer"
    assert Proposal.objects.get().incident == opened
    with pytest.raises(Conflict, match="answered already"):
        incident_actions.open_incident(**given)


def test_what_was_dismissed_stays_silent_until_it_was_over_and_fires_again_later():
    row = make_proposal()
    proposal.dismiss_proposal(actor=MARIA, proposal_id=row.pk)
    report(row.source, alert(), now=minutes_later(60))
    assert (states(), Proposal.objects.get().count) == (["dismissed"], 2)
    report(row.source, over(), now=minutes_later(61))
    report(row.source, alert(), now=minutes_later(65))
    assert states() == ["dismissed"], "a flapping alert is the same trouble"
    report(row.source, over(), now=minutes_later(66))
    report(row.source, alert(), now=minutes_later(80))
    assert states() == ["dismissed", "open"]


def test_a_monitor_that_never_says_over_is_not_silenced_for_ever():
    row = make_proposal()
    proposal.dismiss_proposal(actor=MARIA, proposal_id=row.pk)
    report(row.source, alert(), now=minutes_later(25 * 60))
    assert states() == ["dismissed", "open"]


def test_what_is_over_before_anybody_answered_needs_no_answer_and_comes_back_if_it_flaps():
    row = make_proposal()
    report(row.source, over(), now=minutes_later(2))
    assert states() == ["over"]
    with pytest.raises(Refused, match="is over"):
        proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)
    for minute in range(3, 40, 2):
        report(row.source, alert(), now=minutes_later(minute))
        assert states() == ["open"]
        report(row.source, over(), now=minutes_later(minute + 1))
    assert (Proposal.objects.get().flaps, states()) == (19, ["over"])
    assert AuditEntry.objects.filter(verb="proposal.ended").count() == 1, "what flaps does not fill the log"


def test_a_resolved_alert_proposes_the_end_and_leaves_the_incident_to_people():
    row = make_proposal(make_component())
    opened = proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)
    end = minutes_later(10)
    report(row.source, over(ended_at=end), now=minutes_later(12))
    report(row.source, over(ended_at=minutes_later(11)), now=minutes_later(13))
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("published", end)
    opened.refresh_from_db()
    assert opened.stage == "investigating"
    report(row.source, alert(), now=minutes_later(60))
    row.refresh_from_db()
    assert (row.ended_at, states()) == (None, ["published"]), "while its incident is open it is the same trouble"


def test_an_alert_for_what_an_open_incident_holds_is_attached_to_it():
    api = make_component()
    opened = open_incident(api)
    row = make_proposal(api)
    assert (row.state, row.incident) == ("attached", opened)
    with pytest.raises(Conflict):
        proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)
    post_update(opened, "resolved")
    report(row.source, over(), now=minutes_later(20))
    report(row.source, alert(), now=minutes_later(40))
    assert states() == ["attached", "open"]


def test_what_still_fires_after_its_incident_was_called_over_is_proposed_again():
    api = make_component()
    row = make_proposal(api)
    opened = proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)
    post_update(opened, "resolved")
    report(row.source, alert(), now=minutes_later(5))
    assert states() == ["published"]
    report(row.source, alert(), now=minutes_later(12))
    report(row.source, alert(), now=minutes_later(13))
    assert states() == ["published", "open"]
    report(row.source, over(), now=minutes_later(14))
    assert states() == ["published", "over"]
    assert not Proposal.objects.filter(ceased_at__isnull=True).exists()


def test_what_was_withdrawn_as_a_mistake_is_not_proposed_again_while_it_fires():
    row = make_proposal()
    opened = proposal.publish_proposal(actor=MARIA, proposal_id=row.pk)
    withholding.withdraw_incident(actor=MARIA, incident_id=opened.pk, reason="A test.")
    report(row.source, alert(), now=minutes_later(30))
    assert states() == ["published"]


def test_an_alert_of_a_maintenance_that_fires_on_after_it_is_proposed():
    api, source = make_component(), make_source()[0]
    make_rule(source, api)
    begin = timezone.now() + timedelta(minutes=1)
    work = maintenance.schedule_maintenance(
        actor=MARIA, title="Move", body="B", scheduled_for=begin, scheduled_until=begin + timedelta(hours=1),
        scope=[(api.pk, ())],
    )  # fmt: skip
    maintenance_schedule.advance_due(minutes_later(2))
    report(source, alert(), now=minutes_later(3))
    assert (states(), Proposal.objects.get().incident) == (["attached"], work)
    maintenance_schedule.advance_due(minutes_later(62))
    report(source, alert(), now=minutes_later(75))
    assert states() == ["attached", "open"]


def test_of_a_storm_one_is_answered_and_the_rest_is_attached_to_its_incident():
    api, source = make_component(), make_source()[0]
    make_rule(source, api, match={"at": "api"})
    report(source, *[alert(str(number), labels={"at": "api"}) for number in range(4)], alert("other"))
    opened = proposal.publish_proposal(actor=MARIA, proposal_id=Proposal.objects.order_by("pk")[1].pk)
    assert states() == ["attached", "published", "attached", "attached", "open"]
    assert set(Proposal.objects.exclude(state="open").values_list("incident", flat=True)) == {opened.pk}


def test_who_proposes_without_a_source_is_counted_and_ended_the_same_way():
    api = make_component()
    first = propose(components=[change(api)])
    assert propose(components=[change(api)]).pk == first.pk
    assert Proposal.objects.get().count == 2
    end = proposal.propose_end(actor=SYSTEM, origin="upstream:1", fingerprint="x")
    assert end
    assert end.state == "over"
    assert proposal.propose_end(actor=SYSTEM, origin="upstream:1", fingerprint="x") is None
    assert proposal.propose_end(actor=SYSTEM, origin="upstream:2", fingerprint="x") is None
    with pytest.raises(Refused, match="no fingerprint"):
        propose(fingerprint=" \x00 ")


def dead_man(**overrides):
    return make_source(dead_man_minutes=10, **overrides)[0]


def a_template(**overrides):
    words = {
        "name": "Neutral",
        "stage": "investigating",
        "title": "Trouble with {components}",
        "body": "We look at it.",
    }
    return page.save_template(actor=SYSTEM, **{**words, **overrides})


def test_what_nobody_answered_is_posted_from_the_template_without_a_word_of_the_monitor():
    source = dead_man(dead_man_template_id=a_template().pk)
    api = make_component()
    make_rule(source, api, level="partial_outage")
    report(source, alert(title="db-7 is on fire", body="password=hunter2"))
    assert proposal.post_unanswered(minutes_later(9)) == 0
    relay.keep_schedules(minutes_later(11))
    assert proposal.post_unanswered(minutes_later(12)) == 0, "once only"
    row = Incident.objects.get()
    assert (row.title, row.stage, row.updates.get().body) == ("Trouble with API", "investigating", "We look at it.")
    assert row.updates.get().author_label == "Candor"
    assert (ImpactInterval.objects.get().level, states()) == ("partial_outage", ["posted"])
    event = OutboxEvent.objects.get(verb="incident.opened")
    assert event.reach == "subscribers"
    assert "db-7" not in str(event.facts)
    assert "hunter2" not in str(event.facts)


def test_a_level_that_only_the_monitor_names_is_posted_as_degraded():
    api, source = make_component(), dead_man()
    report(source, alert(labels={"component": "api", "level": "major_outage"}))
    assert Proposal.objects.get().components[0]["level"] == "major_outage"
    proposal.post_unanswered(minutes_later(11))
    held = ImpactInterval.objects.get()
    assert (held.component, held.level) == (api, "degraded_performance")
    assert Incident.objects.get().title == "We are looking into a problem"


def test_a_beginning_of_long_ago_is_not_believed_without_a_person():
    api, source = make_component(), dead_man()
    report(source, alert(labels={"component": "api"}, started_at=timezone.now() - timedelta(days=20_000)))
    proposal.post_unanswered(minutes_later(11))
    held = ImpactInterval.objects.get(component=api)
    assert held.started_at == Proposal.objects.get().first_seen_at - timedelta(hours=24)


def test_a_storm_is_posted_as_one_incident_with_all_its_components():
    source = dead_man()
    for name in ("API", "Web"):
        make_rule(source, make_component(name), match={"at": name})
    report(source, alert("1", labels={"at": "API"}), alert("2", labels={"at": "API"}))
    report(source, alert("3", labels={"at": "Web"}), alert("4"), now=minutes_later(9))
    assert proposal.post_unanswered(minutes_later(11)) == 1
    assert states() == ["posted"] * 4
    assert ImpactInterval.objects.count() == 2
    report(source, alert("5"), now=minutes_later(12))
    assert proposal.post_unanswered(minutes_later(30)) == 0
    assert states()[-1] == "attached", "one that names no component belongs to what was posted already"


def test_what_somebody_tells_of_meanwhile_is_attached_and_not_posted_beside_it():
    api, source = make_component(), dead_man()
    make_rule(source, api)
    report(source, alert())
    opened = open_incident(api)
    assert (states(), Proposal.objects.get().incident) == (["attached"], opened)
    assert proposal.post_unanswered(minutes_later(11)) == 0


def test_what_an_incident_came_to_hold_by_a_later_update_is_attached_and_not_posted_beside_it():
    api, source = make_component(), dead_man()
    make_rule(source, api)
    opened = open_incident()
    report(source, alert())
    post_update(opened, components=[change(api)])
    assert states() == ["open"]
    assert proposal.post_unanswered(minutes_later(11)) == 0
    assert (states(), Proposal.objects.get().incident) == (["attached"], opened)


@pytest.mark.parametrize("case", ["dismissed", "over", "off", "disabled", "no rule for it"])
def test_the_dead_man_rule_leaves_alone_what_is_answered_over_or_not_its_own(case):
    source = dead_man()
    if case == "no rule for it":
        propose()
    else:
        report(source, alert())
    if case == "dismissed":
        proposal.dismiss_proposal(actor=MARIA, proposal_id=Proposal.objects.get().pk)
    if case == "over":
        report(source, over())
    if case in ("off", "disabled"):
        minutes = None if case == "off" else 10
        inbound.save_source(
            actor=SYSTEM, source_id=source.pk, name="P", is_enabled=case == "off", dead_man_minutes=minutes
        )
    assert proposal.post_unanswered(minutes_later(11)) == 0
    assert not Incident.objects.exists()


def test_a_template_that_is_deleted_or_gets_a_gap_gives_way_to_the_built_in_words():
    template = a_template()
    source = dead_man(dead_man_template_id=template.pk)
    page.save_template(
        actor=SYSTEM, template_id=template.pk, name="N", stage="investigating", title="T", body="{cause} broke."
    )
    report(source, alert())
    proposal.post_unanswered(minutes_later(11))
    page.delete_template(actor=SYSTEM, template_id=template.pk)
    report(source, alert("2", labels={"component": make_component("Web").slug}))
    proposal.post_unanswered(minutes_later(30))
    assert set(Incident.objects.values_list("title", flat=True)) == {"We are looking into a problem"}
    assert Incident.objects.count() == 2


def test_a_component_that_left_the_page_does_not_keep_the_rule_from_posting():
    api, source = make_component(), dead_man()
    make_rule(source, api)
    report(source, alert())
    type(api).objects.filter(pk=api.pk).update(archived_at=timezone.now())
    assert proposal.post_unanswered(minutes_later(11)) == 1
    assert not ImpactInterval.objects.exists()


def reminded() -> list[dict[str, str]]:
    told = OutboxEvent.objects.filter(verb="operators.reminded").order_by("pk")
    return [event.facts["reminder"] for event in told]


def test_operators_are_mailed_once_of_a_storm_that_waits_and_of_what_was_posted_by_itself():
    operators.add_operator(actor=MARIA, address="oncall@example.org")
    source, _key = make_source(dead_man_minutes=10)
    report(source, *(alert(fingerprint=f"f{number}", title=f"Alert {number}") for number in range(30)))
    assert operators.remind_operators(minutes_later(1)) == 0
    assert [operators.remind_operators(minutes_later(minutes)) for minutes in (3, 4, 9)] == [1, 0, 0]
    [waits] = reminded()
    assert waits["sentence"].startswith("“Alert 0” and 29 more were proposed and wait for an answer since ")
    assert waits["path"] == f"/console/proposals/{Proposal.objects.earliest('pk').pk}/edit"
    assert proposal.post_unanswered(minutes_later(11)) == 1
    assert [operators.remind_operators(minutes_later(minutes)) for minutes in (11, 12)] == [1, 0]
    incident = Incident.objects.get()
    assert reminded()[1]["sentence"].startswith(f"Nobody answered, so “{incident.title}” was posted by itself at ")
    assert reminded()[1]["path"] == f"/console/incidents/{incident.code}/update"
    assert [each.kind for each in neglected(minutes_later(12))] == ["posted_unattended"]
    post_update(incident, now=minutes_later(13))
    assert neglected(minutes_later(14)) == []


def test_nobody_is_mailed_of_a_proposal_that_was_answered():
    operators.add_operator(actor=MARIA, address="oncall@example.org")
    source, _key = make_source()
    report(source, alert())
    proposal.dismiss_proposal(actor=MARIA, proposal_id=Proposal.objects.get().pk)
    assert operators.remind_operators(minutes_later(30)) == 0


def test_alerts_that_come_and_go_under_ever_new_names_do_not_fill_the_tables(monkeypatch):
    monkeypatch.setattr(suggesting, "MOST_IN_AN_HOUR", 5)
    source, _key = make_source()
    for number in range(8):
        report(source, alert(f"f{number}"), now=minutes_later(number))
        report(source, over(f"f{number}"), now=minutes_later(number))
    assert states() == ["over"] * 5
    report(source, alert("f8"), now=minutes_later(61))
    assert states() == ["over"] * 5 + ["open"]
