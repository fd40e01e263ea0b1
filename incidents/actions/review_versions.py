"""A version of a review as it is about to be: what it would say, what changed, whether it may, and the rows of it.

Called inside the transactions of `review_publishing` and `review_retraction`; nothing else writes a version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.actions.review_workflow import refuse_blocking_comments
from incidents.domain.actor import Actor
from incidents.domain.canonical import canonical, sha256_of
from incidents.domain.diffing import Change, hunks
from incidents.domain.review import ApprovalKind, VersionKind
from incidents.domain.verbs import Verb
from incidents.models import Correction, Review, ReviewApproval, ReviewVersion
from incidents.models.review_words import word_of
from incidents.reviewing import document
from incidents.reviewing.approvals import Standing, standing
from incidents.reviewing.checks import blocking, findings
from incidents.reviewing.difference import Difference, differences

Document = dict[str, Any]
Render = Callable[[Document], tuple[str, str]]
"""From the envelope of a version to its page and the content security policy of it."""
LONGEST_TOLD = 1_000
APPROVALS_CHECK = "A19"  # looked at here, for wording may be corrected without


@dataclass(frozen=True)
class Plan:
    """What a publication would be. `standing`: preliminary or final; `previous`: the version before, None for the
    first."""

    kind: VersionKind
    standing: VersionKind
    reason: str
    content: Document
    sha256: str
    previous: ReviewVersion | None
    changes: tuple[Difference, ...]
    is_material: bool
    approvals: Standing

    @property
    def number(self) -> int:
        """The version's number."""
        return self.previous.number + 1 if self.previous else 1


def plan_of(review: Review, kind: str, reason: str) -> Plan:
    """What publishing the review now would be. Raises Refused for a kind or a reason that cannot be."""
    previous = review.versions.order_by("-number").first()
    before = json.loads(previous.document) if previous else None
    wanted = _kind(kind, VersionKind(before["version"]["standing"]) if before else None)
    _refuse_incidents(review, wanted)
    content = document.build(review)
    sha256 = sha256_of(content)
    if wanted == VersionKind.CORRECTION and previous and previous.sha256 == sha256:
        raise Refused(_("Nothing was changed since version %(number)s.") % {"number": previous.number}, "kind")
    changes = differences(before["review"], content) if before else ()
    return Plan(
        kind=wanted,
        standing=VersionKind(before["version"]["standing"]) if before and wanted == VersionKind.CORRECTION else wanted,
        reason=texts.line(reason, field="reason", limit=300, is_required=previous is not None),
        content=content,
        sha256=sha256,
        previous=previous,
        changes=changes,
        is_material=wanted != VersionKind.CORRECTION or any(each.is_material for each in changes),
        approvals=standing(review, sha256),
    )


def refuse_unready(review: Review, plan: Plan, now: datetime) -> None:
    """Raises Refused while a remark, an approval or a check stands in the way."""
    refuse_blocking_comments(review)
    if plan.is_material:  # wording is corrected without asking everybody again
        _refuse_unapproved(plan.approvals)
    found = [each for each in blocking(findings(review, now), plan.standing) if each.check != APPROVALS_CHECK]
    if found:
        count = ngettext("%(count)s finding stands", "%(count)s findings stand", len(found)) % {"count": len(found)}
        raise Refused(
            _("%(count)s in the way. The first: %(sentence)s") % {"count": count, "sentence": found[0].sentence}
        )


def write_version(
    actor: Actor, review: Review, plan: Plan, render: Render, *, is_break_glass: bool, now: datetime
) -> ReviewVersion:
    """The row, with its envelope and its page."""
    envelope = envelope_of(
        number=plan.number,
        kind=plan.kind,
        standing=plan.standing,
        now=now,
        sha256=plan.sha256,
        reason=plan.reason,
        is_material=plan.is_material,
        break_glass_reason=plan.reason if is_break_glass else None,
        is_two_person=plan.approvals.is_independent or (not plan.is_material and _was_two_person(plan.previous)),
        approvals=plan.approvals.given,
        changes=plan.changes,
        content=plan.content,
    )
    return store(actor, review, envelope, render, now)


def envelope_of(
    *,
    number: int,
    kind: VersionKind,
    standing: VersionKind,
    now: datetime,
    sha256: str,
    reason: str,
    is_material: bool,
    content: Document | None,
    break_glass_reason: str | None = None,
    is_two_person: bool = False,
    approvals: Sequence[ReviewApproval] = (),
    changes: Sequence[Difference] = (),
) -> Document:
    """What is stored of a version, hashed into the record and printed: the facts about it, and the review itself."""
    return {
        "schema_version": document.SCHEMA_VERSION,
        "version": {
            "number": number,
            "kind": kind.value,
            "standing": standing.value,
            "published_at": document.instant(now),
            "sha256": sha256,
            "supersedes": number - 1 or None,
            "reason": reason,
            "is_material": is_material,
            "is_break_glass": break_glass_reason is not None,
            "break_glass_reason": break_glass_reason or "",
            "is_two_person": is_two_person,
            "approvals": [
                {
                    "kind": row.kind,
                    "label": str(word_of(ApprovalKind, row.kind)),
                    "approved_at": document.instant(row.approved_at),
                }
                for row in approvals
            ],
            "changes": [each.as_json() for each in changes],
        },
        "review": content,
    }


def store(actor: Actor, review: Review, envelope: Document, render: Render, now: datetime) -> ReviewVersion:
    """The version of an envelope."""
    page, policy = render(envelope)
    about = envelope["version"]
    return ReviewVersion.objects.create(
        review=review,
        number=about["number"],
        kind=about["kind"],
        document=canonical(envelope).decode(),
        sha256=about["sha256"],
        page=page,
        page_csp=policy,
        reason=about["reason"],
        is_material=about["is_material"],
        is_break_glass=about["is_break_glass"],
        published_at=now,
        actor_label=actor.label,
    )


def correction_of(
    actor: Actor, review: Review, version: ReviewVersion, changes: Sequence[Difference], verb: Verb, now: datetime
) -> Correction:
    """The entry in the public list of corrections for a version after the first."""
    path = path_of(review)
    return Correction.objects.create(
        at=now,
        verb=verb,
        subject=_("Review: %(title)s") % {"title": review.title[:280]},
        path=path if verb == Verb.REVIEW_RETRACTED else f"{path}/changes/{version.number - 1}/{version.number}",
        reason=version.reason,
        changes=[dict(zip(("field", "old", "new"), (each.label, *_told(each)), strict=True)) for each in changes],
        figures=[],
        actor_label=actor.label,
    )


def path_of(review: Review) -> str:
    """Its public address."""
    return f"/reviews/{review.slug}"


def _kind(raw: str, before: VersionKind | None) -> VersionKind:
    if raw not in (VersionKind.PRELIMINARY, VersionKind.FINAL, VersionKind.CORRECTION):
        raise Refused(_("Choose what is published."), "kind")
    kind = VersionKind(raw)
    if before is None and kind == VersionKind.CORRECTION:
        raise Refused(_("Nothing was published yet that could be corrected."), "kind")
    if before and kind != VersionKind.CORRECTION and (before == VersionKind.FINAL or kind == before):
        raise Refused(
            _("It was published already (%(kind)s). Publish a correction.") % {"kind": word_of(VersionKind, before)},
            "kind",
        )
    return kind


def _refuse_incidents(review: Review, kind: VersionKind) -> None:
    for incident in review.incidents.all():
        if incident.withdrawn_at:
            raise Refused(_("“%(title)s” was withdrawn. Take it off the review.") % {"title": incident.title})
        if incident.is_open and kind == VersionKind.FINAL:
            raise Refused(
                _("“%(title)s” is not resolved: only a preliminary review can be published.")
                % {"title": incident.title},
                "kind",
            )


def _refuse_unapproved(found: Standing) -> None:
    if found.missing:
        kinds = ", ".join(str(word_of(ApprovalKind, kind)) for kind in found.missing)
        raise Refused(_("This text is not approved yet. What is missing: %(kinds)s.") % {"kinds": kinds})
    if not found.is_complete:
        raise Refused(_("Nobody but its owner approved it. Somebody else must."))


def _was_two_person(previous: ReviewVersion | None) -> bool:
    return bool(previous and json.loads(previous.document)["version"]["is_two_person"])


def _told(difference: Difference) -> tuple[str, str]:
    """Old and new for the list of corrections: of a long text only the stretches that changed."""
    if max(len(difference.old), len(difference.new)) <= LONGEST_TOLD:
        return difference.old, difference.new
    changed = [hunk for hunk in hunks(difference.old, difference.new) if hunk.kind != Change.SAME]
    old, new = ("…\n".join(texts) for texts in zip(*((hunk.old, hunk.new) for hunk in changed), strict=True))
    return old[:LONGEST_TOLD], new[:LONGEST_TOLD]
