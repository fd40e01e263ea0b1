"""What a section said before: every sitting with what it changed, and the texts that could not be merged."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.section import save_section
from incidents.domain.diffing import Change, Hunk, Piece, hunks
from incidents.models import Review, ReviewSection, SectionRevision
from incidents.reviewing.history import Step, steps_of
from incidents.reviewing.sections import BY_KEY
from incidents.web.access import actor_of

# Steps on one page; lines of unchanged text around a change.
MOST_SHOWN = 50
AROUND = 2


@dataclass(frozen=True)
class Line:
    """One sitting with the difference as it is shown, and the revision whose text can be taken (None: it stands)."""

    step: Step
    hunks: tuple[Hunk, ...]
    revision_id: int | None


@require_safe
def review_history(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The sittings of one section, newest first. A conflicting text is compared with what the section says now."""
    review = get_object_or_404(Review, code=code)
    if key not in BY_KEY:
        raise Http404
    kept = ReviewSection.objects.filter(review=review, key=key).first()
    context = {"review": review, "section": BY_KEY[key], "kept": kept, "lines": _lines(kept) if kept else []}
    return render(request, "console/reviews/history.html", context)


@require_POST
def take_revision(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put a former text in the place of what the section says; what it says now stays in the history."""
    review = get_object_or_404(Review, code=code)
    row = get_object_or_404(SectionRevision.objects.select_related("section"), pk=number, section__review=review)
    key = row.section.key
    save_section(
        actor=actor_of(request), review_id=review.pk, key=key, body=row.body, note=row.note,
        seen_version=row.section.version,
    )  # fmt: skip
    messages.success(request, _("The text of %(who)s stands in the section now.") % {"who": row.actor_label})
    return redirect("console:review-section", code=review.code, key=key)


def _lines(kept: ReviewSection) -> list[Line]:
    ids = {(row.actor_label, row.saved_at, row.is_conflicting): row.pk for row in kept.revisions.defer("body", "note")}
    lines = []
    for step in steps_of(kept)[:MOST_SHOWN]:
        found = hunks(kept.body, step.new) if step.is_conflicting else step.hunks
        key = (step.actor_label, step.saved_at, step.is_conflicting)
        lines.append(Line(step, _short(found), None if step.new == kept.body else ids.get(key)))
    return lines


def _short(found: tuple[Hunk, ...]) -> tuple[Hunk, ...]:
    """The hunks without the unchanged lines that are far from any change; nothing if nothing changed."""
    if all(hunk.kind == Change.SAME for hunk in found):
        return ()
    last = len(found) - 1
    return tuple(
        _cut(hunk, is_first=place == 0, is_last=place == last) if hunk.kind == Change.SAME else hunk
        for place, hunk in enumerate(found)
    )


def _cut(hunk: Hunk, *, is_first: bool, is_last: bool) -> Hunk:
    lines = hunk.new.splitlines(keepends=True)
    head = [] if is_first else lines[:AROUND]
    tail = [] if is_last else lines[max(len(head), len(lines) - AROUND) :]
    if len(head) + len(tail) >= len(lines):
        return hunk
    return Hunk(Change.SAME, (Piece(Change.SAME, "".join([*head, "…\n", *tail])),))
