"""What somebody is writing: kept on the server as they type, found again on another device, dropped once posted.

Nothing of it is public, and saving it is no act that the log tells of. Each person has at most one at each address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions.codes import new_code
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.drafts import DraftState
from incidents.models import Draft, IdempotencyKey, Incident

Fields = Mapping[str, Sequence[str]]
LONGEST = 200_000
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Saved:
    """The draft as it is kept now (None: its text was posted already), and the other one that it took the place of."""

    draft: Draft | None
    other: Draft | None = None


def save_draft(
    *, actor: Actor, path: str, fields: Fields, key: str = "", incident_id: int | None = None,
    seen_version: int | None = None, now: datetime | None = None,
) -> Saved:  # fmt: skip
    """Keep what is typed at an address (`path`). The newest words win; where the draft is not at `seen_version` (None:
    there was none), what stood there was typed elsewhere: it is set aside, not lost, and returned as the other one.

    A text whose `key` was used is posted, and not kept again. Raises Refused for more than is ever typed.
    """
    now = now or timezone.now()
    if sum(len(name) + sum(map(len, values)) for name, values in fields.items()) > LONGEST:
        raise Refused(_("That is too long to be kept as a draft."))
    with transaction.atomic(durable=True):
        _lock_person(actor)
        if key and IdempotencyKey.objects.filter(key=key).exists():
            _end(_writing(actor, [path]), now)
            return Saved(None)
        mine = _writing(actor, [path])
        draft = mine[0] if mine else None
        if draft and draft.version != (seen_version or 0) and not _is_same(draft, fields):
            _set_aside(draft, now)
            return Saved(_new(actor, path, fields, key, incident_id, now, draft.version + 1), draft)
        if draft is None:
            return Saved(_new(actor, path, fields, key, incident_id, now, (seen_version or 0) + 1))
        if not _is_same(draft, fields) or draft.key != key:
            draft.version += 1
        draft.fields, draft.key, draft.updated_at = _as_json(fields), key, now
        draft.save(update_fields=["fields", "key", "version", "updated_at"])
    return Saved(draft)


def drop_drafts(*, actor: Actor, paths: Iterable[str], now: datetime | None = None) -> int:
    """End what the author was writing at some addresses, because it was posted or is discarded; returns how many. The
    words themselves are deleted, those that were set aside there too."""
    now = now or timezone.now()
    paths = list(paths)
    with transaction.atomic(durable=True):
        _lock_person(actor)
        Draft.objects.filter(user_id=_person(actor), path__in=paths, state=DraftState.DROPPED).update(fields={})
        return _end(_writing(actor, paths), now)


def put_back(actor: Actor, path: str, fields: Fields, incident: Incident | None, now: datetime) -> Draft | None:
    """Make a text that was taken back a draft of its author again, within the caller's transaction. It goes with a new
    key, for it will be another post."""
    if actor.user_id is None:
        return None
    for row in _writing(actor, [path]):
        _set_aside(row, now)
    return _new(actor, path, fields, "", incident.pk if incident else None, now, 1)


def forget_old_drafts(now: datetime) -> int:
    """Delete drafts that nobody has touched for thirty days and that wait for nobody; returns how many."""
    ended = (DraftState.WRITING, DraftState.DROPPED, DraftState.PUBLISHED)
    return Draft.objects.filter(state__in=ended, updated_at__lt=now - KEPT).delete()[0]


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise Refused(_("Only people keep drafts."))
    return actor.user_id


def _lock_person(actor: Actor) -> None:
    """Two tabs that save at once do so one after the other. Raises Refused for an account that is gone."""
    if not list(User.objects.select_for_update(no_key=True).filter(pk=_person(actor)).values_list("pk")):
        raise Refused(_("Only people keep drafts."))


def _writing(actor: Actor, paths: Sequence[str]) -> list[Draft]:
    rows = Draft.objects.select_for_update().filter(user_id=_person(actor), path__in=paths, state=DraftState.WRITING)
    return list(rows)


def _new(
    actor: Actor, path: str, fields: Fields, key: str, incident_id: int | None, now: datetime, version: int
) -> Draft:
    return Draft.objects.create(
        code=new_code(), user_id=_person(actor), path=path, incident_id=incident_id, fields=_as_json(fields), key=key,
        version=version, updated_at=now,
    )  # fmt: skip


def _set_aside(draft: Draft, now: datetime) -> None:
    draft.state, draft.ended_at = DraftState.DROPPED, now
    draft.save(update_fields=["state", "ended_at"])


def _end(rows: Sequence[Draft], now: datetime) -> int:
    for row in rows:
        row.fields = {}
        _set_aside(row, now)
        row.save(update_fields=["fields"])
    return len(rows)


def _is_same(draft: Draft, fields: Fields) -> bool:
    return bool(draft.fields == _as_json(fields))


def _as_json(fields: Fields) -> dict[str, list[str]]:
    return {name: list(values) for name, values in fields.items()}
