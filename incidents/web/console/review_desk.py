"""The desk: sections at the left, the text with what it will look like, facts, checks and comments at the right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.actions.section import Saved, save_section
from incidents.models import Review, ReviewSection
from incidents.reviewing.figures import Figure, figures_of, fill
from incidents.reviewing.sections import BY_KEY, SECTIONS
from incidents.web.access import actor_of
from incidents.web.console.review_form import SectionForm
from incidents.web.console.review_sheet import sheet_of
from incidents.web.console.submitting import Outcome, submit
from incidents.web.htmx import answer


@require_safe
def review(request: HttpRequest, code: str) -> HttpResponse:
    """The desk at the first section without a text."""
    row = get_object_or_404(Review, code=code)
    written = set(row.sections.exclude(body="").values_list("key", flat=True))
    key = next((section.key for section in SECTIONS if section.key not in written), SECTIONS[0].key)
    return _desk(request, row, key if row.versions.count() == 0 else SECTIONS[0].key)


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The desk at one section; a post saves its text, or with `step=preview` shows what it would look like."""
    row = get_object_or_404(Review, code=code)
    if key not in BY_KEY:
        raise Http404
    if request.method != "POST":
        return _desk(request, row, key)
    form = SectionForm(request.POST.copy())
    if request.POST.get("step") == "preview":
        return _desk(request, row, key, form, is_preview=True)
    return _save(request, row, key, form)


def preview_of(body: str, figures: tuple[Figure, ...]) -> tuple[str, str]:
    """The text as the page will show it, with the figures in the place of their names: (safe HTML, problem)."""
    try:
        return texts.body(fill(texts.body(body, is_required=False)[0], figures), is_required=False)[1], ""
    except Refused as refused:
        return "", refused.sentence


def _save(request: HttpRequest, row: Review, key: str, form: SectionForm) -> HttpResponse:
    outcome: Outcome[Saved] = submit(
        form, lambda: save_section(actor=actor_of(request), review_id=row.pk, key=key, **form.cleaned_data)
    )
    is_script = "application/json" in request.headers.get("Accept", "")
    saved = outcome.result
    if saved is None:
        sentence = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if is_script:
            return JsonResponse({"outcome": "refused", "sentence": sentence}, status=outcome.status)
        return _desk(request, row, key, form, status=outcome.status)
    if is_script:
        return JsonResponse(_as_json(saved), status=409 if saved.outcome == "conflict" else 200)
    if saved.outcome == "conflict":
        form.data["seen_version"] = str(saved.section.version)  # type: ignore[index]
        return _desk(request, row, key, form, theirs=saved, status=409)
    messages.success(request, _sentence(saved))
    return redirect("console:review-section", code=row.code, key=key)


def _as_json(saved: Saved) -> dict[str, Any]:
    """What the script of the desk reads. `body` and `note` are what stands in the section now."""
    return {
        "outcome": saved.outcome,
        "version": saved.section.version,
        "body": saved.section.body,
        "note": saved.section.note,
        "theirs": saved.theirs,
        "by": saved.section.saved_by_label,
        "sentence": _sentence(saved),
    }


def _sentence(saved: Saved) -> str:
    at = f"{saved.section.saved_at:%H:%M:%S} UTC"
    by = saved.section.saved_by_label
    return {
        "merged": _("Saved %(at)s, together with what somebody else wrote meanwhile.") % {"at": at},
        "conflict": _("%(by)s changed the same lines at %(at)s. Nothing is lost: choose what stands.")
        % {"by": by, "at": at},
    }.get(saved.outcome, _("Saved %(at)s.") % {"at": at})


def _desk(
    request: HttpRequest,
    row: Review,
    key: str,
    form: SectionForm | None = None,
    *,
    theirs: Saved | None = None,
    is_preview: bool = False,
    status: int = 200,
) -> HttpResponse:
    kept = ReviewSection.objects.filter(review=row, key=key).first() or ReviewSection(key=key, version=0)
    read = form or SectionForm(initial={"body": kept.body, "note": kept.note, "seen_version": kept.version})
    context: dict[str, Any] = {
        "review": row, "section": BY_KEY[key], "kept": kept, "form": read, "theirs": theirs,
        "is_conflict": theirs is not None,
    }  # fmt: skip
    if not is_preview:
        context |= sheet_of(row, key, actor_of(request), timezone.now())
        if not context["may_write"]:
            for field in read.fields.values():
                field.widget.attrs["readonly"] = True
    figures = context.get("figures") or figures_of(row)
    context["html"], context["problem"] = preview_of(str(read["body"].value() or ""), figures)
    return answer(
        request, "console/reviews/desk.html", context, fragment="live" if is_preview else "", status=status
    )  # fmt: skip
