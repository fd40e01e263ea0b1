"""Add, edit and remove providers that the page depends on; note what they say. Their words never move our own status.

What they say is not ours to vouch for: it stands on the page and in no entry of the public record.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import fetching
from incidents.actions import guards, roles, texts
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.review import PersonRole
from incidents.domain.status import Level
from incidents.domain.upstream import CHECK_EVERY, Gone, Outcome, Reading, Unchanged, UpstreamKind, pause_after
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, Upstream

SUMMARY_PATH = "/api/v2/summary.json"
_LEASE = timedelta(minutes=2)
# What belongs to one address: with another it begins anew.
_UNREAD: dict[str, Any] = {
    "etag": "", "last_modified": "", "seen": {}, "ok_at": None, "changed_at": None, "failures": 0, "fault": "",
    "level": "", "words": "", "incidents": [], "troubled_at": None, "proposed_at": None,
}  # fmt: skip


def save_upstream(
    *,
    actor: Actor,
    name: str,
    kind: str,
    url: str,
    component_id: int | None = None,
    is_enabled: bool = True,
    is_proposing: bool = False,
    position: int | None = None,
    upstream_id: int | None = None,
    now: datetime | None = None,
) -> Upstream:
    """Add an upstream, or change the one with this id; another address is read from the beginning.

    For the Statuspage dialect the address of the page is enough. Raises Refused: no administrator, no such component,
    and an address that is never asked (this page's own, a private one) or whose name is not known now.
    """
    now = now or timezone.now()
    roles.require(actor, PersonRole.ADMINISTRATOR)
    clean = _address(url, _kind(kind))
    known_url = Upstream.objects.filter(pk=upstream_id or 0).values_list("url", flat=True).first()
    if clean != known_url:
        _check(clean)  # asks the resolver, so before the transaction
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        upstream = _upstream(upstream_id) if upstream_id else Upstream(created_at=now)
        wanted = {
            "name": texts.line(name, field="name", limit=100),
            "kind": _kind(kind),
            "url": clean,
            "component_id": _component_id(component_id),
            "is_enabled": is_enabled,
            "is_proposing": is_proposing,
            "position": position or upstream.position or _last_position() + 1,
        }
        changes = _put(upstream, wanted, now)
        record(actor=actor, verb=Verb.UPSTREAM_SAVED, subject=upstream, now=now, changes=changes, reach=Reach.PAGE)
    return upstream


def remove_upstream(*, actor: Actor, upstream_id: int, now: datetime | None = None) -> None:
    """Follow an upstream no more and forget what it said. Raises Refused for somebody who is no administrator."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        upstream = _upstream(upstream_id)
        record(actor=actor, verb=Verb.UPSTREAM_REMOVED, subject=upstream, now=now, reach=Reach.PAGE)
        upstream.delete()


def claim_upstream(now: datetime | None = None) -> Upstream | None:
    """Take the upstream whose check is longest due, for two minutes; None if none is due. Only one caller gets it."""
    now = now or timezone.now()
    for upstream in _due(now)[:5]:
        mine = _due(now).filter(pk=upstream.pk).update(next_check_at=now + _LEASE)
        if mine:
            return upstream
    return None


def note_upstream(
    *, actor: Actor, upstream_id: int, asked_url: str, outcome: Outcome, now: datetime | None = None
) -> Upstream | None:
    """Write what a check of `asked_url` brought. The page is told only if what it shows of them is another now.

    Returns the row, or None where an administrator removed it or gave it another address meanwhile.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        upstream = Upstream.objects.select_for_update().filter(pk=upstream_id, url=asked_url, is_enabled=True).first()
        if upstream is None:
            return None
        before = _shown(upstream, now)
        _take(upstream, outcome, now)
        upstream.save()
        after = _shown(upstream, now)
        if before != after:
            verb = Verb.UPSTREAM_GONE if isinstance(outcome, Gone) else Verb.UPSTREAM_NOTED
            changes = {key: [before[key], value] for key, value in after.items() if before[key] != value}
            record(actor=actor, verb=verb, subject=upstream, now=now, changes=changes, reach=Reach.PAGE)
    return upstream


def upstreams_to_propose() -> list[Upstream]:
    """Those in trouble whose trouble has not been proposed as an incident of ours."""
    rows = Upstream.objects.filter(is_enabled=True, is_proposing=True, troubled_at__isnull=False)
    return list(rows.select_related("component").filter(Q(proposed_at__isnull=True) | ~Q(proposed_at=F("troubled_at"))))


def upstreams_to_end() -> list[Upstream]:
    """Those whose trouble was proposed and is over."""
    return list(Upstream.objects.filter(is_enabled=True, troubled_at__isnull=True, proposed_at__isnull=False))


def trouble_of(upstream: Upstream) -> tuple[str, str]:
    """Origin and fingerprint of the proposals for it: trouble that comes back within minutes is the same."""
    return f"upstream:{upstream.pk}", "trouble"


def proposal_of(upstream: Upstream) -> dict[str, Any]:
    """What its trouble proposes, as `proposal.propose` takes it. Of their text the title alone, which is no markup."""
    origin, fingerprint = trouble_of(upstream)
    theirs = upstream.incidents[0]["name"] if upstream.incidents else upstream.words
    values = {"name": upstream.name, "site": upstream.site}
    level = upstream.said_level or Level.DEGRADED_PERFORMANCE
    own = upstream.component
    return {
        "origin": origin,
        "fingerprint": fingerprint,
        "title": f"{upstream.name}: {theirs}" if theirs else _("%(name)s reports trouble") % values,
        "body": _("%(name)s, on which we depend, reports trouble: %(site)s") % values,
        "components": [ComponentChange(own.pk, level)] if own and not own.archived_at else [],
        "started_at": upstream.troubled_at,
    }


def note_proposed(*, upstream_id: int, troubled_at: datetime | None) -> None:
    """Remember for which trouble an incident was proposed; None once its end was."""
    Upstream.objects.filter(pk=upstream_id).update(proposed_at=troubled_at)


def _put(upstream: Upstream, wanted: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Write what was asked for and have it asked at once; returns what changed, as [old, new]."""
    changes = {key: [getattr(upstream, key), value] for key, value in wanted.items() if getattr(upstream, key) != value}
    anew = _UNREAD if "url" in changes or "kind" in changes else {}
    check = {"next_check_at": now if wanted["is_enabled"] else None, "disabled_reason": ""}
    for key, value in {**wanted, **anew, **check}.items():
        setattr(upstream, key, value)
    upstream.slug = upstream.slug or _free_slug(upstream.name)
    upstream.save()
    return changes


def _take(upstream: Upstream, outcome: Outcome, now: datetime) -> None:
    upstream.checked_at = now
    if isinstance(outcome, Reading | Unchanged):
        upstream.ok_at, upstream.failures, upstream.fault = now, 0, ""
        upstream.next_check_at = now + CHECK_EVERY
        if isinstance(outcome, Reading):
            _read(upstream, outcome, now)
        return
    upstream.failures += 1
    upstream.fault = outcome.sentence[:300]
    upstream.next_check_at = now + pause_after(upstream.failures)
    if isinstance(outcome, Gone):
        # Nobody knows any more how they are; an operator is told, and says what is to be asked instead.
        upstream.disabled_reason, upstream.next_check_at = upstream.fault, None


def _read(upstream: Upstream, reading: Reading, now: datetime) -> None:
    said = {
        "level": reading.level or "",
        "words": reading.words,
        "incidents": [
            {"name": row.name, "url": row.url, "since": row.since.isoformat() if row.since else None}
            for row in reading.incidents
        ],
    }
    if upstream.changed_at is None or any(getattr(upstream, key) != value for key, value in said.items()):
        upstream.changed_at = now
    for key, value in said.items():
        setattr(upstream, key, value)
    upstream.etag, upstream.last_modified, upstream.seen = reading.etag, reading.last_modified, dict(reading.seen)
    upstream.troubled_at = (upstream.troubled_at or now) if upstream.is_troubled else None


def _shown(upstream: Upstream, now: datetime) -> dict[str, Any]:
    if upstream.is_unknown(now):
        return {"level": "unknown", "words": "", "incidents": []}
    return {"level": upstream.level, "words": upstream.words, "incidents": upstream.incidents}


def _due(now: datetime) -> QuerySet[Upstream]:
    return Upstream.objects.filter(is_enabled=True, next_check_at__lte=now).order_by("next_check_at", "pk")


def _upstream(upstream_id: int) -> Upstream:
    upstream = Upstream.objects.select_for_update().filter(pk=upstream_id).first()
    if upstream is None:
        raise Refused(_("There is no such upstream."))
    return upstream


def _kind(raw: str) -> UpstreamKind:
    try:
        return UpstreamKind(raw)
    except ValueError:
        raise Refused(_("Choose what is read: a Statuspage or a feed."), "kind") from None


def _address(raw: str, kind: UpstreamKind) -> str:
    url = texts.line(raw, field="url", limit=2048)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused(_("That is not an address of the web."), "url") from None
    if kind == UpstreamKind.STATUSPAGE and not parts.path.endswith(".json"):
        parts = parts._replace(path=SUMMARY_PATH, query="")
    return urlunsplit(parts._replace(fragment=""))


def _check(url: str) -> None:
    try:
        fetching.check(url)
    except fetching.NotFetched as fault:
        raise Refused(fault.sentence, "url") from None


def _component_id(component_id: int | None) -> int | None:
    if component_id is None:
        return None
    if not Component.objects.filter(pk=component_id, is_group=False, archived_at__isnull=True).exists():
        raise Refused(_("There is no such component."), "component_id")
    return component_id


def _last_position() -> int:
    return Upstream.objects.aggregate(last=Max("position"))["last"] or 0


def _free_slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or new_code()
    taken = set(Upstream.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    number, free = 2, wanted
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free
