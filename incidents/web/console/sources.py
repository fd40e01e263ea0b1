"""Sources of alerts: add, edit, give another key; their rules. An administrator sets them, everybody may read them."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import inbound as actions
from incidents.models import InboundRule, InboundSource
from incidents.web.access import actor_of, is_administrator
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.source_form import ACTS, KINDS, RuleForm, SourceForm
from incidents.web.console.submitting import submit

SOURCE_FIELDS = ("name", "is_enabled", "dead_man_minutes", "dead_man_template_id")
RULE_FIELDS = ("match", "act", "component_id", "region_id", "level", "position")


@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source, when it last reported, and its rules in order."""
    rules = InboundRule.objects.select_related("component__group", "region").annotate(
        held=Count("holds", filter=Q(holds__is_holding=True))
    )
    rows = InboundSource.objects.select_related("dead_man_template").prefetch_related(Prefetch("rules", rules))
    lines = [(row, KINDS[row.kind], [(rule, ACTS[rule.act]) for rule in row.rules.all()]) for row in rows]
    return render(request, "console/sources/list.html", {"lines": lines, "may_change": is_administrator(request)})


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def add_source(request: HttpRequest) -> HttpResponse:
    """Add a source; the answer shows its address, once."""
    form, status = SourceForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.save_source(actor=actor_of(request), **form.cleaned_data))
        if outcome.result:
            return _key_page(request, *outcome.result)
        status = outcome.status
    return _form_page(request, _("Add a source of alerts"), form, status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_source(request: HttpRequest, number: int) -> HttpResponse:
    """Change a source, or switch it off."""
    source = get_object_or_404(InboundSource, pk=number)
    initial = {name: getattr(source, name) for name in SOURCE_FIELDS}
    form = SourceForm(request.POST if request.method == "POST" else None, initial=initial, is_new=False)
    status = 200
    if form.is_bound:
        outcome = submit(
            form, lambda: actions.save_source(actor=actor_of(request), source_id=source.pk, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:sources")
        status = outcome.status
    return _form_page(request, _("Edit %(name)s") % {"name": source.name}, form, status)


@recently_proved
@require_POST
def renew_key(request: HttpRequest, number: int) -> HttpResponse:
    """Give a source another address, shown once; the former opens nothing any more."""
    source = get_object_or_404(InboundSource, pk=number)
    return _key_page(request, *actions.renew_key(actor=actor_of(request), source_id=source.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def add_rule(request: HttpRequest, number: int) -> HttpResponse:
    """Add a rule to a source."""
    source = get_object_or_404(InboundSource, pk=number)
    return _save_rule(request, source, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_rule(request: HttpRequest, number: int) -> HttpResponse:
    """Change a rule."""
    rule = get_object_or_404(InboundRule.objects.select_related("source", "component__group"), pk=number)
    return _save_rule(request, rule.source, rule)


@require_POST
def remove_rule(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a rule; what it held ends."""
    rule = get_object_or_404(InboundRule, pk=number)
    actions.remove_rule(actor=actor_of(request), rule_id=rule.pk)
    messages.success(request, _("Removed. What it held has ended."))
    return redirect("console:sources")


def _save_rule(request: HttpRequest, source: InboundSource, rule: InboundRule | None) -> HttpResponse:
    initial = {name: getattr(rule, name) for name in RULE_FIELDS} if rule else {"act": "propose"}
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial, rule=rule)
    status = 200
    if form.is_bound:
        number = rule.pk if rule else None
        outcome = submit(
            form,
            lambda: actions.save_rule(
                actor=actor_of(request), source_id=source.pk, rule_id=number, **form.cleaned_data
            ),
            {"components": "component_id", "regions": "region_id"},
        )  # fmt: skip
        if outcome.is_done:
            messages.success(request, _("Saved. It counts from the next alert on."))
            return redirect("console:sources")
        status = outcome.status
    title = _("Edit a rule of %(name)s") if rule else _("Add a rule to %(name)s")
    return _form_page(request, title % {"name": source.name}, form, status)


def _form_page(request: HttpRequest, title: str, form: forms.Form, status: int) -> HttpResponse:
    return render(request, "console/form.html", {"title": title, "form": form}, status=status)


def _key_page(request: HttpRequest, source: InboundSource, key: str) -> HttpResponse:
    address = settings.SITE_URL + reverse("inbound:receive", args=[source.kind, key])
    return render(request, "console/sources/key.html", {"source": source, "address": address})
