"""The door for when mail, telephone and single sign-on are all gone: a link that `manage.py break_glass` prints."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from incidents.actions import accounts as actions
from incidents.actions.one_time import Opens, account_opened_by
from incidents.web.access import open_to_anybody
from incidents.web.accounts.entering import enter_by_last_resort
from incidents.web.client import client_ip


@open_to_anybody
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def last_resort(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; the button lets its holder in, once. Looking at it changes nothing."""
    person = account_opened_by(token, Opens.LAST_RESORT)
    if person is None:
        raise Http404
    if request.method != "POST":
        return render(request, "account/last_resort.html", {"person": person})
    user = actions.use_last_resort(token=token, client_ip=client_ip(request))
    return enter_by_last_resort(request, user, reverse("console:overview"))
