"""The style sheet and the scripts of the public pages, and the policy that allows only them.

A page is one request: nothing in it is fetched from anywhere. What a reader may ask for besides is one file more, whose
address changes with its content. `Content-Security-Policy` (CSP level 3, section 6.7) names all three by their hash, so
that no text which slips into a page can run or restyle it: that of the file counts because the element that fetches it
carries it as its `integrity` (section 6.7.1.1), wherever a copy of the site may stand.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from pathlib import Path

from incidents.publishing import shrinking

_STATIC = Path(__file__).resolve().parent.parent / "static" / "incidents"


@lru_cache(maxsize=8)
def style(brand: str = "", is_front: bool = False) -> str:
    """The style sheet as it stands in each page: of the front page only what that uses, and then `brand`, the rules of
    the page's own looks."""
    sheets = ("public.css",) if is_front else ("public.css", "public.pages.css")
    return shrinking.style("".join((_STATIC / name).read_text() for name in sheets)) + brand


@lru_cache(maxsize=1)
def script() -> str:
    """The script as it stands in each page."""
    text = shrinking.short_script((_STATIC / "public.js").read_text())
    return text.replace("%READER%", tools_path()).replace("%INTEGRITY%", hash_of(tools()).strip("'"))


@lru_cache(maxsize=1)
def tools() -> str:
    """The script that is fetched when a reader asks for what it does, with the style sheet that it brings along."""
    sheet = json.dumps(shrinking.style((_STATIC / "reader.css").read_text()))
    sources = ((_STATIC / name).read_text() for name in ("reader.js", "reader_affected.js"))
    return "\n".join(map(shrinking.script, sources)).replace('"%STYLE%"', sheet)


def tools_path() -> str:
    """Its public address: another one for other content."""
    return f"/reader-{hashlib.sha256(tools().encode()).hexdigest()[:12]}.js"


@lru_cache(maxsize=8)
def csp(brand: str = "", is_front: bool = False) -> str:
    """The value of Content-Security-Policy for a page with that style sheet, the script, what this may fetch and
    nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {hash_of(style(brand, is_front))}",
            f"script-src {hash_of(script())} {hash_of(tools())}",
            "img-src data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def image_csp() -> str:
    """The value of Content-Security-Policy for a drawing that is a file of its own: it runs and fetches nothing."""
    return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"


def hash_of(text: str) -> str:
    """The source expression that allows exactly this text (CSP level 3, section 6.7.3.3)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
