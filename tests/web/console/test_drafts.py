"""Drafts on the server: found again on another device, dropped once posted, never a second post."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from incidents import tasks
from incidents.actions.drafts import LONGEST
from incidents.domain.drafts import DraftState
from incidents.models import Draft, Incident, IncidentUpdate
from tests.factories import account, make_component, open_incident
from tests.web.console.test_composer import OPEN, typed

SAVE, DISCARD = "/console/drafts/save", "/console/drafts/discard"


@pytest.fixture
def api(db):
    return make_component("API")


@pytest.fixture
def other_device(responder):
    client = Client()
    client.force_login(responder)
    return client


def save(client, version=0, path=OPEN, **fields):
    return client.post(SAVE, {"draft_path": path, "draft_version": version, **fields})


def saved(client, version=0, **fields):
    answer = save(client, version, **fields)
    assert answer.status_code == 200
    return answer.json()


def test_what_is_typed_on_one_device_is_there_on_another(console, other_device, api):
    saved(console, title="Half", body="a thought", picked=str(api.pk), stage="identified", due="60", key="k1")
    page = other_device.get(OPEN)
    html = page.content.decode()
    assert 'value="Half"' in html
    assert "a thought</textarea>" in html
    assert f'name="picked" value="{api.pk}" checked' in " ".join(html.split())
    assert 'name="key" value="k1"' in html
    assert "Your draft was restored." in html
    assert page.context["form"]["stage"].value() == "identified"


def test_a_draft_is_of_its_author_alone(console, api):
    saved(console, title="Mine")
    other = Client()
    other.force_login(account("lena"))
    assert b"Mine" not in other.get(OPEN).content
    saved(other, title="Hers")
    assert b"Mine" in console.get(OPEN).content


def test_the_newest_words_win_and_the_others_are_offered_not_lost(console, other_device, api):
    first = saved(console, title="On the laptop")
    assert saved(console, first["version"], title="On the laptop!")["other"] is None
    phone = saved(other_device, 0, title="On the phone")
    assert phone["other"]["fields"]["title"] == ["On the laptop!"]
    page = console.get(OPEN)
    assert b"On the phone" in page.content
    kept = page.context["kept"].others[0]
    shown = console.get(f"{OPEN}?other={kept.code}")
    assert 'value="On the laptop!"' in shown.content.decode()


def test_the_same_words_saved_twice_are_one_version(console, api):
    first = saved(console, title="One")
    again = saved(console, 0, title="One")
    assert (again["version"], again["other"]) == (first["version"], None)
    assert Draft.objects.count() == 1


def test_it_is_dropped_with_the_post_and_a_late_save_does_not_bring_it_back(console, api):
    form = typed(console.get(OPEN), title="Errors")
    saved(console, **form)
    assert console.post(OPEN, form).status_code == 302
    assert not Draft.objects.exclude(fields={}).exists()
    assert saved(console, **form) == {"is_posted": True}
    assert "We are looking" not in console.get(OPEN).content.decode()
    assert not Draft.objects.filter(state=DraftState.WRITING).exists()


def test_a_draft_whose_post_was_accepted_while_nobody_heard_is_not_offered_again(console, api):
    form = typed(console.get(OPEN), title="Errors")
    console.post(OPEN, form)
    Draft.objects.create(
        code="x", user=User.objects.get(), path=OPEN, fields={"title": ["Errors"]}, key=form["key"],
        updated_at=timezone.now(),
    )  # fmt: skip
    assert 'value="Errors"' not in console.get(OPEN).content.decode()


def test_discarding_deletes_the_words_and_says_so(console, other_device, api):
    saved(console, title="Secret")
    saved(other_device, 0, title="Another")
    answer = console.post(DISCARD, {"draft_path": OPEN}, follow=True)
    assert answer.redirect_chain == [(OPEN, 302)]
    assert "The draft was discarded." in answer.content.decode()
    assert b"Another" not in answer.content
    assert not Draft.objects.exclude(fields={}).exists()


def test_without_a_script_a_preview_and_a_refusal_keep_the_text_too(console, api):
    form = typed(console.get(OPEN), title="Half", body="a thought")
    console.post(OPEN, form | {"step": "preview"})
    assert Draft.objects.get().fields["title"] == ["Half"]
    assert console.post(OPEN, form | {"title": ""}).status_code == 422
    assert Draft.objects.get(state="writing").fields["body"] == ["a thought"]


def test_after_the_session_ended_everything_is_there_once_signed_in_again(console, responder, api):
    saved(console, title="Half", body="a thought")
    console.logout()
    refused = console.post(OPEN, {"title": "Half"}, HTTP_CANDOR_SCRIPT="1")
    assert refused.status_code == 401
    assert save(console, title="Later").status_code == 302
    console.force_login(responder)
    assert b"a thought" in console.get(OPEN).content


def test_a_script_is_told_where_the_update_stands_and_the_message_is_not_spent(console, api):
    answer = console.post(OPEN, typed(console.get(OPEN), title="Errors"), HTTP_CANDOR_SCRIPT="1")
    assert answer.status_code == 201
    update = IncidentUpdate.objects.get()
    assert answer["Location"] == f"/console/incidents/{update.incident.code}#update-{update.code}"
    assert b"Posted." in console.get(f"/console/incidents/{update.incident.code}").content


def test_a_lost_answer_and_another_press_make_one_update_whichever_way_they_are_sent(console, api):
    incident = open_incident(api)
    path = f"/console/incidents/{incident.code}/update"
    form = typed(console.get(path), body="One\r\nTwo")
    first = console.post(path, form)
    again = console.post(path, form | {"body": "One\nTwo"}, HTTP_CANDOR_SCRIPT="1")
    assert again.status_code == 201
    assert again["Location"] == first["Location"]
    assert incident.updates.count() == 2


@pytest.mark.parametrize(
    "path", ["/console/page", "/", "https://example.org/console/", "nothing", "/console/incidents"]
)
def test_no_other_address_keeps_drafts(console, path):
    assert save(console, path=path, title="x").status_code == 404
    assert console.post(DISCARD, {"draft_path": path}).status_code == 404


def test_more_than_anybody_types_is_refused(console, api):
    assert save(console, body="x" * (LONGEST + 1)).status_code == 422
    assert not Draft.objects.exists()


def test_a_nul_is_kept_nowhere(console, api):
    saved(console, title="a\0b", key="k\0")
    draft = Draft.objects.get()
    assert (draft.fields["title"], draft.key) == (["ab"], "k")


def test_drafts_of_a_month_ago_are_forgotten_and_offered_ones_are_not(console, responder, api):
    saved(console, title="Old")
    long_ago = timezone.now() - timedelta(days=31)
    Draft.objects.update(updated_at=long_ago)
    Draft.objects.create(
        code="offered", user=responder, path=OPEN, fields={"title": ["Waits"]}, state=DraftState.OFFERED,
        updated_at=long_ago,
    )  # fmt: skip
    tasks.prune()
    assert [row.code for row in Draft.objects.all()] == ["offered"]
    assert not Incident.objects.exists()
