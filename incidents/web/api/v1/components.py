"""Components and their uptime."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import component as actions
from incidents.actions.component_status import put_component_status
from incidents.domain.intervals import Span, worst_by_instant
from incidents.domain.scopes import Scope
from incidents.domain.status import Level
from incidents.domain.uptime import days_window, uptime_percent
from incidents.models import Component, PublicPage
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.shapes import Levels, component_answer, stamp
from incidents.web.api.v1.table import Call, Refusal, Route, missing

SHOWN = Component.objects.filter(archived_at__isnull=True).select_related("group")
DAYS = 90


def component_list(call: Call) -> list[answers.Component]:
    """All components, groups among them, in the order of their position."""
    levels = Levels()
    rows = SHOWN.order_by("position", "group__position", "id")[call.options(asked.Paging).rows]
    return [component_answer(row, call.page, levels) for row in rows]


def component(call: Call) -> answers.Component:
    """One component."""
    return _answer(call, _row(call))


def add_component(call: Call) -> answers.Component:
    """A new component, at a status if one is given."""
    fields = call.asked(asked.ComponentBody).component
    if call.earlier:
        return _answer(call, SHOWN.get(pk=call.earlier))
    row = actions.add_component(
        actor=call.actor,
        name=fields.name or "",
        description=fields.description or "",
        group_id=_group_id(fields.group_id),
        start_date=fields.start_date,
        is_hidden_unless_degraded=bool(fields.only_show_if_degraded),
        is_showcased=fields.showcase is not False,
        key=call.key,
    )
    _put_status(call, row, fields)
    return _answer(call, row)


def edit_component(call: Call) -> answers.Component:
    """What is named changes; the status too, whoever holds the component."""
    fields, row = call.asked(asked.ComponentBody).component, _row(call)
    known: dict[str, Any] = {
        "name": row.name, "description": row.description, "group_id": row.group_id, "start_date": row.start_date,
        "is_hidden_unless_degraded": row.is_hidden_unless_degraded, "is_showcased": row.is_showcased,
    }  # fmt: skip
    new = known | _named(fields)
    if new != known:
        regions = [region.pk for region in row.regions.all()]
        reason = _("Changed through the API.")
        actions.edit_component(actor=call.actor, component_id=row.pk, region_ids=regions, reason=reason, **new)
    _put_status(call, row, fields)
    return _answer(call, SHOWN.get(pk=row.pk))


def archive_component(call: Call) -> None:
    """Off the page; its history stays."""
    actions.archive_component(actor=call.actor, component_id=_row(call).pk)


def component_uptime(call: Call) -> answers.Uptime:
    """The figure of one component."""
    row = _row(call)
    return uptime_answer(call, row, [row])


def uptime_answer(call: Call, row: Component, leaves: Sequence[Component]) -> answers.Uptime:
    """Uptime of `row`: of its leaves the mean, at each instant the heaviest level of any region.

    percent = 100 * (1 - (major + 0.3 * partial) / window), floored to two digits, as on Statuspage pages.
    """
    window = _window(call.options(asked.Range), call.page, call.now)
    totals = {Level.MAJOR_OUTAGE: Fraction(0), Level.PARTIAL_OUTAGE: Fraction(0)}
    incidents: set[str] = set()
    spans = queries.standing_intervals().filter(component__in=leaves, started_at__lt=window.end)
    spans = spans.exclude(ended_at__lte=window.start).select_related("incident")
    for leaf in leaves:
        own = [span for span in spans if span.component_id == leaf.pk]
        rows = [(span.started_at, span.ended_at, Level(span.level)) for span in own]
        for segment in worst_by_instant(rows, call.now, window):
            if segment.level in totals:
                totals[segment.level] += segment.seconds / len(leaves)
        incidents |= {span.incident.code for span in own if span.incident and span.incident.withdrawn_at is None}
    major, partial = (int(totals[level]) for level in totals)
    weighed = totals[Level.MAJOR_OUTAGE] + totals[Level.PARTIAL_OUTAGE] * 3 / 10
    return answers.Uptime(
        id=row.code,
        name=row.name,
        range_start=stamp(window.start, call.page),
        range_end=stamp(window.end, call.page),
        uptime_percentage=float(uptime_percent(window.seconds, weighed)),
        major_outage=major,
        partial_outage=partial,
        related_events=answers.RelatedEvents(
            component_id=None if row.is_group else row.code,
            incidents=[answers.RelatedEvent(id=code) for code in sorted(incidents)],
        ),
        warnings=[],
    )


def ids_of(codes: Sequence[str], field: str) -> list[int]:
    """Rows of components by their public ids, in that order. Raises Refusal 422 for one that is not on the page."""
    known = dict(SHOWN.filter(code__in=codes).values_list("code", "pk"))
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise Refusal(422, _("%(field)s: there is no component %(id)s.") % {"field": field, "id": unknown[0]})
    return [known[code] for code in codes]


def _row(call: Call) -> Component:
    row = SHOWN.prefetch_related("regions").filter(code=call.path["component_id"]).first()
    if row is None:
        raise missing(_("component"))
    return row


def _answer(call: Call, row: Component) -> answers.Component:
    return component_answer(row, call.page, Levels())


def _put_status(call: Call, row: Component, fields: asked.ComponentFields) -> None:
    """Raises Refused for another status of a group than the one that follows from its components."""
    if fields.status is not None and not _is_at(row, fields.status):
        put_component_status(actor=call.actor, component_id=row.pk, level=fields.status)


def _is_at(row: Component, status: str) -> bool:
    return Levels().of(row).value == status


def _group_id(code: str | None) -> int | None:
    """Old clients write null as a word."""
    return None if code in (None, "", "null") else ids_of([str(code)], "group_id")[0]


def _named(fields: asked.ComponentFields) -> dict[str, Any]:
    """What the request says of a component, by the names of ours. Null empties what can be empty, and else says
    nothing."""
    named = fields.model_fields_set
    found: dict[str, Any] = {
        "name": fields.name, "is_hidden_unless_degraded": fields.only_show_if_degraded, "is_showcased": fields.showcase,
    }  # fmt: skip
    found = {name: value for name, value in found.items() if value is not None}
    if "description" in named:
        found["description"] = fields.description or ""
    if "group_id" in named:
        found["group_id"] = _group_id(fields.group_id)
    if "start_date" in named:
        found["start_date"] = fields.start_date
    return found


def _window(options: asked.Range, page: PublicPage, now: datetime) -> Span:
    whole = days_window(now, DAYS, page.time_zone)
    start = _instant(options.start, page) or whole.start
    end = _instant(options.end, page) or max(whole.end, start + timedelta(days=1))
    if end <= start:
        raise Refusal(400, _("start: the range must end after it begins."))
    return Span(start, end)


def _instant(at: date | datetime | None, page: PublicPage) -> datetime | None:
    if at is None or isinstance(at, datetime):
        return at
    if not asked.EARLIEST.date() <= at < asked.LATEST.date():
        raise Refusal(400, _("The day is before 1990 or after 2199."))
    return datetime.combine(at, time.min, tzinfo=ZoneInfo(page.time_zone))


_ALL, _ONE, _SCOPE = "/pages/{page_id}/components", "/pages/{page_id}/components/{component_id}", Scope.COMPONENTS
_ANY = answers.GroupAsComponent | answers.Component
ROUTES = (
    Route("GET", _ALL, "List the components", component_list, _SCOPE, list[_ANY], query=asked.Paging),
    Route("POST", _ALL, "Add a component", add_component, _SCOPE, _ANY, 201, asked.ComponentBody),
    Route("GET", _ONE, "Get a component", component, _SCOPE, _ANY),
    Route("PATCH", _ONE, "Edit a component", edit_component, _SCOPE, _ANY, body=asked.ComponentBody),
    Route("PUT", _ONE, "Edit a component", edit_component, _SCOPE, _ANY, body=asked.ComponentBody),
    Route("DELETE", _ONE, "Archive a component", archive_component, _SCOPE, status=204),
    Route("GET", f"{_ONE}/uptime", "Uptime of a component", component_uptime, _SCOPE, answers.Uptime,
          query=asked.Range),
)  # fmt: skip
