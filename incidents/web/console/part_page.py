"""How every form of a review's parts is shown, judged and answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions.refusals import Conflict, Refused
from incidents.models import Review
from incidents.web.console.part_forms import PartForm
from incidents.web.console.submitting import Outcome, forget_drafts, submit

Part = TypeVar("Part", bound=Model)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True)
class Page:
    """What a form is about. `section`: where its part stands on the author's screen; `standing`: what the part says
    now, by field, where it is edited; `remove`: the address that takes it away; `again`: that of the next one, where
    several are often written; `extra`: for the template."""

    title: str
    review: Review
    section: str = "timeline"
    standing: Callable[[], Mapping[str, Any]] | None = None
    remove: str = ""
    again: str = ""
    note: str = ""
    template: str = "console/reviews/parts/form.html"
    places: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def back(self) -> str:
        """Where its part stands on the author's screen."""
        return address("review-section", self.review.code, self.section)


def review_of(code: str) -> Review:
    """The review, or Http404."""
    return get_object_or_404(Review, code=code)


def part_of(rows: QuerySet[Part], code: str, number: int) -> Part:
    """A part of this review, or Http404."""
    return get_object_or_404(rows.select_related("review"), pk=number, review__code=code)


def answer(request: HttpRequest, page: Page, form: PartForm, write: Callable[[], object]) -> HttpResponse:
    """Show the form; or judge it, write, and go back to the review, or on to the next one where that was asked.

    A refusal is shown at its field and nothing typed is lost; after a conflict what stands there now is shown too.
    """
    status = 200
    if form.is_bound:
        outcome: Outcome[object] = submit(form, write, page.places)
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            is_again = page.again and request.POST.get("step") == "again"
            return redirect(page.again) if is_again else redirect(page.back)
        status = outcome.status
    theirs: list[tuple[str, str]] = []
    if status == 409 and page.standing:
        now = page.standing()
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen_version"] = str(now["seen_version"])  # type: ignore[index]
        theirs = [
            (str(form[name].label), _words(form[name], value))
            for name, value in now.items()
            if name != "seen_version" and name in form.fields and _differs(form[name], value)
        ]
    context = {
        "page": page,
        "form": form,
        "review": page.review,
        "theirs": theirs,
        "is_conflict": status == 409,
        **page.extra,
    }
    return render(request, page.template, context, status=status)


def confirm_removal(
    request: HttpRequest, page: Page, what: str, write: Callable[[], object], button: str = ""
) -> HttpResponse:
    """Ask once on a page of its own, then take a part away. A refusal is said there."""
    sentence, status = "", 200
    if request.method == "POST":
        try:
            write()
        except Refused as refused:
            sentence, status = refused.sentence, 409 if isinstance(refused, Conflict) else 422
        else:
            messages.success(request, _("Done."))
            return redirect(page.back)
    context = {"page": page, "review": page.review, "what": what, "button": button or _("Remove"), "refusal": sentence}
    return render(request, "console/reviews/parts/remove.html", context, status=status)


def address(name: str, *arguments: object) -> str:
    """The address of an act of the console."""
    return reverse(f"console:{name}", args=arguments)


def _differs(bound: BoundField, value: Any) -> bool:
    return bool(_plain(bound, bound.value()) != _plain(bound, value))


def _plain(bound: BoundField, value: Any) -> Any:
    """A value as it is typed, so that what was typed and what is stored can be compared."""
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    shown = bound.field.prepare_value(value)
    if isinstance(value, bool) or shown in (None, "", "on"):
        return bool(shown) if isinstance(value, bool) or shown == "on" else ""
    return str(shown).replace("\r\n", "\n")


def _words(bound: BoundField, value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    names = {str(key): str(name) for key, name in _options(bound)}
    values = value if isinstance(value, list | tuple) else [bound.field.prepare_value(value)]
    return ", ".join(names.get(str(each), "" if each is None else str(each)) for each in values)


def _options(bound: BoundField) -> list[tuple[Any, Any]]:
    """Value and name of every choice of a field, out of its groups; none for a field without choices."""
    found: list[tuple[Any, Any]] = []
    for key, name in getattr(bound.field, "choices", ()):
        found += list(name) if isinstance(name, list | tuple) else [(key, name)]
    return found
