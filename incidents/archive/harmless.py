"""What anybody may have written into a public file, so that nothing of it runs or leads elsewhere once restored.

An export of everything brings accounts and is trusted as a backup is; one of what is public may come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from incidents.archive.values import BadValue
from incidents.domain.markup import TooLong, render_html

# A page that was pinned by another version shows as it was, without its script (CSP level 3).
WITHOUT_SCRIPT = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,12}", re.ASCII)
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~@/-]*", re.ASCII)
_STYLE = re.compile(r"\bstyle-src 'sha256-[A-Za-z0-9+/=]{44}'(?=;)", re.ASCII)
_LINK = re.compile(r"(?:https://|mailto:)[!#-;=?-~]{1,500}", re.ASCII)
PICTURE_KINDS = frozenset(("png",))
_ADDRESSES = frozenset({"url", "public_url"})
_PATHS = frozenset({"path", "target"})


def harmless(table: str, values: Mapping[str, Any], policy: str | None) -> dict[str, Any]:
    """The values of a row as they may be written. HTML is rendered anew from its Markdown; a pinned page runs no script
    but that of `policy`, the one that this version serves pages under (None: the file is one's own, they stay).

    Raises BadValue: a code or a path that can name no page of ours, an address that is not of the web.
    """
    found = dict(values)
    for name, value in values.items():
        if name == "code" and not _CODE.fullmatch(value):
            raise BadValue(_("code must be of letters and digits"))
        if name in _ADDRESSES and value and not value.lower().startswith(("https://", "http://")):
            raise BadValue(_("%(name)s must begin with https:// or http://") % {"name": name})
        if table == "redirect" and name in _PATHS and not _PATH.fullmatch(value):
            raise BadValue(_("%(name)s must be a path of this page") % {"name": name})
        if name.endswith("_html"):
            found[name] = _rendered(values[name.removesuffix("_html")])
    for link in values.get("footer_links") or ():
        if not isinstance(link, dict) or set(link) != {"label", "url"} or not _LINK.fullmatch(str(link["url"])):
            raise BadValue(_("footer_links must be labels with addresses that begin with https:// or mailto:"))
    if table == "picture" and values["kind"] not in PICTURE_KINDS:
        raise BadValue(_("kind must be one of those that pictures are kept as"))
    if policy is not None and values.get("page_csp") and _but_for_style(values["page_csp"]) != _but_for_style(policy):
        found["page_csp"] = WITHOUT_SCRIPT
    return found


def _but_for_style(policy: str) -> str:
    """A policy without the hash of the style sheet, which is another for each look of a page, and can do no harm."""
    return _STYLE.sub("style-src", policy)


def _rendered(text: str) -> str:
    try:
        return render_html(text) if text else ""
    except TooLong as fault:
        raise BadValue(str(fault)) from None
