"""People who may sign in: which roles each has, and adding somebody by a one-time link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import roles as actions
from incidents.actions.offering import set_four_eyes as set_rule
from incidents.domain.permissions import group_of
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.models.review_words import WORDS
from incidents.models.words import Word
from incidents.web.access import actor_of, is_administrator
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.forms import TextField
from incidents.web.console.submitting import submit


def _approver_of(kind: ApprovalKind) -> Word:
    return format_lazy("{approver}: {kind}", approver=gettext_lazy("Approver"), kind=WORDS[ApprovalKind][kind])


ROLES = [
    (str(PersonRole.VIEWER), gettext_lazy("Viewer")),
    (str(PersonRole.AUTHOR), gettext_lazy("Author")),
    (str(PersonRole.PUBLISHER), gettext_lazy("Publisher")),
    (str(PersonRole.APPROVER), gettext_lazy("Approver in every kind")),
    *((group_of(kind), _approver_of(kind)) for kind in ApprovalKind),
    (str(PersonRole.ADMINISTRATOR), gettext_lazy("Administrator")),
]


class RolesForm(forms.Form):
    """What somebody may do, and where reminders go."""

    email = TextField(label=gettext_lazy("E-mail address"), required=False, help_text=gettext_lazy("For reminders."))
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"), choices=ROLES, required=False, widget=forms.CheckboxSelectMultiple
    )


class PersonForm(RolesForm):
    """Somebody new."""

    username = TextField(label=gettext_lazy("Username"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    field_order = ["username", "email", "roles"]


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who may sign in, by name, each with a form of roles for an administrator."""
    return _page(request)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def add_person(request: HttpRequest) -> HttpResponse:
    """Make an account; the answer shows the link by which its owner sets a password."""
    form, status = PersonForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.add_person(actor=actor_of(request), **form.cleaned_data))
        if outcome.result:
            return _invited(request, outcome.result)
        status = outcome.status
    return render(request, "console/form.html", {"form": form, "title": _("Add somebody")}, status=status)


@recently_proved
@require_POST
def set_roles(request: HttpRequest, number: int) -> HttpResponse:
    """Set what somebody may do."""
    user = get_object_or_404(User, pk=number)
    form = _form(user, request.POST)
    outcome = submit(form, lambda: actions.set_roles(actor=actor_of(request), user_id=user.pk, **form.cleaned_data))
    if outcome.is_done:
        messages.success(request, _("Saved."))
        return redirect("console:people")
    return _page(request, form, user.pk, outcome.status)


@recently_proved
@require_POST
def set_four_eyes(request: HttpRequest) -> HttpResponse:
    """Say whether a second person publishes what is posted of incidents."""
    is_on = request.POST.get("is_four_eyes") == "on"
    set_rule(actor=actor_of(request), is_on=is_on)
    messages.success(request, _("From now on a second person publishes.") if is_on else _("Everybody publishes alone."))
    return redirect("console:people")


@recently_proved
@require_POST
def invite_person(request: HttpRequest, number: int) -> HttpResponse:
    """Show the link of somebody who has not set a password yet once more."""
    actions.require(actor_of(request), PersonRole.ADMINISTRATOR)
    return _invited(request, get_object_or_404(User, pk=number))


def _invited(request: HttpRequest, user: User) -> HttpResponse:
    uid, token = actions.invitation_of(user)
    address = request.build_absolute_uri(reverse("console:set-password", args=[uid, token]))
    return render(request, "console/people/invited.html", {"person": user, "address": address})


def _page(request: HttpRequest, wrong: RolesForm | None = None, number: int = 0, status: int = 200) -> HttpResponse:
    users = User.objects.filter(is_active=True).order_by("username").prefetch_related("groups")
    lines: list[dict[str, Any]] = [
        {
            "person": user,
            "form": wrong if wrong and user.pk == number else _form(user),
            "roles": [name for value, name in ROLES if value in {group.name for group in user.groups.all()}],
            "is_invited": not user.has_usable_password(),
        }
        for user in users
    ]
    context = {
        "lines": lines,
        "form": wrong,
        "may_change": is_administrator(request),
        "is_four_eyes": queries.the_page().is_four_eyes,
    }
    return render(request, "console/people/list.html", context, status=status)


def _form(user: User, data: Any = None) -> RolesForm:
    held = [group.name for group in user.groups.all()]
    # Each person has a form on the same page: ids must differ, names need not.
    return RolesForm(data, initial={"email": user.email, "roles": held}, auto_id=f"id_{user.pk}_%s")
