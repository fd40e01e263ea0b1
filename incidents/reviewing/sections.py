"""The sections of a review, in the order in which they are read.

To add one: an entry in SECTIONS. Bodies are rows keyed by section, so no migration and no template is needed; a key is
never given another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Word = str | Promise


class Needed(StrEnum):
    """From when on a section must say something; each includes the later ones."""

    IN_REVIEW = "in_review"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    NEVER = "never"


@dataclass(frozen=True)
class Section:
    """One section. `rows`: which facts the page prints under the text ("" for none): timeline, changes, factors,
    remediations, agreements. `light`: when it is needed of a review of incidents of minor impact or none."""

    key: str
    title: Word
    guidance: Word
    needed: Needed
    light: Needed = Needed.NEVER
    is_public: bool = True
    rows: str = ""


SECTIONS: tuple[Section, ...] = (
    Section(
        "summary", _("Summary"),
        _("What happened, to whom, for how long, why, and what is being done: five sentences that stand alone."),
        Needed.IN_REVIEW, Needed.IN_REVIEW,
    ),
    Section(
        "impact", _("Impact"),
        _("What people saw, product by product and region by region. Would a customer know whether it was them?"),
        Needed.PRELIMINARY, Needed.NEVER,
    ),
    Section(
        "background", _("Background"),
        _("How the part that failed works when it works; only what the rest needs."),
        Needed.NEVER,
    ),
    Section(
        "timeline", _("Timeline"),
        _("Begin before the impact. The record fills in updates, levels and changes; add what only people know."),
        Needed.NEVER, rows="timeline",
    ),
    Section(
        "cause", _("Root cause and trigger"),
        _("What set it off, and what had to be true already for that to matter. Mechanism, not blame."),
        Needed.FINAL, Needed.FINAL,
    ),
    Section(
        "factors", _("Contributing factors"),
        _("What else had a part: in the damage, in finding it late, in mending it slowly."),
        Needed.NEVER, rows="factors",
    ),
    Section(
        "changes", _("Contributing changes"),
        _("Which change got past which guard, and how. “Not known” is an answer; so is “ruled out”."),
        Needed.NEVER, rows="changes",
    ),
    Section(
        "detection", _("Detection"),
        _("Who or what noticed first, how long it took, and what would have told sooner."),
        Needed.FINAL, Needed.NEVER,
    ),
    Section(
        "response", _("Response"),
        _("What was tried, in order, and what it did. Did a step fail, or make it worse? “None” is an answer."),
        Needed.FINAL, Needed.NEVER,
    ),
    Section(
        "limits", _("What limited the harm"),
        _("What kept it from being worse, and would be missed if it were taken away."),
        Needed.NEVER,
    ),
    Section("went_well", _("What went well"), _("Name what to keep."), Needed.NEVER),
    Section("went_badly", _("What went badly"), _("What was hard, slow or confusing for us."), Needed.NEVER),
    Section("lucky", _("Where we were lucky"), _("What could have gone worse and did not, by no merit of ours."),
            Needed.NEVER),
    Section(
        "advice", _("Advice to customers"),
        _("How to be hit less the next time: time-outs, retries, fall-backs, a second region."),
        Needed.NEVER,
    ),
    Section(
        "remediations", _("Remediations"),
        _("What will be different. Each has an owner, a date and a way to see that it works; none is a fair outcome."),
        Needed.NEVER, rows="remediations",
    ),
    Section(
        "agreements", _("Service levels and what follows"),
        _("What the verdict means for customers, and how a credit is claimed."),
        Needed.NEVER, rows="agreements",
    ),
    Section(
        "notes", _("Notes for ourselves"),
        _("Never published: names, links, hunches."),
        Needed.NEVER, is_public=False,
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Section] = {section.key: section for section in SECTIONS}
