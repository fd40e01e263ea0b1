"""The headers that make an answer safe in a browser, one list for every door: the guard, Django, the export.

https://www.w3.org/TR/CSP3/, RFC 6797 (HSTS), https://www.w3.org/TR/permissions-policy/, and OWASP ASVS 5.0, 3.4.
"""

from __future__ import annotations

HEADERS = tuple[tuple[str, str], ...]
YEAR_SECONDS = 31_536_000

# Of an answer that is no page: nothing in it may run, load or be framed, whatever a browser takes it for.
CLOSED_POLICY = "default-src 'none'; frame-ancestors 'none'"
OF_EVERYTHING: HEADERS = (("X-Content-Type-Options", "nosniff"),)
OF_DATA: HEADERS = (("Content-Security-Policy", CLOSED_POLICY),)
OF_DOCUMENTS: HEADERS = (
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def transport_headers(site_url: str) -> HEADERS:
    """Strict-Transport-Security for a site at https://, else nothing. Without includeSubDomains: what else is served
    below the name is not ours to decide."""
    if not site_url.startswith("https://"):
        return ()
    return (("Strict-Transport-Security", f"max-age={YEAR_SECONDS}"),)
