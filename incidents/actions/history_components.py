"""Take over the page and the components of another page, and the levels that it says they are at now."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, provenance, slugs, verdicts
from incidents.actions.provenance import Outcome, Result
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.canonical import sha256_of
from incidents.domain.history import PastComponent, PastPage
from incidents.domain.status import Level, worst_of
from incidents.domain.text import clean_line
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ImpactInterval, Incident, PublicPage

NAME_LENGTH, DESCRIPTION_LENGTH = 120, 300


def is_page_untouched() -> bool:
    """Whether nobody gave this page a name and nothing stands on it."""
    page = queries.the_page()
    is_empty = not Component.objects.exists() and not Incident.objects.exists()
    return is_empty and page.name == PublicPage._meta.get_field("name").default


def page_result(past: PastPage) -> Result:
    """What `import_page` would do."""
    page = queries.the_page()
    same = (page.name, page.time_zone, page.code) == (past.name, past.time_zone, past.code or page.code)
    return Result(Outcome.UNCHANGED if same else Outcome.NEW)


def import_page(*, actor: Actor, past: PastPage, now: datetime | None = None) -> Result:
    """Take name, zone and public id. Raises Refused for a zone that is none, and for another zone where the ledger
    holds something: that is a correction, made by hand."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        result = page_result(past)
        if result.outcome == Outcome.UNCHANGED:
            return result
        try:
            zone = ZoneInfo(past.time_zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Refused(_("“%(zone)s” is no time zone.") % {"zone": past.time_zone}) from None
        if zone != page.time_zone and queries.standing_intervals().exists():
            raise Refused(_("The page has a ledger in another zone. Change the zone in the console first."))
        new = {"name": past.name[:200], "time_zone": zone, "code": past.code or page.code}
        changes = {key: [getattr(page, key), value] for key, value in new.items() if getattr(page, key) != value}
        for key, value in new.items():
            setattr(page, key, value)
        page.save(update_fields=list(new))
        record(
            actor=actor, verb=Verb.PAGE_EDITED, subject=page, now=now, changes=changes, reach=Reach.PAGE,
            published=[page],
        )  # fmt: skip
    return result


def component_result(source: str, past: PastComponent) -> Result:
    """What `import_component` would do."""
    known = provenance.taken(source, "component", [past.code]).get(past.code)
    if known is None:
        return Result(Outcome.NEW, warnings=_cut(past))
    if known.digest == past.digest:
        return Result(Outcome.UNCHANGED)
    sentence = _("“%(name)s” was changed there since it was taken over; here it stays as it is.")
    return Result(Outcome.CHANGED, warnings=(sentence % {"name": past.name},))


def import_component(
    *, actor: Actor, source: str, past: PastComponent, first_day: date | None, now: datetime | None = None
) -> Result:
    """Take a component or a group over, once; its group must be here already. One of the same name that stands in the
    same place is taken for it. `first_day`: the first with data, in the page's zone."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        result = component_result(source, past)
        if result.outcome != Outcome.NEW:
            return result
        group = _group(source, past)
        component = _twin(source, past, group)
        if component is None:
            component = _made(past, group, first_day, now)
            record(
                actor=actor, verb=Verb.COMPONENT_IMPORTED, subject=component, now=now, reach=Reach.PAGE,
                changes={"source": ["", source]}, published=[component],
            )  # fmt: skip
        provenance.keep(source, "component", past.code, component, past.digest, now)
    return result


def import_level(*, actor: Actor, source: str, past: PastComponent, now: datetime | None = None) -> bool:
    """Let the ledger say of now what the source says; True if it moved. An interval that a person or an incident of
    ours opened is nothing that an import may touch.

    The source says when it last changed the component; that is the best that is known of the beginning or the end.
    """
    now = now or timezone.now()
    digest = sha256_of([past.level, past.updated_at.isoformat()])
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        known = provenance.taken(source, "level", [past.code]).get(past.code)
        own = provenance.taken(source, "component", [past.code]).get(past.code)
        if past.level is None or past.is_group or own is None or (known and known.digest == digest):
            return False
        component = Component.objects.get(pk=own.subject_id)
        moved = _moved(component, past.level, min(past.updated_at, now), now)
        provenance.keep(source, "level", past.code, component, digest, now)
        if moved:
            Component.objects.filter(pk=component.pk).update(updated_at=past.updated_at)
            told: dict[str, Any] = {"level": ["", past.level], "source": ["", source]}
            record(
                actor=actor, verb=Verb.COMPONENT_STATUS_SET, subject=component, now=now, reach=Reach.PAGE,
                changes=told, published=moved,
            )  # fmt: skip
            late = _("Recorded after the verdict: %(title)s") % {"title": component.full_name}
            verdicts.reissue_since(actor=actor, since=min(row.started_at for row in moved), reason=late, now=now)
    return bool(moved)


def _moved(component: Component, level: Level, since: datetime, now: datetime) -> list[ImpactInterval]:
    rows = list(ImpactInterval.objects.filter(component=component, ended_at__isnull=True, superseded_at__isnull=True))
    if any(row.source != "import" for row in rows) or worst_of(Level(row.level) for row in rows) == level:
        return []
    for row in rows:
        row.ended_at = max(since, row.started_at)
        row.save(update_fields=["ended_at"])
    if level == Level.OPERATIONAL:
        return rows
    holder = rows[0].incident if rows else None
    begun = ImpactInterval.objects.create(
        component=component, level=level, started_at=max([since, *(row.ended_at for row in rows if row.ended_at)]),
        incident=holder, source="import", recorded_at=now,
        note=_("The source says so of now, and that it last changed the component then."),
    )  # fmt: skip
    return [*rows, begun]


def _made(past: PastComponent, group: Component | None, first_day: date | None, now: datetime) -> Component:
    name = clean_line(past.name)[:NAME_LENGTH] or past.code
    return Component.objects.create(
        code=provenance.free_code(Component, past.code),
        slug=slugs.free_slug(name),
        name=name,
        description=clean_line(past.description)[:DESCRIPTION_LENGTH],
        is_group=past.is_group,
        group=group,
        position=past.position,
        start_date=first_day,
        is_hidden_unless_degraded=past.is_hidden_unless_degraded,
        is_showcased=past.is_showcased,
        archived_at=now if past.is_gone else None,
        created_at=past.created_at,
        updated_at=past.updated_at,
        wire={"start_date": _text(past.start_date)} if first_day != past.start_date else {},
    )


def _group(source: str, past: PastComponent) -> Component | None:
    if not past.group_code:
        return None
    known = provenance.taken(source, "component", [past.group_code]).get(past.group_code)
    return Component.objects.filter(pk=known.subject_id, is_group=True).first() if known else None


def _twin(source: str, past: PastComponent, group: Component | None) -> Component | None:
    """One that stands here under the same name and is not from this source: what somebody made by hand beforehand."""
    same = Component.objects.filter(
        name=clean_line(past.name)[:NAME_LENGTH], group=group, is_group=past.is_group, archived_at__isnull=True
    )
    return next((row for row in same if not provenance.became(source, "component", row)), None)


def _cut(past: PastComponent) -> tuple[str, ...]:
    is_cut = len(past.name) > NAME_LENGTH or len(past.description) > DESCRIPTION_LENGTH
    sentence = _("“%(name)s”: its name or description was too long and was cut.")
    return (sentence % {"name": past.name[:60]},) if is_cut else ()


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
