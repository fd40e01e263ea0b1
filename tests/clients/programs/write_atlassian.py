"""atlassian-statuspage 1.0.2, made from the vendor's own description of the write API, opens and resolves an incident
and reads it back; prints what came back as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

import atlassian_statuspage as api

configuration = api.Configuration()
configuration.host = f"{os.environ['SITE']}/v1"
configuration.api_key["Authorization"] = os.environ["TOKEN"]
configuration.api_key_prefix["Authorization"] = "OAuth"
client = api.ApiClient(configuration)
page = os.environ["PAGE"]
incidents = api.IncidentsApi(client)
components = api.ComponentsApi(client)
said: dict[str, Any] = {}
plain = client.sanitize_for_serialization
said["pages"] = plain(api.PagesApi(client).get_pages())
said["components"] = plain(components.get_pages_page_id_components(page))
leaf = next(row for row in said["components"] if not row["group"])
opened = incidents.post_pages_page_id_incidents(
    {
        "incident": {
            "name": "Slow answers", "status": "investigating", "body": "We are looking.",
            "components": {leaf["id"]: "partial_outage"}, "component_ids": [leaf["id"]],
            "deliver_notifications": False,
        }
    },
    page,
)  # fmt: skip
said["opened"] = plain(opened)
said["resolved"] = plain(
    incidents.patch_pages_page_id_incidents_incident_id(
        {"incident": {"status": "resolved", "body": "It is over.", "components": {leaf["id"]: "operational"}}},
        page,
        opened.id,
    )
)
said["read"] = plain(incidents.get_pages_page_id_incidents_incident_id(page, opened.id))
said["groups"] = plain(api.ComponentGroupsApi(client).get_pages_page_id_component_groups(page))
said["templates"] = plain(api.TemplatesApi(client).get_pages_page_id_incident_templates(page))
print(json.dumps(said))
