"""Who is told that a review was published, and what: the incidents, by an update, and the subscribers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext as _

from incidents.actions import facts, texts, updates
from incidents.actions.review_versions import Plan, path_of
from incidents.domain.actor import Actor
from incidents.domain.markup import render_html, render_text
from incidents.domain.review import VersionKind
from incidents.domain.status import Stage
from incidents.models import Incident, IncidentUpdate, PublicPage, Review, ReviewVersion
from incidents.reviewing.difference import Difference

EXPIRY = timedelta(days=3)
LONGEST_PARAGRAPH = 2_000
MOST_CHANGES = 12
WRITTEN = ("milestones/", "sections/", "changes/", "factors/", "remediations/", "agreements/")


def post_to_incidents(actor: Actor, review: Review, plan: Plan, now: datetime) -> list[Model]:
    """An update of stage `postmortem` on each incident that is over: the first time, and for whatever is material
    after that. The rows that it wrote. It mails nobody; the publication has a mail of its own.

    While an incident is open, a preliminary review is not its news: the stage would say that it is over.
    """
    rows: list[Model] = []
    for incident in review.incidents.order_by("pk"):
        if incident.is_open or not (plan.is_material or not updates_about(review, incident)):
            continue
        text, html = texts.body(_text(review, plan))
        update = updates.append(
            actor=actor, incident=incident, stage=Stage.POSTMORTEM, text=text, html=html,
            now=updates.not_before_newest(incident, now), is_notifying=False,
        )  # fmt: skip
        rows += [incident, update]
    return rows


def updates_about(review: Review, incident: Incident) -> list[IncidentUpdate]:
    """Those of an incident that told of this review."""
    rows = incident.updates.filter(stage=Stage.POSTMORTEM, body__contains=f"{settings.SITE_URL}{path_of(review)})")
    return list(rows)


def audience_of(review: Review) -> dict[str, Any]:
    """Whoever follows one of the components, of those who want reviews."""
    ids = {pk for incident in review.incidents.all() for pk in facts.audience_of(incident)["component_ids"]}
    return {"component_ids": sorted(ids), "reviews": True}


def facts_of(page: PublicPage, review: Review, plan: Plan, version: ReviewVersion) -> dict[str, Any]:
    """What mails may say, frozen: public words only."""
    summary = _summary(plan)
    return {
        "page": facts.of_page(page),
        "review": {
            "slug": review.slug,
            "title": review.title,
            "kind": plan.kind.value,
            "standing": plan.standing.value,
            "number": version.number,
            "path": path_of(review),
            "text": render_text(summary),
            "html": render_html(summary),
            "reason": plan.reason,
            "changes": [_change(each.label, each.old, each.new) for each in _weightiest(plan.changes)],
            "further_changes": max(0, len(plan.changes) - MOST_CHANGES),
            "incidents": [
                {"title": row.title, "path": f"/incidents/{row.code}"} for row in review.incidents.order_by("pk")
            ],
        },
    }


def _weightiest(changes: Sequence[Difference]) -> Sequence[Difference]:
    """As many as a mail holds: facts that somebody wrote before the figures that follow from them, wording last."""
    told = sorted(changes, key=lambda each: (not each.is_material, not each.path.startswith(WRITTEN)))
    return told[:MOST_CHANGES]


def _change(label: str, old: str, new: str) -> dict[str, str]:
    return {"label": label, "old": _shortened(old), "new": _shortened(new)}


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:199] + "…"


def _text(review: Review, plan: Plan) -> str:
    link = f"{settings.SITE_URL}{path_of(review)}"
    first = {
        VersionKind.PRELIMINARY: _("A preliminary review of this incident was published."),
        VersionKind.FINAL: _("The review of this incident was published."),
    }.get(plan.kind) or _("The review of this incident was corrected: %(reason)s") % {"reason": plan.reason}
    summary = "" if plan.kind == VersionKind.CORRECTION else _summary(plan).split("\n\n")[0][:LONGEST_PARAGRAPH]
    parts: Sequence[str] = (first, summary, _("[Read the review](%(link)s)") % {"link": link})
    return "\n\n".join(part for part in parts if part)


def _summary(plan: Plan) -> str:
    found = (each["text"] for each in plan.content.get("sections", []) if each["key"] == "summary")
    return str(next(found, ""))
