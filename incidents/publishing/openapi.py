"""`/api/openapi.json`: what programs can read and write here, as OpenAPI 3.1.

The part on writing is made from the table of the write API and kept beside this module (`web.api.v1.openapi` writes it,
a test compares it); the part on reading is short and stands here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from incidents.publishing.public import ColdPage, Snapshot, key_of
from incidents.publishing.tree import Page

PATH = "/api/openapi.json"
WRITING = Path(__file__).with_name("openapi_v1.json")
_DOCUMENTS = {
    "summary": "The whole page: status, components, what is open, what is planned.",
    "status": "The one sentence for the whole page.",
    "components": "All components.",
    "incidents": "The newest 50 incidents.",
    "incidents/unresolved": "Incidents that are not resolved.",
    "scheduled-maintenances": "The newest 50 maintenances.",
    "scheduled-maintenances/upcoming": "Maintenance that has not begun.",
    "scheduled-maintenances/active": "Maintenance that is being worked on.",
}
Schema = dict[str, Any]


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: the document changes with the code alone."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The document."""
    url = snapshot.page.url
    yield ColdPage(PATH, key_of("openapi", url, WRITING.read_text()), lambda: _page(url))


def document(url: str) -> Schema:
    """The document of a site at `url`."""
    writing = json.loads(WRITING.read_text())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Candor",
            "version": "1",
            "description": "Reading needs no key; ask as often as you like, with If-None-Match. Writing (/v1) speaks "
            "the dialect of Statuspage's Manage API and needs a key.",
        },
        "servers": [{"url": url}],
        "paths": _reading() | writing["paths"],
        "components": writing["components"],
    }


def _page(url: str) -> Page:
    return Page(PATH, json.dumps(document(url), ensure_ascii=False).encode(), "application/json; charset=utf-8")


def _reading() -> Schema:
    paths = {f"/api/v2/{name}.json": _read(text, "application/json") for name, text in _DOCUMENTS.items()}
    paths["/api/v2/incidents/{id}.json"] = _read("One incident.", "application/json", ("id",), (404,))
    gate = "Whether a component or a group can be relied on now: 200 yes, 503 no."
    paths["/gate/{component}"] = _read(gate, "text/plain", ("component",), (404, 503))
    paths["/gate/{component}/{worst}"] = _read(gate, "text/plain", ("component", "worst"), (404, 503))
    paths["/gate/{component}.json"] = _read(gate, "application/json", ("component",), (404, 503))
    paths["/heartbeat.json"] = _read("When this was known to be true.", "application/json")
    return paths


def _read(text: str, kind: str, parameters: tuple[str, ...] = (), others: tuple[int, ...] = ()) -> Schema:
    schema = {"type": "string"} if kind == "text/plain" else {"type": "object"}
    found: Schema = {
        "summary": text,
        "tags": ["reading"],
        "responses": {
            "200": {"description": text, "content": {kind: {"schema": schema}}},
            "304": {"description": "Unchanged since the ETag that was sent."},
            **{str(status): {"description": "Not found." if status == 404 else "No."} for status in others},
        },
    }
    if parameters:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters
        ]
    return {"get": found}
