"""Mail that an installation without a mail server keeps in files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.notifying import mailbox as files


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest messages, newest first."""
    return render(request, "console/mailbox/list.html", {"letters": files.messages()})


@require_safe
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """One message as text with its headers. Its HTML is never shown: it comes from outside the console."""
    found = files.message(name)
    if found is None:
        raise Http404(name)
    return render(request, "console/mailbox/page.html", {"letter": found})
