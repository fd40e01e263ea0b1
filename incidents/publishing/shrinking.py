"""Our own style sheets and scripts as they are sent: without comments, indents and, where every byte counts, with short
names. Not for sources of others: these rely on how ours are written.

A script that is shrunk ends each statement with a semicolon, has its comments on lines of their own, no template
literals, and no regular expressions where its names are shortened.
"""

from __future__ import annotations

import re
from collections import Counter
from string import ascii_letters

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A text as it is, or a sign with the room around it.
_ROOM = re.compile(r'("[^"\n]*")|\s*([{}()\[\];,:?=<>!&|*/%+-])\s*')
_TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_$][\w$]*|.', re.DOTALL)
_DECLARED = re.compile(r"\b(?:const|let) (?=([^;]*))")
_FIRST_NAMES = re.compile(r"(?:^|,)([a-z]\w*)(?==|,|$)")
_PARAMETERS = re.compile(r"\(([\w,.]*)\)=>|\b([a-z]\w*)=>")
_PROPERTIES = re.compile(r"(?<!\.\.)\.(\w+)|[{,](\w+):")
_SHORTHAND = re.compile(r"\{([\w,]+)\}")


def style(source: str) -> str:
    """A style sheet on one line."""
    text = re.sub(r"\s+", " ", _COMMENT.sub("", source))
    return re.sub(r" ?([{};,>]) ?", r"\1", text).replace(": ", ":").replace(";}", "}").strip()


def script(source: str) -> str:
    """A script without its comments and indents, line by line."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def short_script(source: str) -> str:
    """A script on one line, with short names for its locals, except those that are a property's name anywhere."""
    text = _ROOM.sub(lambda found: found[1] or found[2], script(source)).replace(";}", "}")
    tokens = _TOKEN.findall(text)
    code = "".join('""' if token.startswith('"') else token for token in tokens)
    count = Counter(tokens)
    wanted = sorted(_locals(code) - _kept(code), key=lambda name: (-count[name], name))
    letters = [letter for letter in (*ascii_letters, *(f"_{each}" for each in ascii_letters)) if letter not in count]
    short = dict(zip(wanted, letters, strict=False))
    return "".join(short.get(token, token) for token in tokens)


def _locals(code: str) -> set[str]:
    found = {name for row in _DECLARED.findall(code) for name in _FIRST_NAMES.findall(row)}
    for several, one in _PARAMETERS.findall(code):
        found |= {one, *(name.strip(".") for name in several.split(","))}
    return {name for name in found if len(name) > 1}


def _kept(code: str) -> set[str]:
    """Names that mean something outside: of properties, and those that stand for a property of the same name."""
    found = {name for pair in _PROPERTIES.findall(code) for name in pair}
    return found | {name for row in _SHORTHAND.findall(code) for name in row.split(",")}
