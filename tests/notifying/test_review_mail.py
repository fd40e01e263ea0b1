"""Reviews by mail: to whom, when, and what it says; nobody takes it for news of an outage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import incident as incident_actions
from incidents.actions import review_publishing as publishing
from incidents.actions import subscriber as subscriber_actions
from incidents.models import Delivery, OutboxEvent
from incidents.notifying import fanout, mailbox
from incidents.notifying.announcement import ReviewAnnouncement, announcement_of
from tests.factories import MARIA, make_component, make_subscriber, open_incident, post_update
from tests.workflow_world import (
    administrator,
    approve_again,
    approved,
    draft,
    publish,
    published,
    render,
    slight,
    write,
)

pytestmark = pytest.mark.django_db
EARLIER = timezone.now() - timedelta(days=1)


def event(verb: str = "review.published") -> OutboxEvent:
    return OutboxEvent.objects.filter(verb=verb).latest("id")


def told(of: OutboxEvent) -> list[str]:
    fanout.fan_out(of)
    return sorted(of.deliveries.values_list("subscriber__address", flat=True))


def test_a_review_reaches_those_who_follow_the_component_and_want_reviews() -> None:
    row = slight()
    other = make_component("Other")
    make_subscriber("all@example.org", now=EARLIER)
    make_subscriber("api@example.org", component_ids=[row.intervals.get().component_id], now=EARLIER)
    make_subscriber("other@example.org", component_ids=[other.pk], now=EARLIER)
    quiet = make_subscriber("quiet@example.org", now=EARLIER)
    subscriber_actions.change_scope(
        subscriber_id=quiet.pk, has_all_components=True, component_ids=[], has_reviews=False
    )
    published(row)
    assert told(event()) == ["all@example.org", "api@example.org"]
    assert {(row.lane, row.incident_id) for row in Delivery.objects.filter(event=event())} == {(3, None)}


def test_who_wants_no_reviews_still_hears_of_incidents() -> None:
    quiet = make_subscriber("quiet@example.org", now=EARLIER)
    subscriber_actions.change_scope(
        subscriber_id=quiet.pk, has_all_components=True, component_ids=[], has_reviews=False
    )
    open_incident(make_component("Web"))
    assert told(event("incident.opened")) == ["quiet@example.org"]


def test_a_review_supersedes_nothing_and_is_superseded_by_nothing() -> None:
    make_subscriber(now=EARLIER)
    first = approved(slight())
    running = open_incident(make_component("Web"))
    publish(first)
    published(slight(name="Other"))
    post_update(running)
    for each in OutboxEvent.objects.filter(reach="subscribers").order_by("id"):
        fanout.fan_out(each)
    reviews = Delivery.objects.filter(event__verb="review.published")
    assert list(reviews.values_list("state", flat=True)) == ["pending", "pending"]
    assert Delivery.objects.get(event=event("incident.updated")).state == "pending"


def test_nobody_is_mailed_where_the_publisher_says_so_and_the_update_of_the_incident_mails_nobody() -> None:
    make_subscriber(now=EARLIER)
    publish(approved(slight()), is_notifying=False)
    assert event().reach == "page"


def test_the_mail_says_what_happened_in_the_words_of_the_summary(drain: Any, settings: Any) -> None:
    make_subscriber(now=EARLIER)
    review = draft(slight(title="Errors & <more>"), title="Routers & <more>")
    write(review, "summary", "The *router* dropped requests.\n\nIt was **rolled back**.")
    publish(approve_again(review), "preliminary")
    drain()
    mail = mailbox.messages()[0]
    assert mail.subject == "[Status] Preliminary review: Routers & <more>"
    assert "preliminary review; the final one follows" in mail.text
    assert "The router dropped requests." in mail.text
    assert f"{settings.SITE_URL}/reviews/{review.slug}" in mail.text
    assert "/unsubscribe/" in mail.text
    assert "<em>router</em>" in mail.html
    assert "Routers &amp; &lt;more&gt;" in mail.html
    assert "<more>" not in mail.html
    for name in ("wanda", "asha", "pablo"):
        assert name not in mail.text + mail.html


def test_the_mail_of_a_correction_says_why_and_what_changed(drain: Any) -> None:
    make_subscriber(now=EARLIER)
    review = published()
    write(review, "cause", "Another cause.")
    publish(approve_again(review), "correction", reason="The first was a guess.")
    drain()
    mail = mailbox.messages()[0]
    assert mail.subject.startswith("[Status] Corrected review: ")
    assert "Reason: The first was a guess." in mail.text
    assert "- Section: Root cause and trigger: What there is to say of the cause. → Another cause." in mail.text
    assert "<del>What there is to say of the cause.</del> → <ins>Another cause.</ins>" in mail.html


def test_what_was_retracted_before_it_was_sent_is_not_sent(drain: Any) -> None:
    make_subscriber(now=EARLIER)
    review = published()
    publishing.retract_review(actor=administrator(), review_id=review.pk, reason="R", render=render)
    before = len(mailbox.messages())
    drain()
    assert all("eview" not in message.subject for message in mailbox.messages()[before:])


def test_a_reopening_after_a_review_is_told_like_any_other(drain: Any) -> None:
    make_subscriber(now=EARLIER)
    row = slight()
    published(row)
    drain()
    incident_actions.reopen_incident(actor=MARIA, incident_id=row.pk, body="It is back.")
    drain()
    assert "It is back." in mailbox.messages()[0].text


def test_the_announcement_is_made_of_the_frozen_facts_alone() -> None:
    published(title="The router")
    said = announcement_of([event().facts], is_first=True)
    assert isinstance(said, ReviewAnnouncement)
    assert (said.headline, said.is_preliminary, said.is_correction) == ("Review: The router", False, False)
    assert [each.title for each in said.incidents] == ["Errors"]
