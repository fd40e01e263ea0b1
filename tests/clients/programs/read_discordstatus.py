"""discordstatus 0.0.2 reads every document that it knows; prints them as JSON."""

from __future__ import annotations

import json
import os

from discordstatus import DiscordStatus

client = DiscordStatus()
client.base_target = f"{os.environ['SITE']}/api/v2"
names = (
    *("summary", "status", "components", "unresolved_incidents", "all_incidents"),
    *("upcoming_maintenances", "active_maintenances", "all_maintenances"),
)
print(json.dumps({name: getattr(client, name) for name in names}))
