"""What each monitor sends, as alerts."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

import pytest

from incidents.domain.inbound import Alert, BadPayload, SourceKind
from incidents.web.api.inbound import SOURCES, alertmanager, generic, grafana, pagerduty
from tests.factories import utc
from tests.web.api import samples


def test_every_kind_of_source_is_read():
    assert set(SOURCES) == set(SourceKind)


def test_alertmanager_tells_what_fires_and_what_is_over():
    firing, resolved = alertmanager.parse(samples.ALERTMANAGER)
    assert firing == Alert(
        fingerprint="1a30ba71cca2921f",
        title="The probe of the API fails",
        body="Down for over 5m.",
        labels={"alertname": "ProbeFailure", "instance": "https://api.example.org", "severity": "critical"},
        started_at=utc("2026-06-23 14:46:12.828739"),
    )
    assert (resolved.is_resolved, resolved.ended_at) == (True, utc("2026-06-23 14:52"))


def test_an_alert_without_a_fingerprint_is_known_by_its_labels():
    payload = deepcopy(samples.ALERTMANAGER)
    for each in payload["alerts"]:
        del each["fingerprint"]
    first, second = alertmanager.parse(payload)
    assert first.fingerprint == alertmanager.parse(payload)[0].fingerprint != second.fingerprint


def test_grafana_says_it_like_alertmanager_in_any_offset():
    (alert,) = grafana.parse(samples.GRAFANA)
    assert (alert.title, alert.started_at) == (
        "This alert was triggered for zone us-1",
        utc("2026-06-23 14:51:03.157076"),
    )
    assert alert.labels["zone"] == "us-1"
    assert alert.ended_at is None


@pytest.mark.parametrize(("state", "is_over"), [("alerting", [False]), ("ok", [True]), ("paused", [])])
def test_grafana_before_version_9_is_read_too(state, is_over):
    alerts = grafana.parse(samples.GRAFANA_BEFORE_9 | {"state": state})
    assert [alert.is_resolved for alert in alerts] == is_over
    assert [alert.fingerprint for alert in alerts] == ["rule 7"] * len(is_over)


def test_pagerduty_tells_of_an_incident_from_its_trigger_to_its_end():
    payload = deepcopy(samples.PAGERDUTY)
    (alert,) = pagerduty.parse(payload)
    assert (alert.fingerprint, alert.title) == ("PT4KHLK", "A little bump in the road")
    assert alert.started_at == utc("2026-06-23 14:46:50")
    assert {name: alert.labels[name] for name in ("service", "service_id", "urgency", "priority")} == {
        "service": "API Service", "service_id": "PF9KMXH", "urgency": "high", "priority": "P1",
    }  # fmt: skip
    payload["event"]["event_type"] = "incident.acknowledged"
    assert not pagerduty.parse(payload)[0].is_resolved
    payload["event"]["event_type"] = "incident.resolved"
    (alert,) = pagerduty.parse(payload)
    assert (alert.is_resolved, alert.ended_at) == (True, utc("2026-06-23 14:47"))


@pytest.mark.parametrize("kind", ["incident.annotated", "pagey.ping", "service.updated"])
def test_an_event_that_tells_of_no_trouble_is_no_alert(kind):
    assert pagerduty.parse({"event": {"event_type": kind, "data": {"message": "Hello from your friend Pagey!"}}}) == []


def test_the_events_api_is_read_for_tools_that_can_only_send_that():
    (alert,) = pagerduty.parse(samples.PAGERDUTY_EVENTS_V2)
    assert (alert.fingerprint, alert.labels["component"]) == ("disk-db01", "mysql")
    assert alert.started_at == utc("2026-06-23 14:30")
    (alert,) = pagerduty.parse({"event_action": "resolve", "dedup_key": "disk-db01"})
    assert (alert.fingerprint, alert.is_resolved) == ("disk-db01", True)


def test_the_generic_form_names_component_region_and_level():
    (alert,) = generic.parse(samples.GENERIC)
    assert alert.labels == {"team": "shop", "component": "checkout", "region": "eu", "level": "partial_outage"}
    assert alert.started_at == utc("2026-06-23 14:41")
    one, two = generic.parse({"alerts": [{"fingerprint": "a"}, {"fingerprint": "b", "status": "resolved"}]})
    assert (one.title, two.is_resolved) == ("a", True)


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("alertmanager", {}, "“alerts” must be a list"),
        ("alertmanager", {"alerts": {"status": "firing"}}, "“alerts” must be a list"),
        ("grafana", {"alerts": ["x"]}, "must be an object"),
        ("pagerduty", {"messages": []}, "neither a PagerDuty V3 webhook nor"),
        ("pagerduty", {"event": {"event_type": "incident.triggered"}}, "“id” of the incident"),
        ("pagerduty", {"event_action": "explode"}, "trigger, acknowledge or resolve"),
        ("pagerduty", {"event_action": "resolve"}, "dedup_key"),
        ("generic", {"title": "x"}, "Give a “fingerprint”"),
        ("generic", {"fingerprint": "x", "status": "on fire"}, "firing or resolved"),
        ("generic", {"fingerprint": "x", "started_at": "yesterday"}, "“started_at” is no time"),
    ],
)
def test_a_wrong_shape_is_refused_with_what_is_wrong(kind, payload, reason):
    with pytest.raises(BadPayload, match=reason):
        SOURCES[SourceKind(kind)](payload)


ODD: list[Any] = [None, True, 7, -1.5, "", "\ud800\x00", [], [[]], {}, {"a": [None]}, "9999-99-99", "0001-01-01T00:00Z"]
OF_KIND = {
    "alertmanager": samples.ALERTMANAGER, "grafana": samples.GRAFANA, "pagerduty": samples.PAGERDUTY,
    "generic": samples.GENERIC,
}  # fmt: skip


def bent(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.15:
        return chance.choice(ODD)
    if isinstance(value, dict):
        return {name: bent(each, chance) for name, each in value.items() if chance.random() > 0.1}
    return [bent(each, chance) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", SourceKind)
def test_whatever_is_missing_or_of_another_kind_it_is_read_or_refused_and_never_a_fault(kind):
    for seed in range(400):
        payload = bent(OF_KIND[kind], random.Random(seed))
        if not isinstance(payload, dict):
            continue
        try:
            alerts = SOURCES[kind](json.loads(json.dumps(payload)))
        except BadPayload:
            continue
        assert all(isinstance(alert.title, str) and alert.fingerprint for alert in alerts)
