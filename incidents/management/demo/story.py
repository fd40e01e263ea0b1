"""Play the demonstration through the ordinary actions, in the order of its times, under its own clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import F

from incidents import queries, relay
from incidents.actions import agreement as agreement_actions
from incidents.actions import component as component_actions
from incidents.actions import incident as incident_actions
from incidents.actions import maintenance as maintenance_actions
from incidents.actions import maintenance_schedule
from incidents.actions import page as page_actions
from incidents.actions import subscriber as subscriber_actions
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level, Stage
from incidents.domain.uptime import month_window
from incidents.management.demo.review import ReviewStory
from incidents.models import (
    Agreement,
    Component,
    Delivery,
    IdempotencyKey,
    Incident,
    IncidentUpdate,
    Region,
    Subscriber,
    UpdateTemplate,
)

HERE = Path(__file__).parent
SEED = Actor("seed", "The demonstration")
REFERENCE = "demo:reference"
CHOSEN_TIME = "The time of this update is not on record; it was chosen for the demonstration."
CHOSEN_PROMISE = (
    "The advice and the promised time of the next update are not on record; they were chosen for the demonstration."
)


@dataclass(frozen=True)
class Post:
    """One post of the play, at its time (UTC): the first under a key opens the incident, the others update it."""

    key: str
    at: datetime
    stage: str
    body: str
    title: str
    components: Sequence[str]
    level: str
    started_at: datetime
    regions: Sequence[str] = ()
    next_update_due_at: datetime | None = None
    advice: str = ""
    time_note: str = ""
    is_example: bool = False
    is_notifying: bool = True

    def play(self) -> None:
        """Post it, unless it is posted already."""
        known = IdempotencyKey.objects.filter(key=self.key).first()
        if known is None:
            self._open()
        elif not IncidentUpdate.objects.filter(incident_id=known.subject_id, stage=self.stage, body=self.body).exists():
            self._update(known.subject_id)

    def _open(self) -> None:
        incident_actions.open_incident(
            actor=SEED,
            title=self.title,
            body=self.body,
            stage=self.stage,
            components=self._changes(),
            started_at=self.started_at,
            next_update_due_at=self.next_update_due_at,
            advice=self.advice,
            is_notifying=self.is_notifying,
            is_example=self.is_example,
            time_note=self.time_note,
            key=self.key,
            now=self.at,
        )

    def _update(self, incident_id: int) -> None:
        incident_actions.post_update(
            actor=SEED,
            incident_id=incident_id,
            stage=self.stage,
            body=self.body,
            components=self._changes(),
            next_update_due_at=self.next_update_due_at,
            is_notifying=self.is_notifying,
            time_note=self.time_note,
            now=self.at,
        )

    def _changes(self) -> list[ComponentChange]:
        if self.stage == Stage.RESOLVED:  # resolving ends what the incident holds
            return []
        regions = tuple(Region.objects.filter(key__in=self.regions).values_list("pk", flat=True))
        return [ComponentChange(_find(key).pk, Level(self.level), region_ids=regions) for key in self.components]


@dataclass(frozen=True)
class Step:
    """Something else that happens in the play at its time (UTC); `act` is given that time."""

    at: datetime
    act: Callable[[datetime], object]
    is_notifying: bool = False

    def play(self) -> None:
        """Do it; what is done already is left as it is."""
        self.act(self.at)


def scenario() -> dict[str, Any]:
    """The reference incident as data: the file of the scenario, unchanged."""
    return _load("june-23.json")


def play(now: datetime, *, until: datetime | None = None, shift: timedelta = timedelta(0)) -> None:
    """Play everything up to `until` (in the story's own time; default: to its end), moved by `shift`.

    Without `until` the small incident that is open now is played too. All times UTC. Playing again changes nothing.
    """
    facts, choices = scenario(), _load("choices.json")
    begun = _at(facts["incident"]["started_at"]) + shift
    _set_the_stage(facts, choices, min(begun, now - timedelta(days=120)))
    _agree(choices["agreement"], begun, min(begun, now - timedelta(days=120)))
    review = ReviewStory(shift)
    review.promise_it(min(begun, now - timedelta(days=120)))
    posts: list[Post | Step] = [*_reference(facts["incident"], choices, shift), *_invented(now)]
    posts += [Step(at, act, is_notifying) for at, act, is_notifying in review.acts(_reference_code)]
    if until is None:
        posts += [*_open_now(now), *_maintenances(now), Step(now, review.waive_examples)]
    end = until + shift if until else now
    _take_over_claims()
    for post in sorted((post for post in posts if post.at <= end), key=lambda post: post.at):
        _issue_verdicts(begun, post.at)
        post.play()
        if post.is_notifying:
            relay.relay(post.at)
            relay.deliver(post.at)
    _issue_verdicts(begun, end)
    relay.relay(end)


def _reference_code() -> str:
    key = IdempotencyKey.objects.get(key=REFERENCE)
    return Incident.objects.get(pk=key.subject_id).code


def _take_over_claims() -> None:
    """Free what a run that was cut off had claimed: by the clock of the story its leases would never end in time."""
    held = Delivery.objects.filter(state=Delivery.State.SENDING, incident__isnull=False)
    held.update(state=Delivery.State.PENDING, lease_until=None, fence=F("fence") + 1)


def _set_the_stage(facts: dict[str, Any], choices: dict[str, Any], at: datetime) -> None:
    page = facts["page"]
    if queries.the_page().name != page["name"]:
        page_actions.edit_page(actor=SEED, name=page["name"], time_zone=page["time_zone"], now=at)
    for region in facts["regions"]:
        if not Region.objects.filter(key=region["key"]).exists():
            component_actions.add_region(actor=SEED, key=region["key"], name=region["name"], now=at)
    for row in facts["components"]:
        group = _component(row, None, at)
        for child in row.get("children", []):
            _component(child, group, at)
    for row in choices["subscribers"]:
        if not Subscriber.objects.filter(address=row["address"]).exists():
            chosen = [_find(key).pk for key in row["components"]]
            subscriber_actions.add_confirmed_subscriber(
                actor=SEED, address=row["address"], component_ids=chosen, now=at
            )
    for row in choices["templates"]:
        if not UpdateTemplate.objects.filter(name=row["name"]).exists():
            page_actions.save_template(actor=SEED, now=at, **row)


def _agree(row: dict[str, Any], begun: datetime, at: datetime) -> None:
    if Agreement.objects.filter(slug=row["slug"]).exists():
        return
    terms = agreement_actions.Terms(
        name=row["name"],
        component_ids=[_find(key).pk for key in row["components"]],
        target_percent=row["target_percent"],
        first_month=begun.date(),
        audience=row["audience"],
        zone=row["zone"],
        credit_tiers=row["credit_tiers"],
        note=row["note"],
    )
    agreement_actions.add_agreement(actor=SEED, slug=row["slug"], terms=terms, now=at)


def _issue_verdicts(begun: datetime, until: datetime) -> None:
    """Issue the verdict of each month that ends up to here, at the instant at which it ends."""
    month = begun
    while (window := month_window(month.year, month.month, "UTC")).end <= until:
        agreement_actions.issue_due_verdicts(window.end)
        month = window.end


def _component(row: dict[str, Any], group: Component | None, at: datetime) -> Component:
    is_group = row.get("group", False)
    known = Component.objects.filter(slug=row["key"]).first()
    return known or component_actions.add_component(
        actor=SEED,
        name=row["name"],
        slug=row["key"],
        description=row.get("description", ""),
        is_group=is_group,
        group_id=group.pk if group else None,
        region_ids=[] if is_group else list(Region.objects.values_list("pk", flat=True)),
        now=at,
    )


def _reference(incident: dict[str, Any], choices: dict[str, Any], shift: timedelta) -> Iterator[Post]:
    for row in incident["updates"]:
        posted_at = row["at"] or choices["undated_updates"][str(row["order"])]
        due = choices["next_update_due"].get(posted_at)
        notes = [CHOSEN_TIME] * (row["at"] is None) + [CHOSEN_PROMISE] * bool(due)
        yield Post(
            key=REFERENCE,
            at=_at(posted_at) + shift,
            title=incident["title"],
            stage=row["status"],
            body=row["body"],
            components=incident["affected"],
            level=row["component_status"],
            started_at=_at(incident["started_at"]) + shift,
            next_update_due_at=_at(due) + shift if due else None,
            advice=choices["advice"],
            time_note=" ".join(notes),
        )


def _invented(now: datetime) -> Iterator[Post]:
    for number, row in enumerate(_load("invented.json")["incidents"]):
        day = (now - timedelta(days=row["days_ago"])).date()
        started_at = datetime.combine(day, time.fromisoformat(row["at"]), tzinfo=UTC)
        for after, stage, body in row["updates"]:
            yield Post(
                key=f"demo:invented:{number}",
                at=started_at + timedelta(minutes=after),
                title=row["title"],
                stage=stage,
                body=body,
                components=row["components"],
                level=row["level"],
                regions=row.get("regions", ()),
                started_at=started_at,
                is_example=True,
                is_notifying=False,
            )


def _open_now(now: datetime) -> Iterator[Post]:
    row = _load("invented.json")["open_now"]
    for minutes_ago, stage, body in row["updates"]:
        yield Post(
            key="demo:open",
            at=now - timedelta(minutes=minutes_ago),
            title=row["title"],
            stage=stage,
            body=body,
            components=row["components"],
            level=row["level"],
            started_at=now - timedelta(minutes=row["started_minutes_ago"]),
            next_update_due_at=now + timedelta(minutes=row["due_in_minutes"]),
            advice=row["advice"],
            is_example=True,
        )


def _maintenances(now: datetime) -> Iterator[Step]:
    for number, row in enumerate(_load("invented.json")["maintenances"]):
        today = datetime.combine(now.date(), time.fromisoformat(row["at"]), tzinfo=UTC)
        begin = today + timedelta(days=row["day"])
        end = begin + timedelta(minutes=row["minutes"])
        yield Step(
            today + timedelta(days=row["announced_days"]),
            partial(_announce, f"demo:maintenance:{number}", row, begin, end),
        )
        leads = [begin - timedelta(minutes=minutes) for minutes in row["reminders"]]
        yield from (Step(at, maintenance_schedule.advance_due) for at in (*leads, begin, end))


def _announce(key: str, row: dict[str, Any], begin: datetime, end: datetime, at: datetime) -> None:
    regions = tuple(Region.objects.filter(key__in=row.get("regions", ())).values_list("pk", flat=True))
    if not IdempotencyKey.objects.filter(key=key).exists():
        maintenance_actions.schedule_maintenance(
            actor=SEED,
            title=row["title"],
            body=row["body"],
            scheduled_for=begin,
            scheduled_until=end,
            scope=[(_find(name).pk, regions) for name in row["components"]],
            reminder_lead_minutes=row["reminders"],
            is_start_notifying=False,
            is_finish_notifying=False,
            is_notifying=False,
            is_example=True,
            key=key,
            now=at,
        )


def _find(key: str) -> Component:
    return Component.objects.get(slug=key)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / name).read_text())
    return loaded
