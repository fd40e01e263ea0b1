"""Sources and rules, and the intervals that alerts hold by rule."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from incidents import relay
from incidents.actions import component as component_actions
from incidents.actions import inbound, page
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.inbound import is_met
from incidents.models import AuditEntry, ImpactInterval, InboundRule, InboundSource, Incident, OutboxEvent, Proposal
from tests.factories import MARIA, make_component, make_region, open_incident
from tests.inbound_world import alert, make_rule, make_source, minutes_later, over, report

pytestmark = pytest.mark.django_db


def spans(source="monitor"):
    rows = ImpactInterval.objects.filter(source=source).order_by("pk")
    return [(row.level, row.region.key if row.region else "", row.ended_at is None) for row in rows]


def holding(*components, **overrides):
    source, _key = make_source()
    for row in components or [make_component()]:
        make_rule(source, row, act="hold", **overrides)
    return source


def test_an_alert_opens_an_interval_from_its_start_and_its_end_closes_it():
    source = holding()
    began, ended = timezone.now() - timedelta(minutes=7), minutes_later(3)
    report(source, alert(started_at=began))
    report(source, alert(started_at=began), now=minutes_later(1))
    assert spans() == [("major_outage", "", True)]
    report(source, over(ended_at=ended), now=minutes_later(4))
    row = ImpactInterval.objects.get()
    assert (row.started_at, row.ended_at, row.incident) == (began, ended, None)
    verbs = AuditEntry.objects.filter(verb__startswith="monitor").order_by("pk").values_list("verb", "actor_label")
    assert list(verbs) == [("monitor.opened", "Prometheus"), ("monitor.closed", "Prometheus")]
    assert not Proposal.objects.exists()
    assert set(OutboxEvent.objects.filter(verb__startswith="monitor").values_list("reach", flat=True)) == {"page"}
    assert verify().findings == []


def test_a_component_recovers_when_the_last_alert_that_holds_it_is_over():
    api = make_component()
    source = holding(api, match={"severity": "warning"}, level="degraded_performance")
    make_rule(source, api, act="hold", match={"severity": "critical"})
    report(source, alert("1", labels={"severity": "warning"}))
    report(source, alert("2", labels={"severity": "critical"}), now=minutes_later(1))
    report(source, over("2"), now=minutes_later(2))
    assert spans() == [
        ("degraded_performance", "", False), ("major_outage", "", False), ("degraded_performance", "", True),
    ]  # fmt: skip
    report(source, over("1"), now=minutes_later(3))
    assert not ImpactInterval.objects.filter(ended_at__isnull=True).exists()


def test_regions_are_held_apart():
    api, eu, us = make_component(), make_region("eu"), make_region("us")
    api.regions.add(eu, us)
    source = holding(api, match={"at": "eu"}, region_id=eu.pk)
    make_rule(source, api, act="hold", match={"at": "all"}, level="degraded_performance")
    report(source, alert("1", labels={"at": "eu"}))
    assert spans() == [("major_outage", "eu", True)]
    report(source, alert("2", labels={"at": "all"}), now=minutes_later(1))
    assert spans() == [("major_outage", "eu", True), ("degraded_performance", "us", True)]
    report(source, over("1"), over("2"), now=minutes_later(2))
    assert not any(is_open for _level, _region, is_open in spans())


def test_what_an_incident_or_a_hand_holds_is_not_touched():
    api = make_component()
    source = holding(api)
    opened = open_incident(api, level="partial_outage")
    component_actions.set_component_status(actor=MARIA, component_id=api.pk, level="degraded_performance")
    report(source, alert())
    report(source, over(), now=minutes_later(1))
    assert spans("incident") == [("partial_outage", "", True)]
    assert spans("manual") == [("degraded_performance", "", True)]
    assert spans() == [("major_outage", "", False)]
    opened.refresh_from_db()
    assert opened.version == 2


def test_an_alert_that_flaps_is_one_interval_until_it_has_been_quiet():
    source = holding()
    for minute in range(0, 60, 2):
        report(source, alert(), now=minutes_later(minute))
        report(source, over(), now=minutes_later(minute + 1))
    assert len(spans()) == 4, "three flaps, then it is known to flap"
    assert spans()[-1] == ("major_outage", "", True)
    relay.keep_schedules(minutes_later(64))
    assert spans()[-1][2], "not quiet for long enough"
    relay.keep_schedules(minutes_later(70))
    row = ImpactInterval.objects.order_by("pk").last()
    assert row
    assert row.ended_at
    assert abs(row.ended_at - minutes_later(59)) < timedelta(minutes=1), "it ends when it last was over, not later"


def test_an_old_start_is_believed_no_further_than_a_day():
    source = holding()
    now = timezone.now()
    report(source, alert(started_at=now - timedelta(days=40)), now=now)
    assert ImpactInterval.objects.get().started_at == now - timedelta(days=1)


def test_a_clock_that_is_ahead_neither_opens_nor_ends_in_the_future():
    source = holding()
    now = timezone.now()
    report(source, alert(started_at=now + timedelta(hours=1)), now=now)
    report(source, over(ended_at=now + timedelta(hours=2)), now=now + timedelta(minutes=1))
    row = ImpactInterval.objects.get()
    assert (row.started_at, row.ended_at) == (now, now + timedelta(minutes=1))


@pytest.mark.parametrize("how", ["removed", "changed", "disabled"])
def test_what_a_rule_held_ends_with_it(how):
    source = holding()
    report(source, alert())
    rule = InboundRule.objects.get()
    if how == "removed":
        inbound.remove_rule(actor=SYSTEM, rule_id=rule.pk)
    elif how == "changed":
        make_rule(source, make_component("Web"), act="propose", rule_id=rule.pk)
    else:
        inbound.save_source(actor=SYSTEM, source_id=source.pk, name="Off", is_enabled=False)
    assert spans() == [("major_outage", "", False)]


def test_a_rule_may_hold_and_another_propose_and_for_each_component_the_first_counts():
    api = make_component()
    source = holding(api)
    make_rule(source, api, level="partial_outage")
    make_rule(source, api, level="degraded_performance")
    report(source, alert())
    assert spans() == [("major_outage", "", True)]
    assert [entry["level"] for entry in Proposal.objects.get().components] == ["partial_outage"]


def test_an_alert_that_meets_no_rule_is_proposed_with_what_its_labels_name():
    api, eu = make_component(), make_region("eu")
    api.regions.add(eu)
    source = holding(make_component("Web"), match={"at": "web"})
    report(source, alert("1", labels={"component": "api", "region": "eu", "level": "nonsense"}))
    report(source, alert("2", labels={"component": "nowhere"}))
    named, unnamed = Proposal.objects.order_by("pk")
    assert named.components == [
        {"component_id": api.pk, "level": "degraded_performance", "region_ids": [eu.pk], "is_by_rule": False}
    ]
    assert unnamed.components == []
    assert spans() == []


@pytest.mark.parametrize(
    ("match", "labels", "is_one"),
    [
        ({}, {"a": "1"}, True), ({"a": "1"}, {"a": "1", "b": "2"}, True), ({"a": "1", "b": "2"}, {"a": "1"}, False),
        ({"a": "1"}, {"a": "11"}, False), ({"a": ""}, {}, False),
    ],
)  # fmt: skip
def test_a_rule_is_met_by_all_its_labels(match, labels, is_one):
    assert is_met(match, labels) is is_one


def test_only_an_administrator_sets_sources_and_rules():
    user = User.objects.create_user("rita")
    rita = Actor("user", "rita", user.pk)
    source, key = make_source()
    rule = make_rule(source, make_component())
    for attempt in (
        lambda: make_source(actor=rita, name="X"),
        lambda: inbound.renew_key(actor=rita, source_id=source.pk),
        lambda: make_rule(source, rule.component, actor=rita),
        lambda: inbound.remove_rule(actor=rita, rule_id=rule.pk),
    ):
        with pytest.raises(Refused, match="administrator"):
            attempt()
    assert (InboundSource.objects.count(), InboundRule.objects.count()) == (1, 1)
    assert inbound.source_of("generic", key) == source


def test_a_renewed_key_opens_and_the_former_does_not():
    source, key = make_source()
    _source, newer = inbound.renew_key(actor=SYSTEM, source_id=source.pk)
    assert (inbound.source_of("generic", key), inbound.source_of("generic", newer)) == (None, source)
    assert newer not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"kind": "smoke"}, "what sends"),
        ({"name": " "}, "Fill in"),
        ({"name": "Prometheus"}, "of that name"),
        ({"dead_man_minutes": 0}, "between 1 minute"),
        ({"dead_man_minutes": 10_081}, "between 1 minute"),
        ({"dead_man_template_id": 9}, "no such template"),
    ],
)
def test_a_source_that_cannot_be_is_refused(wrong, reason):
    make_source()
    with pytest.raises(Refused, match=reason):
        make_source(**{"name": "Other", **wrong})


def test_the_hash_of_a_key_takes_any_text():
    assert inbound.source_of("generic", "\ud800") is None


@pytest.mark.parametrize("words", [{"title": ""}, {"title": "{title}"}, {"title": "T", "body": "By {cause}."}])
def test_a_template_that_a_person_must_fill_in_cannot_be_posted_by_itself(words):
    row = page.save_template(actor=SYSTEM, **{"name": "N", "stage": "investigating", "body": "B", **words})
    with pytest.raises(Refused, match="Nobody fills this template in"):
        make_source(dead_man_template_id=row.pk)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"level": "operational"}, "level that the alert means"),
        ({"level": "under_maintenance"}, "level that the alert means"),
        ({"act": "shout"}, "what the rule does"),
        ({"region_id": 99}, "does not run in that region"),
        ({"component_id": 99}, "no such component"),
        ({"match": {" ": "x"}}, "needs a name"),
        ({"match": {str(number): "x" for number in range(21)}}, "At most 20"),
        ({"source_id": 99}, "no such source"),
        ({"rule_id": 99}, "no such rule"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong, reason):
    source, _key = make_source()
    with pytest.raises(Refused, match=reason):
        make_rule(source, make_component(), **wrong)


def test_alerts_never_open_incidents_by_themselves():
    source = holding()
    report(source, alert())
    relay.keep_schedules(minutes_later(600))
    assert not Incident.objects.exists()
