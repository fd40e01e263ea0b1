"""Parses one feed in a process of its own, within limits that the parser cannot leave. Run as a script, never imported.

Reads the document from standard input, writes one JSON object. Knows no Django and nothing of this installation; what
goes wrong here, be it memory, time or a fault of the parser, ends this process and no other.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_tz
from typing import Any

import feedparser

MEMORY_BYTES = 64 * 1024 * 1024
CPU_SECONDS = 2
LONGEST_HTML, LONGEST_LINE = 60_000, 2_000
_ITEM = re.compile(rb"<(item|entry)[\s>].*?</\1\s*>", re.DOTALL)
_DATE = re.compile(rb"<(?:pubDate|published|updated|dc:date)>\s*([^<]{1,60})")


def main() -> None:
    """Say that everything is loaded, then parse within the limits."""
    limit = int(sys.argv[1])
    _bound()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    found = feedparser.parse(io.BytesIO(_newest(sys.stdin.buffer.read(), limit)))
    head = found.get("feed", {})
    json.dump(
        {
            "version": found.get("version", ""),
            "id": _line(head.get("id")),
            "title": _line(head.get("title")),
            "link": _line(head.get("link")),
            "entries": [_entry(entry) for entry in found.get("entries", [])[:limit]],
        },
        sys.stdout,
    )


def _bound() -> None:
    """From here on: 64 MiB more than the parser needs to stand there, 2 s of processor, no file written."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError):  # systems without /proc, or on which address space cannot be limited
        with open("/proc/self/statm") as file:
            standing = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (standing + MEMORY_BYTES,) * 2)


def _newest(body: bytes, limit: int) -> bytes:
    """The document with the newest items only, by their own dates: the parser is too slow for all of a large one."""
    found = list(_ITEM.finditer(body))
    if len(found) <= limit:
        return body
    newest = sorted(range(len(found)), key=lambda at: _when(found[at].group()), reverse=True)[:limit]
    kept = b"".join(found[at].group() for at in newest)
    return body[: found[0].start()] + kept + body[found[-1].end() :]


def _when(item: bytes) -> str:
    """Its date as text that sorts; what has none sorts last."""
    date = _DATE.search(item)
    if date is None:
        return ""
    text = date[1].decode("ascii", "replace").strip()
    if text[:4].isdigit():
        return text
    parts = parsedate_tz(text)
    return "" if parts is None else "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*parts[:6])


def _entry(entry: Any) -> dict[str, Any]:
    content = entry.get("content") or [{}]
    return {
        "id": _line(entry.get("id")),
        "title": _line(entry.get("title")),
        "link": _line(entry.get("link")),
        "html": str(content[0].get("value") or entry.get("summary") or "")[:LONGEST_HTML],
        "published": _time(entry.get("published_parsed")),
        "updated": _time(entry.get("updated_parsed")),
        "ends": _line(entry.get("maintenanceenddate")),
    }


def _line(value: object) -> str:
    return str(value or "")[:LONGEST_LINE]


def _time(parts: time.struct_time | None) -> str:
    return "" if parts is None else time.strftime("%Y-%m-%dT%H:%M:%S+00:00", parts)


if __name__ == "__main__":
    run: Callable[[], None] = main
    run()
