"""The list of reviews with what still waits for one, and what a review is about: start, details, explained gaps."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import review as actions
from incidents.actions.review_parts import ENTRY_FIELDS, save_entry
from incidents.domain.review import ReviewState
from incidents.domain.status import Kind
from incidents.models import Incident, Review, TimelineEntry
from incidents.models.review_words import WORDS
from incidents.publishing import words
from incidents.web.access import actor_of
from incidents.web.console import review_due
from incidents.web.console.paging import page_of, query_without_page, search_text, sorted_by
from incidents.web.console.review_form import PLACES, DetailsForm, ReasonForm, StartForm
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.htmx import answer

# How many incidents a form offers: the newest, and those that are chosen already.
MOST_INCIDENTS = 50


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """Reviews, newest first, and the incidents that wait for one. `?state=` (one of them, or open) and `?q=` narrow
    the list, `?sort=` (title, state, owner, due, versions) puts it in another order."""
    now = timezone.now()
    state, text = request.GET.get("state", ""), search_text(request)
    rows = Review.objects.annotate(
        version_count=Count("versions", distinct=True), first_due_at=review_due.due_at()
    ).order_by("-id")
    columns = {
        "title": "title", "state": "state", "owner": "owner_label", "due": "first_due_at", "versions": "version_count",
    }  # fmt: skip
    rows = sorted_by(request, rows, columns)
    if state == "open":
        rows = rows.exclude(state__in=(ReviewState.PUBLISHED, ReviewState.RETRACTED))
    elif state in list(ReviewState):
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(slug__icontains=text) | Q(incidents__title__icontains=text))
    page = page_of(request, review_due.with_promises(rows.distinct()))
    context = {
        "page": page, "lines": [(row, review_due.due_of(row, now), f"/reviews/{row.slug}") for row in page],
        "states": list(WORDS[ReviewState].items()), "state": state, "q": text, "query": query_without_page(request),
        "waiting": review_due.waiting(now),
    }  # fmt: skip
    return answer(request, "console/reviews/list.html", context, fragment="table")


@require_http_methods(["GET", "HEAD", "POST"])
def start_review(request: HttpRequest) -> HttpResponse:
    """Begin a review. `incident=`, once or several times, names what it is about; a post of that alone is enough."""
    codes = [code.replace("\0", "") for code in (request.POST or request.GET).getlist("incident")]
    named = list(Incident.objects.filter(code__in=codes, kind=Kind.INCIDENT).order_by("created_at", "id"))
    if request.method == "POST":
        data = request.POST.copy()
        if "incident_ids" not in data:
            data.setlist("incident_ids", [str(row.pk) for row in named])
        form = StartForm(data, incidents=_offered(named))
        outcome = submit(
            form, lambda: actions.start_review(actor=actor_of(request), **form.cleaned_data), PLACES
        )  # fmt: skip
        if outcome.result:
            messages.success(request, _("Started. What the record knows is in it already."))
            return redirect("console:review", code=outcome.result.code)
        return _form_page(request, _("Start a review"), form, None, outcome.status)
    initial: dict[str, object] = {"incident_ids": [row.pk for row in named]}
    if named:
        title = named[0].title
        initial |= {"title": title, "slug": slugify(f"{named[0].created_at:%Y-%m-%d} {title}")[: actions.SLUG_LENGTH]}
    return _form_page(request, _("Start a review"), StartForm(initial=initial, incidents=_offered(named)), None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_review(request: HttpRequest, code: str) -> HttpResponse:
    """Change title, owner, incidents and flags."""
    row = get_object_or_404(Review, code=code)
    about = list(row.incidents.all())
    names = (
        "title", "owner_id", "owner_team", "is_security", "has_personal_data", "is_without_agreement", "assistance",
        "assistance_note",
    )  # fmt: skip
    initial = {name: getattr(row, name) for name in names}
    initial |= {"incident_ids": [each.pk for each in about], "seen_version": row.version}
    form = DetailsForm(
        request.POST.copy() if request.method == "POST" else None, initial=initial, incidents=_offered(about)
    )
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.edit_review(actor=actor_of(request), review_id=row.pk, **form.cleaned_data),
            PLACES,
        )
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            return redirect("console:review", code=code)
        row.refresh_from_db()
        if outcome.is_conflict:
            form.data["seen_version"] = str(row.version)  # type: ignore[index]
        theirs = {name: getattr(row, name) for name in ("title", "owner_team", "assistance_note")}
        return _form_page(request, _("Details of the review"), form, row, outcome.status, theirs=theirs)
    return _form_page(request, _("Details of the review"), form, row)


@require_http_methods(["GET", "HEAD", "POST"])
def explain_milestone(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """Say why a milestone is not known; an empty reason takes it back."""
    row = get_object_or_404(Review, code=code)
    if milestone not in words.MILESTONES:
        raise Http404
    title = _("Not known: %(name)s") % {"name": words.MILESTONES[milestone]}
    return _reason_page(request, row, title, "unknown_milestones", milestone)


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss_similar(request: HttpRequest, code: str, other: str) -> HttpResponse:
    """Say why an earlier review that looks alike is another matter; an empty reason takes it back."""
    row, alike = get_object_or_404(Review, code=code), get_object_or_404(Review, code=other)
    title = _("Another matter: %(title)s") % {"title": alike.title}
    return _reason_page(request, row, title, "dismissed_similar", other)


@require_POST
def show_entry(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Make an entry of the timeline public, or internal again (`is_public` empty)."""
    row = get_object_or_404(TimelineEntry.objects.select_related("review"), pk=number, review__code=code)
    fields = {name: getattr(row, name) for name in ENTRY_FIELDS} | {"is_public": bool(request.POST.get("is_public"))}
    save_entry(
        actor=actor_of(request), review_id=row.review_id, entry_id=row.pk, seen_version=row.review.version, **fields
    )
    return redirect("console:review-section", code=code, key="timeline")


def _reason_page(request: HttpRequest, row: Review, title: str, field: str, name: str) -> HttpResponse:
    """One reason in a field of the review that maps names to reasons."""
    reasons: dict[str, str] = getattr(row, field)
    form = ReasonForm(
        request.POST if request.method == "POST" else None, initial={"reason": reasons.get(name, "")},
        help_text=_("Public. Empty: take it back."),
    )  # fmt: skip
    form.fields["reason"].required = False
    if not form.is_bound:
        return _form_page(request, title, form, row)

    def write() -> Review:
        # Read again at once before the write; the version seen then refuses what somebody wrote in between.
        newest = Review.objects.get(pk=row.pk)
        wanted = getattr(newest, field) | {name: form.cleaned_data["reason"]}
        return actions.edit_review(
            actor=actor_of(request), review_id=row.pk, seen_version=newest.version, **{field: wanted}
        )

    outcome = submit(form, write, {field: "reason"})
    if outcome.is_done:
        messages.success(request, _("Saved."))
        return redirect("console:review", code=row.code)
    return _form_page(request, title, form, row, outcome.status)


def _offered(chosen: list[Incident]) -> list[tuple[int, str]]:
    rows = Incident.objects.filter(kind=Kind.INCIDENT, withdrawn_at__isnull=True).order_by("-created_at", "-id")
    found = {row.pk: row for row in [*chosen, *rows[:MOST_INCIDENTS]]}
    return [(pk, f"{row.created_at:%Y-%m-%d}  {row.title}") for pk, row in found.items()]


def _form_page(
    request: HttpRequest,
    title: str,
    form: StartForm | DetailsForm | ReasonForm,
    row: Review | None,
    status: int = 200,
    theirs: dict[str, str] | None = None,
) -> HttpResponse:
    is_conflict = status == 409
    shown = [
        (form[name].label, text)
        for name, text in (theirs or {}).items()
        if is_conflict and text != str(form[name].value() or "")
    ]
    context = {"title": title, "form": form, "review": row, "theirs": shown, "is_conflict": is_conflict}
    return render(request, "console/reviews/form.html", context, status=status)
