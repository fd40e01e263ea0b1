"""The last resort: a fault that nobody caught and a form without its token, told without asking the database."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

MACHINES = ("/v1", "/inbound/")


def form_without_token(request: HttpRequest, **_why: str) -> HttpResponse:
    """403 for a form whose token is missing or old (somebody signed in again in another tab), with the text that was
    typed. Django gives a reason for programmers, and has logged it."""
    typed = [value for name, value in request.POST.items() if name in ("title", "body", "advice", "reason") and value]
    response = render(request, "console/token.html", {"typed": typed}, status=403)
    response["Cache-Control"] = "no-store"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After when the database does not answer, else 500; Django has logged the fault before. Programs
    are told in the shape of the write API, without a word of the fault.

    Called while the exception is being handled, which is how Django calls `handler500`.
    """
    is_database = issubclass(sys.exc_info()[0] or Exception, OperationalError | InterfaceError)
    status = 503 if is_database else 500
    if request.path.startswith(MACHINES):
        response: HttpResponse = _told_to_a_program(is_database, status)
    else:
        response = render(request, "console/fault.html", {"is_database": is_database}, status=status)
    response["Cache-Control"] = "no-store"
    if is_database:
        response["Retry-After"] = "5"
    return response


def _told_to_a_program(is_database: bool, status: int) -> JsonResponse:
    sentence = (
        _("The database does not answer. Try again in a few seconds.")
        if is_database
        else _("Something went wrong here, and is noted in the log of the server. Send it again, or ask its operators.")
    )
    return JsonResponse({"message": sentence, "error": sentence}, status=status)
