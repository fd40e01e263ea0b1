"""The number of the request that is being answered: shown to the person, and in every line of the log about it."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="-")
_FORM = re.compile(r"[A-Za-z0-9_.-]{8,100}", re.ASCII)


def begin(given: str) -> str:
    """Take the number that the guard gave, or a new one where there is none that can be printed. Returns it."""
    number = given if _FORM.fullmatch(given) else uuid.uuid4().hex
    _current.set(number)
    return number


def end() -> None:
    """The request is answered; what this thread logs from now on is about none."""
    _current.set("-")


def current() -> str:
    """The number of the request that this thread answers, `-` outside of one."""
    return _current.get()


class WithRequestId(logging.Filter):
    """A filter for log handlers: their lines can name `%(request_id)s`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes the record on."""
        record.request_id = current()
        return True
