"""Tokens of the write API: list, make, revoke. A key is shown once, on the answer to its making."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import token as actions
from incidents.domain.scopes import Scope
from incidents.models import ApiToken
from incidents.web.access import actor_of, is_administrator
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.forms import TextField
from incidents.web.console.submitting import submit

SCOPES = [
    (Scope.READ.value, gettext_lazy("Read everything")),
    (Scope.INCIDENTS.value, gettext_lazy("Write incidents and maintenance")),
    (Scope.COMPONENTS.value, gettext_lazy("Write components and groups")),
    (Scope.SUBSCRIBERS.value, gettext_lazy("Write subscribers")),
    (Scope.PAGE.value, gettext_lazy("Write the page’s name and zone")),
    (Scope.TEMPLATES.value, gettext_lazy("Write templates")),
    (Scope.POSTMORTEMS.value, gettext_lazy("Write reviews, and publish what people have approved")),
    (Scope.ALONE.value, gettext_lazy("Publish incidents without a second person, where one is asked for")),
]
LIFETIMES = [
    ("30", gettext_lazy("in 30 days")),
    ("90", gettext_lazy("in 90 days")),
    ("365", gettext_lazy("in a year")),
    ("", gettext_lazy("never")),
]


class TokenForm(forms.Form):
    """A token to be made."""

    name = TextField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Which program it is for; the audit log shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"), choices=SCOPES, required=False, widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(label=gettext_lazy("It expires"), choices=LIFETIMES, initial="90", required=False)


@require_safe
def token_list(request: HttpRequest) -> HttpResponse:
    """All tokens, newest first, with what each may do and when it was last used."""
    now = timezone.now()
    lines = [
        {
            "token": row,
            "scopes": [label for scope, label in SCOPES if scope in row.scopes],
            "is_valid": row.is_valid(now),
        }
        for row in ApiToken.objects.all()
    ]
    context = {"lines": lines, "may_change": is_administrator(request), "page": queries.the_page()}
    return render(request, "console/tokens/list.html", context)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token; the answer shows its key, which nothing shows again."""
    form, status = TokenForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        outcome = submit(form, lambda: _make(request, form), {"expires_at": "days"})
        if outcome.result:
            token, key = outcome.result
            return render(request, "console/tokens/made.html", {"token": token, "key": key, "page": queries.the_page()})
        status = outcome.status
    context = {"form": form, "title": _("Make a token"), "button": _("Make it")}
    return render(request, "console/form.html", context, status=status)


@recently_proved
@require_POST
def revoke_token(request: HttpRequest, number: int) -> HttpResponse:
    """End a token."""
    row = get_object_or_404(ApiToken, pk=number)
    actions.revoke_token(actor=actor_of(request), token_id=row.pk)
    messages.success(request, _("%(name)s opens nothing any more.") % {"name": row.name})
    return redirect("console:tokens")


def _make(request: HttpRequest, form: TokenForm) -> tuple[ApiToken, str]:
    given = form.cleaned_data
    ends = timezone.now() + timedelta(days=int(given["days"])) if given["days"] else None
    return actions.make_token(actor=actor_of(request), name=given["name"], scopes=given["scopes"], expires_at=ends)
