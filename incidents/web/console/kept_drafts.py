"""Drafts as the console's forms know them: found again when a form is opened, saved while it is typed into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.actions import drafts as actions
from incidents.domain.drafts import DraftState
from incidents.models import Draft, IdempotencyKey, Incident
from incidents.web.access import actor_of
from incidents.web.console.submitting import forget_drafts

# The forms whose drafts are kept on the server.
FORMS = frozenset(
    (
        "open-incident", "post-update", "resolve-incident", "reopen-incident", "edit-proposal", "resolve-proposal",
    )
)  # fmt: skip
# What belongs to one page on screen, or to the server, and not to the text.
NOT_TYPED = frozenset(
    ("csrfmiddlewaretoken", "seen_version", "seen_sequence", "step", "template", "key", "show", "draft_path",
     "draft_version", "other")
)  # fmt: skip
SHOWN_OTHERS = 3


@dataclass(frozen=True)
class Kept:
    """A draft found again: `fields` as the browser would post them; `others`: what was set aside for it, newest
    first."""

    version: int
    saved_at: datetime
    key: str
    fields: QueryDict
    others: Sequence[Draft] = ()


def kept_draft(request: HttpRequest) -> Kept | None:
    """What this person was writing at this address, unless it was posted since. `?other=<code>` takes one that was set
    aside in its place."""
    rows = list(
        Draft.objects.filter(user=actor_of(request).user_id or 0, path=request.path)
        .filter(state__in=(DraftState.WRITING, DraftState.DROPPED))
        .exclude(fields={})
    )
    draft = next((row for row in rows if row.state == DraftState.WRITING), None)
    if draft and draft.key and IdempotencyKey.objects.filter(key=draft.key).exists():
        draft = None
    aside = [row for row in rows if row.state == DraftState.DROPPED]
    version = draft.version if draft else 0
    chosen = next((row for row in aside if row.code == request.GET.get("other")), draft)
    if chosen is None:
        return None
    others = [row for row in [*([draft] if draft else []), *aside] if row != chosen and row.fields != chosen.fields]
    return Kept(version, chosen.updated_at, chosen.key, as_posted(chosen.fields), others[:SHOWN_OTHERS])


def typed_fields(data: Mapping[str, Any] | QueryDict) -> dict[str, list[str]]:
    """Everything typed in a posted form, by name, without what belongs to the page."""
    assert isinstance(data, QueryDict)
    return {
        name: [str(value).replace("\r\n", "\n") for value in data.getlist(name)]
        for name in data
        if name not in NOT_TYPED
    }


def as_posted(fields: Mapping[str, Sequence[str]]) -> QueryDict:
    """Fields of a draft in the form in which a browser posts them."""
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, list(values))
    return data


def keep_typed(request: HttpRequest, incident: Incident | None) -> int:
    """Keep what a posted form holds, for a browser that has no script to do so; the version that it is kept with."""
    draft = _save(request, request.path, incident.pk if incident else None).draft
    return draft.version if draft else 0


def forget_typed(request: HttpRequest, *paths: str) -> None:
    """End the drafts of these forms: they were posted."""
    actions.drop_drafts(actor=actor_of(request), paths=paths)


@require_POST
def save_draft(request: HttpRequest) -> HttpResponse:
    """Keep what is being typed. Answers JSON: the version and minute it was kept with, another text that was typed
    elsewhere meanwhile, or that this was posted already."""
    path = _path(request.POST.get("draft_path", ""))
    code = resolve(path).kwargs.get("code")
    incident = Incident.objects.filter(code=code).first() if code else None
    saved = _save(request, path, incident.pk if incident else None)
    if saved.draft is None:
        return JsonResponse({"is_posted": True})
    return JsonResponse(
        {
            "version": saved.draft.version,
            "at": f"{saved.draft.updated_at:%H:%M}",
            "other": _as_offered(saved.other),
        }
    )


@require_POST
def discard_draft(request: HttpRequest) -> HttpResponse:
    """Throw away what was typed at an address, and show the form empty again."""
    path = _path(request.POST.get("draft_path", ""))
    actions.drop_drafts(actor=actor_of(request), paths=[path])
    messages.info(request, _("The draft was discarded."), extra_tags=forget_drafts(path))
    return redirect(path)


def seen_version(request: HttpRequest) -> int:
    """The version of the draft that the form was at when it was posted; 0 for none."""
    seen = request.POST.get("draft_version", "")
    return int(seen) if seen.isdecimal() and len(seen) < 9 else 0


def _save(request: HttpRequest, path: str, incident_id: int | None) -> actions.Saved:
    return actions.save_draft(
        actor=actor_of(request),
        path=path,
        fields={name: [value.replace("\0", "") for value in values]  # PostgreSQL keeps no NUL
                for name, values in typed_fields(request.POST).items()},
        key=request.POST.get("key", "").replace("\0", "")[:100],
        incident_id=incident_id,
        seen_version=seen_version(request),
    )  # fmt: skip


def _path(raw: str) -> str:
    """The address of a form whose drafts are kept. Raises Http404 for any other."""
    path = urlsplit(raw).path
    try:
        match = resolve(path)
    except Resolver404:
        raise Http404(raw) from None
    if match.namespace != "console" or match.url_name not in FORMS or len(path) > 200:
        raise Http404(raw)
    return path


def _as_offered(other: Draft | None) -> dict[str, Any] | None:
    if other is None:
        return None
    return {"fields": other.fields, "at": f"{other.updated_at:%H:%M}", "code": other.code}
