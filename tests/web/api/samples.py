"""Deliveries as the monitors' documentation shows them, cut to what stays readable."""

from __future__ import annotations

from typing import Any

# https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
ALERTMANAGER: dict[str, Any] = {
    "receiver": "candor",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "ProbeFailure", "instance": "https://api.example.org", "severity": "critical"},
            "annotations": {"summary": "The probe of the API fails", "description": "Down for over 5m."},
            "startsAt": "2026-06-23T14:46:12.828739266Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=probe_success+%3D%3D+0",
            "fingerprint": "1a30ba71cca2921f",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "ProbeFailure", "instance": "https://web.example.org", "severity": "critical"},
            "annotations": {"summary": "The probe of the site fails"},
            "startsAt": "2026-06-23T14:40:00Z",
            "endsAt": "2026-06-23T14:52:00Z",
            "fingerprint": "c6eadffa33fcdf37",
        },
    ],
    "groupLabels": {"alertname": "ProbeFailure"},
    "commonLabels": {"alertname": "ProbeFailure", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.org:9093",
    "version": "4",
    "groupKey": '{}/{severity="critical"}:{alertname="ProbeFailure"}',
    "truncatedAlerts": 0,
}

# https://grafana.com/docs/grafana/latest/alerting/ (webhook notifier)
GRAFANA: dict[str, Any] = {
    "receiver": "Candor",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High memory usage", "team": "blue", "zone": "us-1"},
            "annotations": {
                "description": "The system has high memory usage",
                "runbook_url": "https://runbook.example.org/1234",
                "summary": "This alert was triggered for zone us-1",
            },
            "startsAt": "2026-06-23T16:51:03.157076+02:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example.org/alerting/1afz29v7z/edit",
            "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example.org/alerting/silence/new?alertmanager=grafana",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1},
        }
    ],
    "groupLabels": {},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example.org/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "title": "[FIRING:1]  (blue)",
    "state": "alerting",
    "message": "**Firing**",
}

GRAFANA_BEFORE_9: dict[str, Any] = {
    "title": "[Alerting] Errors",
    "ruleId": 7,
    "ruleName": "Errors",
    "state": "alerting",
    "message": "Too many errors",
    "evalMatches": [{"value": 100, "metric": "errors", "tags": None}],
    "tags": {"component": "api"},
}

# https://developer.pagerduty.com/docs/webhooks-overview
PAGERDUTY: dict[str, Any] = {
    "event": {
        "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
        "event_type": "incident.triggered",
        "resource_type": "incident",
        "occurred_at": "2026-06-23T14:47:00.000Z",
        "agent": {"id": "PXPGF42", "summary": "Earline Greenholt", "type": "user_reference"},
        "client": {"name": "PagerDuty"},
        "data": {
            "id": "PT4KHLK",
            "type": "incident",
            "html_url": "https://acme.pagerduty.example.org/incidents/PT4KHLK",
            "number": 1234,
            "status": "triggered",
            "incident_key": "baf7cf21b1da41b4b0221008339ff357",
            "created_at": "2026-06-23T14:46:50Z",
            "title": "A little bump in the road",
            "service": {"id": "PF9KMXH", "summary": "API Service", "type": "service_reference"},
            "assignees": [{"id": "PTUXL6G", "summary": "User 123", "type": "user_reference"}],
            "escalation_policy": {"id": "PUS0KTE", "summary": "Default", "type": "escalation_policy_reference"},
            "teams": [],
            "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
            "urgency": "high",
            "conference_bridge": None,
            "resolve_reason": None,
        },
    }
}

# https://developer.pagerduty.com/docs/send-alert-event
PAGERDUTY_EVENTS_V2: dict[str, Any] = {
    "routing_key": "samplekeyhere",
    "event_action": "trigger",
    "dedup_key": "disk-db01",
    "client": "Sample Monitoring Service",
    "payload": {
        "summary": "DISK at 99% on machine prod-db01.example.org",
        "timestamp": "2026-06-23T14:30:00.000+0000",
        "severity": "critical",
        "source": "prod-db01.example.org",
        "component": "mysql",
        "group": "prod",
        "class": "disk",
        "custom_details": {"free space": "1%"},
    },
}

GENERIC: dict[str, Any] = {
    "fingerprint": "checkout-500",
    "status": "firing",
    "title": "Checkout answers 500",
    "body": "Since the release of 14:40.",
    "component": "checkout",
    "region": "eu",
    "level": "partial_outage",
    "started_at": "2026-06-23T14:41:00Z",
    "labels": {"team": "shop"},
}
