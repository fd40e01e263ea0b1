"""What a proposal fills into the composer: words, levels and times, for a person to change."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from incidents.models import Incident, Proposal
from incidents.web.console.board import Board
from incidents.web.console.times import as_typed


def proposed(proposal: Proposal, incident: Incident | None, board: Board) -> dict[str, Any]:
    """Initial values of the composer: of a new incident as it is proposed, or of the update that ends one."""
    return _end(proposal, incident, board) if incident else _beginning(proposal)


def _beginning(proposal: Proposal) -> dict[str, Any]:
    values: dict[str, Any] = {
        "title": proposal.title, "body": proposal.body, "started_at": proposal.started_at,
    }  # fmt: skip
    for entry in proposal.components:
        values[f"level_{entry['component_id']}"] = entry["level"]
        values[f"regions_{entry['component_id']}"] = entry.get("region_ids", [])
    return values


def _end(proposal: Proposal, incident: Incident, board: Board) -> dict[str, Any]:
    """Operational since the proposed end, for what the incident holds of the components that the proposal names (all
    where it names none). What began after that end is left to the person."""
    if proposal.ended_at is None:
        return {}
    named = {entry["component_id"] for entry in proposal.components}
    values: dict[str, Any] = {}
    for pk, rows in board.held_by(incident.pk).items():
        if (pk in named or not named) and all(row.started_at <= proposal.ended_at for row in rows):
            values |= {f"level_{pk}": "operational", f"since_{pk}": as_typed(_on_the_second(proposal.ended_at))}
    return values


def _on_the_second(moment: datetime) -> datetime:
    """The next full second, which is what the field can say: rounded down it could lie before the beginning."""
    if not moment.microsecond:
        return moment
    return min(moment.replace(microsecond=0) + timedelta(seconds=1), timezone.now())
