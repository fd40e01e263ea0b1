"""The console's page of tokens."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from incidents.actions.token import digest_of
from incidents.models import ApiToken, AuditEntry

pytestmark = pytest.mark.django_db
MADE = {"name": "robot", "scopes": ["read", "incidents"], "days": "30"}


@pytest.fixture
def root(responder: User, console: Client) -> Client:
    responder.is_superuser = True
    responder.save(update_fields=["is_superuser"])
    return console


def test_a_key_is_shown_once_and_opens_the_api_until_it_is_revoked(root):
    answer = root.post("/console/tokens/make", MADE).content.decode()
    (key,) = re.findall(r"candor_[\w-]{43}", answer)
    row = ApiToken.objects.get()
    assert (row.sha256, row.scopes, row.made_by_label) == (digest_of(key), ["incidents", "read"], "maria")
    assert row.expires_at is not None
    page = root.get("/console/tokens").content.decode()
    assert key not in page
    assert key[:12] in page
    assert "never" in page
    robot = Client(headers={"Authorization": f"OAuth {key}"})
    assert robot.get("/v1/pages").status_code == 200
    assert root.get("/console/tokens").context["lines"][0]["token"].last_used_at
    assert root.post(f"/console/tokens/{row.pk}/revoke").status_code == 302
    assert robot.get("/v1/pages").status_code == 401
    assert "revoked" in root.get("/console/tokens").content.decode()
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["token.revoked", "token.made"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Fill in the name."),
        ({"scopes": []}, "Choose what the token may do."),
        ({"scopes": ["everything"]}, "everything"),
        ({"days": "-1"}, "-1"),
    ],
)
def test_what_cannot_be_made_is_refused_with_what_was_typed(root, wrong, sentence):
    answer = root.post("/console/tokens/make", MADE | wrong)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_name_is_free_again_once_its_token_is_revoked(root):
    root.post("/console/tokens/make", MADE)
    assert "of this name already" in root.post("/console/tokens/make", MADE).content.decode()
    root.post(f"/console/tokens/{ApiToken.objects.get().pk}/revoke")
    assert root.post("/console/tokens/make", MADE).status_code == 200


def test_only_an_administrator_makes_and_revokes(console, root):
    root.post("/console/tokens/make", MADE)
    User.objects.update(is_superuser=False)
    Group.objects.get(name="administrator").user_set.clear()
    assert console.post("/console/tokens/make", MADE | {"name": "other"}).status_code == 404
    assert console.post(f"/console/tokens/{ApiToken.objects.get().pk}/revoke").status_code == 404
    assert console.get("/console/tokens").status_code == 404
    assert ApiToken.objects.get().revoked_at is None
