"""How the page looks: logo, accent colour, links at its end, the few style values that may be set.

None of it says anything of what is broken, so it stands in no entry of the public record.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, roles
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain import branding
from incidents.domain.actor import Actor
from incidents.domain.branding import DARK_GROUNDS, ENOUGH, LIGHT_GROUNDS, VARIABLES, Pixels
from incidents.domain.review import PersonRole
from incidents.domain.text import clean_line
from incidents.domain.verbs import Reach, Verb
from incidents.models import Picture, PublicPage

MOST_LINKS = 8
LONGEST_LABEL = 40
LONGEST_URL = 500
_MAIL = re.compile(r"mailto:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}(\?subject=[A-Za-z0-9%._~+-]*)?")
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", re.IGNORECASE | re.ASCII)
_STYLE = re.compile(r"(--[a-z-]{1,30})\s*:\s*(\S.*)", re.ASCII)


@dataclass(frozen=True)
class Looks:
    """What was asked for, checked: colours as #rrggbb or "", links as label and url, style values by name."""

    accent: str
    accent_dark: str
    footer_links: list[dict[str, str]]
    style_values: dict[str, str]


def edit_branding(
    *,
    actor: Actor,
    accent: str = "",
    accent_dark: str = "",
    footer_links: str = "",
    style_values: str = "",
    logo: str = "",
    logo_dark: str = "",
    seen_version: int | None = None,
    now: datetime | None = None,
) -> PublicPage:
    """Set all of it. `footer_links` and `style_values` as for `checked`; `logo` and `logo_dark` are codes of pictures
    ("" for none), and those that were shown before and are not any more are deleted.

    Raises Refused with the field, also for somebody who is no administrator, and Conflict.
    """
    now = now or timezone.now()
    looks = checked(accent=accent, accent_dark=accent_dark, footer_links=footer_links, style_values=style_values)
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        if seen_version is not None and seen_version != page.version:
            raise Conflict(_("Somebody else changed the page while you were at it. Look at theirs, then save again."))
        before = _told(page)
        former = {number for number in (page.logo_id, page.logo_dark_id) if number}
        page.logo, page.logo_dark = _picture(logo, "logo"), _picture(logo_dark, "logo_dark")
        if page.logo_dark and not page.logo:
            raise Refused(_("Choose a logo for the light theme too; the dark one goes with it."), "logo")
        put_on(page, looks)
        changes = {name: [old, new] for name, old in before.items() if old != (new := _told(page)[name])}
        if changes:
            page.version += 1
            page.save(update_fields=[*before, "version"])
            Picture.objects.filter(pk__in=former - {page.logo_id or 0, page.logo_dark_id or 0}).delete()
            record(actor=actor, verb=Verb.PAGE_BRANDED, subject=page, now=now, changes=changes, reach=Reach.PAGE)
    return page


def checked(*, accent: str, accent_dark: str, footer_links: str, style_values: str) -> Looks:
    """Check what was typed. Links: one a line, label and then address. Style values: one a line, as in CSS but without
    a semicolon. Raises Refused with the field and, where a line is wrong, its number."""
    return Looks(
        _accent(accent, "accent", LIGHT_GROUNDS, _("the light theme")),
        _accent(accent_dark, "accent_dark", DARK_GROUNDS, _("the dark theme")),
        _links(footer_links),
        _style(style_values),
    )


def put_on(page: PublicPage, looks: Looks) -> None:
    """Give a page these looks, without saving it."""
    page.accent, page.accent_dark = looks.accent, looks.accent_dark
    page.footer_links, page.style_values = looks.footer_links, looks.style_values


def _told(page: PublicPage) -> dict[str, Any]:
    """What the log says of the looks."""
    return {
        "accent": page.accent,
        "accent_dark": page.accent_dark,
        "footer_links": page.footer_links,
        "style_values": page.style_values,
        "logo": page.logo.path if page.logo else "",
        "logo_dark": page.logo_dark.path if page.logo_dark else "",
    }


def _picture(code: str, field: str) -> Picture | None:
    if not code:
        return None
    found = Picture.objects.filter(code=code).first()
    if found is None:
        raise Refused(_("The picture is not kept any more. Choose the file again."), field)
    return found


def _accent(raw: str, field: str, grounds: tuple[str, ...], theme: str) -> str:
    if not raw.strip():
        return ""
    clean = branding.colour(raw)
    if clean is None:
        raise Refused(_("“%(raw)s” is no colour. Write it as #1a55b0.") % {"raw": raw.strip()[:40]}, field)
    ratio, ground = branding.least_contrast(clean, grounds)
    if ratio < ENOUGH:
        told = {
            "colour": clean, "theme": theme, "ground": ground, "nearest": branding.nearest_readable(clean, grounds),
            "ratio": f"{math.floor(ratio * 100) / 100:.2f}", "enough": ENOUGH,
        }  # fmt: skip
        raise Refused(
            _(
                "%(colour)s cannot be read well enough in %(theme)s: its contrast on %(ground)s is %(ratio)s to 1, and "
                "%(enough)s to 1 is needed. The nearest colour that has it is %(nearest)s."
            )
            % told,
            field,
        )
    return clean


def _links(raw: str) -> list[dict[str, str]]:
    lines = [(number, clean_line(line)) for number, line in enumerate(raw.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINKS:
        raise Refused(_("At most %(most)s links fit; these are %(count)s.") % {"most": MOST_LINKS, "count": len(lines)},
                      "footer_links")  # fmt: skip
    return [_link(number, line) for number, line in lines]


def _link(number: int, line: str) -> dict[str, str]:
    label, _space, url = line.rpartition(" ")
    label = label.strip().rstrip(":").strip()
    if not label:
        raise Refused(
            _("Line %(number)s has no words before the address. Write “Privacy https://example.org/privacy”.")
            % {"number": number},
            "footer_links",
        )
    if len(label) > LONGEST_LABEL:
        raise Refused(
            _("The words in line %(number)s have %(length)s characters; at most %(most)s are possible.")
            % {"number": number, "length": len(label), "most": LONGEST_LABEL},
            "footer_links",
        )
    if not _is_address(url):
        raise Refused(
            _("Line %(number)s must end with an address that begins with https:// or mailto:. “%(url)s” is none.")
            % {"number": number, "url": url[:80]},
            "footer_links",
        )
    return {"label": label, "url": url}


def _is_address(url: str) -> bool:
    if len(url) > LONGEST_URL or not url.isascii() or any(each in url for each in "\"'<>\\`{}|^"):
        return False
    if _MAIL.fullmatch(url):
        return True
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme == "https" and "@" not in parts.netloc and bool(_HOST.fullmatch(host)) and port_is_fine


def _style(raw: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            name, value = _style_line(number, line.strip())
            if name in values:
                raise Refused(
                    _("Line %(number)s sets %(name)s a second time.") % {"number": number, "name": name}, "style_values"
                )
            values[name] = value
    return values


def _style_line(number: int, line: str) -> tuple[str, str]:
    found = _STYLE.fullmatch(line)
    if not found:
        raise Refused(
            _("Line %(number)s cannot be read. Write a name and a value, such as “--radius: 4px”.")
            % {"number": number},
            "style_values",
        )
    name, value = found[1], found[2]
    if name not in VARIABLES:
        raise Refused(
            _("Line %(number)s: %(name)s cannot be set. These can: %(names)s.")
            % {"number": number, "name": name, "names": ", ".join(VARIABLES)},
            "style_values",
        )
    if not branding.is_value_of(name, value):
        raise Refused(
            _("Line %(number)s: %(name)s cannot be “%(value)s”. %(possible)s")
            % {"number": number, "name": name, "value": value[:40], "possible": possible(name)},
            "style_values",
        )
    return name, value


def possible(name: str) -> str:
    """A sentence on the values that a style variable may have."""
    rule = VARIABLES[name]
    if not isinstance(rule, Pixels):
        return _("Possible are %(names)s.") % {"names": ", ".join(rule)}
    told = {"least": rule.least, "most": rule.most, "step": rule.step}
    if rule.step == 1:
        return _("Possible are whole pixels from %(least)spx to %(most)spx.") % told
    return _("Possible are %(least)spx to %(most)spx in steps of %(step)s.") % told
