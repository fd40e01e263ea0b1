"""A client that others wrote for Statuspage, unchanged, against a server of ours."""

from __future__ import annotations

import pytest
import statuspageio
from django.core.cache import cache
from pytest_django.live_server_helper import LiveServer

from incidents.models import Component, Subscriber
from incidents.queries import the_page
from tests.web.api.v1.v1_world import a_token

# A server in a thread of its own sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


def test_crunch_statuspageio_does_all_that_it_can(live_server: LiveServer):
    cache.clear()
    key = a_token()[1]
    client = statuspageio.Client(api_key=key, page_id=the_page().code, base_url=live_server.url)
    assert client.pages.get().id == the_page().code
    client.pages.update(name="Acme", subdomain="acme")
    assert the_page().name == "Acme"

    api = client.components.create(name="API", description="The API")
    assert client.components.get(api.id).name == "API"
    assert client.components.update(api.id, status="partial_outage").status == "partial_outage"
    group = client.component_groups.create("Europe", [api.id])
    assert [row.name for row in client.component_groups.list()] == ["Europe"]
    assert {row.name for row in client.components.list()} == {"API", "Europe"}
    assert client.component_groups.delete(group.id) == 200

    one = client.incidents.create(name="Errors", body="We look.", component_ids=[api.id], wants_twitter_update=False)
    assert (one.status, one.components[0].status) == ("investigating", "partial_outage")
    assert client.incidents.update(one.id, status="resolved", body="Over.").status == "resolved"
    (first,) = [update.id for update in one.incident_updates]
    client.incidents.update_previous(one.id, first, body="We looked.")
    planned = client.incidents.create_scheduled(
        name="Work", status="scheduled", scheduled_for="2100-01-01T00:00:00Z", scheduled_until="2100-01-01T01:00:00Z",
        scheduled_remind_prior=True, component_ids=[api.id],
    )  # fmt: skip
    assert [row.id for row in client.incidents.list_scheduled()] == [planned.id]
    assert [row.id for row in client.incidents.list_upcoming()] == [planned.id]
    assert client.incidents.list_unresolved() == client.incidents.list_active_maintenance() == []
    assert [row.name for row in client.incidents.list(q="Err")] == ["Errors"]
    assert client.incidents.delete(one.id) == 200

    reader = client.subscribers.create(email="reader@example.org", skip_confirmation_notification=True)
    assert [row.email for row in client.subscribers.list()] == ["reader@example.org"]
    assert client.subscribers.delete(reader.id) == 200
    assert not Subscriber.objects.get().is_told
    with pytest.raises(statuspageio.ResourceError):
        client.components.create(name=" ")
    client.components.update(api.id, status="operational")
    assert client.components.delete(api.id) == 204
    assert Component.objects.get(code=api.id).archived_at
    stranger = statuspageio.Client(api_key="guess", page_id=the_page().code, base_url=live_server.url)
    with pytest.raises(statuspageio.RequestError):
        stranger.components.list()
