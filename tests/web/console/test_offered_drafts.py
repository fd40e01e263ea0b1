"""Four eyes: what one has written another publishes; offered, read, published, sent back, changed, and both at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from incidents.actions import offering
from incidents.actions.component import archive_component
from incidents.actions.four_eyes import Offered
from incidents.actions.incident import open_incident as open_it
from incidents.actions.incident import post_update
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.actor import Actor
from incidents.domain.drafts import DraftState
from incidents.models import AuditEntry, Draft, Incident, IncidentUpdate, PublicPage
from incidents.publishing import snapshot, store
from tests.acts_offering import an_offer
from tests.factories import MARIA, STRANGER, account, colleague, make_component, open_incident
from tests.web.console.test_composer import OPEN, typed

pytestmark = pytest.mark.django_db


def client_of(name: str, *roles: str) -> Client:
    client = Client()
    client.force_login(account(name, *roles))
    return client


@pytest.fixture
def rule() -> None:
    """The page asks for a second person."""
    offering.set_four_eyes(actor=MARIA, is_on=True)


@pytest.fixture
def anna(db: None) -> Client:
    return client_of("anna", "author")


@pytest.fixture
def paul(db: None) -> Client:
    return client_of("paul", "publisher")


@pytest.fixture
def petra(db: None) -> Client:
    return client_of("petra", "publisher")


def offer(client: Client, path: str = OPEN, **changes: Any) -> Draft:
    form = typed(client.get(path), **({"title": "Errors"} if path == OPEN else {}), **changes)
    answer = client.post(path, form | {"step": "offer"})
    assert answer.status_code == 302, answer.content.decode()
    return Draft.objects.get(code=answer["Location"].rpartition("/")[2])


def seen(draft: Draft, **more: Any) -> dict[str, Any]:
    """What the page of the draft posts."""
    version = Incident.objects.get(pk=draft.incident_id).version if draft.incident_id else 0
    return {"seen_draft": draft.version, "seen_incident": version} | more


def publish(client: Client, draft: Draft, **more: Any) -> Any:
    return client.post(f"/console/drafts/{draft.code}/publish", seen(draft, **more))


def test_an_author_offers_and_somebody_who_publishes_publishes_it_as_it_was_written(anna, paul):
    api = make_component("API")
    page = anna.get(OPEN).content.decode()
    assert "Offer for publication" in page
    assert 'value="post"' not in page
    draft = offer(anna, body="We look into *it*.", due="30", **{f"level_{api.pk}": "major_outage"})
    assert not Incident.objects.exists()
    assert (draft.state, draft.user.username) == (DraftState.OFFERED, "anna")

    for place in ("/console/", "/console/drafts"):
        assert f"/console/drafts/{draft.code}" in paul.get(place).content.decode()
    shown = paul.get(f"/console/drafts/{draft.code}").content.decode()
    assert "<em>it</em>" in shown
    assert "Major outage" in shown
    assert "Post and notify 0 subscribers" in shown

    assert publish(paul, draft).status_code == 302
    update = IncidentUpdate.objects.select_related("incident").get()
    assert (update.incident.title, update.body, update.author_label) == ("Errors", "We look into *it*.", "paul")
    entry = AuditEntry.objects.get(verb="incident.opened")
    assert (entry.actor_label, entry.changes["offered_by"]) == ("paul", ["", "anna"])
    draft.refresh_from_db()
    assert (draft.state, draft.answered_by_label) == (DraftState.PUBLISHED, "paul")
    assert "Offered for publication" not in paul.get("/console/").content.decode()


def test_an_author_cannot_post_whatever_the_form_says(anna):
    answer = anna.post(OPEN, typed(anna.get(OPEN), title="Errors") | {"step": "post"})
    assert answer.status_code == 422
    assert "You may not do this" in answer.content.decode()
    assert not Incident.objects.exists()


def files() -> dict[str, bytes]:
    """Every public page, as it would be written at one and the same moment."""
    truth = snapshot.build(PublicPage.objects.get().updated_at)
    made = [page for each in store.RENDERERS for page in each.hot(truth)]
    made += [page.render() for each in store.RENDERERS for page in each.cold(truth)]
    return {page.path: page.body for page in made}


def test_an_offered_draft_changes_nothing_public(anna):
    open_incident(make_component("API"))
    offering.set_four_eyes(actor=MARIA, is_on=True)
    before, standing = files(), PublicPage.objects.values_list("revision", "updated_at", "record_number").get()
    assert len(before) > 10
    waiting, returned, own = offer(anna), an_offer("arno"), an_offer("maria")
    offering.return_draft(actor=MARIA, draft_id=returned.pk, seen_version=1, reason="Say since when.")
    offering.take_back_draft(actor=MARIA, draft_id=own.pk)
    assert waiting.state == DraftState.OFFERED
    assert files() == before
    assert PublicPage.objects.values_list("revision", "updated_at", "record_number").get() == standing


@pytest.mark.parametrize("act", ["open", "update", "resolve", "reopen"])
def test_under_the_rule_nobody_posts_alone(rule_off, act):
    incident = open_incident(make_component())
    if act == "reopen":
        end(incident)
    offering.set_four_eyes(actor=MARIA, is_on=True)
    path = OPEN if act == "open" else f"/console/incidents/{incident.code}/{act}"
    client, before = client_of("petra", "publisher"), IncidentUpdate.objects.count()
    form = typed(client.get(path), **({"title": "Errors"} if act == "open" else {}))
    answer = client.post(path, form | {"step": "post"})
    assert answer.status_code == 422
    assert "a second person publishes" in answer.content.decode()
    assert IncidentUpdate.objects.count() == before

    draft = offer(client, path)
    own = publish(client, draft)
    assert own.status_code == 403
    assert "somebody else must read and publish it" in own.content.decode()
    assert publish(client_of("paul", "publisher"), draft).status_code == 302
    assert IncidentUpdate.objects.count() == before + 1


@pytest.fixture
def rule_off(db: None) -> None:
    """As every page begins."""
    assert not PublicPage.objects.filter(is_four_eyes=True).exists()


def end(incident: Incident) -> None:
    post_update(actor=MARIA, incident_id=incident.pk, stage="resolved", body="Over.")


def test_a_draft_that_was_changed_after_it_was_read_is_not_published(rule, paul, petra):
    draft = offer(petra)
    old = seen(draft)
    assert petra.post(f"/console/drafts/{draft.code}/take-back").status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.offered_at) == (DraftState.WRITING, None)
    answer = paul.post(f"/console/drafts/{draft.code}/publish", old)
    assert answer.status_code in (404, 409)

    again = offer(petra, body="In other words.")
    assert again.pk == draft.pk, "the same draft, offered anew"
    answer = paul.post(f"/console/drafts/{draft.code}/publish", old)
    assert answer.status_code == 409
    assert "changed while you were reading" in answer.content.decode()
    assert not Incident.objects.exists()
    assert publish(paul, again).status_code == 302


def test_an_incident_that_went_on_meanwhile_is_a_conflict(rule_off, paul, petra):
    incident = open_incident(make_component())
    draft = offer(petra, f"/console/incidents/{incident.code}/update")
    old = seen(draft)
    end(incident)
    answer = paul.post(f"/console/drafts/{draft.code}/publish", old)
    assert answer.status_code == 409
    assert "Somebody else changed this incident" in answer.content.decode()


def test_one_that_is_sent_back_says_why_and_by_whom(anna, paul):
    draft = offer(anna)
    path = f"/console/drafts/{draft.code}/return"
    assert paul.post(path, seen(draft, reason=" ")).status_code == 422
    assert paul.post(path, seen(draft, reason="Say since when.")).status_code == 302
    text = anna.get("/console/drafts").content.decode()
    assert "Sent back to you" in text
    assert "paul: Say since when." in text
    assert publish(paul, draft).status_code == 409
    entry = AuditEntry.objects.get(verb="draft.returned")
    assert entry.changes == {"reason": ["", "Say since when."]}


def test_only_its_author_takes_a_draft_back_and_authors_publish_nothing(anna, paul):
    draft = offer(anna)
    assert paul.post(f"/console/drafts/{draft.code}/take-back").status_code == 403
    for act in ("publish", "return"):
        assert client_of("arno", "author").post(f"/console/drafts/{draft.code}/{act}").status_code == 404
    assert client_of("vera", "viewer").get(f"/console/drafts/{draft.code}").status_code == 404


def test_an_offer_posted_twice_is_one_and_so_is_its_publication(anna, paul):
    form = typed(anna.get(OPEN), title="Errors") | {"step": "offer"}
    first, second = anna.post(OPEN, form), anna.post(OPEN, form)
    assert first["Location"] == second["Location"]
    draft = Draft.objects.get()
    assert AuditEntry.objects.filter(verb="draft.offered").count() == 1
    one, two = publish(paul, draft), publish(paul, draft)
    assert one["Location"] == two["Location"]
    assert Incident.objects.count() == 1
    assert anna.post(OPEN, form).status_code == 409, "it was published under this key"


def test_an_administrator_breaks_the_rule_with_a_reason_and_the_log_keeps_it(rule):
    admin = client_of("ada", "administrator")
    draft = offer(admin)
    assert "In an emergency" in admin.get(f"/console/drafts/{draft.code}").content.decode()
    assert publish(admin, draft).status_code == 403
    assert publish(admin, draft, reason="Nobody else is awake.").status_code == 302
    entry = AuditEntry.objects.get(verb="four_eyes.broken")
    assert (entry.actor_label, entry.changes) == ("ada", {"reason": ["", "Nobody else is awake."]})


def test_a_publisher_does_not_break_it_whatever_the_reason(rule, petra):
    draft = offer(petra)
    assert publish(petra, draft, reason="I am in a hurry.").status_code == 403
    assert not Incident.objects.exists()


def test_the_rule_is_an_administrators_to_set_and_in_the_log(paul):
    for somebody in (STRANGER, None):
        actor = somebody or colleague("paul")
        with pytest.raises(Forbidden):
            offering.set_four_eyes(actor=actor, is_on=True)
    assert paul.post("/console/people/four-eyes", {"is_four_eyes": "on"}).status_code == 404
    admin = client_of("ada", "administrator")
    assert admin.post("/console/people/four-eyes", {"is_four_eyes": "on"}).status_code == 302
    assert PublicPage.objects.get().is_four_eyes
    assert AuditEntry.objects.get(verb="four_eyes.set").changes == {"second_person": ["no", "yes"]}


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What acts that begin together give back or raise."""
    ready, outcomes = threading.Barrier(len(acts)), list[Any]([None] * len(acts))

    def run(number: int) -> None:
        ready.wait(10)
        try:
            outcomes[number] = acts[number]()
        except Refused as refused:
            outcomes[number] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_one_draft_at_once_one_wins_and_the_other_is_told_who():
    draft = offer(client_of("anna", "author"))
    paul, petra = client_of("paul", "publisher"), client_of("petra", "publisher")
    answers = at_once(lambda: publish(paul, draft), lambda: publish(petra, draft))
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    winner = Draft.objects.get().answered_by_label
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert f"{winner} has published it already." in lost.content.decode()
    assert Incident.objects.count() == IncidentUpdate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_publication_and_a_change_at_once_one_wins():
    draft = offer(client_of("anna", "author"))
    anna, paul = account("anna"), colleague("paul")
    outcomes = at_once(
        lambda: open_it(actor=paul, title="E", body="B", key=draft.key, offered=Offered(draft.pk, draft.version)),
        lambda: offering.take_back_draft(actor=Actor("user", "anna", anna.pk), draft_id=draft.pk),
    )
    assert sum(isinstance(each, Conflict) for each in outcomes) == 1
    is_published = Draft.objects.get().state == DraftState.PUBLISHED
    assert Incident.objects.exists() == is_published


def test_what_a_component_was_when_it_was_offered_is_judged_when_it_is_published(anna, paul):
    api = make_component("API")
    draft = offer(anna, **{f"level_{api.pk}": "major_outage"})
    archive_component(actor=MARIA, component_id=api.pk)
    answer = publish(paul, draft)
    assert answer.status_code == 422
    assert not Incident.objects.exists()


def test_the_log_names_a_draft_by_what_it_is_about(anna):
    draft = offer(anna)
    assert AuditEntry.objects.get(verb="draft.offered").subject_label == "Errors"
    incident = open_incident(make_component("Web"), title="Slow pages")
    assert str(Draft(path="/x", incident=incident)) == "Slow pages"
    assert str(Draft(path="/console/maintenance/schedule")) == "/console/maintenance/schedule"
    assert draft.path == OPEN
