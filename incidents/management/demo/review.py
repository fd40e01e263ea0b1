"""The review of the reference incident, played through the ordinary actions by people who may only do their part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from incidents.actions import calendar as calendar_actions
from incidents.actions import change as change_actions
from incidents.actions import factor as factor_actions
from incidents.actions import promise as promise_actions
from incidents.actions import remediation as remediation_actions
from incidents.actions import review as review_actions
from incidents.actions import review_parts, review_publishing, review_workflow, roles
from incidents.actions import section as section_actions
from incidents.domain.actor import Actor
from incidents.domain.review import ApprovalKind, RemediationState, ReviewState, VersionKind
from incidents.models import (
    BusinessCalendar,
    Incident,
    Promise,
    PromisePolicy,
    Remediation,
    Review,
    ReviewApproval,
    ReviewComment,
)
from incidents.publishing.review_pages import version_page
from incidents.reviewing import approvals, document, timeline

HERE = Path(__file__).parent
SEED = Actor("seed", "The demonstration")
Act = Callable[[datetime], object]


@dataclass(frozen=True)
class ReviewStory:
    """The writing, publication and follow-through of the review, moved by `shift` against the times of the story."""

    shift: timedelta = timedelta(0)

    @cached_property
    def said(self) -> dict[str, Any]:
        """The file of the review."""
        loaded: dict[str, Any] = json.loads((HERE / "review.json").read_text())
        return loaded

    def promise_it(self, at: datetime) -> None:
        """Say in public, before anything happens, by when such a review comes. `at` is UTC."""
        if PromisePolicy.objects.filter(name=self.said["policy"]["name"]).exists():
            return
        known = BusinessCalendar.objects.filter(name=self.said["calendar"]["name"]).first()
        calendar = known or calendar_actions.save_calendar(actor=SEED, now=at, **self.said["calendar"])
        promise_actions.save_policy(actor=SEED, calendar_id=calendar.pk, now=at, **self.said["policy"])

    def acts(self, incident_code: Callable[[], str]) -> Iterator[tuple[datetime, Act, bool]]:
        """(when, what, whether subscribers are told of it), in order; each does nothing where it was done before."""
        acts: dict[str, Act] = {
            "started": lambda at: self._start(incident_code(), at),
            "facts": self._gather,
            "written": self._write,
            "submitted": self._submit,
            "commented": self._comment,
            "answered": self._answer,
            "approved": self._approve,
            "published": self._publish,
        }
        for name, act in acts.items():
            yield self._at(self.said["times"][name]), act, name == "published"
        for row in self.said["afterwards"]:
            yield self._at(row["at"]), partial(self._follow, row), False

    def waive_examples(self, at: datetime) -> None:
        """Promise no review of what is invented."""
        for promise in Promise.objects.filter(incident__is_example=True, fulfilled_at=None, waived_at=None):
            promise_actions.waive_promise(actor=SEED, promise_id=promise.pk, reason=self.said["waived"], now=at)

    def _start(self, incident_code: str, at: datetime) -> None:
        if Review.objects.filter(slug=self.said["review"]["slug"]).exists():
            return
        for person in self.said["people"].values():
            user = User.objects.filter(username=person["username"]).first()
            user = user or User.objects.create_user(person["username"], person["email"])
            roles.set_roles(actor=SEED, user_id=user.pk, roles=person["roles"])
        incident = Incident.objects.get(code=incident_code)
        review_actions.start_review(
            actor=self._person("owner"), incident_ids=[incident.pk], now=at, **self.said["review"]
        )

    def _gather(self, at: datetime) -> None:
        review, owner = self._review, self._person("owner")
        if review.entries.exists():
            return
        phases = {}
        for row in self.said["phases"]:
            phase = review_parts.save_phase(actor=owner, review_id=review.pk, now=at, **self._moved(row))
            phases[phase.name] = phase.pk
        for row in self.said["entries"]:
            said = self._moved(row)
            phase_id = phases.get(said.pop("phase", ""))
            review_parts.save_entry(actor=owner, review_id=review.pk, phase_id=phase_id, now=at, **said)
        changes = {name: self._change(review, self.said[name], at) for name in ("change", "failover")}
        factors = self._factors(review, changes, at)
        for row in self.said["remediations"]:
            said = {name: value for name, value in row.items() if name != "key"} | {
                "due_on": self._day(row["due_on"]), "owner_id": owner.user_id,
            }  # fmt: skip
            factor_ids = [factors[key] for key in said.pop("factors")]
            remediation_actions.save_remediation(
                actor=owner, review_id=review.pk, factor_ids=factor_ids, now=at, **said
            )

    def _change(self, review: Review, row: dict[str, Any], at: datetime) -> int:
        said = self._moved({name: value for name, value in row.items() if name != "roles"})
        change = change_actions.save_change(actor=self._person("owner"), now=at, **said)
        for role in row["roles"]:
            change_actions.link_change(
                actor=self._person("owner"), review_id=review.pk, change_id=change.pk, now=at, **role
            )
        return change.pk

    def _factors(self, review: Review, changes: dict[str, int], at: datetime) -> dict[str, int]:
        entries = timeline.timeline_of(review)
        found = {}
        for row in self.said["factors"]:
            said = {name: value for name, value in row.items() if name not in ("key", "entry", "changes")}
            refs = [each.ref for each in entries if each.is_public and _is_about(each, row["entry"])][:1]
            made = factor_actions.save_factor(
                actor=self._person("owner"), review_id=review.pk, entry_refs=refs,
                change_ids=[changes[name] for name in row["changes"]], now=at, **said,
            )  # fmt: skip
            found[row["key"]] = made.pk
        return found

    def _write(self, at: datetime) -> None:
        review, owner = self._review, self._person("owner")
        if review.sections.exists():
            return
        for number, (key, body) in enumerate(self.said["sections"].items()):
            when = at + timedelta(minutes=4 * number)
            section_actions.save_section(actor=owner, review_id=review.pk, key=key, body=body, seen_version=0, now=when)
        review_actions.edit_review(
            actor=owner, review_id=review.pk, assistance=self.said["assistance"],
            unknown_milestones=self.said["unknown_milestones"], now=when,
        )  # fmt: skip

    def _submit(self, at: datetime) -> None:
        if self._review.state == ReviewState.DRAFT and not self._review.versions.exists():
            review_workflow.submit_review(actor=self._person("owner"), review_id=self._review.pk, now=at)

    def _comment(self, at: datetime) -> None:
        for row in self.said["comments"]:
            said = {name: value for name, value in row.items() if name != "by"}
            if not self._review.comments.filter(body=row["body"]).exists():
                review_workflow.comment_on_review(
                    actor=self._person(row["by"]), review_id=self._review.pk, now=at, **said
                )

    def _answer(self, at: datetime) -> None:
        for comment in ReviewComment.objects.filter(review=self._review, resolved_at__isnull=True):
            review_workflow.resolve_comment(actor=self._person("technical"), comment_id=comment.pk, now=at)

    def _approve(self, at: datetime) -> None:
        review = self._review
        given = set(ReviewApproval.objects.filter(review=review).values_list("kind", flat=True))
        seen = document.content_hash(review)
        for number, kind in enumerate(approvals.required_kinds(review)):
            if kind not in given:
                review_workflow.approve_review(
                    actor=self._person(ApprovalKind(kind).value), review_id=review.pk, kind=kind, seen_hash=seen,
                    now=at + timedelta(minutes=35 * number),
                )  # fmt: skip

    def _publish(self, at: datetime) -> None:
        if not self._review.versions.exists():
            review_publishing.publish_review(
                actor=self._person("communication"), review_id=self._review.pk, kind=VersionKind.FINAL,
                render=version_page, now=at,
            )  # fmt: skip

    def _follow(self, row: dict[str, Any], at: datetime) -> None:
        titles = {each["key"]: each["title"] for each in self.said["remediations"]}
        remediation = Remediation.objects.get(review=self._review, title=titles[row["remediation"]])
        on: dict[str, Any] = {"remediation_id": remediation.pk, "now": at}
        if row["act"] == "move" and remediation.status_note != row["status_note"]:
            remediation_actions.move_remediation(
                actor=self._person("owner"), state=row["state"], status_note=row["status_note"], **on
            )
        elif row["act"] == "slip" and not remediation.slips.filter(new_due_on=self._day(row["due_on"])).exists():
            remediation_actions.slip_remediation(
                actor=self._person("owner"), due_on=self._day(row["due_on"]), reason=row["reason"], **on
            )
        elif row["act"] == "verify" and remediation.state != RemediationState.VERIFIED:
            remediation_actions.verify_remediation(
                actor=self._person(row["by"]), method=row["method"], evidence=row["evidence"], **on
            )

    @property
    def _review(self) -> Review:
        return Review.objects.get(slug=self.said["review"]["slug"])

    def _person(self, part: str) -> Actor:
        user = User.objects.get(username=self.said["people"][part]["username"])
        return Actor("user", user.get_username(), user.pk)

    def _moved(self, row: dict[str, Any]) -> dict[str, Any]:
        """The fields of an action, their instants moved with the story."""
        return {name: self._at(value) if name == "at" or name.endswith("_at") else value for name, value in row.items()}

    def _at(self, text: str) -> datetime:
        return datetime.fromisoformat(text) + self.shift

    def _day(self, text: str) -> date:
        return date.fromisoformat(text) + timedelta(days=self.shift.days)


def _is_about(entry: timeline.Entry, wanted: str) -> bool:
    """Whether an entry of the timeline is the one that a factor of the file names."""
    if wanted in ("update", "change"):
        return entry.ref.startswith(f"{wanted}:")
    return entry.ref.startswith("entry:") and entry.kind == wanted
