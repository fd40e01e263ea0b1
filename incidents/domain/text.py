"""Cleans what people type before it is stored: one Unicode form, nothing that breaks XML, mail headers or terminals.

What stays is what a reader can see or needs: letters, marks, emoji with their joiners, right-to-left scripts.
"""

from __future__ import annotations

import re
import unicodedata

# A terminal colour is one thing to a reader, so the whole sequence goes, not only its first byte.
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
# C0 and C1 but tab and newline, lone surrogates, the byte order mark and the non-characters
# (XML 1.0 section 2.2, Unicode 23.7).
_NEVER = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    + "".join(chr(plane * 0x10000 + 0xFFFE) + chr(plane * 0x10000 + 0xFFFF) for plane in range(17))
    + "]"
)
# White space, then what prints as nothing without being that; the last two are a blank pattern and a blank letter.
_BLANK = (
    " \t\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164"
)

_EMBEDDINGS = "\u202a\u202b\u202d\u202e"
_END_OF_EMBEDDING = "\u202c"
_ISOLATES = "\u2066\u2067\u2068"
_END_OF_ISOLATE = "\u2069"
_DIRECTIONS = _EMBEDDINGS + _END_OF_EMBEDDING + _ISOLATES + _END_OF_ISOLATE
_BIDI = re.compile(f"[{_DIRECTIONS}]")


def clean_line(raw: str) -> str:
    """A title, a name or any other field of one line.

    In: any string, lone surrogates included. Out: NFC, one line, trimmed, without control characters and without
    direction overrides that would leak into what stands beside it; blank or invisible text becomes "".
    """
    line = _without_controls(raw).replace("\n", " ").replace("\t", " ")
    return _unless_invisible(_composed(_balanced(line)).strip(_BLANK))


def clean_body(raw: str) -> str:
    """A text of many lines, such as an update: as clean_line, but tabs stay and every line end is a line feed.

    Leading blank lines and trailing white space go; the indent of the first line stays, because Markdown reads it.
    """
    # A direction override ends with its paragraph (Unicode annex 9), so each line is balanced by itself.
    lines = _without_controls(raw).split("\n")
    body = _composed("\n".join(_balanced(line) for line in lines)).rstrip(_BLANK)
    blank_at_front = len(body) - len(body.lstrip(_BLANK))
    return _unless_invisible(body[body.rfind("\n", 0, blank_at_front) + 1 :])


def _without_controls(raw: str) -> str:
    return _NEVER.sub("", _LINE_END.sub("\n", _TERMINAL.sub("", raw)))


def _composed(text: str) -> str:
    # Last of all: a character that was taken out may have stood between a letter and its accent.
    return unicodedata.normalize("NFC", text)


def _unless_invisible(text: str) -> str:
    return text if text.strip(_BLANK + _DIRECTIONS) else ""


def _balanced(line: str) -> str:
    """The line without those direction characters (U+202A-202E, U+2066-2069) that have no partner within it."""
    open_at: list[int] = []
    isolates = 0
    unpaired: set[int] = set()
    for found in _BIDI.finditer(line):
        at, char = found.start(), found.group()
        if char in _EMBEDDINGS or char in _ISOLATES:
            open_at.append(at)
            isolates += char in _ISOLATES
        elif char == _END_OF_EMBEDDING and open_at and line[open_at[-1]] in _EMBEDDINGS:
            open_at.pop()
        elif char == _END_OF_ISOLATE and isolates:
            # The end of an isolate closes the embeddings opened inside it: those have no partner of their own.
            while line[open_at[-1]] in _EMBEDDINGS:
                unpaired.add(open_at.pop())
            open_at.pop()
            isolates -= 1
        else:
            unpaired.add(at)
    unpaired.update(open_at)
    return "".join(char for at, char in enumerate(line) if at not in unpaired) if unpaired else line
