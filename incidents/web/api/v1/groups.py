"""Groups of components."""

from __future__ import annotations

from django.utils.translation import gettext as _

from incidents.actions import component_group as actions
from incidents.domain.scopes import Scope
from incidents.models import Component
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.components import SHOWN, ids_of, uptime_answer
from incidents.web.api.v1.shapes import Levels, group_answer
from incidents.web.api.v1.table import Call, Route, missing


def group_list(call: Call) -> list[answers.ComponentGroup]:
    """All groups."""
    levels = Levels()
    rows = SHOWN.filter(is_group=True)[call.options(asked.Paging).rows]
    return [group_answer(row, call.page, levels) for row in rows]


def group(call: Call) -> answers.ComponentGroup:
    """One group."""
    return group_answer(_row(call), call.page, Levels())


def add_group(call: Call) -> answers.ComponentGroup:
    """A new group of components that are there."""
    body = call.asked(asked.GroupBody)
    fields = body.component_group
    row = SHOWN.get(pk=call.earlier) if call.earlier else actions.add_group(
        actor=call.actor, name=fields.name or "", description=fields.description or body.description or "",
        component_ids=ids_of(fields.components or [], "components"), key=call.key,
    )  # fmt: skip
    return group_answer(row, call.page, Levels())


def edit_group(call: Call) -> answers.ComponentGroup:
    """What is named changes."""
    body, row = call.asked(asked.GroupBody), _row(call)
    fields = body.component_group
    description = fields.description if fields.description is not None else body.description
    row = actions.edit_group(
        actor=call.actor,
        group_id=row.pk,
        name=row.name if fields.name is None else fields.name,
        description=row.description if description is None else description,
        component_ids=None if fields.components is None else ids_of(fields.components, "components"),
    )
    return group_answer(row, call.page, Levels())


def dissolve_group(call: Call) -> answers.ComponentGroup:
    """Off the page; its components stay."""
    row = _row(call)
    gone = group_answer(row, call.page, Levels())
    actions.dissolve_group(actor=call.actor, group_id=row.pk)
    return gone


def group_uptime(call: Call) -> answers.Uptime:
    """The figure of a group: the mean over its components."""
    row = _row(call)
    return uptime_answer(call, row, list(row.children.filter(archived_at__isnull=True)) or [row])


def _row(call: Call) -> Component:
    row = SHOWN.filter(code=call.path["group_id"], is_group=True).first()
    if row is None:
        raise missing(_("group"))
    return row


_ALL, _ONE = "/pages/{page_id}/component-groups", "/pages/{page_id}/component-groups/{group_id}"
_SCOPE, _GROUP, _MANY = Scope.COMPONENTS, answers.ComponentGroup, list[answers.ComponentGroup]
ROUTES = (
    Route("GET", _ALL, "List the groups", group_list, _SCOPE, _MANY, query=asked.Paging),
    Route("POST", _ALL, "Add a group", add_group, _SCOPE, _GROUP, 201, asked.GroupBody),
    Route("GET", _ONE, "Get a group", group, _SCOPE, _GROUP),
    Route("PATCH", _ONE, "Edit a group", edit_group, _SCOPE, _GROUP, body=asked.GroupBody),
    Route("PUT", _ONE, "Edit a group", edit_group, _SCOPE, _GROUP, body=asked.GroupBody),
    Route("DELETE", _ONE, "Dissolve a group", dissolve_group, _SCOPE, _GROUP),
    Route("GET", f"{_ONE}/uptime", "Uptime of a group", group_uptime, _SCOPE, answers.Uptime, query=asked.Range),
)  # fmt: skip
