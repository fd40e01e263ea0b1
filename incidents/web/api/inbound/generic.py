"""Candor's own JSON, for scripts and for monitors that let one write the body: see `docs/inbound.md`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.inbound import Alert, BadPayload
from incidents.web.api.inbound import reading

NAMES = ("component", "region", "level")


def parse(payload: dict[str, Any]) -> list[Alert]:
    """The one alert of the body, or each of its `alerts`. Raises BadPayload for one without `fingerprint` or with
    another status than firing and resolved."""
    many = [payload] if "alerts" not in payload else reading.objects(payload["alerts"], "alerts")
    return [_alert_of(each) for each in many]


def _alert_of(raw: dict[str, Any]) -> Alert:
    fingerprint = reading.text(raw.get("fingerprint"))
    if not fingerprint.strip():
        raise BadPayload(_("Give a “fingerprint”: a text that is the same in every report of the same trouble."))
    status = raw.get("status", "firing")
    if status not in ("firing", "resolved"):
        raise BadPayload(_("“status” must be firing or resolved."))
    return Alert(
        fingerprint=fingerprint,
        title=reading.text(raw.get("title")) or fingerprint,
        body=reading.text(raw.get("body")),
        labels=reading.labels(raw.get("labels")) | reading.labels({name: raw.get(name) for name in NAMES}),
        is_resolved=status == "resolved",
        started_at=_moment(raw, "started_at"),
        ended_at=_moment(raw, "ended_at"),
    )


def _moment(raw: dict[str, Any], name: str) -> Any:
    if not raw.get(name):
        return None
    found = reading.moment(raw[name])
    if found is None:
        raise BadPayload(_("“%(name)s” is no time. Write it as 2026-06-23T14:30:00Z.") % {"name": name})
    return found
