"""Where a row came from: what was taken of another page already, under which id, and at which address it stood."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Model

from incidents.actions.codes import new_code
from incidents.models import Component, ImportedRow, Incident, IncidentUpdate, Redirect

_CODE = re.compile(r"[a-z0-9]{12}", re.ASCII)
# Below `/incidents/` every address is free that no incident of ours has; elsewhere only what pages of others use.
_FORMER = re.compile(
    r"/(?:incidents|incident|events|event|issues|posts|notices|maintenance|maintenances)"
    r"(?:/[A-Za-z0-9_~-]{1,80}){1,3}",
    re.ASCII,
)


class Outcome(StrEnum):
    """What an import did with one thing. `changed`: it says something else there since, and was left as it is."""

    NEW = "new"
    ADDED = "added to"
    UNCHANGED = "unchanged"
    CHANGED = "changed there"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """The outcome for one thing, with how many updates and intervals came with it, and sentences on what was left
    out."""

    outcome: Outcome
    updates: int = 0
    intervals: int = 0
    warnings: tuple[str, ...] = ()


def taken(source: str, kind: str, external_ids: Iterable[str]) -> dict[str, ImportedRow]:
    """What was taken of these already, by the ids as given."""
    wanted = {key_of(each): each for each in external_ids}
    rows = ImportedRow.objects.filter(source=source, kind=kind, external_id__in=list(wanted))
    return {wanted[row.external_id]: row for row in rows}


def keep(source: str, kind: str, external_id: str, subject: Model, digest: str, now: datetime) -> None:
    """Remember what a thing became, or that it was looked at again with another digest."""
    ImportedRow.objects.update_or_create(
        source=source,
        kind=kind,
        external_id=key_of(external_id),
        defaults={"subject_id": subject.pk, "digest": digest, "taken_at": now},
    )


def became(source: str, kind: str, subject: Model) -> bool:
    """Whether this row is something of the source."""
    return ImportedRow.objects.filter(source=source, kind=kind, subject_id=subject.pk).exists()


def key_of(external_id: str) -> str:
    """The id as it is stored: a hash where its column cannot hold it."""
    if len(external_id) <= 300 and external_id.isprintable():
        return external_id
    return hashlib.sha256(external_id.encode(errors="surrogatepass")).hexdigest()


def keep_new(source: str, kind: str, subjects: Sequence[tuple[str, Model]], now: datetime) -> None:
    """Remember what things became that nothing is known of yet: (id there, row)."""
    ImportedRow.objects.bulk_create(
        ImportedRow(source=source, kind=kind, external_id=key_of(external_id), subject_id=row.pk, taken_at=now)
        for external_id, row in subjects
    )


def free_code(model: type[Component | Incident | IncidentUpdate], wanted: str) -> str:
    """The id that it had, so that old addresses hold; a new one where that is no id of ours or is taken."""
    return free_codes(model, [wanted])[0]


def free_codes(model: type[Component | Incident | IncidentUpdate], wanted: Sequence[str]) -> list[str]:
    """As `free_code`, for each of them in order; no id is given twice."""
    fit = {each for each in wanted if _CODE.fullmatch(each)}
    known = set(model._default_manager.filter(code__in=fit).values_list("code", flat=True))
    codes = []
    for each in wanted:
        codes.append(each if each in fit - known else new_code())
        known.add(codes[-1])
    return codes


def is_here(past_code: str) -> bool:
    """Whether an incident stands here under this id: no two have one by chance."""
    return bool(_CODE.fullmatch(past_code)) and Incident.objects.filter(code=past_code).exists()


def keep_address(path: str, incident: Incident, now: datetime) -> bool:
    """Let a former address lead to the incident; False where it cannot: it is in use here, or no address of a page."""
    target = f"/incidents/{incident.code}"
    if path == target or not path:
        return True
    if not _FORMER.fullmatch(path) or Redirect.objects.filter(path=path).exists():
        return False
    if path.startswith("/incidents/") and is_here(path.split("/")[2]):
        return False
    Redirect.objects.create(path=path, target=target, created_at=now)
    return True
