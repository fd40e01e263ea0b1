"""The write API as OpenAPI 3.1, made from the table of routes and the models of bodies and answers.

`publishing/openapi_v1.json` is a copy of `paths_and_schemas()`, which a test compares; this writes it anew:
`python manage.py shell -c "from incidents.web.api.v1 import openapi; openapi.write()"`
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import incidents.publishing
from incidents.web.api.v1 import answers, bodies
from incidents.web.api.v1.routes import ROUTES
from incidents.web.api.v1.table import SEGMENT, Route

Schema = dict[str, Any]
COPY = Path(incidents.publishing.__file__).with_name("openapi_v1.json")
_REFUSALS = {
    "400": "The request cannot be read, or something in it is of the wrong type.",
    "401": "No key, or one that is unknown, expired, revoked or in the address.",
    "403": "The key does not have the scope.",
    "404": "There is no such thing.",
    "409": "The Idempotency-Key was used for another request.",
    "413": "The body is larger than 1 MB.",
    "415": "The body is neither JSON nor a form.",
    "422": "Understood, and refused: the sentence says why.",
    "429": "Too many requests: Retry-After says when to go on.",
    "503": "The database does not answer: Retry-After says when to go on.",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[ -~]*$"},
    "description": "A repeat with the same key and the same request gets the first result; another request gets 409.",
}
_KEY_REF = {"$ref": "#/components/parameters/IdempotencyKey"}


def paths_and_schemas() -> Schema:
    """`paths` and `components` of the document."""
    wanted = {model for route in ROUTES for model in (*_models(route.answer), *_models(route.body))}
    ordered = sorted(wanted | {answers.Failure}, key=lambda model: model.__name__)
    _refs, defs = models_json_schema(
        [(model, "serialization" if issubclass(model, answers.Answer) else "validation") for model in ordered],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        paths.setdefault(f"/v1{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "paths": paths,
        "components": {
            "schemas": defs["$defs"],
            "responses": {f"Refused{code}": _failure(why) for code, why in _REFUSALS.items()},
            "parameters": {"IdempotencyKey": _KEY},
            "securitySchemes": {
                "token": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "`OAuth <key>` or `Bearer <key>`; keys are made in the console, under Tokens.",
                }
            },
        },
    }  # fmt: skip


def write() -> None:
    """Write the copy that is published."""
    COPY.write_text(text())


def text() -> str:
    """The copy as it must be."""
    return json.dumps(paths_and_schemas(), indent=1, ensure_ascii=False) + "\n"


def _operation(route: Route) -> Schema:
    docstring = " ".join((route.view.__doc__ or "").split())
    found: Schema = {
        "operationId": f"{route.method.lower()}_{re.sub(r'[^a-z]+', '_', route.path).strip('_')}",
        "summary": route.summary,
        "description": f"{docstring} Scope: {'read' if route.method == 'GET' else route.scope.value}.",
        "tags": [route.scope.value],
        "security": [{"token": []}],
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route),
            *([] if route.method == "GET" else [_KEY_REF]),
        ],
        "responses": {str(route.status): _success(route)} | _refusals(route),
    }
    if route.body:
        schema = {"$ref": f"#/components/schemas/{route.body.__name__}"}
        content = {kind: {"schema": schema} for kind in (bodies.JSON, bodies.FORM)}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _path_parameters(route: Route) -> Iterator[Schema]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        yield {
            "name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{SEGMENT}$"}
        }  # fmt: skip


def _query_parameters(route: Route) -> Iterator[Schema]:
    schema = route.query.model_json_schema() if route.query else {}
    for name, part in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": False, "schema": part}


def _success(route: Route) -> Schema:
    if route.status == 204:
        return {"description": "Done."}
    return {"description": "Done.", "content": {bodies.JSON: {"schema": _schema(route.answer)}}}


def _schema(answer: Any) -> Schema:
    if answer is None:
        return {"type": "object", "maxProperties": 0}
    if get_origin(answer) is list:
        return {"type": "array", "items": _schema(get_args(answer)[0])}
    if get_args(answer):
        return {"anyOf": [_schema(each) for each in get_args(answer)]}
    return {"$ref": f"#/components/schemas/{answer.__name__}"}


def _refusals(route: Route) -> Schema:
    """Those that can be: a reading sends no body, and asks for nothing that could be refused."""
    never = {"409", "413", "415", "422"} if route.method == "GET" else set()
    return {code: {"$ref": f"#/components/responses/Refused{code}"} for code in _REFUSALS if code not in never}


def _failure(why: str) -> Schema:
    return {"description": why, "content": {bodies.JSON: {"schema": {"$ref": "#/components/schemas/Failure"}}}}


def _models(answer: Any) -> Iterator[type[BaseModel]]:
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        yield answer
        return
    for each in get_args(answer):
        yield from _models(each)
