"""The same request, sent twice at the same time under one Idempotency-Key, makes one thing."""

from __future__ import annotations

import json
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from incidents.models import Component, Incident, IncidentUpdate, Subscriber, UpdateTemplate
from incidents.queries import the_page
from tests.factories import make_component
from tests.web.api.v1.v1_world import a_token

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(key: str, path: str, body: dict[str, Any], times: int = 3) -> list[tuple[int, str]]:
    """Send the same POST from so many threads; status and id of each answer."""
    together, page, came = Barrier(times), the_page().code, []

    def send() -> None:
        client = Client(headers={"Authorization": f"OAuth {key}", "Idempotency-Key": f"once {path}"})
        together.wait()
        answer = client.post(f"/v1/pages/{page}{path}", json.dumps(body), content_type="application/json")
        came.append((answer.status_code, answer.json().get("id")))
        connection.close()

    threads = [Thread(target=send) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


def test_one_key_makes_one_thing_however_many_ask_at_once():
    cache.clear()
    web, key = make_component("Web"), a_token()[1]
    bodies: dict[str, dict[str, Any]] = {
        "/components": {"component": {"name": "API", "status": "major_outage"}},
        "/component-groups": {"component_group": {"name": "Europe", "components": [web.code]}},
        "/incidents": {"incident": {"name": "Errors", "components": {web.code: "major_outage"}}},
        "/subscribers": {"subscriber": {"email": "a@example.org"}},
        "/incident_templates": {"template": {"name": "One", "body": "Text."}},
    }
    for path, body in bodies.items():
        came = at_once(key, path, body)
        assert {status for status, _id in came} == {201}, (path, came)
        assert len(came) == 3
        assert len({each for _status, each in came}) == 1, path
    counts = [model.objects.count() for model in (Component, Incident, IncidentUpdate, Subscriber, UpdateTemplate)]
    assert counts == [3, 1, 1, 1, 1]
