"""The records to take away, for an administrator: what is public, or everything."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.export import record_export
from incidents.archive.lines import lines
from incidents.publishing import store
from incidents.web.access import actor_of, is_administrator
from incidents.web.accounts.reauthentication import recently_proved


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """What can be taken away, and the two buttons for it."""
    return render(request, "console/export.html", {"may_export": is_administrator(request)})


@recently_proved
@require_POST
def export_public(request: HttpRequest) -> StreamingHttpResponse:
    """Everything public as JSON lines."""
    return _download(request, is_everything=False)


@recently_proved
@require_POST
def export_everything(request: HttpRequest) -> StreamingHttpResponse:
    """Everything as JSON lines: subscribers, accounts and log too."""
    return _download(request, is_everything=True)


def _download(request: HttpRequest, *, is_everything: bool) -> StreamingHttpResponse:
    record_export(actor=actor_of(request), is_everything=is_everything)
    name = "candor-everything.jsonl" if is_everything else "candor-public.jsonl"
    return StreamingHttpResponse(
        _of_one_state(is_everything),
        content_type="application/jsonl; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _of_one_state(is_everything: bool) -> Iterator[str]:
    with store.one_state():
        yield from lines(is_everything)
