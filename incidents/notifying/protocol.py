"""What a channel is: how an announcement becomes messages, and how a message is handed to the receiver's server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from incidents.notifying.announcement import Announcement


class AnswerClass(StrEnum):
    """What an attempt came to. It decides what happens next, see `attempt`."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"  # this receiver, for now: try again by the schedule
    LANE = "lane"  # everybody, for now: pause the channel, burn no attempt
    PERMANENT = "permanent"  # this receiver, for good
    BLOCKED = "blocked"  # we will not: the address is not one that we may talk to
    AMBIGUOUS = "ambiguous"  # the connection died at the moment of acceptance: try again with the same id
    CRASH = "crash"  # we broke; three times and it is set aside


@dataclass(frozen=True)
class Answer:
    """The outcome of one attempt. `detail` is what the server said; a dead address suspends the subscriber."""

    kind: AnswerClass
    detail: str = ""
    retry_after_seconds: float | None = None
    is_address_dead: bool = False


@dataclass(frozen=True)
class Recipient:
    """To whom, for which event, and when: what makes a message one's own and its id stable."""

    subscriber_id: int
    address: str
    generation: int
    event_id: int
    occurred_at: datetime
    now: datetime


@dataclass(frozen=True)
class Parcel:
    """One message ready to go: `body` in the channel's own format, `message_id` the same at every attempt."""

    address: str
    message_id: str
    now: datetime
    body: bytes


class Session(Protocol):
    """One line to the outside, used by one thread at a time for many messages."""

    give_up_at: float | None
    """Monotonic time after which the watchdog calls `abort`; None while nothing is under way."""

    def send(self, parcel: Parcel) -> Answer:
        """Hand over one message. What the other side does, silence included, is an answer; nothing is raised for it."""

    def abort(self) -> None:
        """Cut the line if it is past `give_up_at`; called from another thread."""

    def close(self) -> None:
        """End the line politely."""


class Channel(Protocol):
    """One way to tell people. `key` is stored with subscribers and deliveries and never changes."""

    @property
    def key(self) -> str:
        """At most 20 characters of a-z."""

    @property
    def label(self) -> str:
        """Its name for people."""

    @property
    def schedule_seconds(self) -> tuple[int, ...]:
        """Pauses between attempts."""

    @property
    def parallel(self) -> int:
        """How many sessions may be open at once in a process."""

    @property
    def deadline_seconds(self) -> float:
        """The longest that one attempt can take, by the wall clock."""

    @property
    def is_newest_enough(self) -> bool:
        """Whether a newer message makes an older one that waits superfluous (people), or all go (machines)."""

    def describe(self, address: str) -> str:
        """The address as the console may show it."""

    def render(self, announcement: Announcement) -> Callable[[Recipient], Parcel]:
        """Do all that is the same for everybody; returns what makes one recipient's message of it."""

    def open_session(self) -> Session:
        """A new session; connects at its first message."""
