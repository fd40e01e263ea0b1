"""crunch-statuspageio 0.7 lists, opens, updates, resolves, changes a component and adds a subscriber; prints what came
back, one step after the other, as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import statuspageio

client = statuspageio.Client(
    api_key=os.environ["TOKEN"], page_id=os.environ["PAGE"], organization_id="none", base_url=os.environ["SITE"]
)
said: dict[str, Any] = {}
said["page"] = client.pages.get()
said["components"] = client.components.list()
leaf = next(row for row in said["components"] if not row["group"] and row["status"] == "operational")
said["degraded"] = client.components.update(leaf["id"], status="degraded_performance")
said["operational"] = client.components.update(leaf["id"], status="operational")
said["added"] = client.components.create(name="Search", description="Full text", status="operational")
said["opened"] = client.incidents.create(
    name="Slow search", status="investigating", body="We are looking.", wants_twitter_update=False,
    component_ids=[leaf["id"]],
)  # fmt: skip
code = said["opened"]["id"]
said["updated"] = client.incidents.update(code, status="identified", body="We know why.")
said["unresolved"] = client.incidents.list_unresolved()
said["resolved"] = client.incidents.update(code, status="resolved", body="It works again.")
said["incidents"] = client.incidents.list()
said["subscriber"] = client.subscribers.create(email="reader@example.org")
said["subscribers"] = client.subscribers.list()
try:
    client.components.update("nosuchcomp12", status="operational")
except statuspageio.RequestError as error:
    said["unknown"] = error.http_status
try:
    client.incidents.create(name="", status="investigating", body="x")
except statuspageio.ResourceError as error:
    said["refused"] = error.http_status
print(json.dumps(said))
