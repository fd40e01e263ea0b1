"""Several sessions of one channel side by side, in threads that touch no database; a watchdog cuts what hangs.

The caller keeps the database to itself: it begins a delivery, hands over the parcel, and writes the answer before that
session gets the next one. So a process that is killed leaves at most `parallel` messages whose answer is not written.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

from incidents.models import Delivery
from incidents.notifying.protocol import Answer, AnswerClass, Channel, Parcel, Session

log = logging.getLogger(__name__)
WATCH_SECONDS = 0.2
# A connection costs several round trips: another one pays only when it gets a few messages.
MESSAGES_PER_SESSION = 5


class Senders:
    """The sessions of one pass over a channel. Use as a context manager; at its end all sessions are closed."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pool = ThreadPoolExecutor(channel.parallel, thread_name_prefix=f"send-{channel.key}")
        self._idle: list[Session] = []
        self._sessions: list[Session] = []
        self._allowed = 1
        self._most = channel.parallel
        self._flying: dict[Future[Answer], tuple[Delivery, Session]] = {}
        self._is_over = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name=f"watch-{channel.key}", daemon=True)

    def __enter__(self) -> Senders:
        self._watchdog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wait(self._flying)
        for session in self._sessions:
            session.close()
        self._is_over.set()
        self._pool.shutdown()

    def expect(self, messages: int) -> None:
        """Say how many messages are at hand, which decides how many sessions pay."""
        wanted = -(-messages // MESSAGES_PER_SESSION)
        self._allowed = max(self._allowed, min(self._most, wanted))

    @property
    def has_room(self) -> bool:
        """Whether a session is free, or another one may be opened."""
        return bool(self._idle) or len(self._sessions) < self._allowed

    @property
    def is_flying(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._flying)

    def hand_over(self, delivery: Delivery, parcel: Parcel) -> None:
        """Send in the background. Only while there is room."""
        if not self._idle:
            session = self._channel.open_session()
            self._sessions.append(session)
            self._idle.append(session)
        session = self._idle.pop()
        self._flying[self._pool.submit(_send, session, parcel)] = (delivery, session)

    def next_answer(self) -> tuple[Delivery, Answer, bool]:
        """Wait for the first answer. Only while something is flying.

        The last value says that the session was given up and others remain: a server that refuses one connection too
        many is not a server that is down.
        """
        done = next(iter(wait(self._flying, return_when=FIRST_COMPLETED).done))
        delivery, session = self._flying.pop(done)
        answer = done.result()
        is_spare = answer.kind == AnswerClass.LANE and len(self._sessions) > 1
        if is_spare:
            self._sessions.remove(session)
            self._allowed = self._most = len(self._sessions)
            session.close()
        else:
            self._idle.append(session)
        return delivery, answer, is_spare

    def _watch(self) -> None:
        while not self._is_over.wait(WATCH_SECONDS):
            for session in list(self._sessions):
                give_up_at = session.give_up_at
                if give_up_at is not None and time.monotonic() >= give_up_at:
                    session.abort()


def _send(session: Session, parcel: Parcel) -> Answer:
    try:
        return session.send(parcel)
    except Exception as error:
        # A fault of ours with this one message must not stop the others; it is counted, and set aside the third time.
        log.exception("Message %s could not be sent.", parcel.message_id)
        return Answer(AnswerClass.CRASH, f"{type(error).__name__}: {error}")
