"""What must not leave by a public text unnoticed: addresses of people and machines, links into internal tools, keys.

Each detector reads the text as typed, code included. What they find is not forbidden, it is to be looked at: a person
takes it out, or signs that it may stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address


class Leak(StrEnum):
    """What kind of thing was found."""

    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    HOST = "host"
    LINK = "link"
    KEY = "key"
    COMMAND = "command"


@dataclass(frozen=True)
class Disclosure:
    """One find. `text` as it stands; `name` says which it is without telling a secret again: it may be logged."""

    kind: Leak
    text: str

    @property
    def name(self) -> str:
        """The text itself, or for a key its kind and the first eight digits of its sha256."""
        if self.kind == Leak.KEY:
            return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"
        return self.text[:80]


# Hosts of tools in which a team talks to itself. An installation names its own besides (`private_hosts`).
INTERNAL_TOOLS = (
    "slack.com", "atlassian.net", "jira.com", "linear.app", "discord.com", "discord.gg", "teams.microsoft.com",
    "zoom.us", "meet.google.com", "docs.google.com", "drive.google.com", "notion.so", "pagerduty.com", "opsgenie.com",
    "datadoghq.com", "sentry.io", "grafana.net", "splunkcloud.com", "sharepoint.com", "asana.com", "trello.com",
    "monday.com", "app.shortcut.com", "incident.io", "rootly.com", "mattermost.com", "webex.com",
)  # fmt: skip
_INTERNAL_NAMES = ("jira", "slack", "grafana", "kibana", "splunk", "jenkins", "wiki", "confluence", "chat", "intranet")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_PHONE = re.compile(
    r"(?<![\w+.:/-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}[.-]\d{3}[.-]\d{4})(?![\w:-])"
)
_MAYBE_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:])"
)
_HOST = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?:internal|local|localdomain|corp|lan|intra|intranet|private|home\.arpa)(?:\b)(?!\.\w)",
    re.I,
)
_LINK = re.compile(r"https?://(?P<host>[^\s/:)>\]\"']+)(?::\d+)?(?P<path>/[^\s)>\]\"']*)?", re.I)
_TICKET = re.compile(r"/(?:issues|pull|merge_requests|browse|tickets?)/[\w-]*\d", re.I)
_KEY = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\b[rs]k[-_](?:live_|test_|proj-|ant-)?[A-Za-z0-9_-]{16,}|\bxox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{4,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?i:password|passwd|secret|api[_-]?key|token)\b[\"']?\s*[:=]\s*[\"']?[^\s\"'<>{}]{6,}"
)
_COMMAND = re.compile(
    r"(?m)^[ \t]*\$ +\S[^\n`]*"
    r"|(?<![\w/-])(?:sudo|kubectl|knife|chef-client|ssh|systemctl|gcloud|terraform|ansible(?:-playbook)?|psql)"
    r" +(?:-{1,2}\w|\w+ +[-\"'\w./:]*[-_.:/\"'])[^\n`]*"
)


def disclosures(text: str, private_hosts: Sequence[str] = ()) -> list[Disclosure]:
    """Everything that the detectors find in a text, each once, in the order of the detectors.

    `private_hosts`: hosts of the installation's own tools, with everything below them.
    """
    hosts = (*INTERNAL_TOOLS, *(host.lower().strip(".") for host in private_hosts))
    found = [
        *_found(Leak.EMAIL, _EMAIL, text),
        *_found(Leak.PHONE, _PHONE, text, _is_telephone),
        *_found(Leak.ADDRESS, _MAYBE_ADDRESS, text, _is_address),
        *_found(Leak.HOST, _HOST, text),
        *(Disclosure(Leak.LINK, link) for link in _links(text, hosts, is_ticket_meant=True)),
        *_found(Leak.KEY, _KEY, text),
        *_found(Leak.COMMAND, _COMMAND, text),
    ]
    return list(dict.fromkeys(found))


def disclosures_of_link(address: str, private_hosts: Sequence[str] = ()) -> list[Disclosure]:
    """As `disclosures`, for an address that is given as a public source: a ticket in public is a good source, a chat or
    an internal machine is none."""
    hosts = (*INTERNAL_TOOLS, *(host.lower().strip(".") for host in private_hosts))
    kinds = (Leak.ADDRESS, Leak.HOST, Leak.KEY)
    inner = [each for each in disclosures(address.replace("/", " ")) if each.kind in kinds]
    return [*inner, *(Disclosure(Leak.LINK, link) for link in _links(address, hosts, is_ticket_meant=False))]


def _found(
    kind: Leak, pattern: re.Pattern[str], text: str, is_one: Callable[[str], bool] = bool
) -> Iterable[Disclosure]:
    return (Disclosure(kind, each.group().strip()) for each in pattern.finditer(text) if is_one(each.group()))


def _links(text: str, hosts: Sequence[str], is_ticket_meant: bool) -> Iterator[str]:
    for each in _LINK.finditer(text):
        host = each.group("host").lower()
        is_tool = any(host == known or host.endswith(f".{known}") for known in hosts)
        is_named = host.split(".")[0] in _INTERNAL_NAMES
        is_ticket = is_ticket_meant and bool(_TICKET.search(each.group("path") or ""))
        if is_tool or is_named or is_ticket:
            yield each.group()


def _is_telephone(raw: str) -> bool:
    return 9 <= sum(char.isdigit() for char in raw) <= 15


def _is_address(raw: str) -> bool:
    try:
        found = ip_address(raw)
    except ValueError:
        return False
    # `a::b` is a name in a programming language as well.
    return not found.is_unspecified and any(char.isdigit() for char in raw)
