"""What is said: a pure function of the facts that were frozen with the event. No row is read here, so nothing can leak.

A message holds every update since the last one that this subscriber got: what it supersedes it contains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.review import VersionKind
from incidents.domain.status import CLOSED_STAGES, Stage
from incidents.models.words import LEVELS, STAGES


@dataclass(frozen=True)
class ComponentNote:
    """A component by its public name, and how it is or became, in words."""

    name: str
    level: str


@dataclass(frozen=True)
class UpdateNote:
    """One update: plain text, safe HTML, the stage in words, times in UTC. `changes`: what moved and is not said by
    the state of the components anyway."""

    code: str
    stage: str
    text: str
    html: str
    posted_at: datetime
    next_update_due_at: datetime | None
    is_reopening: bool
    changes: tuple[ComponentNote, ...]


@dataclass(frozen=True)
class WindowNote:
    """When a maintenance is planned, in UTC, and what it takes, by public names."""

    begins_at: datetime
    ends_at: datetime
    affects: tuple[str, ...]
    is_cancelled: bool
    is_ahead: bool


@dataclass(frozen=True)
class IncidentAnnouncement:
    """An incident as of its newest update. `updates` newest first.

    `is_combined`: it began and ended before anything of it was told. `advice` is empty once it is resolved: what to do
    meanwhile is over. `window`: of maintenance alone.
    """

    page_name: str
    incident_code: str
    title: str
    stage: str
    started_at: datetime
    advice: str
    advice_html: str
    components: tuple[ComponentNote, ...]
    updates: tuple[UpdateNote, ...]
    is_combined: bool
    window: WindowNote | None = None
    page_accent: str = ""

    @property
    def headline(self) -> str:
        """One line that says what it is about and how it stands."""
        return _("%(title)s — %(stage)s") % {"title": self.title, "stage": self.stage}


@dataclass(frozen=True)
class ConfirmationAnnouncement:
    """The answer to a sign-up. `is_known`: it is subscribed already; `generation` is that of the valid link."""

    page_name: str
    is_known: bool
    generation: int
    page_accent: str = ""

    @property
    def headline(self) -> str:
        """One line that says what it is about."""
        return _("You are subscribed already") if self.is_known else _("Confirm your subscription")


@dataclass(frozen=True)
class OperatorAnnouncement:
    """A reminder to the operators: what waits, and the page of the console (`path`) where it is put right."""

    page_name: str
    sentence: str
    act: str
    path: str
    page_accent: str = ""

    @property
    def headline(self) -> str:
        """One line that says what it is about."""
        return _("To do: %(sentence)s") % {"sentence": self.sentence}


@dataclass(frozen=True)
class AccountAnnouncement:
    """Something about somebody's own account. `opens`: whose account the link of this message opens, and for what; the
    token itself is made when the message is, and stands in no row."""

    page_name: str
    user: str
    sentence: str
    act: str
    path: str
    opens: dict[str, Any] | None = None
    page_accent: str = ""

    @property
    def headline(self) -> str:
        """One line that says what it is about."""
        return self.sentence


@dataclass(frozen=True)
class ChangeNote:
    """What a new version of a review says otherwise; old and new may be shortened."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class LinkNote:
    """Something by its public name, and its path on the page."""

    title: str
    path: str


@dataclass(frozen=True)
class ReviewAnnouncement:
    """A review that was published, or published again: its summary, and from the second version on why and what
    changed (`further_changes`: how many more there are)."""

    page_name: str
    slug: str
    title: str
    path: str
    kind: str
    standing: str
    text: str
    html: str
    reason: str
    changes: tuple[ChangeNote, ...]
    further_changes: int
    incidents: tuple[LinkNote, ...]
    page_accent: str = ""

    @property
    def is_correction(self) -> bool:
        """Whether it corrects what was published before."""
        return self.kind == VersionKind.CORRECTION

    @property
    def is_preliminary(self) -> bool:
        """Whether more is to come."""
        return self.standing == VersionKind.PRELIMINARY

    @property
    def headline(self) -> str:
        """One line that says what it is about; nobody takes it for news of an outage."""
        if self.is_correction:
            return _("Corrected review: %(title)s") % {"title": self.title}
        if self.is_preliminary:
            return _("Preliminary review: %(title)s") % {"title": self.title}
        return _("Review: %(title)s") % {"title": self.title}


Announcement = (
    IncidentAnnouncement | ConfirmationAnnouncement | OperatorAnnouncement | ReviewAnnouncement | AccountAnnouncement
)


def announcement_of(facts: Sequence[dict[str, Any]], *, is_first: bool) -> Announcement:
    """The announcement of one or more events, given their frozen facts oldest first; the last is what is announced.

    `is_first`: the subscriber was told nothing of this incident before.
    """
    newest = facts[-1]
    if "subscriber" in newest:
        return ConfirmationAnnouncement(
            page_name=newest["page"]["name"],
            page_accent=newest["page"].get("accent", ""),
            is_known=newest["subscriber"]["is_known"],
            generation=newest["subscriber"]["generation"],
        )
    if "reminder" in newest:
        of = newest["page"]
        return OperatorAnnouncement(page_name=of["name"], page_accent=of.get("accent", ""), **newest["reminder"])
    if "account" in newest:
        of = newest["page"]
        return AccountAnnouncement(page_name=of["name"], page_accent=of.get("accent", ""), **newest["account"])
    if "review" in newest:
        return _review(newest)
    incident = newest["incident"]
    is_over = newest["update"]["stage"] in CLOSED_STAGES
    window = _window(newest)
    now = tuple(ComponentNote(each["name"], _word(LEVELS, each["level"])) for each in incident["components"])
    return IncidentAnnouncement(
        page_name=newest["page"]["name"],
        page_accent=newest["page"].get("accent", ""),
        incident_code=incident["code"],
        title=incident["title"],
        stage=_stage(newest),
        started_at=datetime.fromisoformat(incident["started_at"]),
        advice="" if is_over else incident["advice"],
        advice_html="" if is_over else incident["advice_html"],
        # What is planned or called off says nothing of how things are now.
        components=() if window and (window.is_ahead or window.is_cancelled) else now,
        updates=(_update(newest, now), *(_update(each) for each in reversed(facts[:-1]))),
        is_combined=is_first and is_over and window is None,
        window=window,
    )


def _review(facts: dict[str, Any]) -> ReviewAnnouncement:
    review = facts["review"]
    return ReviewAnnouncement(
        page_name=facts["page"]["name"],
        page_accent=facts["page"].get("accent", ""),
        slug=review["slug"],
        title=review["title"],
        path=review["path"],
        kind=review["kind"],
        standing=review["standing"],
        text=review["text"],
        html=review["html"],
        reason=review["reason"],
        changes=tuple(ChangeNote(each["label"], each["old"], each["new"]) for each in review["changes"]),
        further_changes=review["further_changes"],
        incidents=tuple(LinkNote(each["title"], each["path"]) for each in review["incidents"]),
    )


def _window(facts: dict[str, Any]) -> WindowNote | None:
    planned = facts.get("maintenance")
    if not planned:
        return None
    return WindowNote(
        begins_at=datetime.fromisoformat(planned["scheduled_for"]),
        ends_at=datetime.fromisoformat(planned["scheduled_until"]),
        affects=tuple(planned.get("affects", ())),
        is_cancelled=planned["is_cancelled"],
        is_ahead=facts["update"]["stage"] == Stage.SCHEDULED,
    )


def _stage(facts: dict[str, Any]) -> str:
    if (facts.get("maintenance") or {}).get("is_cancelled"):
        return _("Cancelled")
    return _word(STAGES, facts["update"]["stage"])


def _update(facts: dict[str, Any], said: Sequence[ComponentNote] = ()) -> UpdateNote:
    update = facts["update"]
    due = update["next_update_due_at"]
    moved = (each for each in update["component_changes"] if each.get("old_level") != each["new_level"])
    return UpdateNote(
        code=update["code"],
        stage=_stage(facts),
        text=update["text"],
        html=update["html"],
        posted_at=datetime.fromisoformat(update["posted_at"]),
        next_update_due_at=datetime.fromisoformat(due) if due else None,
        is_reopening=update["is_reopening"],
        changes=tuple(note for note in map(_change, moved) if note not in said),
    )


def _change(change: dict[str, Any]) -> ComponentNote:
    name = f"{change['name']} ({change['region']})" if change["region"] else change["name"]
    return ComponentNote(name, _word(LEVELS, change["new_level"]))


def _word(words: Mapping[Any, Any], key: str) -> str:
    return str(words.get(key, key))
