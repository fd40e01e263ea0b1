"""Contributing factors: what made the damage possible, wide or long; and the codes that an installation adds.

There is no code for a person's error and none can be added: it names whom to blame and not what to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, review_fields, review_guards, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.factors import CODES
from incidents.domain.review import Certainty, Disposition, Effect, PersonRole
from incidents.domain.text import clean_line
from incidents.domain.verbs import Verb
from incidents.models import ChangeEvent, ContributingFactor, FactorCode, Review
from incidents.reviewing.timeline import timeline_of

FACTOR_FIELDS = (
    "code", "title", "body", "note", "effect", "certainty", "entry_refs", "disposition", "disposition_reason",
    "revisit_on",
)  # fmt: skip
CODE = re.compile(r"([A-Z]{2,5})-(\d{1,3})", re.ASCII)
_WHOSE = r"(?:human|operator|user|person(?:al|nel)?|staff|employee|engineer|developer|administrator|admin|pilot|people)"
_FAULT = r"(?:errors?|mistakes?|faults?|failures?|failings?|slips?|blunders?)"
# A code about what a person did wrong. "A human-error-proof default" is caught too: it can be said otherwise.
ABOUT_A_PERSON = re.compile(
    rf"\b{_WHOSE}['’]?s?['’]?[\s_-]+{_FAULT}\b|\b{_FAULT}\s+(?:of|by)\s+(?:an?\s+|the\s+|our\s+)?{_WHOSE}s?\b"
    r"|\b(?:negligen(?:ce|t)|careless(?:ness|ly)?|inattenti(?:on|ve)|incompeten(?:ce|t)|fat[\s-]?finger(?:s|ed)?|pebkac)\b",
    re.IGNORECASE,
)


def save_factor(
    *,
    actor: Actor,
    review_id: int,
    factor_id: int | None = None,
    code: str,
    title: str,
    body: str = "",
    note: str = "",
    effect: str = "created_condition",
    certainty: str = "confirmed",
    entry_refs: Sequence[str] = (),
    change_ids: Sequence[int] = (),
    disposition: str = "open",
    disposition_reason: str = "",
    revisit_on: date | None = None,
    seen: str = "",
    now: datetime | None = None,
) -> ContributingFactor:
    """Add a factor, or write one anew (`factor_id`). `entry_refs`: entries of the merged timeline; `change_ids`:
    changes that play a part in the review. `seen`: `mark_of` the factor as it was on screen.

    Raises Refused: an unknown or retired code, an entry or a change that is not of this review, answers, texts; an
    accepted factor without its reason. Raises Conflict for a stale `seen`.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        row = ContributingFactor(review=review)
        if factor_id is not None:
            row = _factor_of(review, factor_id)
            if seen and seen != mark_of(row):
                raise Conflict(review_fields.stale())
        reason = texts.line(disposition_reason, field="disposition_reason", limit=300, is_required=False)
        if disposition == Disposition.ACCEPTED and not reason:
            raise Refused(_("Say in public why it is accepted as it is."), "disposition_reason")
        wanted = {
            "code": _usable_code(code, row.code),
            "title": texts.line(title, field="title", limit=255),
            "body": texts.body(body, is_required=False)[0],
            "note": texts.body(note, field="note", is_required=False)[0],
            "effect": review_fields.one_of(Effect, effect, "effect"),
            "certainty": review_fields.one_of(Certainty, certainty, "certainty"),
            "entry_refs": _refs(review, entry_refs),
            "disposition": review_fields.one_of(Disposition, disposition, "disposition"),
            "disposition_reason": reason,
            "revisit_on": revisit_on,
        }
        changed = _changes(review, change_ids)
        before = set(row.changes.values_list("code", flat=True)) if row.pk else set()
        changes = review_fields.write(row, wanted)
        if before != {each.code for each in changed}:
            changes["changes"] = [", ".join(sorted(before)), ", ".join(each.code for each in changed)]
        if changes:
            row.save()
            row.changes.set(changed)
            review_guards.touch(review, now)
            record(actor=actor, verb=Verb.FACTOR_SAVED, subject=row, now=now, changes=changes)
    return row


def remove_factor(*, actor: Actor, factor_id: int, now: datetime | None = None) -> None:
    """Take a factor out of a review. Raises Refused when a remediation of it would lose its only factor."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        found = ContributingFactor.objects.filter(pk=factor_id).first()
        if found is None:
            raise Refused(_("There is no such factor."))
        review = review_guards.lock_review(actor, found.review_id)
        row = _factor_of(review, factor_id)
        remediation = row.remediations.first()
        if remediation:
            raise Refused(
                _("The remediation “%(title)s” answers this factor. Take the factor out of it first.")
                % {"title": remediation.title}
            )
        record(
            actor=actor, verb=Verb.FACTOR_REMOVED, subject=row, now=now,
            changes={"code": [row.code, ""], "title": [row.title, ""], "body": [row.body, ""], "note": [row.note, ""]},
        )  # fmt: skip
        row.delete()
        review_guards.touch(review, now)


def add_factor_code(*, actor: Actor, code: str, title: str, now: datetime | None = None) -> FactorCode:
    """Add a code to the taxonomy, such as `CHG-11` or `NET-1`. Raises Refused: no administrator, a code that was ever
    used, one that is about what a person did wrong."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        name = texts.line(code, field="code", limit=12).upper()
        found = CODE.fullmatch(name)
        if found is None:
            raise Refused(_("A code is two to five letters, a hyphen and a number, as NET-1."), "code")
        name = f"{found[1]}-{int(found[2])}"
        if name in CODES or FactorCode.objects.filter(code=name).exists():
            raise Refused(_("%(code)s has a meaning already, and keeps it for ever.") % {"code": name}, "code")
        words = texts.line(title, field="title", limit=120)
        if ABOUT_A_PERSON.search(words):
            raise Refused(
                _(
                    "There is no code for a person’s error: it says whom to blame and not what to change. "
                    "Name what let the error happen or do harm."
                ),
                "title",
            )
        row = FactorCode.objects.create(code=name, title=words, created_at=now)
        record(actor=actor, verb=Verb.FACTOR_CODE_ADDED, subject=row, now=now, changes={"title": ["", words]})
    return row


def retire_factor_code(*, actor: Actor, code_id: int, now: datetime | None = None) -> FactorCode:
    """Offer a code no more; reviews that use it keep it. Raises Refused: no administrator, retired already."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        row = FactorCode.objects.select_for_update().filter(pk=code_id).first()
        if row is None:
            raise Refused(_("There is no such code."))
        if row.retired_at:
            raise Refused(_("%(code)s was retired already.") % {"code": row.code})
        row.retired_at = now
        row.save(update_fields=["retired_at"])
        record(actor=actor, verb=Verb.FACTOR_CODE_RETIRED, subject=row, now=now, changes={"title": [row.title, ""]})
    return row


def mark_of(factor: ContributingFactor) -> str:
    """What a factor says, as a hash that a form carries to tell whether somebody wrote in between."""
    about = sorted(factor.changes.values_list("code", flat=True))
    return guards.fingerprint(changes=about, **{name: getattr(factor, name) for name in FACTOR_FIELDS})


def _factor_of(review: Review, factor_id: int) -> ContributingFactor:
    row = review.factors.filter(pk=factor_id).first()
    if row is None:
        raise Refused(_("There is no such factor in this review."))
    return row


def _usable_code(code: str, standing: str) -> str:
    """The code, if it may be given to a factor; one that the factor has already stays even when it was retired."""
    if code in CODES or (standing and code == standing):
        return code
    # Cleaned before it is looked for: PostgreSQL takes no NUL.
    own = FactorCode.objects.filter(code=clean_line(code)).first()
    if own is None or own.code != code:
        raise Refused(_("There is no code “%(code)s”.") % {"code": clean_line(code)[:20]}, "code")
    if own.retired_at:
        raise Refused(_("%(code)s was retired. Choose another code.") % {"code": code}, "code")
    return code


def _refs(review: Review, raw: Sequence[str]) -> list[str]:
    """The named entries, each once, in the order given."""
    refs = list(dict.fromkeys(raw))
    known = {entry.ref for entry in timeline_of(review)} if refs else set()
    strange = [ref for ref in refs if ref not in known]
    if strange:
        raise Refused(
            _("There is no entry “%(ref)s” in this timeline.") % {"ref": clean_line(strange[0])[:60]}, "entry_refs"
        )
    return refs


def _changes(review: Review, change_ids: Sequence[int]) -> list[ChangeEvent]:
    ids = set(change_ids)
    rows = list(ChangeEvent.objects.filter(pk__in=ids, roles__review=review).distinct().order_by("id"))
    if len(rows) != len(ids):
        raise Refused(_("One of the changes plays no part in this review. Say first which."), "change_ids")
    return rows
