"""Checks of what the record holds: sections, milestones, sources, intervals, agreements, promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from incidents.domain.promise_words import promises_in
from incidents.domain.promises import Deliverable, PromiseSource
from incidents.domain.review import EntryKind
from incidents.domain.wording import answered_by
from incidents.models import IncidentUpdate
from incidents.models.words import MILESTONES
from incidents.reviewing.checks.facts import Facts
from incidents.reviewing.checks.found import Blocks, Found, ref_of
from incidents.reviewing.gathering import Known
from incidents.reviewing.milestones import Milestone
from incidents.reviewing.sections import SECTIONS, Needed

REQUIRED = ("impact_started", "detected", "first_recovery", "resolved")
REQUIRED_LIGHT = ("impact_started", "resolved")
# An alert may come before the impact, and a cause be known before the first post: those are no disorder.
ORDERED = (
    ("impact_started", "first_recovery"),
    ("impact_started", "resolved"),
    ("detected", "acknowledged"),
    ("detected", "identified"),
    ("detected", "resolved"),
    ("identified", "resolved"),
    ("first_recovery", "resolved"),
)
SLACK = timedelta(minutes=1)
REVIEWS = (Deliverable.PRELIMINARY_REVIEW, Deliverable.FINAL_REVIEW)
_BEFORE = (EntryKind.CHANGE, EntryKind.BACKGROUND)
_BY_NEED = {
    Needed.IN_REVIEW: Blocks.PRELIMINARY,
    Needed.PRELIMINARY: Blocks.PRELIMINARY,
    Needed.FINAL: Blocks.FINAL,
}


def needed_sections(facts: Facts) -> Iterator[Found]:
    """Sections that must say something and do not."""
    for section in SECTIONS:
        need = section.light if facts.is_light else section.needed
        if need in _BY_NEED and not facts.body(section.key):
            sentence = _("“%(title)s” is empty.") % {"title": section.title}
            yield Found(f"section:{section.key}", f"section:{section.key}", sentence, _BY_NEED[need])


def milestones_in_order(facts: Facts) -> Iterator[Found]:
    """Milestones that are missing without a word why, out of order, or still to come."""
    for told in facts.known.incidents:
        yield from _missing(facts, told)
        for row in told.milestones:
            if row.at and row.at > facts.now:
                sentence = _("“%(name)s” is in the future: %(at)s.") % {"name": _named(row.name), "at": _at(row.at)}
                yield _of_milestone(told, f"{row.name} future", row.name, sentence)
        for first, second in ORDERED:
            one, two = told.at[first], told.at[second]
            if one and two and one > two:
                sentence = _("“%(second)s” (%(two)s) is before “%(first)s” (%(one)s).") % {
                    "first": _named(first), "one": _at(one), "second": _named(second), "two": _at(two),
                }  # fmt: skip
                yield _of_milestone(told, f"{first} {second}", second, sentence)


def sources_named(facts: Facts) -> Iterator[Found]:
    """Public entries that do not say what they rest on. Times are UTC throughout, so their offset is always said."""
    for entry in facts.known.entries:
        if entry.is_public and not (entry.source.strip() or entry.source_url.strip()):
            sentence = _("The entry of %(at)s is public and names no source.") % {"at": _at(entry.at)}
            yield Found(f"entry:{entry.pk}", f"entry:{entry.pk}", sentence)


def begins_before(facts: Facts) -> Iterator[Found]:
    """A timeline that begins with the damage invites hindsight."""
    if facts.is_light:
        return
    started = [each.at["impact_started"] for each in facts.known.incidents]
    known = [at for at in started if at]
    if not known:
        return
    begun = min(known)
    has_entry = any(row.kind in _BEFORE and row.at < begun for row in facts.known.entries if row.is_public)
    if not has_entry and not any(row.started_at and row.started_at < begun for row in facts.known.changes):
        sentence = _("Nothing in the timeline is from before the impact (%(at)s): no change, no background.")
        yield Found("timeline", "section:timeline", sentence % {"at": _at(begun)})


def intervals_closed(facts: Facts) -> Iterator[Found]:
    """Components that still stand as affected, and levels that outlast the resolution or are missing altogether."""
    for told in facts.known.incidents:
        anchor = f"incident:{told.row.code}"
        for row in told.intervals:
            if row.ended_at is None:
                sentence = _("%(name)s is still affected since %(at)s.")
                values = {"name": row.component.full_name, "at": _at(row.started_at)}
                blocks = Blocks.FINAL if told.row.is_open else None
                yield Found(f"interval:{row.pk}", anchor, sentence % values, blocks)
        resolved = _milestone(told, "resolved")
        ends = [row.ended_at for row in told.intervals if row.ended_at]
        if resolved.at and resolved.provenance == "update" and ends and max(ends) > resolved.at + SLACK:
            sentence = _("“%(title)s” was resolved at %(at)s, and a component was affected until %(end)s.")
            values = {"title": told.row.title, "at": _at(resolved.at), "end": _at(max(ends))}
            yield Found(ref_of(anchor, "outlasts"), anchor, sentence % values)
        if not told.intervals and told.row.impact_override not in ("", "none"):
            sentence = _("“%(title)s” had an impact, and the ledger knows of no component that it touched.")
            yield Found(ref_of(anchor, "untold"), anchor, sentence % {"title": told.row.title}, Blocks.FINAL)


def agreements_answered(facts: Facts) -> Iterator[Found]:
    """Whether somebody said what follows from the service levels; computed verdicts print themselves."""
    is_said_without = facts.review.is_without_agreement
    if facts.agreements and is_said_without:
        names = ", ".join(row.name for row in facts.agreements)
        sentence = _("It says that no agreement applies, and these cover what was affected: %(names)s.")
        yield Found("agreements contradicted", "section:agreements", sentence % {"names": names})
    if not facts.agreements and not is_said_without and not facts.is_light:
        yield Found(
            "agreements", "section:agreements", _("No agreement covers what was affected: say that none applies.")
        )


def promises_answered(facts: Facts) -> Iterator[Found]:
    """What was promised while it went on: promises that nobody kept or waived, and words of promise that no promise
    stands for. Those of a review are answered by this one, those of the next update by that."""
    anchors = {row.pk: f"update:{row.code}" for told in facts.known.incidents for row in told.updates}
    for promise in facts.promises:
        is_settled = promise.fulfilled_at or promise.waived_at
        if promise.source == PromiseSource.UPDATE and not is_settled and promise.deliverable not in REVIEWS:
            sentence = _("Promised in an update and not answered: “%(text)s”") % {"text": promise.sentence}
            yield Found(f"promise:{promise.code}", anchors.get(promise.update_id or 0, ""), sentence)
    promised = {promise.update_id for promise in facts.promises}
    for told in facts.known.incidents:
        for update in told.updates:
            if update.pk not in promised and not update.withheld_at:
                yield from _in_words(update, is_newest=update == told.updates[-1])


def _in_words(update: IncidentUpdate, *, is_newest: bool) -> Iterator[Found]:
    for text in promises_in(update.body):
        answer = answered_by(text)
        if answer == "review" or (answer == "update" and not is_newest):
            continue
        sentence = _("The update of %(at)s says “%(text)s”, and no promise stands for it.")
        values = {"at": _at(update.posted_at), "text": text}
        anchor = f"update:{update.code}"
        yield Found(ref_of(anchor, text), anchor, sentence % values, Blocks.FINAL)


def _missing(facts: Facts, told: Known) -> Iterator[Found]:
    for name in REQUIRED_LIGHT if facts.is_light else REQUIRED:
        if told.at[name] or facts.review.unknown_milestones.get(name):
            continue
        is_to_come = told.row.is_open and name in ("first_recovery", "resolved")
        sentence = _("“%(name)s” is not known: state it, or say why it is not.") % {"name": _named(name)}
        yield _of_milestone(told, name, name, sentence, Blocks.FINAL if is_to_come else None)


def _of_milestone(told: Known, what: str, name: str, sentence: str, blocks: Blocks | None = None) -> Found:
    return Found(ref_of(told.row.code, what), f"milestone:{name}", sentence, blocks)


def _milestone(told: Known, name: str) -> Milestone:
    return next(row for row in told.milestones if row.name == name)


def _named(milestone: str) -> str:
    return str(MILESTONES.get(milestone, milestone))


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
