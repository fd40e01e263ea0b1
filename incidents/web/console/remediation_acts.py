"""What becomes of a remediation: another date, another state, verified, declined, superseded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions import remediation as actions
from incidents.web.access import actor_of
from incidents.web.console.remediation_form import MoveForm, ReasonForm, SlipForm, SupersedeForm, VerifyForm
from incidents.web.console.remediations import form_answer, remediation_of


@require_http_methods(["GET", "HEAD", "POST"])
def slip_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Move the due date."""
    row = remediation_of(code)
    form = SlipForm(request.POST if request.method == "POST" else None, initial={"due_on": row.due_on})
    return form_answer(
        request, _("Move the due date"), form, row.review,
        lambda: actions.slip_remediation(actor=actor_of(request), remediation_id=row.pk, **form.cleaned_data), row=row,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def move_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Say how far it is."""
    row = remediation_of(code)
    form = MoveForm(
        request.POST if request.method == "POST" else None, row=row,
        initial={"state": row.state, "status_note": row.status_note},
    )  # fmt: skip
    return form_answer(
        request, _("Say how it stands"), form, row.review,
        lambda: actions.move_remediation(actor=actor_of(request), remediation_id=row.pk, **form.cleaned_data), row=row,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def verify_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Say that it was seen to work."""
    row = remediation_of(code)
    form = VerifyForm(request.POST if request.method == "POST" else None)
    note = _("It belongs to %(owner)s; somebody else verifies it.") % {"owner": row.owner_label or "–"}
    return form_answer(
        request, _("Verify the remediation"), form, row.review,
        lambda: actions.verify_remediation(actor=actor_of(request), remediation_id=row.pk, **form.cleaned_data),
        note, row,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def decline_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Say that it will not be done."""
    row = remediation_of(code)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return form_answer(
        request, _("Decline the remediation"), form, row.review,
        lambda: actions.decline_remediation(actor=actor_of(request), remediation_id=row.pk, **form.cleaned_data),
        row=row,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def supersede_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Put another one in its place."""
    row = remediation_of(code)
    form = SupersedeForm(request.POST if request.method == "POST" else None, row=row)
    return form_answer(
        request, _("Put another remediation in its place"), form, row.review,
        lambda: actions.supersede_remediation(actor=actor_of(request), remediation_id=row.pk, **form.cleaned_data),
        row=row,
    )  # fmt: skip
