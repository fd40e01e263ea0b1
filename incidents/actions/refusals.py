"""What an action raises when it will not do what was asked. Nothing has been written then."""

from __future__ import annotations


class Refused(Exception):
    """Not possible as things stand. The text is a sentence for the person; `field` names the input at fault, if one
    is."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Conflict(Refused):
    """Somebody wrote in between, or a key was used for another text. The door answers 409 and keeps what was typed."""


class Forbidden(Refused):
    """Whoever asks may not do it, however things stand. The door answers 403, or 404 where they may not know of it."""
