"""Checks of factors, remediations, changes, and of what earlier reviews already knew."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from incidents.domain.review import WEAK_STRENGTHS, Disposition, Effect, Priority, Role
from incidents.models import ContributingFactor, Remediation
from incidents.reviewing import recall, timeline
from incidents.reviewing.checks.facts import Facts
from incidents.reviewing.checks.found import Blocks, Found, ref_of

URGENT = (Priority.P0, Priority.P1)
_NOT_ONLY_CAUSE = (
    Effect.DELAYED_DETECTION,
    Effect.DELAYED_DIAGNOSIS,
    Effect.DELAYED_RECOVERY,
    Effect.HAMPERED_COMMUNICATION,
)


def factors_tied(facts: Facts) -> Iterator[Found]:
    """Factors that rest on nothing in the timeline, or about which nothing is decided."""
    known = {entry.ref for entry in timeline.entries_of(facts.known)}
    for factor in facts.factors:
        ref = f"factor:{factor.pk}"
        if not set(factor.entry_refs) & known:
            sentence = _("“%(title)s” is tied to no entry of the timeline.") % {"title": factor.title}
            yield Found(ref_of(ref, "entry"), ref, sentence)
        if sentence := _undecided(factor):
            yield Found(ref_of(ref, "disposition"), ref, sentence % {"title": factor.title}, Blocks.FINAL)


def factors_beyond_cause(facts: Facts) -> Iterator[Found]:
    """A review that knows only what set it off learns nothing about finding and mending it."""
    if not facts.is_light and not any(row.effect in _NOT_ONLY_CAUSE for row in facts.factors):
        yield Found("factors", "section:factors", _("No factor is about finding it, mending it or telling of it."))


def remediations_complete(facts: Facts) -> Iterator[Found]:
    """Remediations without owner, date or factor; and no urgent one after much harm."""
    for row in facts.standing_remediations:
        missing = list(_missing_of(row))
        if missing:
            sentence = _("“%(title)s” lacks: %(missing)s.") % {"title": row.title, "missing": ", ".join(missing)}
            yield Found(f"remediation:{row.code}", f"remediation:{row.code}", sentence)
    if not facts.is_light and not any(row.priority in URGENT for row in facts.standing_remediations):
        yield Found("remediations", "section:remediations", _("None is urgent (P0 or P1), after an impact like this."))


def remediations_strong(facts: Facts) -> Iterator[Found]:
    """Remediations that all lean on people remembering them."""
    rows = facts.standing_remediations
    if rows and all(row.strength in WEAK_STRENGTHS for row in rows):
        yield Found("remediations", "section:remediations", _("All are documentation or training."))


def changes_in_their_role(facts: Facts) -> Iterator[Found]:
    """Changes that factors name and that have no role here; whether something was tried and failed must be said."""
    having = {change.pk for change in facts.known.changes}
    for factor in facts.factors:
        for change in factor.changes.all():
            if change.pk not in having:
                sentence = _("“%(change)s” belongs to “%(factor)s” and has no role in this review.")
                values = {"change": change.title, "factor": factor.title}
                yield Found(ref_of(f"change:{change.code}", "role"), f"factor:{factor.pk}", sentence % values)
    is_answered = facts.has_role(Role.FAILED_MITIGATION, Role.HARMFUL_MITIGATION) or facts.body("response")
    if not is_answered and not facts.is_light:
        sentence = _("Was something tried that failed or did harm? “None” is an answer: say it under Response.")
        yield Found("mitigations", "section:response", sentence, Blocks.FINAL)


def similar_answered(facts: Facts) -> Iterator[Found]:
    """Earlier reviews with the same factors or components that are neither named nor dismissed."""
    said = "\n".join(facts.body(key) for key in facts.sections)
    for similar in recall.similar_reviews(facts.review):
        if similar.code in facts.review.dismissed_similar or f"/reviews/{similar.slug}" in said:
            continue
        sentence = _("“%(title)s” is alike (%(shared)s): link to it, or say why it is another matter.")
        shared = ", ".join([*similar.factors, *similar.components])
        values = {"title": similar.title, "shared": shared}
        yield Found(f"review:{similar.code}", "section:factors", sentence % values)


def _undecided(factor: ContributingFactor) -> str:
    if factor.disposition == Disposition.OPEN:
        return _("What is done about “%(title)s” is not said.")
    if factor.disposition == Disposition.REMEDIATED and not factor.remediations.all():
        return _("“%(title)s” counts as remediated, and no remediation names it.")
    if factor.disposition == Disposition.ACCEPTED and not factor.disposition_reason.strip():
        return _("“%(title)s” is accepted without a reason.")
    return ""


def _missing_of(row: Remediation) -> Iterator[str]:
    if not row.owner_team.strip():
        yield _("an owner team")
    if row.due_on is None:
        yield _("a due date")
    if not row.kind:
        yield _("a type")
    if not row.factors.all():
        yield _("a factor")
