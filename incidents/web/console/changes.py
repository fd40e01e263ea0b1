"""Changes of a review: write a new one, say what a known one was, edit, take a role back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from incidents.actions import change as actions
from incidents.domain.review import Role
from incidents.domain.text import clean_line
from incidents.models import ChangeEvent, ChangeRole, Review
from incidents.models.review_words import word_of
from incidents.web.access import actor_of
from incidents.web.console.change_form import PLACES, ChangeForm, LinkForm, rows_of, standing_change
from incidents.web.console.part_forms import span_of
from incidents.web.console.part_page import Page, address, answer, confirm_removal, form_methods, part_of, review_of

NEAR = timedelta(hours=24)
MOST_FOUND = 50
FORM = "console/reviews/parts/change.html"


@form_methods
def add_change(request: HttpRequest, code: str) -> HttpResponse:
    """Write down a change and what it was in this review."""
    review = review_of(code)
    page = Page(
        _("Add a change"), review, "changes", again=address("add-change", code), template=FORM, places=_PLACES,
        note=_("Only what, kind and role must be said. What you leave out is published as not known."),
        extra={"link": address("link-change", code)},
    )  # fmt: skip
    form = _form(request, review, None)
    if _is_another_stage(request):
        return _with_another_stage(request, page, form)
    return answer(
        request, page, form,
        lambda: actions.save_change(actor=actor_of(request), part=form.part(review), **form.terms()),
    )  # fmt: skip


@form_methods
def edit_change(request: HttpRequest, code: str, change: str) -> HttpResponse:
    """Write a change anew, for every review in which it plays a part; and what it was in this one."""
    review = review_of(code)
    row = get_object_or_404(ChangeEvent.objects.filter(roles__review=review).distinct(), code=change)
    others = Review.objects.filter(pk__in=row.roles.values("review_id")).exclude(pk=review.pk)
    titles = ", ".join(f"“{each.title}”" for each in others)
    page = Page(
        _("Edit “%(name)s”") % {"name": row.title}, review, "changes", template=FORM, places=_PLACES,
        standing=lambda: standing_change(ChangeEvent.objects.get(pk=row.pk)),
        note=_("It changes in these reviews too: %(titles)s.") % {"titles": titles} if titles else "",
        extra={"change": row, "roles": review.change_roles.filter(change=row).select_related("phase")},
    )  # fmt: skip
    form = _form(request, review, row)
    if _is_another_stage(request):
        return _with_another_stage(request, page, form)
    return answer(
        request, page, form,
        lambda: actions.save_change(
            actor=actor_of(request), change_id=row.pk, seen_version=_seen(form),
            **form.terms(),
        ),
    )  # fmt: skip


@form_methods
def link_change(request: HttpRequest, code: str) -> HttpResponse:
    """Say what a change that is written down already was in this review."""
    review = review_of(code)
    posted = request.POST if request.method == "POST" else None
    query = clean_line(request.GET.get("q", ""))[:200]
    chosen = posted.get("change_id", "") if posted else request.GET.get("change", "")
    form = LinkForm(
        posted, review=review, candidates=_candidates(review, query, chosen),
        initial={"change_id": chosen},
    )  # fmt: skip
    page = Page(
        _("Say what a change was"), review, "changes", template="console/reviews/parts/link.html",
        extra={"q": query, "add": address("add-change", code)},
    )  # fmt: skip

    def write() -> object:
        data = form.cleaned_data
        return actions.link_change(
            actor=actor_of(request), review_id=review.pk, change_id=data["change_id"], role=data["role"],
            certainty=data["role_certainty"], phase_id=data.get("phase_id"), note=data["role_note"],
        )  # fmt: skip

    return answer(request, page, form, write)


@form_methods
def unlink_change(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take back what a change was."""
    row = part_of(ChangeRole.objects.select_related("change"), code, number)
    return confirm_removal(
        request, Page(_("Take a role back"), row.review, "changes"), f"{row.change.title}: {word_of(Role, row.role)}",
        lambda: actions.unlink_change(actor=actor_of(request), role_id=row.pk), _("Take it back"),
    )  # fmt: skip


_PLACES = {**PLACES, "phase": "phase_id"}


def _form(request: HttpRequest, review: Review, row: ChangeEvent | None) -> ChangeForm:
    posted = request.POST if request.method == "POST" else None
    initial = standing_change(row) if row else {}
    return ChangeForm(posted, review=review, is_new=row is None, rows=rows_of(posted, row), initial=initial)


def _seen(form: ChangeForm) -> int:
    # 0 is the version of no change: a form that says none is told of a conflict.
    raw = form.cleaned_data["seen_version"]
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _is_another_stage(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("step") == "stage"


def _with_another_stage(request: HttpRequest, page: Page, form: ChangeForm) -> HttpResponse:
    """The same form with a place for one more stage, as it was typed and without judging it."""
    typed = {name: field.widget.value_from_datadict(form.data, form.files, name) for name, field in form.fields.items()}
    # A radio that no browser sent says what it says by default.
    typed = {name: value for name, value in typed.items() if value is not None}
    is_new = "role" in form.fields
    again = ChangeForm(review=page.review, is_new=is_new, rows=form.rows, initial=typed)
    return render(request, page.template, {"page": page, "form": again, "is_stages_open": True, **page.extra})


def _candidates(review: Review, query: str, chosen: Any) -> list[ChangeEvent]:
    """Changes to choose from: those found by their words, else those that began within a day before the impact or while
    it lasted, and those that play a part already; and whatever was chosen."""
    wanted = Q(title__icontains=query) | Q(system__icontains=query) | Q(external_ref__icontains=query)
    if not query:
        begin, end = span_of(review)
        near = Q(started_at__gte=begin - NEAR)
        wanted = (near & Q(started_at__lte=end) if end else near) | Q(roles__review=review)
    if str(chosen).isascii() and str(chosen).isdigit() and len(str(chosen)) < 18:
        wanted |= Q(pk=int(chosen))
    return list(ChangeEvent.objects.filter(wanted).distinct()[:MOST_FOUND])
