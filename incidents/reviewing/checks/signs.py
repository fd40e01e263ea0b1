"""Checks of what people sign: approvals of exactly this text, and whether a machine had a part in it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from incidents.domain.review import ApprovalKind, Assistance
from incidents.models.review_words import word_of
from incidents.reviewing import approvals
from incidents.reviewing.checks.facts import Facts
from incidents.reviewing.checks.found import Found


def approvals_match(facts: Facts) -> Iterator[Found]:
    """Approvals that the policy asks for and that this text does not have."""
    standing = approvals.standing(facts.review, facts.content_hash)
    for kind in standing.missing:
        sentence = _("This text has no approval of this kind: %(kind)s.") % {"kind": word_of(ApprovalKind, kind)}
        yield Found(f"approval:{kind}", "approvals", sentence)
    if standing.given and not standing.missing and not standing.is_independent:
        yield Found("approval:independent", "approvals", _("Nobody but its owner approved it."))


def assistance_declared(facts: Facts) -> Iterator[Found]:
    """Whether a machine had a part in the writing; where it drafted, how that was checked."""
    review = facts.review
    if not review.assistance:
        yield Found("assistance", "assistance", _("Say whether a machine had a part in the writing."))
    if review.assistance == Assistance.DRAFTING and not review.assistance_note.strip():
        yield Found("assistance_note", "assistance", _("A machine drafted text: say how its sentences were checked."))
