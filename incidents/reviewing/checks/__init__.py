"""The checks of a review: what code can see before a person reads. To add one: a function and an entry in CHECKS.

Keys are never given another meaning: waivers name them. What blocks can be waived, signed and with a reason; missing
approvals cannot, they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.domain.review import VersionKind
from incidents.models import Review, ReviewWaiver
from incidents.reviewing.checks import parts, record, signs, words
from incidents.reviewing.checks.facts import Facts, facts_of
from incidents.reviewing.checks.found import Blocks, Found

Word = str | Promise


@dataclass(frozen=True)
class Check:
    """One check: what it asks, and which publication it stands in the way of unless a finding says otherwise."""

    key: str
    title: Word
    asks: Word
    blocks: Blocks
    run: Callable[[Facts], Iterable[Found]]
    is_waivable: bool = True


@dataclass(frozen=True)
class Finding:
    """One thing that a check found in a review. `check` and `ref` are what a waiver names; `anchor` is where it is put
    right (`section:impact`, `entry:12`, `factor:3`, `change:<code>`, `remediation:<code>`, `milestone:<name>`,
    `incident:<code>`, `update:<code>`, `phase:3`, `approvals`, `assistance`, or empty for the whole)."""

    check: str
    ref: str
    anchor: str
    sentence: str
    is_blocking: bool
    blocks_preliminary: bool
    blocks_final: bool
    waiver: ReviewWaiver | None = None

    @property
    def is_waivable(self) -> bool:
        """Whether somebody may sign that it stays."""
        return BY_KEY[self.check].is_waivable

    @property
    def is_waived(self) -> bool:
        """Whether somebody signed that it may stay."""
        return self.waiver is not None


CHECKS: tuple[Check, ...] = (
    Check("A0", _("Sections"), _("Does every section that is needed say something?"),
          Blocks.FINAL, record.needed_sections),
    Check("A1", _("Milestones"), _("Are the milestones known or explained, in order, and none in the future?"),
          Blocks.PRELIMINARY, record.milestones_in_order),
    Check("A2", _("Sources"), _("Does every public entry of the timeline name a source?"),
          Blocks.PRELIMINARY, record.sources_named),
    Check("A3", _("Before the impact"), _("Does the timeline begin before the impact?"),
          Blocks.NEVER, record.begins_before),
    Check("A4", _("Levels"), _("Is every component back, and does the ledger agree with the milestones?"),
          Blocks.PRELIMINARY, record.intervals_closed),
    Check("A5", _("Figures"), _("Do the numbers and times in the text agree with the record?"),
          Blocks.FINAL, words.figures_agree),
    Check("A6", _("Factors"), _("Is every factor tied to an entry, and is something decided about it?"),
          Blocks.PRELIMINARY, parts.factors_tied),
    Check("A7", _("Finding and mending"), _("Is there a factor beyond the cause: detection, recovery, word?"),
          Blocks.NEVER, parts.factors_beyond_cause),
    Check("A8", _("Remediations"), _("Has every remediation an owner, a date, a type and a factor? Is one urgent?"),
          Blocks.FINAL, parts.remediations_complete),
    Check("A9", _("Strength"), _("Is there a remediation that does not lean on people remembering it?"),
          Blocks.NEVER, parts.remediations_strong),
    Check("A10", _("Plain verbs"), _("Could anybody see when each remediation is done?"),
          Blocks.NEVER, words.verbs_plain),
    Check("A11", _("Blame"), _("Is nobody named, and nobody blamed?"), Blocks.PRELIMINARY, words.nobody_blamed),
    Check("A12", _("Softeners"), _("Does the text tell as much as the figures?"), Blocks.NEVER, words.nothing_softened),
    Check("A13", _("Changes"), _("Has every change a role? Was something tried that failed or did harm?"),
          Blocks.PRELIMINARY, parts.changes_in_their_role),
    Check("A14", _("Well and lucky"), _("Is it said what went well, and where we were lucky?"),
          Blocks.NEVER, words.what_went_well),
    Check("A15", _("Service levels"), _("Is it said what follows from the agreements, or that none applies?"),
          Blocks.FINAL, record.agreements_answered),
    Check("A16", _("Disclosure"), _("Is there anything in the text that should not leave?"),
          Blocks.PRELIMINARY, words.nothing_disclosed),
    Check("A17", _("Readability"), _("Are abbreviations explained, images described, sentences short?"),
          Blocks.NEVER, words.readable_by_all),
    Check("A18", _("Seen before"), _("Are earlier reviews like this one named, or said to be another matter?"),
          Blocks.FINAL, parts.similar_answered),
    Check("A19", _("Approvals"), _("Did everybody who must approve exactly this text?"),
          Blocks.PRELIMINARY, signs.approvals_match, is_waivable=False),
    Check("A20", _("Assistance"), _("Is it said whether a machine had a part in the writing?"),
          Blocks.PRELIMINARY, signs.assistance_declared),
    Check("A21", _("Promises"), _("Is everything answered that the updates promised?"),
          Blocks.PRELIMINARY, record.promises_answered),
)  # fmt: skip
BY_KEY: Mapping[str, Check] = {check.key: check for check in CHECKS}


# What gives something away: looked at before anybody approves the text, for an approver reads past it.
DISCLOSING = ("A11", "A16")


def findings(review: Review, now: datetime | None = None) -> tuple[Finding, ...]:
    """Everything that the checks find at `now` (UTC), in the order of CHECKS, with the waivers that were signed.

    Reads only, in a constant number of queries.
    """
    facts = facts_of(review, now or timezone.now())
    signed = {(row.check_key, row.subject): row for row in review.waivers.filter(withdrawn_at__isnull=True)}
    made: dict[tuple[str, str], Finding] = {}
    for check in CHECKS:
        for found in check.run(facts):
            waiver = signed.get((check.key, found.ref)) if check.is_waivable else None
            made.setdefault((check.key, found.ref), _finding(check, found, waiver))
    return tuple(made.values())


def blocking(found: Iterable[Finding], kind: str) -> list[Finding]:
    """Those that stand in the way of a version of this kind and are not waived. A correction is as strict as the final
    one; a retraction is stopped by nothing."""
    if kind == VersionKind.RETRACTION:
        return []
    is_preliminary = kind == VersionKind.PRELIMINARY
    return [
        each for each in found
        if not each.is_waived and (each.blocks_preliminary if is_preliminary else each.blocks_final)
    ]  # fmt: skip


def _finding(check: Check, found: Found, waiver: ReviewWaiver | None) -> Finding:
    blocks = found.blocks or check.blocks
    return Finding(
        check=check.key,
        ref=found.ref,
        anchor=found.anchor,
        sentence=found.sentence,
        is_blocking=blocks != Blocks.NEVER,
        blocks_preliminary=blocks == Blocks.PRELIMINARY,
        blocks_final=blocks != Blocks.NEVER,
        waiver=waiver,
    )
