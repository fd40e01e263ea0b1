"""The acts around drafts that are offered, and what else is noted of people, for the table in test_record.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from incidents.actions import export, offering, refused_act
from incidents.actions import incident as incidents
from incidents.actions.four_eyes import Offered
from incidents.models import Draft
from tests.factories import MARIA, colleague


def an_offer(name: str = "noor", path: str = "/console/incidents/open", **typed: str) -> Draft:
    """A draft that somebody has offered: an incident to open."""
    fields = {"title": "Errors", "stage": "investigating", "body": "We look into it.", "due": "none"} | typed
    return offering.offer(
        actor=colleague(name), path=path, key=f"key of {name}", fields={key: [value] for key, value in fields.items()}
    )


def _taken_back() -> Callable[[], object]:
    draft = an_offer("maria")
    return lambda: offering.take_back_draft(actor=MARIA, draft_id=draft.pk)


def _returned() -> Callable[[], object]:
    draft = an_offer()
    return lambda: offering.return_draft(actor=MARIA, draft_id=draft.pk, seen_version=1, reason="Say since when.")


def published_alone() -> object:
    """The rule is broken by the administrator who wrote it; the last entry says so."""
    offering.set_four_eyes(actor=MARIA, is_on=True)
    draft = an_offer("maria")
    return incidents.open_incident(
        actor=MARIA, title="Errors", body="We look into it.", key="k", offered=Offered(draft.pk, 1, "All others sleep.")
    )


ACTS: Mapping[str, Callable[[], Callable[[], object]]] = {
    "draft.offered": lambda: lambda: an_offer("maria"),
    "draft.taken_back": _taken_back,
    "draft.returned": _returned,
    "four_eyes.set": lambda: lambda: offering.set_four_eyes(actor=MARIA, is_on=True),
    "act.refused": lambda: lambda: refused_act.note_refusal(actor=MARIA, what="POST /console/tokens/make"),
    "log.exported": lambda: lambda: export.record_log_export(actor=MARIA, search={"who": "noor"}),
}
