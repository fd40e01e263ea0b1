"""Agreements as the public sees them: issued verdicts as they stand, and the month that runs, computed."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from incidents.counting.facts import facts_of
from incidents.counting.signing import evidence_of
from incidents.counting.verdicts import account_of, window_of
from incidents.domain.intervals import Span
from incidents.models import Agreement, Verdict


@dataclass(frozen=True)
class VerdictView:
    """One issued verdict: `evidence` is the file to download, as JSON text; `month` its first day."""

    month: date
    number: int
    reason: str
    issued_at: datetime
    evidence: str

    @property
    def document(self) -> dict[str, Any]:
        """What was issued."""
        found: dict[str, Any] = json.loads(self.evidence)["document"]
        return found


@dataclass(frozen=True)
class AgreementView:
    """An agreement: `verdicts` newest month first, the newest number of a month first; `running` is the document of
    the month that runs as JSON text, "" when none does; `terms` say the policy as the newest document would."""

    slug: str
    name: str
    audience_html: str
    note: str
    is_archived: bool
    components: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictView, ...]
    running: str
    terms: str

    @property
    def path(self) -> str:
        """Its address on this site."""
        return f"/agreements/{self.slug}"


def agreement_views(now: datetime) -> tuple[AgreementView, ...]:
    """Every agreement, those in force first. `now` is UTC. A constant number of queries."""
    agreements = list(Agreement.objects.all())
    months = {row.pk: _running_month(row, now) for row in agreements}
    windows = [window_of(row, months[row.pk]) for row in agreements]
    span = Span(min((w.start for w in windows), default=now), max((w.end for w in windows), default=now))
    facts = facts_of(agreements, span) if agreements else {}
    issued: dict[int, list[VerdictView]] = defaultdict(list)
    for row in Verdict.objects.order_by("-month", "-number"):
        issued[row.agreement_id].append(_verdict(row))
    views = [
        _view(row, tuple(issued[row.pk]), account_of(row, months[row.pk], now, facts[row.pk])) for row in agreements
    ]
    return tuple(sorted(views, key=lambda view: view.is_archived))


def _running_month(agreement: Agreement, now: datetime) -> date:
    local = now.astimezone(ZoneInfo(agreement.zone)).date().replace(day=1)
    return max(local, agreement.first_month.replace(day=1))


def _verdict(row: Verdict) -> VerdictView:
    evidence = json.dumps(evidence_of(row.document, row.signature, row.public_key), ensure_ascii=False, indent=1)
    return VerdictView(row.month, row.number, row.reason, row.issued_at, evidence)


def _view(row: Agreement, verdicts: tuple[VerdictView, ...], document: dict[str, Any]) -> AgreementView:
    begins = datetime.fromisoformat(document["window"]["start"])
    is_running = row.archived_at is None and begins <= datetime.fromisoformat(document["counted_until"])
    # The clock of the count moves always: it is told when a stretch is open, and then it is the stretch that moves.
    shown = {key: value for key, value in document.items() if key != "counted_until"}
    return AgreementView(
        slug=row.slug,
        name=row.name,
        audience_html=row.audience_html,
        note=row.note,
        is_archived=row.archived_at is not None,
        components=tuple((part.slug, part.full_name) for part in row.components.all()),
        verdicts=verdicts,
        running=json.dumps(shown, ensure_ascii=False, indent=1) if is_running else "",
        terms=json.dumps(document["agreement"]),
    )
