"""Keeps tokens out of the logs: who reads a log must not be able to end somebody's subscription, or to write."""

from __future__ import annotations

import logging

from incidents.domain.redaction import without_tokens


class NoTokens(logging.Filter):
    """A filter for log handlers that shortens every address with a token in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes the record on; rewrites its message, and what is printed of an exception, if need be."""
        message = record.getMessage()
        safe = without_tokens(message)
        if safe != message:
            record.msg, record.args = safe, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = without_tokens(logging.Formatter().formatException(record.exc_info))
        return True
