"""What a reader may ask for besides the pages: `/affected`, which answers *was I affected?* in the browser, and the
script that does so, at an address that changes with its content. Pure, like `pages`.

The page is whole without the script: it then tells how to read the ledger. It also holds all words of the script and
the list of components, which the script reads from here wherever it runs, so that no other page needs to carry them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.publishing import csp, pages, words
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.tree import Page

PATH = "/affected"
FOR_EVER = "public, max-age=31536000, immutable"
# A number of each kind that languages tell apart (the plural categories of CLDR); the script takes the one of the kind
# of the number that it has to say.
_OF_EACH_KIND = (0, 1, 2, 3, 6, 11, 100)


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: neither says anything of now."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The script, which changes with the program alone, and the page, which changes with the list of components."""
    yield ColdPage(csp.tools_path(), "", tools)
    listed = [(row.name, row.slug, [(child.name, child.slug) for child in row.children]) for row in snapshot.components]
    context = {"components": listed, "regions": snapshot.regions}
    key = key_of(pages.site_of(snapshot.page), context)
    yield ColdPage(PATH, key, partial(_affected, snapshot.page, context))


def tools() -> Page:
    """The script as a page of the tree."""
    return Page(csp.tools_path(), csp.tools().encode(), "text/javascript; charset=utf-8", cache_control=FOR_EVER)


def _affected(page: PageView, context: Mapping[str, Any]) -> Page:
    told = {
        **context,
        "has_tools": True,
        "levels": words.LEVELS.items(),
        "counted": {
            "elsewhere": {
                n: ngettext("%(count)s more incident elsewhere", "%(count)s more incidents elsewhere", n)
                for n in _OF_EACH_KIND
            },
            "open": {
                n: ngettext("%(count)s open incident about it", "%(count)s open incidents about it", n)
                for n in _OF_EACH_KIND
            },
            "listed": {
                n: ngettext("%(count)s incident here is about what you chose.",
                            "%(count)s incidents here are about what you chose.", n)
                for n in _OF_EACH_KIND
            },
        },
        "description": _("Whether a component was in trouble at a time of yours, computed from the ledger."),
    }  # fmt: skip
    return pages.page_of(page, PATH, "affected", _("Was I affected?"), told)
