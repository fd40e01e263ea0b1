"""What needs a responder now and is not being done: late maintenance, silent incidents, trouble that nobody tells,
proposals that nobody answers and what was posted in place of an answer, upstreams that have gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, OuterRef, Subquery
from django.utils.translation import gettext as _

from incidents import queries
from incidents.domain.inbound import ProposalState
from incidents.domain.status import HEAVINESS, RUNNING_STAGES, Level, Stage
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, Proposal, Upstream
from incidents.models.words import LEVELS

GRACE = timedelta(seconds=60)  # what the schedule does by itself is done by then
ANSWERED_WITHIN = timedelta(minutes=2)  # who has the console open answers a proposal by then; others are mailed
UNTOLD_HOURS = (3, 6, 12, 24)


@dataclass(frozen=True)
class Neglect:
    """One thing that waits for a responder.

    `kind`, `subject`, `since` and `step` say which reminder it is; `step` is the hours that an untold component has
    passed, else 0. `address` and `argument` name the page of the console where it is put right.
    """

    kind: str
    subject: str
    since: datetime
    step: int
    sentence: str
    address: str
    argument: str

    @property
    def act(self) -> str:
        """What the link to that page is called."""
        return {
            "maintenance_not_begun": _("Begin, reschedule or cancel it"),
            "maintenance_not_ended": _("Complete or extend it"),
            "component_untold": _("Check its status"),
            "proposal_waits": _("Publish, edit or dismiss it"),
            "posted_unattended": _("Take it over"),
            "upstream_gone": _("Give it another address, or remove it"),
        }.get(self.kind, _("Post an update"))


def neglected(now: datetime) -> list[Neglect]:
    """Everything that waits at `now` (UTC), longest first; in six queries."""
    found = [*_late_maintenance(now), *_untold_components(now), *_silent_incidents(now), *_gone_upstreams()]
    found += [*_waiting_proposals(now), *_posted_unattended()]
    return sorted(found, key=lambda each: (each.since, each.kind, each.subject))


def _late_maintenance(now: datetime) -> Iterator[Neglect]:
    late = now - GRACE
    waiting = queries.planned_maintenance()
    not_begun = waiting.filter(stage=Stage.SCHEDULED, scheduled_for__lt=late)
    not_ended = waiting.filter(stage__in=RUNNING_STAGES, scheduled_until__lt=late)
    for row in not_begun | not_ended:
        is_running = row.stage in RUNNING_STAGES
        since = row.scheduled_until if is_running else row.scheduled_for
        assert since is not None, "maintenance has a window"
        sentence = (
            _("“%(title)s” should have ended at %(at)s and still runs.")
            if is_running
            else _("“%(title)s” should have begun at %(at)s and has not.")
        )
        yield Neglect(
            kind="maintenance_not_ended" if is_running else "maintenance_not_begun",
            subject=row.code,
            since=since,
            step=0,
            sentence=sentence % {"title": row.title, "at": _moment(since)},
            address="console:maintenance",
            argument=row.code,
        )


def _untold_components(now: datetime) -> Iterator[Neglect]:
    rows = (
        queries.standing_intervals()
        .filter(ended_at__isnull=True, component__archived_at__isnull=True)
        .exclude(level=Level.UNDER_MAINTENANCE)
        .select_related("component__group", "incident")
    )
    by_component: dict[int, list[ImpactInterval]] = {}
    for row in rows:
        by_component.setdefault(row.component_id, []).append(row)
    for held in by_component.values():
        if any(row.incident and row.incident.is_open for row in held):
            continue
        since = min(row.started_at for row in held)
        passed = [hours for hours in UNTOLD_HOURS if since + timedelta(hours=hours) <= now]
        if passed:
            level = max((Level(row.level) for row in held), key=HEAVINESS.__getitem__)
            yield _untold(held[0].component, level, since, passed[-1])


def _untold(component: Component, level: Level, since: datetime, hours: int) -> Neglect:
    sentence = _("%(name)s: %(level)s since %(at)s, for more than %(hours)s h, and no open incident tells of it.")
    values = {"name": component.full_name, "level": str(LEVELS[level]).lower(), "at": _moment(since), "hours": hours}
    return Neglect(
        kind="component_untold",
        subject=component.code,
        since=since,
        step=hours,
        sentence=sentence % values,
        address="console:set-component-status",
        argument=component.code,
    )


def _silent_incidents(now: datetime) -> Iterator[Neglect]:
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk")).order_by("-sequence")
    rows = queries.open_incidents().filter(withdrawn_at__isnull=True)
    for row in rows.annotate(promised_at=Subquery(newest.values("next_update_due_at")[:1])).filter(promised_at__lt=now):
        since = row.promised_at
        yield Neglect(
            kind="update_promised",
            subject=row.code,
            since=since,
            step=0,
            sentence=_("“%(title)s” promised an update by %(at)s; none has come.")
            % {"title": row.title, "at": _moment(since)},
            address="console:post-update",
            argument=row.code,
        )


def _waiting_proposals(now: datetime) -> Iterator[Neglect]:
    """One for each of those who propose, however many of theirs wait: a storm of alerts is one mail."""
    by_origin: dict[str, list[Proposal]] = {}
    for row in Proposal.objects.filter(state=ProposalState.OPEN).order_by("first_seen_at", "pk"):
        by_origin.setdefault(row.origin, []).append(row)
    for origin, rows in by_origin.items():
        first, more = rows[0], len(rows) - 1
        if first.first_seen_at > now - ANSWERED_WITHIN:
            continue
        sentence = (
            _("“%(title)s” and %(more)s more were proposed and wait for an answer since %(at)s.")
            if more
            else _("“%(title)s” was proposed and waits for an answer since %(at)s.")
        )
        yield Neglect(
            kind="proposal_waits",
            subject=origin,
            since=first.first_seen_at,
            step=0,
            sentence=sentence % {"title": first.title, "more": more, "at": _moment(first.first_seen_at)},
            address="console:edit-proposal",
            argument=str(first.pk),
        )


def _posted_unattended() -> Iterator[Neglect]:
    """What the dead-man rule posted, until a person posts the next update."""
    rows = Incident.objects.filter(proposals__state=ProposalState.POSTED, withdrawn_at__isnull=True)
    alone = queries.open_incidents().filter(pk__in=rows.values("pk")).annotate(told=Count("updates")).filter(told=1)
    for row in alone:
        yield Neglect(
            kind="posted_unattended",
            subject=row.code,
            since=row.created_at,
            step=0,
            sentence=_("Nobody answered, so “%(title)s” was posted by itself at %(at)s.")
            % {"title": row.title, "at": _moment(row.created_at)},
            address="console:post-update",
            argument=row.code,
        )


def _gone_upstreams() -> Iterator[Neglect]:
    for row in Upstream.objects.exclude(disabled_reason="").filter(is_enabled=True):
        yield Neglect(
            kind="upstream_gone",
            subject=row.slug,
            since=row.checked_at or row.created_at,
            step=0,
            sentence=_("%(name)s is followed no more. %(reason)s") % {"name": row.name, "reason": row.disabled_reason},
            address="console:edit-upstream",
            argument=str(row.pk),
        )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
