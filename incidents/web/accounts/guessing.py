"""Slows down whoever guesses passwords: a growing pause by account and network, never a lock that keeps a person out.

Counts live in this process and are gone after an hour, or with it. A try is counted before its password is looked at,
so that many at once are counted too.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network

from django.core.cache import cache

KEPT_SECONDS = 3600
LONGEST_PAUSE_SECONDS = 300
# Wrong tries without a pause: for one account from one network, and for all accounts from one network.
FREE_BY_ACCOUNT = 5
FREE_BY_NETWORK = 30
FREE_BY_CODE = 10
# The wrong try after which the owner of the account is told.
TOLD_AT = 10

# A key and how many tries under it are free.
Counter = tuple[str, int]


def counters(account: str, client_ip: str, device: str = "") -> tuple[Counter, ...]:
    """What a try counts for: the account from this network, and the network (/32, of IPv6 /64). From a device that the
    account is known on, that device alone: what others try does not keep its owner waiting."""
    network = _network(client_ip)
    if device:
        return ((f"guess:device:{device}", FREE_BY_ACCOUNT),)
    of_account = hashlib.sha256(f"{network} {account.casefold()}".encode()).hexdigest()
    return (f"guess:account:{of_account}", FREE_BY_ACCOUNT), (f"guess:network:{network}", FREE_BY_NETWORK)


def code_counters(user_id: int, client_ip: str, device: str = "") -> tuple[Counter, ...]:
    """The same for codes of a second factor. Who asks has the password already, so that from elsewhere than a known
    device the account has one count for all networks: six digits would not last long otherwise."""
    if device:
        return ((f"guess:code:device:{device}", FREE_BY_ACCOUNT),)
    return (f"guess:code:{user_id}", FREE_BY_CODE), (f"guess:network:{_network(client_ip)}", FREE_BY_NETWORK)


def pause_seconds(found: Sequence[Counter]) -> int:
    """Whole seconds until the next try is looked at; 0 when it may be made now."""
    ends = [cache.get(f"{key}:until", 0.0) for key, _free in found]
    return max(0, int(max(ends) - time.time() + 0.999))


def count_try(found: Sequence[Counter]) -> None:
    """Count a try as wrong until it turns out to be right. Past the free ones the pause doubles: 1, 2, 4 … 300 s."""
    for key, free in found:
        cache.add(key, 0, KEPT_SECONDS)
        over = cache.incr(key) - free
        if over > 0:
            cache.set(f"{key}:until", time.time() + min(2.0 ** (over - 1), LONGEST_PAUSE_SECONDS), KEPT_SECONDS)


def forget_tries(found: Sequence[Counter]) -> None:
    """The try was right: begin anew for the account or device, and take it back from the network's count."""
    (own, _free), *networks = found
    cache.delete_many([own, f"{own}:until"])
    for network, _more in networks:
        with suppress(ValueError):  # the hour of the count ended just now
            cache.decr(network)


def tries(found: Sequence[Counter]) -> int:
    """How many wrong tries stand against the account or device."""
    return int(cache.get(found[0][0], 0))


def _network(client_ip: str) -> str:
    try:
        parsed = ip_address(client_ip)
    except ValueError:
        return "unknown"
    return str(ip_network(f"{parsed}/{64 if parsed.version == 6 else 32}", strict=False)).replace("/", "-")
