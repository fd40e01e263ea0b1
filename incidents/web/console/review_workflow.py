"""The way of a review to the public: submit, return, comment, accept a finding, approve. Publication is next door."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import authority
from incidents.actions import review_workflow as actions
from incidents.domain.canonical import sha256_of
from incidents.domain.permissions import Roles
from incidents.domain.review import ApprovalKind
from incidents.models import Review, ReviewApproval, ReviewComment, ReviewWaiver
from incidents.models.review_words import word_of
from incidents.publishing.csp import csp
from incidents.publishing.review_pages import version_page
from incidents.reviewing import document
from incidents.reviewing.approvals import standing
from incidents.reviewing.checks import findings
from incidents.reviewing.sections import BY_KEY
from incidents.web.access import actor_of, roles_of
from incidents.web.console.review_draft import changed_since_published, draft_envelope
from incidents.web.console.review_form import ApproveForm, CommentForm, ReasonForm, WaiveForm
from incidents.web.console.review_panel import sights
from incidents.web.console.submitting import forget_drafts, submit


@require_http_methods(["GET", "HEAD", "POST"])
def submit_review(request: HttpRequest, code: str) -> HttpResponse:
    """Ask others to read it. Shows what is still missing."""
    row = get_object_or_404(Review, code=code)
    form = forms.Form(request.POST if request.method == "POST" else None)
    note = _("Whoever may approve reads it then. You can go on writing meanwhile; an approval is of one exact text.")
    return _act(
        request, row, _("Submit for review"), form, note,
        lambda: actions.submit_review(actor=actor_of(request), review_id=row.pk), _("Submitted."),
        button=_("Submit for review"), context={"sights": _missing(row, roles_of(request))},
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def return_review(request: HttpRequest, code: str) -> HttpResponse:
    """Give it back to its author with a reason."""
    row = get_object_or_404(Review, code=code)
    form = ReasonForm(request.POST if request.method == "POST" else None, help_text=_("Internal: what is to change."))
    return _act(
        request, row, _("Ask for changes"), form, _("The review is a draft again. Approvals that were given are void."),
        lambda: actions.return_review(actor=actor_of(request), review_id=row.pk, **form.cleaned_data), _("Returned."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def comment_on_review(request: HttpRequest, code: str) -> HttpResponse:
    """Remark on a section, an entry, or the whole."""
    row = get_object_or_404(Review, code=code)
    initial = {"anchor": request.GET.get("anchor", "")[:60]}
    form = CommentForm(request.POST if request.method == "POST" else None, initial=initial)
    title = _("Comment on the review")
    return _act(
        request, row, title, form, "",
        lambda: actions.comment_on_review(actor=actor_of(request), review_id=row.pk, **form.cleaned_data),
        _("Commented."), back=_section_address(row, form),
    )  # fmt: skip


@require_POST
def resolve_comment(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Say that a comment is answered."""
    row = get_object_or_404(ReviewComment, pk=number, review__code=code)
    actions.resolve_comment(actor=actor_of(request), comment_id=row.pk)
    messages.success(request, _("Resolved."))
    return redirect(_back(request, code))


@require_http_methods(["GET", "HEAD", "POST"])
def waive_finding(request: HttpRequest, code: str) -> HttpResponse:
    """Accept what a check found, signed with a reason."""
    row = get_object_or_404(Review, code=code)
    initial = {"check_key": request.GET.get("check", "")[:40], "subject": request.GET.get("subject", "")[:200]}
    form = WaiveForm(request.POST if request.method == "POST" else None, initial=initial)
    chosen = (str(form["check_key"].value() or ""), str(form["subject"].value() or ""))
    found = next((each for each in findings(row) if (each.check, each.ref) == chosen), None)
    return _act(
        request, row, _("Accept a finding"), form, found.sentence if found else "",
        lambda: actions.waive_finding(actor=actor_of(request), review_id=row.pk, **form.cleaned_data),
        _("Accepted, signed with your name."), back=_back(request, code),
    )  # fmt: skip


@require_POST
def withdraw_waiver(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take the acceptance of a finding back."""
    row = get_object_or_404(ReviewWaiver, pk=number, review__code=code)
    actions.withdraw_waiver(actor=actor_of(request), waiver_id=row.pk)
    messages.success(request, _("Taken back."))
    return redirect(_back(request, code))


@require_http_methods(["GET", "HEAD", "POST"])
def approve_review(request: HttpRequest, code: str) -> HttpResponse:
    """Say yes, in one role, to exactly the public text that is shown."""
    row = get_object_or_404(Review, code=code)
    shown = document.build(row)
    digest = sha256_of(shown)
    stands = standing(row, digest)
    kinds = [*stands.missing, *(kind for kind in stands.required if kind not in stands.missing)] or list(ApprovalKind)
    held = authority.kinds_of(actor_of(request))
    kinds = [kind for kind in kinds if kind in held] or [kind for kind in ApprovalKind if kind in held]
    form = ApproveForm(
        request.POST.copy() if request.method == "POST" else None, kinds=kinds,
        initial={"seen_hash": digest, "kind": kinds[0]},
    )  # fmt: skip
    context = {
        "document": shown, "digest": digest, "standing": stands, "changed": changed_since_published(row, shown),
        "given": [(word_of(ApprovalKind, each.kind), each, each.content_hash == digest) for each in _given(row)],
        "missing": [word_of(ApprovalKind, kind) for kind in stands.missing],
        "sights": _missing(row, roles_of(request)),
    }  # fmt: skip

    def write() -> ReviewApproval:
        return actions.approve_review(actor=actor_of(request), review_id=row.pk, **form.cleaned_data)

    def show_what_stands() -> None:
        form.data["seen_hash"] = digest  # type: ignore[index]

    return _act(
        request, row, _("Approve"), form, "", write, _("Approved."), button=_("Approve this text"), context=context,
        template="console/reviews/approve.html", after_refusal=show_what_stands,
    )  # fmt: skip


@require_POST
def withdraw_approval(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take an approval back."""
    row = get_object_or_404(ReviewApproval, pk=number, review__code=code)
    actions.withdraw_approval(actor=actor_of(request), approval_id=row.pk)
    messages.success(request, _("The approval was withdrawn."))
    return redirect("console:approve-review", code=code)


@require_safe
def preview_review(_request: HttpRequest, code: str) -> HttpResponse:
    """The page as it would be published now."""
    row = get_object_or_404(Review, code=code)
    html, policy = version_page(draft_envelope(row))
    return HttpResponse(html, headers={"Content-Security-Policy": policy or csp()})


def _act(
    request: HttpRequest,
    row: Review,
    title: str,
    form: forms.Form,
    note: str,
    write: Any,
    done: str,
    *,
    button: str = "",
    back: str = "",
    context: dict[str, Any] | None = None,
    template: str = "console/reviews/form.html",
    after_refusal: Any = None,
) -> HttpResponse:
    """One act on a review: carried out and back to the desk, or the form again with what was typed and why not."""
    status = 200
    if form.is_bound:
        outcome = submit(form, write)
        if outcome.is_done:
            messages.success(request, done, extra_tags=forget_drafts(request.path))
            return redirect(back or reverse("console:review", args=[row.code]))
        status = outcome.status
        row.refresh_from_db()
        if after_refusal:
            after_refusal()
    shown = {"title": title, "form": form, "review": row, "note": note, "button": button, **(context or {})}
    return render(request, template, shown, status=status)


def _missing(row: Review, held: Roles) -> list[Any]:
    """The findings that stand in the way of a publication."""
    first = row.incidents.order_by("created_at", "id").first()
    found = sights(row, findings(row), first.code if first else "", held)
    return [sight for sight in found if sight.is_blocking]


def _given(row: Review) -> list[ReviewApproval]:
    return list(row.approvals.filter(withdrawn_at__isnull=True).order_by("id"))


def _section_address(row: Review, form: CommentForm) -> str:
    kind, _colon, key = str(form["anchor"].value() or "").partition(":")
    key = key if kind == "section" else "timeline" if kind == "entry" else ""
    return reverse("console:review-section", args=[row.code, key]) if key in BY_KEY else ""


def _back(request: HttpRequest, code: str) -> str:
    """The section of the review that the post came from, else its desk."""
    key = request.POST.get("from", "") or request.GET.get("from", "")
    if key in BY_KEY:
        return reverse("console:review-section", args=[code, key])
    return reverse("console:review", args=[code])
