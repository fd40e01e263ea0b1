"""Take in a picture that somebody sends: made anew, kept under a random name, public once something shows it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, roles
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain import picture as domain
from incidents.domain.actor import Actor
from incidents.domain.picture import BadPicture, Fault, Logo
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb
from incidents.models import Picture

UNUSED_KEPT = timedelta(days=1)  # a form may be refused and sent again before what it brought is shown anywhere


def add_logo(*, actor: Actor, data: bytes, field: str = "", now: datetime | None = None) -> Picture:
    """Keep a logo; the page shows it once `edit_branding` says so, and what is not shown within a day is forgotten.

    Raises Refused, with the field: no administrator, or a file that is no picture, is damaged or too large.
    """
    now = now or timezone.now()
    roles.require(actor, PersonRole.ADMINISTRATOR)
    picture = picture_of(logo_of(data, field), now)  # decoding takes its time, so before the transaction
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        picture.save()
        record(actor=actor, verb=Verb.PICTURE_ADDED, subject=picture, now=now)
    return picture


def forget_pictures(*, now: datetime | None = None) -> int:
    """Delete the pictures that nothing has come to show within a day; returns how many."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = queries.the_page()
        shown = [number for number in (page.logo_id, page.logo_dark_id) if number]
        return Picture.objects.filter(created_at__lt=now - UNUSED_KEPT).exclude(Q(pk__in=shown)).delete()[0]


def logo_of(data: bytes, field: str = "") -> Logo:
    """A file made into a logo. Raises Refused with a sentence that says what is wrong with it."""
    try:
        return domain.logo(data)
    except BadPicture as bad:
        raise Refused(_sentence(bad), field) from None


def picture_of(logo: Logo, now: datetime) -> Picture:
    """A row for a logo, not saved."""
    return Picture(
        code=new_code(), kind=logo.file.kind, width=logo.file.width, height=logo.file.height,
        data=logo.file.data, small=logo.inline.data, small_width=logo.inline.width, small_height=logo.inline.height,
        is_see_through=logo.is_see_through, created_at=now,
    )  # fmt: skip


def _sentence(bad: BadPicture) -> str:
    told = {
        Fault.EMPTY: _("The file is empty. Choose a picture."),
        Fault.TOO_BIG: _("The file has more than 5 MB. Make the picture smaller; a logo is shown 32 pixels high."),
        Fault.DRAWING: _("SVG is not taken, because it can hold programs. Save the drawing as PNG."),
        Fault.NO_PICTURE: _("This is no picture that can be read. PNG, JPEG, WebP and GIF are taken."),
        Fault.DAMAGED: _("The picture is damaged or cut off. Save it again and choose the new file."),
    }
    if bad.fault != Fault.TOO_MANY_PIXELS:
        return told[bad.fault]
    if not bad.width:
        return _("The picture has far too many pixels; at most 24 million are taken. Make it smaller.")
    return _("The picture has %(width)s × %(height)s pixels; at most 24 million are taken. Make it smaller.") % {
        "width": f"{bad.width:,}", "height": f"{bad.height:,}",
    }  # fmt: skip
