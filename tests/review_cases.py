"""Real incidents as acceptance cases (`tests/data/reviews`), played through the ordinary actions, with a clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from incidents.actions import amending, change, component, factor, incident, ledger, remediation, review_parts, section
from incidents.actions import review as reviews
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component, ImpactInterval, Incident, Region, Review
from incidents.reviewing import timeline
from incidents.reviewing.gathering import gather
from tests.factories import utc

AUTHOR = Actor("seed", "Case")
FOLDER = Path(__file__).parent / "data" / "reviews"
NAMES = ("T1", "T2", "T5", "T6", "T7", "T9", "T12")


@dataclass
class Played:
    """A case as rows: its review, its incident, and what its names stand for. `now`: when it was last written."""

    case: dict[str, Any]
    review: Review
    incident: Incident
    now: datetime
    changes: dict[str, int] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    phases: dict[str, int] = field(default_factory=dict)
    factors: list[int] = field(default_factory=list)
    remediations: list[int] = field(default_factory=list)

    def at(self, name: str) -> datetime:
        """The instant of a milestone, of an entry or of a change's edge (`policy:start`), or one written out. UTC."""
        known = gather(self.review).incidents[0].at
        if name in known:
            instant = known[name]
            assert instant is not None, name
            return instant
        if name[:2].isdigit():
            return utc(name)
        ref = self.ref(name)
        return next(entry.at for entry in timeline.timeline_of(self.review) if entry.ref == ref)

    def ref(self, name: str) -> str:
        """The reference of an entry of the timeline by its name in the case."""
        if name in self.entries:
            return self.entries[name]
        which, _colon, edge = name.partition(":")
        role = self.review.change_roles.filter(change_id=self.changes[which]).select_related("change")[0]
        return f"change:{role.change.code}:{edge}"


def load(name: str) -> dict[str, Any]:
    """A case as it is written down."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def play(name: str, updates: int | None = None) -> Played:
    """Make a case: components, incident with updates, milestones, review with all its parts. `updates`: only as many of
    them, so that the review is written while the incident goes on (see `go_on`); what has not come is not said then."""
    case = load(name)
    told = _tell({**case, "incident": {**case["incident"], "updates": case["incident"]["updates"][:updates]}})
    at = utc(case["review"]["begun_at"])
    given: dict[str, Any] = {key: value for key, value in case["review"].items() if key != "begun_at"}
    review = reviews.start_review(
        actor=AUTHOR, incident_ids=[told.pk], title=given.pop("title"), owner_team=given.pop("owner_team"), now=at
    )
    # What happened after the review was begun is in it too: the last word is later than the last update.
    newest = max(row.posted_at for row in told.updates.all())
    played = Played(case, review, told, max(at, newest) + timedelta(minutes=1))
    reviews.edit_review(actor=AUTHOR, review_id=review.pk, now=played.now, **given)
    write_parts(played, case)
    return played


def go_on(played: Played, first: int) -> None:
    """Post the updates of a case from this one on."""
    for row in played.case["incident"]["updates"][first:]:
        _post(played.incident, row, {each.name: each for each in Component.objects.all()})
        played.now = utc(row["at"]) + timedelta(minutes=1)
    played.incident.refresh_from_db()


def make_final(played: Played) -> None:
    """What the final version of a case says otherwise: milestones, ledger, texts, factors."""
    final = played.case["final"]
    played.now = utc(final["at"])
    for row in final.get("ledger", ()):
        interval = ImpactInterval.objects.get(
            component__name=row["component"], started_at=utc(row["started_at"]), superseded_at__isnull=True
        )
        ledger.correct_interval(
            actor=AUTHOR, interval_id=interval.pk, level=interval.level, started_at=utc(row["to"]),
            ended_at=interval.ended_at, reason=final["reason"], now=played.now,
        )  # fmt: skip
    _state(played.incident, final.get("milestones", ()), played.now)
    write_parts(played, final)


def write_parts(played: Played, part: dict[str, Any]) -> None:
    """Phases, entries, changes, factors, remediations and sections, in the order in which they name one another."""
    common: dict[str, Any] = {"actor": AUTHOR, "review_id": played.review.pk, "now": played.now}
    for row in part.get("phases", ()):
        values = _timed(row, played.now, "started_at", "ended_at")
        name = values.pop("id")
        played.phases[name] = review_parts.save_phase(**common, **values).pk
    for row in part.get("entries", ()):
        values = _timed(row, played.now, "at", "ended_at")
        name, phase = values.pop("id"), values.pop("phase", None)
        saved = review_parts.save_entry(**common, phase_id=played.phases.get(phase), **values)
        played.entries[name] = f"entry:{saved.pk}"
    for row in part.get("changes", ()):
        _change(played, row)
    for row in part.get("factors", ()):
        _factor(played, row)
    for row in part.get("remediations", ()):
        values = {**row, "factor_ids": [played.factors[number] for number in row["factors"]]}
        values["due_on"] = date.fromisoformat(row["due_on"]) if "due_on" in row else None
        del values["factors"]
        played.remediations.append(remediation.save_remediation(**common, **values).pk)
    write_sections(played, part.get("sections", {}))
    played.review.refresh_from_db()


def write_sections(played: Played, bodies: dict[str, str]) -> None:
    """Save the bodies of sections."""
    for key, body in bodies.items():
        row = played.review.sections.filter(key=key).first()
        section.save_section(
            actor=AUTHOR, review_id=played.review.pk, key=key, body=body, seen_version=row.version if row else 0,
            now=played.now,
        )  # fmt: skip


def _tell(case: dict[str, Any]) -> Incident:
    told = case["incident"]
    began, opened = utc(told["started_at"]), utc(told["opened_at"])
    founded = min(began, opened) - timedelta(days=400)
    regions = {
        name: component.add_region(actor=AUTHOR, key=name, name=name, now=founded).pk for name in case["regions"]
    }
    known = {
        row["name"]: component.add_component(
            actor=AUTHOR, name=row["name"], region_ids=[regions[name] for name in row["regions"]], now=founded
        )
        for row in case["components"]
    }
    opened_incident = incident.open_incident(
        actor=AUTHOR, title=told["title"], body=told["body"], components=_moves(told["components"], known),
        started_at=began, detected_at=utc(told["detected_at"]) if "detected_at" in told else None,
        impact_override=told.get("impact_override", ""), time_note=told.get("time_note", ""), now=opened,
    )  # fmt: skip
    for row in told["updates"]:
        _post(opened_incident, row, known)
    _state(opened_incident, case["milestones"], utc(told["updates"][-1]["at"]))
    opened_incident.refresh_from_db()
    return opened_incident


def _post(told: Incident, row: dict[str, Any], known: dict[str, Component]) -> None:
    incident.post_update(
        actor=AUTHOR, incident_id=told.pk, stage=row["stage"], body=row["body"],
        components=_moves(row.get("components", ()), known), time_note=row.get("time_note", ""), now=utc(row["at"]),
    )  # fmt: skip


def _moves(rows: Any, known: dict[str, Component]) -> list[ComponentChange]:
    return [
        ComponentChange(
            known[row["name"]].pk, Level(row["level"]), utc(row["since"]) if "since" in row else None,
            tuple(Region.objects.get(key=name).pk for name in row.get("regions", ())), row.get("is_quality", False),
        )
        for row in rows
    ]  # fmt: skip


def _state(told: Incident, rows: Any, now: datetime) -> None:
    for row in rows:
        amending.state_milestone(
            actor=AUTHOR, incident_id=told.pk, milestone=row["milestone"], at=utc(row["at"]), reason=row["reason"],
            now=now,
        )  # fmt: skip


def _change(played: Played, row: dict[str, Any]) -> None:
    values = _timed(row, played.now, "started_at", "completed_at", "rollback_started_at", "rollback_completed_at")
    name, roles = values.pop("id"), values.pop("roles")
    made = change.save_change(actor=AUTHOR, now=played.now, **values)
    played.changes[name] = made.pk
    for role in roles:
        told = {**role, "phase_id": played.phases.get(role.get("phase"))}
        told.pop("phase", None)
        change.link_change(actor=AUTHOR, review_id=played.review.pk, change_id=made.pk, now=played.now, **told)


def _factor(played: Played, row: dict[str, Any]) -> None:
    values = dict(row)
    answered = values.pop("remediations", ())
    values["entry_refs"] = [played.ref(name) for name in values.pop("entries")]
    values["change_ids"] = [played.changes[name] for name in values.pop("changes", ())]
    made = factor.save_factor(actor=AUTHOR, review_id=played.review.pk, now=played.now, **values)
    played.factors.append(made.pk)
    for number in answered:
        _answer(played, made.pk, number)


def _answer(played: Played, factor_id: int, number: int) -> None:
    """Let a remediation name one more factor."""
    row = played.review.remediations.get(pk=played.remediations[number])
    remediation.save_remediation(
        actor=AUTHOR, review_id=played.review.pk, remediation_id=row.pk, title=row.title, body=row.body, kind=row.kind,
        strength=row.strength, priority=row.priority, owner_team=row.owner_team, due_on=row.due_on,
        factor_ids=[*row.factors.values_list("pk", flat=True), factor_id],
        reason="It answers a factor that was found later." if row.published_at else "", now=played.now,
    )  # fmt: skip


def _timed(row: dict[str, Any], now: datetime, *names: str) -> dict[str, Any]:
    """The row with its times as such; one that has not come by `now` is not known."""
    times = {name: utc(row[name]) for name in names if name in row}
    return row | {name: at if at <= now else None for name, at in times.items()}
