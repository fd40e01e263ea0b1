"""How often a stranger may do what costs us something, counted in this process (Django's cache) by the minute.

What sends mail is counted in the database instead (`actions/subscriber.py`): its limits hold over every process. Each
anonymous way to send something in stands with its limit in SECURITY.md; `tests/web/test_limits.py` runs them by number.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache

MINUTE = 60


@dataclass(frozen=True)
class Limit:
    """At most `count` a minute of what `name` says."""

    name: str
    count: int

    def is_reached(self, key: str) -> bool:
        """Whether `key` has used it up. Counts nothing."""
        return bool(cache.get(self._place(key), 0) >= self.count)

    def count_one(self, key: str) -> bool:
        """Count one more for `key`; returns whether that was one too many."""
        place = self._place(key)
        cache.add(place, 0, 2 * MINUTE)
        try:
            return bool(cache.incr(place) > self.count)
        except ValueError:  # the cache was full, and threw the count away just now
            return False

    def _place(self, key: str) -> str:
        return f"limit:{self.name}:{key}:{int(time.time()) // MINUTE}"


def seconds_left() -> int:
    """Until the counts begin anew, for Retry-After."""
    return MINUTE - int(time.time()) % MINUTE


# By network (/32, of IPv6 /64): keys and tokens that open nothing.
WRONG_TOKENS = Limit("wrong-token", 120)
WRONG_KEYS = Limit("wrong-key", 120)
# By subscriber, so that a mail provider may unsubscribe many people from one address.
SUBSCRIPTION_POSTS = Limit("subscription", 30)
# By source: what a monitor with a key may send.
DELIVERIES = Limit("delivery", 600)
# By network, and of all together.
POLICY_REPORTS = Limit("policy-report", 30)
ALL_POLICY_REPORTS = Limit("policy-reports", 300)
