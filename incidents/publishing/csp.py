"""The style sheet and the script that stand in every public page, and the policy that allows only them.

A page is one request: nothing in it is fetched from anywhere. `Content-Security-Policy` (CSP level 3, section 6.7)
names the two by their hash, so that no text which slips into a page can run or restyle it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

_STATIC = Path(__file__).resolve().parent.parent / "static" / "incidents"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=8)
def style(brand: str = "", is_front: bool = False) -> str:
    """The style sheet as it stands in each page: of the front page only what that uses, and then `brand`, the rules of
    the page's own looks."""
    sheets = ("public.css",) if is_front else ("public.css", "public.pages.css")
    text = _COMMENT.sub("", "".join((_STATIC / name).read_text() for name in sheets))
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,>]) ?", r"\1", text).replace(": ", ":").replace(";}", "}").strip() + brand


@lru_cache(maxsize=1)
def script() -> str:
    """The script as it stands in each page: the source without its comments and indents."""
    lines = (line.strip() for line in (_STATIC / "public.js").read_text().splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@lru_cache(maxsize=8)
def csp(brand: str = "", is_front: bool = False) -> str:
    """The value of Content-Security-Policy for a page with that style sheet, the script and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {hash_of(style(brand, is_front))}",
            f"script-src {hash_of(script())}",
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
    """The source expression that allows exactly this inline text (CSP level 3, section 6.7.3.3)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
