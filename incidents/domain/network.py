"""Which IP addresses a server may be sent to by somebody's link: the public ones, and no disguise of another."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

# `is_global` is not enough: of Python 3.11 it holds for NAT64 and 6to4 forms of private addresses, for the metadata
# address 192.0.0.192, for multicast and for fec0::/10. From the registries of RFC 6890.
_CLOSED_4 = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("168.63.129.16/32"),  # answers virtual machines of one cloud, with what concerns nobody else
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/3"),
)
# Of IPv6 only 2000::/3 is handed out at all. In it: Teredo and protocols, documentation, 6to4.
_OPEN_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")


def is_reachable(address: IPv4Address | IPv6Address, allowed: Iterable[str] = ()) -> bool:
    """Whether a request may go to `address`: it is public, or in one of the `allowed` networks (CIDR notation).

    IPv4 inside IPv6 (mapped, RFC 4291; NAT64, RFC 6052) is judged as what it stands for.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_reachable(inner, allowed)
    if any(_holds(ip_network(each, strict=False), address) for each in allowed):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _CLOSED_4)
    return address in _OPEN_6 and not any(address in each for each in _CLOSED_6)


def _holds(network: IPv4Network | IPv6Network, address: IPv4Address | IPv6Address) -> bool:
    return network.version == address.version and address in network
