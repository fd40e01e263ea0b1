"""Bodies of requests: JSON, or a form with bracketed names (`incident[components][]=…`), as one nested value."""

from __future__ import annotations

import json
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from incidents.web.api.v1.table import Refusal

MOST_BYTES = 1_000_000
MOST_FIELDS = 2_000
DEEPEST = 6
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Model = TypeVar("Model", bound=BaseModel)


def body_of(request: HttpRequest, model: type[Model]) -> Model:
    """The body as the model. Types are strict in JSON ("false" is no boolean); a form has nothing but texts, so there
    they are read. Raises Refusal: 400 for what cannot be read, 413, 415."""
    raw, kind = _raw(request), request.content_type
    if kind == JSON:
        return _checked(model, _json(raw), is_strict=True)
    if kind == FORM or not raw:
        return _checked(model, _form(raw), is_strict=False)
    raise Refusal(415, _("Send JSON (application/json) or a form (application/x-www-form-urlencoded)."))


def query_of(query: QueryDict, model: type[Model]) -> Model:
    """The query as the model; names that it does not know are ignored. Raises Refusal 400."""
    return _checked(model, dict(query.items()), is_strict=False)


def _raw(request: HttpRequest) -> bytes:
    too_large = Refusal(413, _("The body is too large: at most 1 MB."))
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise too_large
        raw: bytes = request.body
    except ValueError:
        raise Refusal(400, _("The length of the body is not a number.")) from None
    except RequestDataTooBig:
        raise too_large from None
    except OSError:
        raise Refusal(400, _("The body ended too early.")) from None
    return raw


def _json(raw: bytes) -> Any:
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Refusal(400, _("The body is not JSON in UTF-8: %(why)s.") % {"why": error}) from None


def _form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )  # fmt: skip
    except ValueError:
        raise Refusal(400, _("The form cannot be read: percent-encoded UTF-8, at most 2,000 fields.")) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        _place(found, name, value)
    return found


def _place(found: dict[str, Any], name: str, value: str) -> None:
    """Put one field where its brackets say: `a[b]` in the object a, `a[]` at the end of the list a."""
    head, *rest = name.replace("]", "").split("[")
    if len(rest) > DEEPEST or "" in rest[:-1]:
        raise Refusal(400, _("The name %(name)s cannot be read.") % {"name": name[:80]})
    inside: Any = found
    for key, following in zip([head, *rest], [*rest, None], strict=True):
        if following is None:
            inside.append(value) if isinstance(inside, list) else inside.__setitem__(key, value)
            return
        inside = inside.setdefault(key, [] if following == "" else {})
        if not isinstance(inside, list if following == "" else dict):
            raise Refusal(400, _("%(name)s is given in two ways.") % {"name": name[:80]})


def _checked(model: type[Model], value: Any, *, is_strict: bool) -> Model:
    if _has_nul(value):
        raise Refusal(400, _("A text holds the character NUL, which cannot be kept."))
    try:
        # By way of JSON: only there are texts dates and words of a list, however strict the rest is.
        return model.model_validate_json(json.dumps(value, allow_nan=False), strict=is_strict)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refusal(400, f"{place}: {first['msg']}." if place else f"{first['msg']}.") from None
    except ValueError:  # 1e999, or thousands of digits
        raise Refusal(400, _("A number in the body is too large.")) from None


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)
