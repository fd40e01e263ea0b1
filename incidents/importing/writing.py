"""What was read becomes rows: page, components, incidents, levels, in this order; or only what that would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import history, history_components, history_reviews
from incidents.actions.provenance import Outcome, Result
from incidents.actions.refusals import Refused
from incidents.actions.review_versions import Render
from incidents.domain.actor import Actor
from incidents.domain.history import History, PastComponent, PastIncident
from incidents.domain.status import Kind

COLUMNS = (Outcome.NEW, Outcome.ADDED, Outcome.UNCHANGED, Outcome.CHANGED, Outcome.SKIPPED)


@dataclass(frozen=True)
class Options:
    """How to write. `is_dry`: write nothing, say what would be written. `is_page_wanted`: take name, zone and public id
    of the page too, though this one has its own. `render` makes the page of a review; without it postmortems stay
    updates and nothing else. `policy`: the Content-Security-Policy of our pages; None lets those of a file stand."""

    is_dry: bool = False
    is_page_wanted: bool = False
    now: datetime | None = None
    render: Render | None = None
    policy: str | None = None


@dataclass
class Report:
    """What came of it: how many of each kind had which outcome, and sentences on what was left out."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, kind: str, result: Result) -> None:
        """Count one thing, with the updates and intervals that came with it."""
        self.counts.setdefault(kind, Counter())[result.outcome] += 1
        self.count(_("updates"), result.updates)
        self.count(_("intervals"), result.intervals)
        self.warnings += [each for each in result.warnings if each not in self.warnings]

    def count(self, kind: str, new: int) -> None:
        """Count what is only ever new."""
        if new:
            self.counts.setdefault(kind, Counter())[Outcome.NEW] += new

    def lines(self) -> Iterator[str]:
        """A table for a terminal, then the warnings."""
        yield "".join([" " * 14, *(f"{column.value:>15}" for column in COLUMNS)])
        for kind, counts in self.counts.items():
            yield "".join([f"{kind:<14}", *(f"{counts[column]:>15}" for column in COLUMNS)])
        yield from (_("warning: %(sentence)s") % {"sentence": each} for each in self.warnings)


def write(past: History, options: Options) -> Report:
    """Take a history over; each incident is a transaction of its own, so that a run that is cut off can be run again.

    Raises Refused where the page's zone cannot be taken.
    """
    now = options.now or timezone.now()
    actor = Actor("import", past.source)
    report = Report(warnings=list(past.warnings))
    zone = _page(actor, past, options, now, report)
    for component in past.components:
        result = (
            history_components.component_result(past.source, component)
            if options.is_dry
            else history_components.import_component(
                actor=actor, source=past.source, past=component, first_day=_first_day(component, past, zone), now=now
            )
        )
        report.add(_("components"), result)
    for incident in past.incidents:
        result = (
            history.incident_result(past.source, incident)
            if options.is_dry
            else history.import_incident(actor=actor, source=past.source, past=incident, now=now)
        )
        report.add(_("maintenance") if incident.kind == Kind.MAINTENANCE else _("incidents"), result)
        _review(actor, past.source, incident, options, now, report)
    if not options.is_dry:
        moved = [
            history_components.import_level(actor=actor, source=past.source, past=component, now=now)
            for component in past.components
        ]
        report.count(_("levels"), sum(moved))
    return report


def _page(actor: Actor, past: History, options: Options, now: datetime, report: Report) -> str:
    """Take the page where that is wanted; returns the zone that days are cut in."""
    kept = queries.the_page()
    if past.page is None:
        return kept.time_zone
    if (kept.name, kept.time_zone) == (past.page.name, past.page.time_zone) and not options.is_page_wanted:
        report.add(_("page"), Result(Outcome.UNCHANGED))
        return kept.time_zone
    if not options.is_page_wanted and not history_components.is_page_untouched():
        sentence = _("This page keeps its own name and zone; with --page it takes those of “%(name)s”.")
        report.add(_("page"), Result(Outcome.SKIPPED, warnings=(sentence % {"name": past.page.name},)))
        return kept.time_zone
    try:
        ZoneInfo(past.page.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(_("“%(zone)s” is no time zone.") % {"zone": past.page.time_zone}) from None
    if options.is_dry:
        report.add(_("page"), history_components.page_result(past.page))
    else:
        report.add(_("page"), history_components.import_page(actor=actor, past=past.page, now=now))
    return past.page.time_zone


def _review(actor: Actor, source: str, incident: PastIncident, options: Options, now: datetime, report: Report) -> None:
    told = history_reviews.postmortem_of(incident)
    if told is None or options.render is None:
        return
    result = (
        history_reviews.review_result(source, told)
        if options.is_dry
        else history_reviews.import_review(
            actor=actor, source=source, past=incident, told=told, render=options.render, now=now
        )
    )
    report.add(_("reviews"), result)


def _first_day(component: PastComponent, past: History, zone: str) -> date | None:
    """The first day of which everything is known: what was before the history is no data, not a good day."""
    if component.is_group:
        return component.start_date
    days = [component.start_date or component.created_at.astimezone(ZoneInfo(zone)).date()]
    days += [past.since.astimezone(ZoneInfo(zone)).date()] if past.since else []
    return max(days)
