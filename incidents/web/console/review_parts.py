"""Timeline entries, phases and withholdings of a review: add, edit, remove."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import review_fields
from incidents.actions import review_parts as actions
from incidents.models import ReviewPhase, ReviewRedaction, TimelineEntry
from incidents.web.access import actor_of
from incidents.web.console.part_page import Page, address, answer, confirm_removal, form_methods, part_of, review_of
from incidents.web.console.review_parts_form import EntryForm, PhaseForm, RedactionForm


@form_methods
def add_entry(request: HttpRequest, code: str) -> HttpResponse:
    """Add an entry to the timeline."""
    review = review_of(code)
    form = EntryForm(_posted(request), review=review)
    page = Page(_("Add an entry"), review, again=address("add-entry", code))
    return answer(
        request, page, form,
        lambda: actions.save_entry(actor=actor_of(request), review_id=review.pk, **form.terms()),
    )  # fmt: skip


@form_methods
def edit_entry(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Write an entry anew."""
    row = part_of(TimelineEntry.objects.all(), code, number)
    standing = _standing(row, actions.ENTRY_FIELDS)
    form = EntryForm(_posted(request), review=row.review, initial=standing)
    page = Page(
        _("Edit an entry"), row.review, standing=lambda: _newest(row, actions.ENTRY_FIELDS),
        remove=address("remove-entry", code, row.pk),
    )  # fmt: skip
    return answer(
        request, page, form,
        lambda: actions.save_entry(
            actor=actor_of(request), review_id=row.review_id, entry_id=row.pk, seen=form.cleaned_data["seen_version"],
            **form.terms(),
        ),
    )  # fmt: skip


@form_methods
def remove_entry(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take an entry out of the timeline."""
    row = part_of(TimelineEntry.objects.all(), code, number)
    return confirm_removal(
        request, Page(_("Remove an entry"), row.review), f"{row.at:%Y-%m-%d %H:%M} UTC: {row.body}",
        lambda: actions.remove_entry(actor=actor_of(request), entry_id=row.pk),
    )  # fmt: skip


@form_methods
def add_phase(request: HttpRequest, code: str) -> HttpResponse:
    """Add a phase."""
    review = review_of(code)
    form = PhaseForm(_posted(request), review=review)
    page = Page(_("Add a phase"), review, again=address("add-phase", code))
    return answer(
        request, page, form,
        lambda: actions.save_phase(actor=actor_of(request), review_id=review.pk, **form.terms()),
    )  # fmt: skip


@form_methods
def edit_phase(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Write a phase anew."""
    row = part_of(ReviewPhase.objects.all(), code, number)
    form = PhaseForm(_posted(request), review=row.review, initial=_standing(row, actions.PHASE_FIELDS))
    page = Page(
        _("Edit “%(name)s”") % {"name": row.name}, row.review, standing=lambda: _newest(row, actions.PHASE_FIELDS),
        remove=address("remove-phase", code, row.pk),
    )  # fmt: skip
    return answer(
        request, page, form,
        lambda: actions.save_phase(
            actor=actor_of(request), review_id=row.review_id, phase_id=row.pk, seen=form.cleaned_data["seen_version"],
            **form.terms(),
        ),
    )  # fmt: skip


@form_methods
def remove_phase(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take a phase away."""
    row = part_of(ReviewPhase.objects.all(), code, number)
    return confirm_removal(
        request, Page(_("Remove a phase"), row.review), row.name,
        lambda: actions.remove_phase(actor=actor_of(request), phase_id=row.pk),
    )  # fmt: skip


@form_methods
def add_redaction(request: HttpRequest, code: str) -> HttpResponse:
    """Say that something is withheld."""
    review = review_of(code)
    form = RedactionForm(_posted(request), review=review)
    names = ("place", "kind", "reason", "review_on")
    page = Page(
        _("Say that something is withheld"), review, template="console/reviews/parts/redaction.html",
        extra={"standing": review.redactions.filter(withdrawn_at__isnull=True)},
    )  # fmt: skip
    return answer(
        request, page, form,
        lambda: actions.record_redaction(actor=actor_of(request), review_id=review.pk, **form.said(names)),
    )  # fmt: skip


@form_methods
def withdraw_redaction(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Say that nothing is withheld there any more."""
    row = part_of(ReviewRedaction.objects.all(), code, number)
    return confirm_removal(
        request, Page(_("End a withholding"), row.review), row.place,
        lambda: actions.withdraw_redaction(actor=actor_of(request), redaction_id=row.pk), _("End it"),
    )  # fmt: skip


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _standing(row: TimelineEntry | ReviewPhase, names: tuple[str, ...]) -> dict[str, Any]:
    """What a part says, by field of its form, with the mark of it."""
    return {**{name: getattr(row, name) for name in names}, "seen_version": review_fields.mark_of(row, names)}


def _newest(row: TimelineEntry | ReviewPhase, names: tuple[str, ...]) -> dict[str, Any]:
    row.refresh_from_db()
    return _standing(row, names)
