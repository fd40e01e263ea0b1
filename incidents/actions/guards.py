"""What every write begins with: the lock on the page, the version that was seen, the key that makes a repeat
harmless."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from incidents.actions.codes import new_code
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.status import Kind
from incidents.models import IdempotencyKey, Incident, PublicPage

KEY_KEPT = timedelta(days=7)


def lock_page(now: datetime) -> PublicPage:
    """Take the lock that puts writes to the public record one after the other, until the transaction ends.

    Posting is rare and short; one lock makes the order of updates, events and ledger rows the same everywhere.
    SQLite has it already by BEGIN IMMEDIATE. Makes the page row on first use.
    """
    page = PublicPage.objects.select_for_update().filter(id=1).first()
    if page is None:
        # Two first writes at once: one makes the row, the other waits for it.
        PublicPage.objects.bulk_create([PublicPage(id=1, code=new_code(), updated_at=now)], ignore_conflicts=True)
        page = PublicPage.objects.select_for_update().get(id=1)
    return page


def lock_incident(
    incident_id: int, seen_version: int | None, kind: Kind | None = None, *, is_withdrawn_too: bool = False
) -> Incident:
    """The incident, locked. `seen_version` is the version the writer had on screen; None for writers without a screen.
    `kind`: what it must be; None for either.

    Raises Refused if there is none of that kind or it was withdrawn, and Conflict if somebody wrote in between.
    """
    # Without the key: whoever fans out an event of it only refers to it, and must not wait for this, nor this for that.
    incident = Incident.objects.select_for_update(no_key=True).filter(pk=incident_id).first()
    if incident is None:
        raise Refused(_("There is no such incident."))
    if incident.withdrawn_at and not is_withdrawn_too:
        raise Refused(_("This incident was withdrawn already. Open another one instead."))
    if kind == Kind.INCIDENT and incident.is_maintenance:
        raise Refused(_("“%(title)s” is maintenance. Post the update there.") % {"title": incident.title})
    if kind == Kind.MAINTENANCE and not incident.is_maintenance:
        raise Refused(_("“%(title)s” is an incident, not maintenance.") % {"title": incident.title})
    if seen_version is not None and seen_version != incident.version:
        raise Conflict(
            _("Somebody else changed this incident while you were writing. Read what is new, then post again.")
        )
    return incident


def touch(incident: Incident, now: datetime) -> None:
    """Raise the incident's version, so that a form that was open before is told of this write."""
    incident.version += 1
    incident.updated_at = max(now, incident.updated_at)
    incident.save(update_fields=["version", "updated_at"])


def fingerprint(**content: Any) -> str:
    """A hash of what a write says, to tell a repeat from another text under the same key."""
    return hashlib.sha256(json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()


def earlier_result(key: str, content: str) -> int | None:
    """The subject of the write that already used this key, or None. Raises Conflict if its content was another.

    A door that asks for one thing by several acts gives its own fingerprint of what was asked: `name#fingerprint`.
    """
    name, content = _name_and_content(key, content)
    if not name:
        return None
    known = IdempotencyKey.objects.filter(key=name).first()
    if known is None:
        return None
    if known.fingerprint != content:
        raise Conflict(_("This form was already posted with another text. Reload the page to post again."))
    return known.subject_id


def forget_results(now: datetime) -> int:
    """Delete the keys of writes that no browser repeats any more; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEY_KEPT).delete()[0]


def keep_result(key: str, content: str, subject_id: int, now: datetime) -> None:
    """Remember the result of a write under its key, in the transaction of the write."""
    name, content = _name_and_content(key, content)
    if name:
        IdempotencyKey.objects.create(key=name, fingerprint=content, subject_id=subject_id, created_at=now)


def _name_and_content(key: str, content: str) -> tuple[str, str]:
    name, _mark, asked = key.partition("#")
    return name, asked or content
