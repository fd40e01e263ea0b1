"""What is said: a pure function of the facts that were frozen with the event. No row is read here, so nothing can leak.

A message holds every update since the last one that this subscriber got: what it supersedes it contains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.status import Stage
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
class IncidentAnnouncement:
    """An incident as of its newest update. `updates` newest first.

    `is_combined`: it began and ended before anything of it was told. `advice` is empty once it is resolved: what to do
    meanwhile is over.
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

    @property
    def headline(self) -> str:
        """One line that says what it is about."""
        return _("To do: %(sentence)s") % {"sentence": self.sentence}


Announcement = IncidentAnnouncement | ConfirmationAnnouncement | OperatorAnnouncement


def announcement_of(facts: Sequence[dict[str, Any]], *, is_first: bool) -> Announcement:
    """The announcement of one or more events, given their frozen facts oldest first; the last is what is announced.

    `is_first`: the subscriber was told nothing of this incident before.
    """
    newest = facts[-1]
    if "subscriber" in newest:
        return ConfirmationAnnouncement(
            page_name=newest["page"]["name"],
            is_known=newest["subscriber"]["is_known"],
            generation=newest["subscriber"]["generation"],
        )
    if "reminder" in newest:
        return OperatorAnnouncement(page_name=newest["page"]["name"], **newest["reminder"])
    incident = newest["incident"]
    is_over = newest["update"]["stage"] == Stage.RESOLVED
    now = tuple(ComponentNote(each["name"], _word(LEVELS, each["level"])) for each in incident["components"])
    return IncidentAnnouncement(
        page_name=newest["page"]["name"],
        incident_code=incident["code"],
        title=incident["title"],
        stage=_word(STAGES, newest["update"]["stage"]),
        started_at=datetime.fromisoformat(incident["started_at"]),
        advice="" if is_over else incident["advice"],
        advice_html="" if is_over else incident["advice_html"],
        components=now,
        updates=(_update(newest["update"], now), *(_update(each["update"]) for each in reversed(facts[:-1]))),
        is_combined=is_first and is_over,
    )


def _update(update: dict[str, Any], said: Sequence[ComponentNote] = ()) -> UpdateNote:
    due = update["next_update_due_at"]
    moved = (each for each in update["component_changes"] if each.get("old_level") != each["new_level"])
    return UpdateNote(
        code=update["code"],
        stage=_word(STAGES, update["stage"]),
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
