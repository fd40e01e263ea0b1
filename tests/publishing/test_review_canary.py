"""What is said inside stays inside: a secret in every internal text of a review and of all that belongs to it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from incidents.actions import (
    change,
    factor,
    follow_through,
    operators,
    promise,
    promise_reminders,
    remediation,
    review_parts,
    review_publishing,
    review_workflow,
    section,
)
from incidents.actions import review as review_actions
from incidents.domain.verbs import Verb
from incidents.models import (
    ContributingFactor,
    OutboxEvent,
    Promise,
    PromisePolicy,
    RecordEntry,
    Remediation,
    Review,
    ReviewRedaction,
    ReviewSection,
    TimelineEntry,
    UpdateRevision,
)
from incidents.notifying import mailbox
from incidents.publishing import store
from incidents.publishing.review_pages import version_page
from incidents.reviewing.approvals import required_kinds
from incidents.reviewing.document import content_hash
from incidents.reviewing.timeline import timeline_of
from tests.factories import make_subscriber
from tests.promise_world import make_calendar, make_policy
from tests.workflow_world import again, person, slight

pytestmark = pytest.mark.django_db
CANARY = "xyzzy"
LATER_CANARY = "plugh"
TEXTS = (models.CharField, models.TextField, models.JSONField)
MODULES = ("review", "change", "remediation", "promise")
# A text of these models that is named in neither table is internal, and is seeded: so is every field that is added.
PUBLIC = {
    "Review": "slug title owner_team assistance_note unknown_milestones scheduled_reason",
    "ReviewSection": "body",
    "ReviewPhase": "name body share",
    "TimelineEntry": "body source source_url",
    "ReviewVersion": "document page page_csp reason",
    "ChangeEvent": "title system body intent process time_note stages regions guard_rails rollback_method rollback_note"
    " source source_url",
    "ChangeRole": "note",
    "FactorCode": "title",
    "ContributingFactor": "title body disposition_reason",
    "Remediation": "title body owner_team status_note public_url evidence declined_reason",
    "RemediationSlip": "reason",
    "Promise": "sentence fulfilled_by waived_reason terms",
    "PromiseExtension": "reason",
}
# Words of a closed set, names of rows, hashes: no place for a secret.
WORDS = {
    "Review": "code state assistance scheduled_kind",
    "ReviewSection": "key",
    "ReviewPhase": "precision",
    "TimelineEntry": "precision certainty kind",
    "ReviewComment": "anchor",
    "ReviewWaiver": "check_key subject",
    "ReviewApproval": "kind content_hash",
    "ReviewRedaction": "kind",
    "ReviewVersion": "kind sha256",
    "ChangeEvent": "code kind initiator precision certainty rollout rollback_possible rollback_outcome",
    "ChangeRole": "role certainty",
    "FactorCode": "code",
    "ContributingFactor": "code effect certainty entry_refs disposition",
    "Remediation": "code kind strength priority state verification_method",
    "BusinessCalendar": "zone weekend country subdivision holidays",
    "PromisePolicy": "deliverable minimum_impact unit anchor cut_off start_rule",
    "Promise": "code deliverable source",
}
LIVE = {
    "FactorCode",
    "Remediation",
    "RemediationSlip",
    "Promise",
    "PromiseExtension",
    "ReviewVersion",
}  # what readers follow
ABOUT_REVIEWS = [model for model in apps.get_app_config("incidents").get_models() if model.__module__.endswith(MODULES)]


def texts_of(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if isinstance(field, TEXTS)}


def words_of(table: dict[str, str], model: type[models.Model]) -> set[str]:
    return set(table.get(model.__name__, "").split())


def internal(model: type[models.Model]) -> set[str]:
    return texts_of(model) - words_of(PUBLIC, model) - words_of(WORDS, model)


def seed(rows: models.QuerySet[Any], names: set[str], secret: str) -> None:
    """Another secret in each of these fields of each row."""
    for row in rows:
        value = f"{secret}-{row.pk}"
        values: dict[str, Any] = {
            name: {secret: value} if isinstance(rows.model._meta.get_field(name), models.JSONField) else value
            for name in names
        }
        rows.model._default_manager.filter(pk=row.pk).update(**values)


def seed_internal(secret: str) -> None:
    """In every internal field of every row, and in every text of the rows that are not public."""
    for model in ABOUT_REVIEWS:
        seed(model._default_manager.all(), internal(model), secret)
    for hidden in (
        TimelineEntry.objects.filter(is_public=False),
        Remediation.objects.filter(is_public=False),
        Promise.objects.filter(is_public=False),
        ReviewSection.objects.filter(key="notes"),
    ):
        seed(hidden, texts_of(hidden.model) - words_of(WORDS, hidden.model) - {"terms"}, secret)


def somebody(*roles: str) -> Any:
    """A person whose very name is a secret, with a mail address."""
    made = person(f"{CANARY}-{roles[0]}", *roles)
    Group.objects.get(name=roles[0]).user_set.update(email=f"{roles[0]}@example.org")
    return made


class World:
    """A published review with all its parts, made by people through the actions."""

    def __init__(self) -> None:
        self.writer, self.approver = somebody("author"), somebody("approver")
        self.publisher = somebody("publisher")
        self.administrator = somebody("administrator")

    def write(self) -> Review:
        calendar = make_calendar(name="Office hours")
        make_policy(name=f"Review {CANARY}", calendar_id=calendar.pk, minimum_impact="none", escalation_group="author")
        incident = slight()
        self.review = review_actions.start_review(
            actor=self.writer, incident_ids=[incident.pk], owner_team="Reliability"
        )
        self.on: dict[str, Any] = {"actor": self.writer, "review_id": self.review.pk}
        for key in ("summary", "impact", "cause", "notes"):
            body = CANARY if key == "notes" else f"What there is to say of the {key}."
            self.save(key, body)
        review_actions.edit_review(
            **self.on, is_without_agreement=True, assistance="none",
            unknown_milestones=dict.fromkeys(("detected", "identified", "first_recovery"), "It was not written down."),
        )  # fmt: skip
        self.facts(incident.created_at)
        self.promised = promise.make_promise(
            actor=self.publisher, sentence="We will say more.", due_at=timezone.now() + timedelta(days=4),
            incident_id=incident.pk, source="contract",
        )  # fmt: skip
        promise.make_promise(
            actor=self.publisher, sentence=CANARY, due_at=timezone.now() + timedelta(days=4),
            incident_id=incident.pk, is_public=False, source="contract",
        )  # fmt: skip
        comment = review_workflow.comment_on_review(**self.on, anchor="section:cause", body=CANARY, is_blocking=True)
        review_workflow.submit_review(**self.on)
        review_workflow.resolve_comment(actor=self.approver, comment_id=comment.pk)
        return again(self.review)

    def save(self, key: str, body: str) -> None:
        known = self.review.sections.filter(key=key).first()
        section.save_section(
            **self.on, key=key, body=body, note=f"{CANARY} note", seen_version=known.version if known else 0
        )

    def facts(self, began: Any) -> None:
        phase = review_parts.save_phase(**self.on, name="Everything failed", body="All of it.", started_at=began)
        for is_public in (True, False):
            review_parts.save_entry(
                **self.on, at=began, phase_id=phase.pk, is_public=is_public, note=CANARY,
                body="Somebody looked." if is_public else CANARY,
                internal_url=f"https://{CANARY}.example.org/", source="The log",
            )  # fmt: skip
        pushed = change.save_change(
            actor=self.writer, title="Routing table 7", kind="configuration_push", started_at=began, note=CANARY,
            external_ref=CANARY, process="the usual pipeline",
        )  # fmt: skip
        change.link_change(**self.on, change_id=pushed.pk, role="trigger", phase_id=phase.pk, note="It was the last.")
        factor.add_factor_code(actor=self.administrator, code="OUR-1", title="The moon was full")
        refs = [entry.ref for entry in timeline_of(again(self.review)) if entry.is_public][:1]
        cause = factor.save_factor(
            **self.on, code="OUR-1", title="Nobody looked up", note=CANARY, entry_refs=refs, change_ids=[pushed.pk]
        )
        for is_public in (True, False):
            remediation.save_remediation(
                **self.on, title="Fit a second cable" if is_public else CANARY, note=CANARY, is_public=is_public,
                tracker_url=f"https://{CANARY}.example.org/", factor_ids=[cause.pk], owner_team="Delivery",
                due_on=date.today() + timedelta(days=60),
            )  # fmt: skip
        review_parts.record_redaction(**self.on, place=CANARY, kind="security", reason=CANARY)
        self.review.waivers.create(
            check_key="A1", reason=CANARY, actor_label=CANARY, signed_at=timezone.now(), user_id=self.writer.user_id
        )

    def publish(self, kind: str, **given: Any) -> None:
        review = again(self.review)
        if review.state == "draft":
            review_workflow.submit_review(**self.on)
        for each in required_kinds(review):
            review_workflow.approve_review(
                actor=self.approver, review_id=review.pk, kind=each, seen_hash=content_hash(again(review)), note=CANARY
            )
        seed_internal(CANARY)
        review_publishing.publish_review(
            actor=self.publisher, review_id=review.pk, kind=kind, render=version_page, **given
        )

    def follow(self) -> None:
        done = Remediation.objects.get(is_public=True)
        follow_through.slip_remediation(
            actor=self.writer, remediation_id=done.pk, due_on=date.today() + timedelta(days=70), reason="No cable."
        )
        follow_through.move_remediation(actor=self.writer, remediation_id=done.pk, state="delivered")
        follow_through.verify_remediation(
            actor=self.approver, remediation_id=done.pk, method="drill", evidence="It held."
        )
        promise.extend_promise(
            actor=self.publisher, promise_id=self.promised.pk, due_at=timezone.now() + timedelta(days=5), reason="Sorry"
        )


def served(root: Path) -> dict[str, bytes]:
    """What readers are sent, bodies and sidecars (validators and headers) of all pages, by name, and their keys."""
    tree = store.the_tree()
    store.look_over()
    files: dict[str, bytes] = {}
    for folder in (root / "cold", (root / "current").resolve()):
        files |= {
            str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
        }
    return files | {"manifest": (root / "manifest.json").read_bytes(), "state": json.dumps(tree.state()).encode()}


@pytest.fixture
def world(drain: Any) -> World:
    """The review, published, followed, corrected; everybody was told."""
    made = World()
    make_subscriber(now=timezone.now() - timedelta(days=1))
    operators.add_operator(actor=made.administrator, address="on-call@example.org")
    made.write()
    made.publish("preliminary")
    drain()
    made.follow()
    made.save("cause", "It was a cable, and the moon.")
    made.publish("correction", reason="We looked again.")
    drain()
    later = timezone.now() + timedelta(days=4, hours=20)
    promise_reminders.remind_owners(later)
    promise_reminders.remind_owners(later + timedelta(days=30))
    drain(later + timedelta(days=30))
    return made


def test_the_tables_name_only_what_there_is():
    names = {model.__name__: texts_of(model) for model in ABOUT_REVIEWS}
    for table in (PUBLIC, WORDS):
        for name, fields in table.items():
            assert set(fields.split()) <= names[name], name
    assert not [name for name in PUBLIC if set(PUBLIC[name].split()) & set(WORDS.get(name, "").split())]
    assert internal(ContributingFactor) == {"note"}
    assert internal(ReviewRedaction) == {"place", "reason", "actor_label"}
    assert "name" in internal(PromisePolicy)


def test_no_internal_text_reaches_a_page_a_mail_or_an_event(world, public_root):
    for model in ABOUT_REVIEWS:  # or the fields of a model would not have been tried
        assert model._default_manager.exists() or model.__name__ == UpdateRevision.__name__, model
    files = {str(file): file.read_bytes() for file in public_root.rglob("*") if file.is_file()}
    found = b"".join(files.values())
    for public in ("Nobody looked up", "Fit a second cable", "We will say more.", "It was a cable, and the moon."):
        assert public.encode() in found
    assert [name for name, body in files.items() if CANARY.encode() in body] == []
    # What waits for them is told to those inside by name, secrets of theirs included.
    for event in OutboxEvent.objects.exclude(verb__in=[Verb.PERSON_REMINDED, Verb.OPERATORS_REMINDED]):
        assert CANARY not in json.dumps([event.facts, event.audience]), event.verb
    for entry in RecordEntry.objects.all():
        assert CANARY not in json.dumps([entry.contents, entry.rows]), entry.verb
    mails = mailbox.messages()
    assert any("was due" in mail.text for mail in mails)
    assert any("We looked again." in mail.text for mail in mails)
    outside = [mail for mail in mails if "reader@example.org" in mail.to]
    assert outside
    assert [mail.subject for mail in outside if CANARY in mail.subject + mail.text + mail.html] == []


def test_what_is_changed_inside_afterwards_moves_no_public_byte_and_no_validator(world, public_root):
    now = timezone.now() + timedelta(days=40)
    rewrite(now)
    before = served(public_root)
    seed_internal(LATER_CANARY)
    for model in ABOUT_REVIEWS:
        if model.__name__ not in LIVE:  # the working copy: nothing of it is read but by the next version
            fixed = {"slug", "guard_rails", "stages", "unknown_milestones"}
            seed(model._default_manager.all(), texts_of(model) - words_of(WORDS, model) - fixed, LATER_CANARY)
    rewrite(now)
    after = served(public_root)
    moved = sorted(name for name in before | after if before.get(name) != after.get(name))
    assert moved == [], moved
    assert len(before) > 50


def rewrite(now: Any) -> None:
    """Have every page written anew."""
    tree = store.the_tree()
    for path in tree.manifest.paths():
        tree.manifest.forget(path)
    tree.manifest.save()
    tree.write_state({})
    store.republish(now)
