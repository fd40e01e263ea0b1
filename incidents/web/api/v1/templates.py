"""Texts to begin incidents and updates with."""

from __future__ import annotations

from django.utils.translation import gettext as _

from incidents.actions import page as actions
from incidents.domain.scopes import Scope
from incidents.domain.status import Stage
from incidents.models import UpdateTemplate
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.table import Call, Route, missing

_LONGEST_NUMBER = 18


def template_list(call: Call) -> list[answers.Template]:
    """All of them."""
    rows = UpdateTemplate.objects.order_by("stage", "name", "id")
    return [_answer(row) for row in rows[call.options(asked.Paging).rows]]


def template(call: Call) -> answers.Template:
    """One of them."""
    return _answer(_row(call))


def add_template(call: Call) -> answers.Template:
    """One more."""
    fields = call.asked(asked.TemplateBody).template
    if call.earlier:
        return _answer(UpdateTemplate.objects.get(pk=call.earlier))
    return _answer(
        actions.save_template(
            actor=call.actor, name=fields.name or "", stage=fields.update_status or Stage.INVESTIGATING,
            title=fields.title or "", body=fields.body or "", key=call.key,
        )
    )  # fmt: skip


def edit_template(call: Call) -> answers.Template:
    """What is named changes."""
    fields, row = call.asked(asked.TemplateBody).template, _row(call)
    return _answer(
        actions.save_template(
            actor=call.actor,
            template_id=row.pk,
            name=row.name if fields.name is None else fields.name,
            stage=fields.update_status or row.stage,
            title=row.title if fields.title is None else fields.title,
            body=row.body if fields.body is None else fields.body,
        )
    )


def delete_template(call: Call) -> None:
    """Updates that began with it stay."""
    actions.delete_template(actor=call.actor, template_id=_row(call).pk)


def _row(call: Call) -> UpdateTemplate:
    number = call.path["template_id"]
    is_number = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    row = UpdateTemplate.objects.filter(pk=int(number)).first() if is_number else None
    if row is None:
        raise missing(_("template"))
    return row


def _answer(row: UpdateTemplate) -> answers.Template:
    return answers.Template.model_validate(
        {"id": str(row.pk), "name": row.name, "title": row.title, "body": row.body, "update_status": row.stage}
    )


_ALL, _ONE = "/pages/{page_id}/incident_templates", "/pages/{page_id}/incident_templates/{template_id}"
_SCOPE, _TEMPLATE, _MANY = Scope.TEMPLATES, answers.Template, list[answers.Template]
ROUTES = (
    Route("GET", _ALL, "List the templates", template_list, _SCOPE, _MANY, query=asked.Paging),
    Route("POST", _ALL, "Add a template", add_template, _SCOPE, _TEMPLATE, 201, asked.TemplateBody),
    Route("GET", _ONE, "Get a template", template, _SCOPE, _TEMPLATE),
    Route("PATCH", _ONE, "Edit a template", edit_template, _SCOPE, _TEMPLATE, body=asked.TemplateBody),
    Route("DELETE", _ONE, "Delete a template", delete_template, _SCOPE, status=204),
)  # fmt: skip
