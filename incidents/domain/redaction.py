"""What stands in an address and must not stand in a log: who reads it could end somebody's subscription, or write."""

from __future__ import annotations

import re

_PLACES = r"confirm|subscriptions|unsubscribe|set-up|reset-password|last-resort|people/password/[^/]+|inbound/[a-z]+"
_TOKEN = re.compile(rf"(/(?:{_PLACES})/|[?&](?:api_key|token|key|code|state)=)[^\s\"'?&<>]+")


def without_tokens(text: str) -> str:
    """The text with every mailed token and every key in an address shortened to `…`."""
    return _TOKEN.sub(r"\1…", text)
