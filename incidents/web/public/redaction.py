"""Keeps tokens out of the logs: who reads a log must not be able to end somebody's subscription, or to write."""

from __future__ import annotations

import logging
import re

_PLACES = r"confirm|subscriptions|unsubscribe|set-up|reset-password|last-resort|people/password/[^/]+|inbound/[a-z]+"
_TOKEN = re.compile(rf"(/(?:{_PLACES})/|[?&]api_key=)[^\s\"'?&<>]+")


class NoTokens(logging.Filter):
    """A filter for log handlers that shortens every address with a token in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes the record on; rewrites its message if need be."""
        message = record.getMessage()
        if _TOKEN.search(message):
            record.msg, record.args = _TOKEN.sub(r"\1…", message), ()
        return True
