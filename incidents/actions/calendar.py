"""Business calendars: which days count, and where. A change of one moves no promise that was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import guards, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.promises import CutOff
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb
from incidents.models import BusinessCalendar
from incidents.reviewing import business_calendars
from incidents.reviewing.business_calendars import MOST_HOLIDAYS, NotHolidays


def save_calendar(
    *,
    actor: Actor,
    name: str,
    zone: str = "UTC",
    calendar_id: int | None = None,
    seen_version: int | None = None,
    weekend: Sequence[int] = (5, 6),
    holidays: Sequence[Mapping[str, str]] = (),
    country: str = "",
    subdivision: str = "",
    opens_at: time | None = None,
    closes_at: time | None = None,
    is_loading: bool = False,
    icalendar: str = "",
    now: datetime | None = None,
) -> BusinessCalendar:
    """Add a calendar, or change one (`calendar_id`). `holidays`: [{"date": "2026-07-03", "name": "…"}, …].

    The holidays of `country` (ISO 3166-1, with `subdivision`) for the years around now are added with `is_loading`, and
    where no other list is given; the days of an `icalendar` text are added too. Opening hours are local.

    Raises Refused: no administrator, an unknown zone or place, a week of seven free days, a text that is no calendar,
    hours that end before they begin; Conflict if somebody wrote in between.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        calendar = _calendar(calendar_id, seen_version)
        place, part = country.strip().upper(), subdivision.strip()
        if part and not place:
            raise Refused(_("Choose the country of the subdivision too."), "country")
        values = {
            "name": _name(name, calendar),
            "zone": _zone(zone),
            "weekend": _weekend(weekend),
            "opens_at": opens_at,
            "closes_at": closes_at,
            "country": place,
            "subdivision": part,
            "holidays": _holidays(holidays, place, part, is_loading or not holidays, icalendar, now),
        }
        _check_hours(calendar, opens_at, closes_at)
        changes = {
            field: [_plain(getattr(calendar, field)), _plain(value)]
            for field, value in values.items()
            if calendar.pk is None or getattr(calendar, field) != value
        }
        for field, value in values.items():
            setattr(calendar, field, value)
        if calendar.pk is not None:
            calendar.version += 1
        calendar.updated_at = now
        calendar.save()
        record(actor=actor, verb=Verb.CALENDAR_SAVED, subject=calendar, now=now, changes=changes)
    return calendar


def _calendar(calendar_id: int | None, seen_version: int | None) -> BusinessCalendar:
    if calendar_id is None:
        return BusinessCalendar()
    calendar = BusinessCalendar.objects.select_for_update().filter(pk=calendar_id).first()
    if calendar is None:
        raise Refused(_("There is no such calendar."))
    if seen_version is not None and seen_version != calendar.version:
        raise Conflict(_("Somebody else changed this calendar while you were writing. Read what is new, then save."))
    return calendar


def _name(raw: str, calendar: BusinessCalendar) -> str:
    name = texts.line(raw, field="name", limit=120)
    if BusinessCalendar.objects.filter(name=name).exclude(pk=calendar.pk).exists():
        raise Refused(_("There is a calendar of that name already."), "name")
    return name


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(_("There is no time zone of that name. Write it as Europe/Berlin."), "zone") from None


def _weekend(days: Iterable[int]) -> list[int]:
    found = sorted(set(days))
    if any(day not in range(7) for day in found):
        raise Refused(_("There is no such day of the week."), "weekend")
    if len(found) == 7:
        raise Refused(_("A week needs at least one business day."), "weekend")
    return found


def _holidays(
    typed: Sequence[Mapping[str, str]], country: str, subdivision: str, is_loading: bool, icalendar: str, now: datetime
) -> list[dict[str, str]]:
    years = business_calendars.years_around(now)
    lists: list[list[dict[str, str]]] = [[_holiday(row) for row in typed]]
    try:
        if country:  # asked for even where nothing is loaded: a place that nobody knows is refused
            loaded = business_calendars.country_holidays(country, subdivision, years)
            lists += [loaded] if is_loading else []
        if icalendar.strip():
            lists.append(business_calendars.icalendar_holidays(icalendar, years))
    except NotHolidays as error:
        raise _refusal(str(error), country, subdivision) from None
    found = business_calendars.merged(*lists)
    if len(found) > MOST_HOLIDAYS:
        raise Refused(_("A calendar holds at most 1,000 holidays."), "holidays")
    return found


def _refusal(why: str, country: str, subdivision: str) -> Refused:
    return {
        "country": Refused(_("No holidays are known of the country “%(code)s”.") % {"code": country[:10]}, "country"),
        "subdivision": Refused(
            _("No holidays are known of “%(code)s” in this country.") % {"code": subdivision[:10]}, "subdivision"
        ),
        "broken": Refused(_("That is no iCalendar text that can be read. Nothing was imported."), "icalendar"),
        "empty": Refused(_("There is no event of last year, this one or the next three in it."), "icalendar"),
        "many": Refused(_("There is too much in it: at most 1,000 days and one megabyte."), "icalendar"),
    }[why]


def _holiday(row: Mapping[str, str]) -> dict[str, str]:
    try:
        day = date.fromisoformat(row["date"])
    except (KeyError, TypeError, ValueError):
        raise Refused(_("Write each holiday as 2026-07-03 Independence Day."), "holidays") from None
    return {"date": day.isoformat(), "name": texts.line(row.get("name", ""), field="holidays", limit=120,
                                                        is_required=False)}  # fmt: skip


def _check_hours(calendar: BusinessCalendar, opens_at: time | None, closes_at: time | None) -> None:
    if (opens_at is None) != (closes_at is None):
        raise Refused(_("Give both hours, or neither."), "closes_at" if closes_at is None else "opens_at")
    if opens_at and closes_at and closes_at <= opens_at:
        raise Refused(_("Business closes after it opens."), "closes_at")
    if closes_at is None and calendar.pk is not None:
        needing = calendar.policies.filter(archived_at__isnull=True, cut_off=CutOff.BUSINESS_CLOSE).first()
        if needing:
            raise Refused(
                _("The policy “%(name)s” falls due when business closes.") % {"name": needing.name}, "closes_at"
            )


def _plain(value: Any) -> Any:
    """For the audit log: of holidays their number, which says more than a list of hundreds."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ngettext("%(count)s day", "%(count)s days", len(value)) % {"count": len(value)}
    return str(value) if isinstance(value, time) else value
