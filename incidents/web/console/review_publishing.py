"""Publish a review, now or later, take it off the calendar, retract it: each says first in numbers what will happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import queries
from incidents.actions import review_publishing as actions
from incidents.domain.canonical import sha256_of
from incidents.domain.permissions import Roles
from incidents.domain.promises import Deliverable
from incidents.domain.review import ApprovalKind, VersionKind
from incidents.models import Component, Promise, Review
from incidents.models.review_words import word_of
from incidents.publishing.review_pages import version_page
from incidents.reviewing import document
from incidents.reviewing.approvals import standing
from incidents.reviewing.checks import blocking, findings
from incidents.web.access import actor_of, roles_of
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.review_draft import changed_since_published, newest_version, standing_of
from incidents.web.console.review_due import promises_of
from incidents.web.console.review_form import PublishForm, ReasonForm
from incidents.web.console.review_panel import Sight, sights
from incidents.web.console.submitting import forget_drafts, submit


@dataclass(frozen=True)
class Effect:
    """What a publication will do: subscribers told, remediations that become public, promises that it
    keeps, each with whether a preliminary version is enough for it."""

    subscribers: int
    remediations: int
    promises: list[tuple[Promise, bool]]


@require_http_methods(["GET", "HEAD", "POST"])
def publish_review(request: HttpRequest, code: str) -> HttpResponse:
    """Publish a preliminary, final or corrected version, now or at a time."""
    row = get_object_or_404(Review, code=code)
    kinds = _kinds(row)
    form = PublishForm(
        request.POST.copy() if request.method == "POST" else None, kinds=kinds,
        initial={"kind": request.GET.get("kind", kinds[-1]), "seen_version": row.version},
    )  # fmt: skip
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: _write(request, row, form))
        if outcome.is_done:
            is_later = form.cleaned_data["at"] is not None
            messages.success(
                request, _("Scheduled.") if is_later else _("Published."), extra_tags=forget_drafts(request.path)
            )
            return redirect("console:review", code=code)
        status = outcome.status
        row.refresh_from_db()
        if outcome.is_conflict:
            form.data["seen_version"] = str(row.version)  # type: ignore[index]
    return render(request, "console/reviews/publish.html", _context(row, form, kinds, roles_of(request)), status=status)


@require_POST
def unschedule_review(request: HttpRequest, code: str) -> HttpResponse:
    """Call a scheduled publication off."""
    row = get_object_or_404(Review, code=code)
    actions.unschedule_publication(actor=actor_of(request), review_id=row.pk)
    messages.success(request, _("It will not be published by itself."))
    return redirect("console:review", code=code)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def retract_review(request: HttpRequest, code: str) -> HttpResponse:
    """Take a published review back, leaving the reason in its place."""
    row = get_object_or_404(Review, code=code)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        help_text=_("Public: it stands in the place of the review."),
    )  # fmt: skip
    status = 200
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.retract_review(
                actor=actor_of(request), review_id=row.pk, render=version_page, **form.cleaned_data
            ),
        )
        if outcome.is_done:
            messages.success(request, _("Retracted."), extra_tags=forget_drafts(request.path))
            return redirect("console:reviews")
        status = outcome.status
    note = _(
        "The text of every version leaves the page, the feeds and the record. At its address the page says when and "
        "why it was retracted. This cannot be undone; another review can be begun. What was sent already cannot be "
        "called back."
    )
    context = {
        "title": _("Retract the review"), "form": form, "review": row, "note": note, "button": _("Retract for good"),
    }  # fmt: skip
    return render(request, "console/reviews/form.html", context, status=status)


def _write(request: HttpRequest, row: Review, form: PublishForm) -> object:
    data = dict(form.cleaned_data)
    at = data.pop("at")
    if at is not None:
        return actions.schedule_publication(
            actor=actor_of(request), review_id=row.pk, at=at, kind=data["kind"], reason=data["reason"]
        )
    return actions.publish_review(actor=actor_of(request), review_id=row.pk, render=version_page, **data)


def _kinds(row: Review) -> list[VersionKind]:
    """What the next version can be. A correction stays what it corrects; what is final does not become preliminary."""
    before = standing_of(newest_version(row))
    if before is None:
        return [VersionKind.PRELIMINARY, VersionKind.FINAL]
    return [VersionKind.CORRECTION] if before == VersionKind.FINAL else [VersionKind.CORRECTION, VersionKind.FINAL]


def _context(row: Review, form: PublishForm, kinds: list[VersionKind], held: Roles) -> dict[str, Any]:
    shown = document.build(row)
    stands = standing(row, sha256_of(shown))
    found = findings(row)
    first = row.incidents.order_by("created_at", "id").first()
    code = first.code if first else ""
    in_the_way: list[tuple[str, list[Sight]]] = [
        (word_of(VersionKind, kind), sights(row, blocking(found, _strictness(row, kind)), code, held)) for kind in kinds
    ]
    return {
        "review": row, "form": form, "standing": stands, "in_the_way": in_the_way,
        "missing": [word_of(ApprovalKind, kind) for kind in stands.missing],
        "effect": _effect(row), "number": (newest.number if (newest := newest_version(row)) else 0) + 1,
        "changed": changed_since_published(row, shown), "now": timezone.now(),
        "preliminary": VersionKind.PRELIMINARY,
    }  # fmt: skip


def _strictness(row: Review, kind: VersionKind) -> VersionKind:
    """By which kind's checks a version is judged: a correction by those of what it corrects."""
    before = standing_of(newest_version(row))
    return before if before and kind == VersionKind.CORRECTION else kind


def _effect(row: Review) -> Effect:
    components = Component.objects.filter(intervals__incident__in=row.incidents.all(), intervals__superseded_at=None)
    ids = list(components.values_list("pk", flat=True).distinct())
    groups = Component.objects.filter(pk__in=ids, group__isnull=False).values_list("group_id", flat=True)
    told = set()
    for incident in row.incidents.all():
        rows = queries.audience([*ids, *(pk for pk in groups if pk)], incident.pk).filter(has_reviews=True)
        told |= set(rows.values_list("pk", flat=True))
    return Effect(
        subscribers=len(told),
        remediations=row.remediations.filter(is_public=True, published_at__isnull=True).count(),
        promises=[(each, _is_early(each)) for each in promises_of(row)],
    )


def _is_early(promise: Promise) -> bool:
    return promise.is_met_by_preliminary or promise.deliverable == Deliverable.PRELIMINARY_REVIEW
