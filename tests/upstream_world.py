"""Upstreams that a server on the loopback address plays."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from incidents.actions import upstream as actions
from incidents.domain.actor import SYSTEM
from incidents.domain.status import Level
from incidents.domain.upstream import Reading
from incidents.models import Upstream
from tests.factories import utc
from tests.sink import Sink
from tests.workflow_world import person

BEGIN = utc("2026-06-23 14:02")
WELL = Reading(Level.OPERATIONAL, "All Systems Operational", ())


def summary(indicator: str = "none", description: str = "All Systems Operational", **more: Any) -> bytes:
    """A body of the Statuspage dialect with as little as the leanest server gives, and what is given."""
    told = {"page": {"name": "P"}, "components": [], "status": {"indicator": indicator, "description": description}}
    return json.dumps(told | more).encode()


def incident(name: str = "Elevated errors", **more: Any) -> dict[str, Any]:
    """An open incident of that dialect."""
    return {
        "name": name,
        "status": "investigating",
        "started_at": "2026-06-23T13:55:00.000Z",
        "shortlink": "https://stspg.io/x",
    } | more


def follow(server: Sink, path: str = "/api/v2/summary.json", now: datetime = BEGIN, **values: Any) -> Upstream:
    """An upstream that an administrator added."""
    given = {"name": "Cloud", "kind": "statuspage", "url": server.url + path} | values
    return actions.save_upstream(actor=person("ada", "administrator"), now=now, **given)


def an_upstream(name: str = "Cloud", reading: Reading | None = None, at: datetime = BEGIN, **values: Any) -> Upstream:
    """One that stands there without having been asked, and what was read of it."""
    given = {"kind": "statuspage", "url": "https://status.cloud.example/api/v2/summary.json", "created_at": BEGIN}
    row = Upstream.objects.create(**(given | {"name": name, "slug": name.lower().replace(" ", "-")} | values))
    if reading:
        noted(row, reading, at)
    return row


def noted(row: Upstream, outcome: Any, now: datetime) -> Upstream | None:
    """What a check brought, written."""
    return actions.note_upstream(actor=SYSTEM, upstream_id=row.pk, asked_url=row.url, outcome=outcome, now=now)
