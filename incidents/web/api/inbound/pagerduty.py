"""PagerDuty: events of a V3 webhook subscription, and of the Events API v2 for tools that can only send that.

Formats: https://developer.pagerduty.com/docs/webhooks-overview and
https://developer.pagerduty.com/docs/send-alert-event. The key in the address stands in for the signature.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.inbound import Alert, BadPayload
from incidents.web.api.inbound import reading

FIRING = {"incident.triggered", "incident.acknowledged", "incident.unacknowledged", "incident.reopened"}
RESOLVED = "incident.resolved"
OF_INCIDENT = {"service", "priority", "escalation_policy"}


def parse(payload: dict[str, Any]) -> list[Alert]:
    """One alert, or none for an event that says nothing of trouble (a note, the test ping). Raises BadPayload."""
    if "event_action" in payload:
        return _of_events_api(payload)
    event = payload.get("event")
    if not isinstance(event, dict):
        raise BadPayload(
            _("There is no “event”: this is neither a PagerDuty V3 webhook nor an event of its Events API v2.")
        )
    kind = reading.text(event.get("event_type"))
    if kind not in FIRING and kind != RESOLVED:
        return []
    return [_of_webhook(event, kind)]


def _of_webhook(event: dict[str, Any], kind: str) -> Alert:
    incident = reading.mapping(event.get("data"))
    number = reading.text(incident.get("id"))
    if not number:
        raise BadPayload(_("The event has no “data” with the “id” of the incident."))
    labels = reading.labels({name: incident.get(name) for name in ("urgency", "status", "incident_key")})
    for name in sorted(OF_INCIDENT):
        labels |= reading.labels({name: reading.mapping(incident.get(name)).get("summary")})
    labels |= reading.labels({"service_id": reading.mapping(incident.get("service")).get("id")})
    is_resolved = kind == RESOLVED
    return Alert(
        fingerprint=number,
        title=reading.text(incident.get("title")) or reading.text(incident.get("summary")),
        labels=labels,
        is_resolved=is_resolved,
        started_at=reading.moment(incident.get("created_at")),
        ended_at=reading.moment(event.get("occurred_at")) if is_resolved else None,
    )


def _of_events_api(payload: dict[str, Any]) -> list[Alert]:
    act = payload["event_action"]
    if act not in ("trigger", "acknowledge", "resolve"):
        raise BadPayload(_("“event_action” must be trigger, acknowledge or resolve."))
    about = reading.mapping(payload.get("payload"))
    labels = reading.labels({name: about.get(name) for name in ("source", "severity", "component", "group", "class")})
    title = reading.text(about.get("summary"))
    key = reading.text(payload.get("dedup_key"))
    if not key and (act != "trigger" or not title):
        raise BadPayload(_("There is no “dedup_key”: it says which alert this is about."))
    at = reading.moment(about.get("timestamp"))
    return [
        Alert(
            fingerprint=key or reading.digest({"summary": title} | labels),
            title=title or key,
            labels=labels,
            is_resolved=act == "resolve",
            started_at=at if act == "trigger" else None,
            ended_at=at if act == "resolve" else None,
        )
    ]
