"""Who is asking: the client behind the proxies that we trust, and whether a form came from our own site."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The right-most hop that is not one of our proxies; "" if none can be told.

    The guard stands on the loopback address, or a Unix socket, and appends whom it talks to; TRUSTED_PROXIES name
    others. What stands left of the first stranger is that stranger's own claim.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops: list[str] = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    for hop in reversed(hops):
        address = _address(hop)
        if hop and (address is None or not _is_trusted(address)):
            return str(address) if address else ""
    return hops[0]


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that another site sent this form. Old browsers and scripts say nothing: no Origin."""
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    own = urlsplit(settings.SITE_URL)
    return origin not in (f"{own.scheme}://{own.netloc}", f"{request.scheme}://{request.get_host()}")


def _address(hop: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(hop)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: IPv4Address | IPv6Address) -> bool:
    networks = (ip_network(each, strict=False) for each in settings.TRUSTED_PROXIES)
    return address.is_loopback or any(address in network for network in networks)


def network_of(client: str) -> str:
    """The network by which a client is counted: one address of IPv4, a /64 of IPv6; `unknown` for none."""
    address = _address(client)
    if address is None:
        return "unknown"
    return str(ip_network(f"{address}/{64 if address.version == 6 else 32}", strict=False))
