"""The settings of the public page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import page as actions
from incidents.web.access import actor_of
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.forms import PageForm
from incidents.web.console.submitting import submit


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: HttpRequest) -> HttpResponse:
    """Set the page's name and zone."""
    page = queries.the_page()
    initial = {"name": page.name, "time_zone": page.time_zone, "undo_seconds": page.undo_seconds}
    form = PageForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.edit_page(actor=actor_of(request), **form.cleaned_data))
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:edit-page")
        status = outcome.status
    return render(request, "console/page.html", {"form": form}, status=status)
