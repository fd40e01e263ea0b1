"""Prometheus Alertmanager: the body of `webhook_config`, version 4.

Format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from typing import Any

from incidents.domain.inbound import Alert
from incidents.web.api.inbound import reading


def parse(payload: dict[str, Any]) -> list[Alert]:
    """One alert for each of `alerts`. Raises BadPayload where that is no list of objects."""
    return [alert_of(each) for each in reading.objects(payload.get("alerts"), "alerts")]


def alert_of(raw: dict[str, Any]) -> Alert:
    """An alert as Alertmanager and Grafana write it. The title is the annotation `summary`, else the alert's name; an
    `endsAt` of a firing alert is when it would expire, and no end."""
    labels = reading.labels(raw.get("labels"))
    notes = reading.mapping(raw.get("annotations"))
    is_resolved = raw.get("status") == "resolved"
    return Alert(
        fingerprint=reading.text(raw.get("fingerprint")) or reading.digest(labels),
        title=reading.text(notes.get("summary")) or labels.get("alertname", ""),
        body=reading.text(notes.get("description")) or reading.text(notes.get("message")),
        labels=labels,
        is_resolved=is_resolved,
        started_at=reading.moment(raw.get("startsAt")),
        ended_at=reading.moment(raw.get("endsAt")) if is_resolved else None,
    )
