"""What monitors report, whatever their format: alerts, and which of an administrator's rules an alert meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from incidents.domain.status import Level


class SourceKind(StrEnum):
    """The formats that are read, as they stand in the address. Each has a module in `web/api/inbound`."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    PAGERDUTY = "pagerduty"
    GENERIC = "generic"


class RuleAct(StrEnum):
    """What a rule makes of an alert: propose an incident, or hold the component at a level while the alert fires."""

    PROPOSE = "propose"
    HOLD = "hold"


class ProposalState(StrEnum):
    """How a proposal stands. `attached`: an open incident held the component already, and shows it as information.
    `posted`: by the dead-man rule. `over`: the monitor said that it ended before anybody answered."""

    OPEN = "open"
    PUBLISHED = "published"
    ATTACHED = "attached"
    DISMISSED = "dismissed"
    POSTED = "posted"
    OVER = "over"


@dataclass(frozen=True)
class Alert:
    """One alert of one delivery. `fingerprint` names the trouble, the same in every repeat. Times are aware, or None
    where the monitor gave none; a firing alert has no end."""

    fingerprint: str
    title: str
    body: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    is_resolved: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None


# What an alert can mean. Maintenance is planned by people: it would take an outage out of the figures.
TROUBLE = (Level.DEGRADED_PERFORMANCE, Level.PARTIAL_OUTAGE, Level.MAJOR_OUTAGE)


class BadPayload(ValueError):
    """A body that is not of the source's format. The sentence says what is wrong, for whoever sets the monitor up."""

    @property
    def sentence(self) -> str:
        """The reason, to be sent back."""
        return str(self)


def is_met(match: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether an alert has every label that a rule asks for, with exactly that value. An empty rule meets every one."""
    return all(labels.get(name) == value for name, value in match.items())
