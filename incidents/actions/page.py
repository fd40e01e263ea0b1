"""The page's name and zone, the texts to begin updates with, the kill switch, and the first administrator."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, roles, texts
from incidents.actions.corrections import correct
from incidents.actions.figures import Figures, figures_of, months_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.review import PersonRole
from incidents.domain.status import INCIDENT_STAGES
from incidents.domain.verbs import Reach, Verb
from incidents.models import PublicPage, UpdateTemplate

LONGEST_UNDO = 120  # an update that nobody is told of for longer is no news


def edit_page(
    *, actor: Actor, name: str, time_zone: str, undo_seconds: int | None = None, reason: str = "",
    now: datetime | None = None,
) -> PublicPage:  # fmt: skip
    """Set the page's name and its zone (an IANA name). Another zone cuts days and months elsewhere: once there is
    anything in the ledger, that is a correction and needs a reason. `undo_seconds` (None: as it is; administrators) is
    for how long mails of an update wait. Raises Refused, also for an unknown zone."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        before: dict[str, Any] = {"name": page.name, "time_zone": page.time_zone}
        figures = _all_figures(now)
        page.name = texts.line(name, field="name", limit=200)
        try:
            page.time_zone = ZoneInfo(time_zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Europe
            raise Refused(_("There is no time zone of that name."), "time_zone") from None
        if undo_seconds is not None and undo_seconds != page.undo_seconds:
            roles.require(actor, PersonRole.ADMINISTRATOR)
            if not 0 <= undo_seconds <= LONGEST_UNDO:
                raise Refused(
                    _("Give a number of seconds from 0 to %(most)s.") % {"most": LONGEST_UNDO}, "undo_seconds"
                )
            before["undo_seconds"] = page.undo_seconds
            page.undo_seconds = undo_seconds
        page.save(update_fields=["name", "time_zone", "undo_seconds"])
        changes = {field: [old, getattr(page, field)] for field, old in before.items() if old != getattr(page, field)}
        corrections = []
        if "time_zone" in changes and queries.standing_intervals().exists():
            why = texts.line(reason, field="reason", limit=300)
            corrections = [
                correct(
                    actor=actor, verb=Verb.PAGE_EDITED, subject=page.name, path="/", reason=why,
                    changes={"time zone": (before["time_zone"], page.time_zone)},
                    before=figures, after=_all_figures(now), now=now,
                )
            ]  # fmt: skip
        record(
            actor=actor,
            verb=Verb.PAGE_EDITED,
            subject=page,
            now=now,
            changes=changes,
            reach=Reach.PAGE,
            published=[page, *corrections],
        )
    return page


def hold_sending(*, actor: Actor, is_held: bool, now: datetime | None = None) -> PublicPage:
    """Press or release the kill switch: while it is held no attempt begins; what waits is kept."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        page.is_sending_held = is_held
        page.save(update_fields=["is_sending_held"])
        verb = Verb.DELIVERIES_HELD if is_held else Verb.DELIVERIES_RELEASED
        record(actor=actor, verb=verb, subject=page, now=now)
    return page


def save_template(
    *,
    actor: Actor,
    name: str,
    stage: str,
    body: str,
    title: str = "",
    template_id: int | None = None,
    key: str = "",
    now: datetime | None = None,
) -> UpdateTemplate:
    """Keep a text to begin updates with, new or in the place of `template_id`. A repeat under the same `key` returns
    what was made first. Raises Refused if the name is taken, Conflict."""
    now = now or timezone.now()
    content = guards.fingerprint(actor=actor.label, template=name, stage=stage, body=body, title=title)
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return UpdateTemplate.objects.get(pk=earlier)
        clean_name = texts.line(name, field="name", limit=100)
        template = UpdateTemplate.objects.filter(pk=template_id).first() if template_id else UpdateTemplate()
        if template is None:
            raise Refused(_("There is no such template."))
        if UpdateTemplate.objects.filter(name=clean_name).exclude(pk=template.pk).exists():
            raise Refused(_("There is a template with this name already."), "name")
        if stage not in INCIDENT_STAGES:
            raise Refused(_("Choose a stage."), "stage")
        template.name, template.stage, template.body = clean_name, stage, texts.body(body)[0]
        template.title = texts.line(title, field="title", limit=255, is_required=False)
        template.save()
        record(actor=actor, verb=Verb.TEMPLATE_SAVED, subject=template, now=now)
        guards.keep_result(key, content, template.pk, now)
    return template


def delete_template(*, actor: Actor, template_id: int, now: datetime | None = None) -> None:
    """Remove a template. Raises Refused if there is none."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        template = UpdateTemplate.objects.filter(pk=template_id).first()
        if template is None:
            raise Refused(_("There is no such template."))
        record(actor=actor, verb=Verb.TEMPLATE_DELETED, subject=template, now=now)
        template.delete()


def make_administrator(*, username: str, password: str, now: datetime | None = None) -> AbstractBaseUser:
    """Make the first administrator. Raises Refused once anybody can sign in, and for a weak password."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if User.objects.exists():
            raise Refused(_("There is an administrator already. Sign in instead."))
        name = texts.line(username, field="username", limit=150)
        try:
            validate_password(password, User(username=name))
        except ValidationError as error:
            raise Refused(" ".join(error.messages), "password") from None
        user = User.objects.create_superuser(name, password=password)
        record(actor=SYSTEM, verb=Verb.ADMINISTRATOR_MADE, subject=user, now=now)
    return user


def _all_figures(now: datetime) -> Figures:
    spans = list(queries.standing_intervals().values_list("component_id", "started_at", "ended_at"))
    return figures_of(
        None, {pk for pk, *_span in spans}, months_of([(start, end) for _pk, start, end in spans], now), now
    )
