"""The last resort: a fault that nobody caught, a form without its token, what is not there. Asks no database.

Each says the number of the request, which the lines of the log about it carry too, and nothing of the reason.
"""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents.web import request_id

MACHINES = ("/v1", "/inbound/")


def form_without_token(request: HttpRequest, **_why: str) -> HttpResponse:
    """403 for a form whose token is missing or old (somebody signed in again in another tab), with the text that was
    typed. Django gives a reason for programmers, and has logged it."""
    typed = [value for name, value in request.POST.items() if name in ("title", "body", "advice", "reason") and value]
    response = render(request, "console/token.html", {"typed": typed, "reference": request_id.current()}, status=403)
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
        response: HttpResponse = _told_to_a_program(_sentence_of_fault(is_database), status)
    else:
        told = {"is_database": is_database, "reference": request_id.current()}
        response = render(request, "console/fault.html", told, status=status)
    response["Cache-Control"] = "no-store"
    if is_database:
        response["Retry-After"] = "5"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """400: a name that is not ours in `Host`, or a request that cannot be read."""
    return _refusal(request, 400, _("This cannot be read"), _("The request is malformed, or meant for another site."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """403 outside the console, which has its own."""
    return _refusal(request, 403, _("Not allowed"), _("You may not do this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """404 for an address of Django's outside the console, which has its own."""
    return _refusal(request, 404, _("There is nothing here"), _("The address is wrong, or what it named is gone."))


def method_refused(request: HttpRequest) -> HttpResponse:
    """405 for a method that no address here takes: TRACE, CONNECT, inventions."""
    return _refusal(request, 405, _("Not allowed"), _("This address does not take that method."))


def _refusal(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    if request.path.startswith(MACHINES):
        response: HttpResponse = _told_to_a_program(sentence, status)
    else:
        # Without the request: its context processors would look for a session, and so ask the database.
        told = {"title": title, "sentence": sentence, "reference": request_id.current()}
        response = HttpResponse(render_to_string("console/error.html", told), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _told_to_a_program(sentence: str, status: int) -> JsonResponse:
    # The shape of the dialect, to the key: the number of the request stands in X-Request-ID.
    return JsonResponse({"message": sentence, "error": sentence}, status=status)


def _sentence_of_fault(is_database: bool) -> str:
    if is_database:
        return _("The database does not answer. Try again in a few seconds.")
    return _("Something went wrong here, and is noted in the log of the server. Send it again, or ask its operators.")
