"""From a form to an action and back: what every write in the console shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django import forms
from django.http import HttpRequest

from incidents.actions.refusals import Conflict, Refused

Result = TypeVar("Result")


def forget_drafts(*paths: str) -> str:
    """The tag of a message that tells the browser which drafts it may forget: those of the forms at these paths."""
    return " ".join(f"posted:{path}" for path in paths)


def is_sent_by_script(request: HttpRequest) -> bool:
    """Whether the page's own script posted the form: it wants 201 with an address, and 401 instead of a sign-in."""
    return request.headers.get("Candor-Script") == "1"


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What became of a post: the action's result, or the status to answer with (422 refused, 409 conflict)."""

    result: Result | None
    status: int

    @property
    def is_done(self) -> bool:
        """Whether the action was carried out."""
        return self.status == 200

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else wrote in between."""
        return self.status == 409


def submit(form: forms.Form, write: Callable[[], Result], places: Mapping[str, str] | None = None) -> Outcome[Result]:
    """Check the form, then write. A refusal becomes an error of the form, at the field it names; nothing typed is lost.

    `places` says at which field of the form a field of the action is shown, where the names differ.
    """
    if not form.is_valid():
        return Outcome(None, 422)
    try:
        return Outcome(write(), 200)
    except Refused as refused:
        place = (places or {}).get(refused.field, refused.field)
        form.add_error(place if place in form.fields else None, refused.sentence)
        return Outcome(None, 409 if isinstance(refused, Conflict) else 422)
