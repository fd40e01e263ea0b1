"""How a review gets out through the console, in numbers first; and how little a small one takes."""

from __future__ import annotations

import pytest

from incidents.models import AuditEntry, Review, ReviewVersion
from tests.desk_world import a_review, an_incident, client_of, save
from tests.factories import make_subscriber

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def ada():
    return client_of("ada", "author", "publisher")


@pytest.fixture
def grace():
    return client_of("grace", "approver")


# All that a person gives for the review of a small incident: (act, fields). The rest is in the record already.
LEAST = [
    ("start", {"incident": "<code>"}),
    ("sections/summary", {
        "body": "Requests to the gateway were slow for {{time_to_resolve}}. A cache had filled its disk; it was "
                "emptied, and is now emptied by itself.",
    }),
    ("sections/cause", {
        "body": "The cache grew with every request and nothing took old entries away. Its disk was full at the start "
                "of the impact.",
    }),
    ("explain/detected", {"reason": "No alert is on record; a customer wrote."}),
    ("edit", {"assistance": "none", "is_without_agreement": "on"}),
    ("submit", {}),
    ("approve", {"kind": "technical"}),
    ("publish", {"kind": "final"}),
]  # fmt: skip


def shown_in(form):
    """What a browser would send of a form without anybody touching it."""
    return {
        name: value
        for name in form.fields
        if (value := form[name].value()) not in (None, "", False, [])
    }  # fmt: skip


def write_the_least(ada, grace, incident):
    """Returns how many fields were filled in, and how many posts it took."""
    fields = posts = 0
    for act, given in LEAST:
        client = grace if act == "approve" else ada
        path = "/console/reviews/start" if act == "start" else f"/console/reviews/{Review.objects.get().code}/{act}"
        typed = {name: incident.code if value == "<code>" else value for name, value in given.items()}
        if act != "start":
            typed = {**shown_in(client.get(path).context["form"]), **typed}
        answer = client.post(path, typed)
        assert answer.status_code == 302, (act, text(answer))
        fields += len(given)
        posts += 1
    return fields, posts


def test_a_small_review_needs_eight_fields_and_eight_posts_and_is_public(ada, grace):
    incident = an_incident("degraded_performance", title="Slow answers")
    assert write_the_least(ada, grace, incident) == (8, 8)
    version = ReviewVersion.objects.get()
    assert (version.number, version.kind) == (1, "final")
    assert "for 3 h 45 min" in version.page


def test_no_form_of_the_review_asks_for_what_the_record_knows():
    """Times, lengths, impact, components: none is a field of the screens about the review itself."""
    ada = client_of("ada", "administrator")
    review = a_review()
    asked = set()
    for act in ("edit", "sections/summary", "submit", "publish", "approve", "comment", "waive", "explain/detected"):
        asked |= set(ada.get(f"/console/reviews/{review.code}/{act}").context["form"].fields)
    words = ("start", "resolve", "duration", "impact", "component", "region", "percent", "minutes", "downtime")
    assert [name for name in asked if any(word in name for word in words)] == []


def test_the_publish_screen_says_in_numbers_what_will_happen_and_what_is_in_the_way(ada):
    for name in ("one", "two"):
        make_subscriber(f"{name}@example.org")
    make_subscriber("no@example.org").__class__.objects.filter(address="no@example.org").update(has_reviews=False)
    review = a_review()
    page = ada.get(f"/console/reviews/{review.code}/publish")
    assert "2 subscribers get a mail" in text(page)
    assert "In the way of “Final”" in text(page)
    assert page.context["in_the_way"][1][1]
    answer = ada.post(
        f"/console/reviews/{review.code}/publish",
        {"kind": "final", "reason": "Because", "seen_version": review.version, "is_notifying": "on"},
    )
    assert answer.status_code == 422
    assert 'value="Because"' in text(answer)
    assert not ReviewVersion.objects.exists()


def test_a_stale_screen_publishes_nothing(ada):
    review = a_review()
    save(review, "Later words.")
    answer = ada.post(f"/console/reviews/{review.code}/publish", {"kind": "final", "seen_version": review.version})
    assert answer.status_code == 409
    assert not ReviewVersion.objects.exists()


def test_the_glass_is_broken_by_an_administrator_with_a_reason(ada):
    review, root = a_review(), client_of("root", "administrator")
    save(review, "What is known so far.")
    review.refresh_from_db()
    typed = {"kind": "preliminary", "seen_version": review.version, "is_break_glass": "on"}
    assert ada.post(f"/console/reviews/{review.code}/publish", typed | {"reason": "Now."}).status_code == 422
    assert root.post(f"/console/reviews/{review.code}/publish", typed).status_code == 422
    answer = root.post(f"/console/reviews/{review.code}/publish", typed | {"reason": "People are asking."})
    assert answer.status_code == 302, text(answer)
    version = ReviewVersion.objects.get()
    assert (version.is_break_glass, version.kind) == (True, "preliminary")


def test_it_is_scheduled_called_off_corrected_with_a_reason_and_retracted(ada, grace):
    incident = an_incident("degraded_performance", title="Slow answers")
    write_the_least(ada, grace, incident)
    review = Review.objects.get()
    base = f"/console/reviews/{review.code}"
    kept = review.sections.get(key="summary")
    save(review, kept.body + " It had been empty before.", seen=kept.version)
    review.refresh_from_db()
    page = ada.get(f"{base}/publish")
    assert [kind for kind, _word in page.context["form"].fields["kind"].choices] == ["correction"]
    assert "1 change since what is public now" in text(page)
    typed = {"kind": "correction", "seen_version": review.version}
    assert ada.post(f"{base}/publish", typed).status_code == 422
    later = ada.post(f"{base}/publish", typed | {"reason": "A fact was missing.", "at": "2099-01-01 10:00"})
    assert later.status_code == 302, text(later)
    assert "goes out" in text(ada.get(base))
    assert ada.post(f"{base}/unschedule").status_code == 302
    review.refresh_from_db()
    assert review.scheduled_for is None
    answer = ada.post(f"{base}/publish", typed | {"reason": "A fact was missing.", "seen_version": review.version})
    assert answer.status_code == 302, text(answer)
    assert ada.post(f"{base}/retract", {"reason": ""}).status_code == 404, "an administrator's act"
    root = client_of("root", "administrator")
    answer = root.post(f"{base}/retract", {"reason": "It was of another incident."})
    assert answer.status_code == 302, text(answer)
    assert AuditEntry.objects.filter(verb="review.retracted").exists()
    assert ada.get(base).status_code == 200


def test_for_whoever_may_not_publish_there_is_no_such_form(grace):
    review = a_review()
    answer = grace.post(
        f"/console/reviews/{review.code}/publish", {"kind": "preliminary", "seen_version": review.version}
    )
    assert answer.status_code == 404
