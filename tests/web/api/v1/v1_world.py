"""A caller of the write API, with a token of its own."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from incidents.actions.token import make_token
from incidents.domain.scopes import Scope
from incidents.models import ApiToken
from incidents.queries import the_page
from tests.acts_api import administrator


def a_token(*scopes: str, name: str = "robot", **given: Any) -> tuple[ApiToken, str]:
    """A token with these scopes; all of them where none is named."""
    return make_token(actor=administrator(), name=name, scopes=scopes or list(Scope), **given)


class Caller:
    """Calls `/v1/pages/<id>/…` with a key; every answer that is no success must be in the dialect's shape."""

    def __init__(self, key: str = "", *scopes: str) -> None:
        self.key = key or a_token(*scopes)[1]
        self.page = f"/v1/pages/{the_page().code}"
        self.client = Client(headers={"Authorization": f"OAuth {self.key}"})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A call with a JSON body; `path` under the page, or from `/v1` on."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._checked(method, path, raw, "application/json", headers)

    def form(self, method: str, path: str, body: str, **headers: str) -> Any:
        """A call with a form."""
        return self._checked(method, path, body.encode(), "application/x-www-form-urlencoded", headers)

    def get(self, path: str) -> Any:
        """What a GET answers, which must be 200."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """What a POST of JSON makes, which must be 201."""
        return self._done("POST", path, body, 201)

    def patch(self, path: str, **body: Any) -> Any:
        """What a PATCH of JSON answers, which must be 200."""
        return self._done("PATCH", path, body, 200)

    def refused(self, method: str, path: str, status: int, **body: Any) -> str:
        """The sentence of a refusal."""
        answer = self.call(method, path, body or None)
        assert answer.status_code == status, answer.content
        return str(answer.json()["message"])

    def _done(self, method: str, path: str, body: dict[str, Any], status: int) -> Any:
        answer = self.call(method, path, body)
        assert answer.status_code == status, answer.content
        return answer.json()

    def _checked(self, method: str, path: str, raw: bytes, kind: str, headers: dict[str, str]) -> Any:
        address = path if path.startswith("/v1") else self.page + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(method, address, raw, content_type=kind, headers=named)
        assert answer.status_code < 500, answer.content
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.cookies
        if answer.status_code >= 400:
            assert set(json.loads(answer.content)) == {"message", "error"}
        return answer
