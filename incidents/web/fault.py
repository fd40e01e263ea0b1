"""The last resort: a fault that nobody caught, told without asking the database anything."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After when the database does not answer, else 500; Django has logged the fault before.

    Called while the exception is being handled, which is how Django calls `handler500`.
    """
    is_database = issubclass(sys.exc_info()[0] or Exception, OperationalError | InterfaceError)
    response = render(request, "console/fault.html", {"is_database": is_database}, status=503 if is_database else 500)
    response["Cache-Control"] = "no-store"
    if is_database:
        response["Retry-After"] = "5"
    return response
