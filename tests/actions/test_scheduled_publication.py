"""What is published by itself: when it is due, once, and only if it still may."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from incidents.actions import operators
from incidents.actions import review_publishing as publishing
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.models import (
    OutboxEvent,
    Review,
    ReviewVersion,
    Subscriber,
)
from tests.factories import MARIA
from tests.workflow_world import (
    SUMMARY,
    again,
    approve_again,
    approved,
    in_review,
    publisher,
    render,
    slight,
    write,
)

pytestmark = pytest.mark.django_db


def holds() -> bool:
    return verify().findings == []


def scheduled(review: Review, hours: float = 1, **given):
    values: dict[str, Any] = {
        "actor": publisher(),
        "review_id": review.pk,
        "at": timezone.now() + timedelta(hours=hours),
    }
    return publishing.schedule_publication(**{**values, "kind": "final", **given})


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_publish_what_is_due_once():
    review, together, taken = approved(slight()), Barrier(4), []
    scheduled(review)
    later = timezone.now() + timedelta(hours=2)

    def sweep():
        together.wait()
        taken.append(publishing.publish_due_reviews(later, render))
        connection.close()

    threads = [Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == [0, 0, 0, 1]
    assert ReviewVersion.objects.count() == 1
    assert holds()


def later(hours: float = 2):
    return timezone.now() + timedelta(hours=hours)


def test_what_is_scheduled_is_published_once_it_is_due():
    review = scheduled(approved(slight()))
    assert publishing.publish_due_reviews(timezone.now(), render) == 0
    assert publishing.publish_due_reviews(later(), render) == 1
    assert publishing.publish_due_reviews(later(), render) == 0
    assert (again(review).state, again(review).scheduled_for) == ("published", None)
    assert "pablo" in ReviewVersion.objects.get().actor_label


@pytest.mark.parametrize("hours", [0, -1])
def test_the_past_is_not_scheduled(hours):
    review = approved(slight())
    with pytest.raises(Refused, match="passed"):
        scheduled(review, hours)
    assert again(review).scheduled_for is None


def test_what_could_not_be_published_is_not_scheduled():
    with pytest.raises(Refused, match="not approved"):
        scheduled(in_review(slight()))


def test_a_schedule_is_called_off():
    review = scheduled(approved(slight()))
    publishing.unschedule_publication(actor=publisher(), review_id=review.pk)
    with pytest.raises(Refused, match="No publication"):
        publishing.unschedule_publication(actor=publisher(), review_id=review.pk)
    assert publishing.publish_due_reviews(later(), render) == 0


def test_a_schedule_whose_approvals_became_void_is_not_kept_and_its_people_are_told_once():
    operators.add_operator(actor=MARIA, address="oncall@example.org")
    review = scheduled(approved(slight()))
    User.objects.filter(username="wanda").update(email="wanda@example.org")
    write(review, "summary", SUMMARY + " Twice.")
    for _ in range(2):
        assert publishing.publish_due_reviews(later(), render) == 0
    assert not ReviewVersion.objects.exists()
    assert again(review).scheduled_for is None
    event = OutboxEvent.objects.get(verb="operators.reminded")
    assert "was not published as scheduled" in event.facts["reminder"]["sentence"]
    person = OutboxEvent.objects.get(verb="person.reminded")
    assert Subscriber.objects.get(pk=person.audience["subscriber_id"]).address == "wanda@example.org"
    assert "not approved" in review.comments.get().body


def test_a_schedule_is_kept_if_the_new_text_was_approved_in_time():
    review = scheduled(approved(slight()))
    write(review, "summary", SUMMARY + " Twice.")
    approve_again(review)
    assert publishing.publish_due_reviews(later(), render) == 1


def test_a_page_that_cannot_be_drawn_holds_up_no_other_review_and_is_tried_again():
    first, second = scheduled(approved(slight())), scheduled(approved(slight(name="Web")), 1.5)

    def broken(envelope):
        if envelope["review"]["slug"] == first.slug:
            raise ValueError("no template")
        return render(envelope)

    assert publishing.publish_due_reviews(later(), broken) == 1
    assert (again(first).state, again(second).state) == ("approved", "published")
    assert publishing.publish_due_reviews(later(), render) == 1
