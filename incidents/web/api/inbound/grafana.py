"""Grafana alerting: the body of a webhook contact point, and that of the alerting before version 9.

Format: https://grafana.com/docs/grafana/latest/alerting/ (webhook notifier). It is that of Alertmanager with more keys.
"""

from __future__ import annotations

from typing import Any

from incidents.domain.inbound import Alert
from incidents.web.api.inbound import reading
from incidents.web.api.inbound.alertmanager import alert_of


def parse(payload: dict[str, Any]) -> list[Alert]:
    """One alert for each of `alerts`; one for a body of the former alerting (`ruleId`, `state`). Raises BadPayload."""
    if "alerts" not in payload and "ruleId" in payload:
        return _of_former_alerting(payload)
    return [alert_of(each) for each in reading.objects(payload.get("alerts"), "alerts")]


def _of_former_alerting(payload: dict[str, Any]) -> list[Alert]:
    state = payload.get("state")
    if state not in ("alerting", "no_data", "ok"):
        return []  # paused, pending: nothing has happened
    return [
        Alert(
            fingerprint=f"rule {reading.text(payload.get('ruleId'))}",
            title=reading.text(payload.get("ruleName")) or reading.text(payload.get("title")),
            body=reading.text(payload.get("message")),
            labels=reading.labels(payload.get("tags")),
            is_resolved=state == "ok",
        )
    ]
