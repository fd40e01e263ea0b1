"""The page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import page as actions
from incidents.domain.scopes import Scope
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.shapes import page_answer
from incidents.web.api.v1.table import Call, Route


def page_list(call: Call) -> list[answers.Page]:
    """All pages: the one."""
    return [page_answer(call.page)]


def page(call: Call) -> answers.Page:
    """The page."""
    return page_answer(call.page)


def edit_page(call: Call) -> answers.Page:
    """Name and zone."""
    fields = call.asked(asked.PageBody).page
    name = call.page.name if fields.name is None else fields.name
    zone = call.page.time_zone if fields.time_zone is None else fields.time_zone
    if (name, zone) != (call.page.name, call.page.time_zone):
        actions.edit_page(actor=call.actor, name=name, time_zone=zone, reason=_("Changed through the API."))
    return page_answer(queries.the_page())


_ONE = "/pages/{page_id}"
ROUTES = (
    Route("GET", "/pages", "List the pages", page_list, Scope.PAGE, list[answers.Page]),
    Route("GET", _ONE, "Get the page", page, Scope.PAGE, answers.Page),
    Route("PATCH", _ONE, "Edit the page", edit_page, Scope.PAGE, answers.Page, body=asked.PageBody),
    Route("PUT", _ONE, "Edit the page", edit_page, Scope.PAGE, answers.Page, body=asked.PageBody),
)
