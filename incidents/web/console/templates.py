"""Texts to begin updates with."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import page as actions
from incidents.models import UpdateTemplate
from incidents.web.access import actor_of
from incidents.web.console.forms import TemplateForm
from incidents.web.console.submitting import submit


@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """All templates by stage."""
    return render(request, "console/templates/list.html", {"templates": UpdateTemplate.objects.all()})


@require_http_methods(["GET", "HEAD", "POST"])
def add_template(request: HttpRequest) -> HttpResponse:
    """Keep a new text."""
    return _save(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_template(request: HttpRequest, number: int) -> HttpResponse:
    """Change a text."""
    return _save(request, get_object_or_404(UpdateTemplate, pk=number))


@require_POST
def delete_template(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a text; updates that began with it stay as they are."""
    template = get_object_or_404(UpdateTemplate, pk=number)
    actions.delete_template(actor=actor_of(request), template_id=number)
    messages.success(request, _("Deleted %(name)s.") % {"name": template.name})
    return redirect("console:templates")


def _save(request: HttpRequest, template: UpdateTemplate | None) -> HttpResponse:
    initial = {name: getattr(template, name) for name in ("name", "stage", "title", "body")} if template else {}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if form.is_bound:
        number = template.pk if template else None
        outcome = submit(
            form, lambda: actions.save_template(actor=actor_of(request), template_id=number, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:templates")
        status = outcome.status
    context = {"form": form, "template": template}
    return render(request, "console/templates/form.html", context, status=status)
