"""The document of the API: as made from the table, as published, and held against what is really answered."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from incidents.actions.page import save_template
from incidents.publishing import openapi as published
from incidents.publishing.snapshot import build
from incidents.queries import the_page
from incidents.web.api.v1 import keys, openapi
from incidents.web.api.v1.routes import ROUTES
from tests.factories import MARIA, make_component, make_subscriber, open_incident
from tests.web.api.v1.v1_world import a_token

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_the_copy_that_is_published_is_what_the_table_says():
    assert openapi.COPY.read_text() == openapi.text(), openapi.__doc__


@pytest.mark.django_db
def test_the_document_is_published_with_the_address_of_the_site(settings):
    settings.SITE_URL = "https://status.example.org"
    (page,) = [cold.render() for cold in published.cold(build())]
    document = json.loads(page.body)
    assert (page.path, document["openapi"]) == ("/api/openapi.json", "3.1.0")
    assert document["servers"] == [{"url": "https://status.example.org"}]
    schemas, text = document["components"], page.body.decode()
    for kind, name in re.findall(r'"#/components/(\w+)/(\w+)"', text):
        assert name in schemas[kind]
    operations = {(method, path) for path, item in document["paths"].items() for method in item}
    assert {(route.method.lower(), f"/v1{route.path}") for route in ROUTES} < operations
    assert ("get", "/api/v2/summary.json") in operations
    ids = [item[method].get("operationId", path) for path, item in document["paths"].items() for method in item]
    assert len(ids) == len(set(ids))


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests do not close the connection of the test, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(("mode", "examples"), [(GenerationMode.POSITIVE, 2), (GenerationMode.NEGATIVE, 2)])
def test_nothing_that_is_asked_of_an_address_breaks_it_or_its_description(monkeypatch, one_connection, mode, examples):
    """Schemathesis asks what it likes of every address, mostly of things that are there."""
    monkeypatch.setattr(keys, "CALLS_PER_MINUTE", 1_000_000)
    cache.clear()
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)  # a line for each refusal: hundreds
    headers = {"Authorization": f"OAuth {a_token()[1]}"}
    schema = the_schema()
    known, asked = a_world(), Counter[int]()
    for result in schema.get_all_operations():
        operation = result.ok()

        @seed(1)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(mode), is_there=st.integers(0, 3))
        def ask(case: Any, is_there: int) -> None:
            if is_there:
                case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
            response = case.call_and_validate(headers=headers, checks=CHECKS)
            asked[response.status_code] += 1

        ask()
    assert asked.total() >= len(ROUTES)
    assert asked[400] + asked[422] > 0
    if mode == GenerationMode.POSITIVE:
        assert asked[200] + asked[201] > len(ROUTES) / 3, asked


def the_schema() -> Any:
    """The part on writing, asked of Django in this process."""
    document = published.document("http://127.0.0.1")
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith("/v1/")}
    schema = schemathesis.openapi.from_dict(document)
    schema.app = WSGIHandler()
    return schema


def a_world() -> dict[str, str]:
    """Things that are there, by the names that addresses have for them."""
    row = make_component("API")
    incident = open_incident(row)
    template = save_template(actor=MARIA, name="One", stage="investigating", body="Text.")
    return {
        "page_id": the_page().code, "component_id": row.code, "incident_id": incident.code,
        "update_id": incident.updates.get().code, "subscriber_id": str(make_subscriber().pk),
        "template_id": str(template.pk), "group_id": make_component("Europe", is_group=True).code,
    }  # fmt: skip
