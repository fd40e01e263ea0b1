"""Upstreams in the console."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from incidents.domain.status import Level
from incidents.domain.upstream import Failed, Reading
from incidents.models import Upstream
from tests.factories import account, make_component
from tests.upstream_world import BEGIN, an_upstream, noted

pytestmark = pytest.mark.django_db
FORM = {"name": "Cloud", "kind": "statuspage", "url": "http://127.0.0.1:9/", "is_enabled": "on"}


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def administrator(console, responder, settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    return console


def test_one_is_added_edited_and_removed(administrator):
    api = make_component()
    added = administrator.post("/console/upstreams/add", FORM | {"is_proposing": "on", "component_id": api.pk})
    assert added.status_code == 302
    row = Upstream.objects.get()
    assert (row.url, row.component, row.is_proposing, row.is_enabled) == (
        "http://127.0.0.1:9/api/v2/summary.json", api, True, True
    )  # fmt: skip
    assert 'value="Cloud"' in text(administrator.get(f"/console/upstreams/{row.pk}/edit"))
    administrator.post(f"/console/upstreams/{row.pk}/edit", FORM | {"name": "The cloud", "position": "3"})
    row.refresh_from_db()
    assert (row.name, row.position, row.is_proposing, row.component) == ("The cloud", 3, False, None)
    assert administrator.post(f"/console/upstreams/{row.pk}/remove").status_code == 302
    assert not Upstream.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"url": "http://10.0.0.1/"}, "private or reserved network"),
        ({"url": "http://u:p@127.0.0.1/"}, "name or a password"),
        ({"url": "javascript:alert(1)"}, "begins with https"),
        ({"name": ""}, "required"),
        ({"name": "x" * 101}, "at most 100"),
        ({"kind": "gopher"}, "choice"),
        ({"url": "http://127.0.0.1/" + "x" * 2050}, "at most 2,048"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_what_was_typed(administrator, wrong, sentence):
    answer = administrator.post("/console/upstreams/add", FORM | wrong)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'value="Cloud"' in text(answer) or "name" in wrong
    assert not Upstream.objects.exists()


def test_somebody_who_is_no_administrator_reads_and_changes_nothing(client):
    row = an_upstream()
    client.force_login(account("vera", "viewer"))
    assert "Only an administrator" in text(client.get("/console/upstreams"))
    assert client.post("/console/upstreams/add", FORM).status_code == 404
    assert client.post(f"/console/upstreams/{row.pk}/remove").status_code == 404
    assert Upstream.objects.count() == 1


def test_the_list_tells_the_last_check_and_what_they_say_escaped(administrator):
    row = an_upstream(reading=Reading(Level.PARTIAL_OUTAGE, "<b>Down</b>", ()))
    noted(row, Failed("They answered with the status 500."), BEGIN)
    shown = text(administrator.get("/console/upstreams"))
    assert "&lt;b&gt;Down&lt;/b&gt;" in shown
    assert "1 failure in a row: They answered with the status 500." in shown or "1 failure: They answered" in shown
    assert "Unknown" in shown, "it was long ago"
