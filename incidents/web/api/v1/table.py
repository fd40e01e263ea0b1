"""What an address of the API is: a row of the table, and what its view is called with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import BaseModel

from incidents.domain.actor import Actor
from incidents.domain.scopes import Scope
from incidents.models import ApiToken, PublicPage

Model = TypeVar("Model", bound=BaseModel)
Result = BaseModel | list[Any] | None
SEGMENT = r"[A-Za-z0-9_-]{1,64}"


class Refusal(Exception):
    """An answer that is no success: the status and the sentence of `{"message": …}`."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers or {}


@dataclass(frozen=True)
class Call:
    """One request that was let in. `key`: of idempotency, private to the token, for the action; "" for none.
    `earlier`: what the same request under the same key made already."""

    token: ApiToken
    actor: Actor
    page: PublicPage
    now: datetime
    path: dict[str, str]
    body: BaseModel | None = None
    query: BaseModel | None = None
    key: str = ""
    earlier: int | None = None

    def asked(self, model: type[Model]) -> Model:
        """The body, of the type that the route names."""
        assert isinstance(self.body, model)
        return self.body

    def options(self, model: type[Model]) -> Model:
        """The query, of the type that the route names."""
        assert isinstance(self.query, model)
        return self.query


@dataclass(frozen=True)
class Route:
    """One address. `path` stands under `/v1`; `scope` is asked for by the methods that write, `Scope.READ` by GET.

    `body` is the model of the request, in the envelope that its fields show; `answer` the type of what is answered.
    """

    method: str
    path: str
    summary: str
    view: Callable[[Call], Result]
    scope: Scope
    answer: Any = None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    note: str = ""
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        regex = re.sub(r"\{(\w+)\}", rf"(?P<\1>{SEGMENT})", self.path)
        object.__setattr__(self, "pattern", re.compile(regex + r"(?:\.json)?", re.ASCII))


def missing(what: str) -> Refusal:
    """404 for something that is not there."""
    return Refusal(404, _("There is no %(what)s with this id.") % {"what": what})
