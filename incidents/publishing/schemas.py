"""JSON Schema (draft 2020-12) of the documents that are published for programs."""

from __future__ import annotations

from typing import Any

from incidents.domain.status import Level
from incidents.domain.uptime import Clock, Rule

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"
Schema = dict[str, Any]


def ledger_schema(address: str, version: int) -> Schema:
    """The schema of `/uptime/ledger.json`; `address` is its own."""
    return {
        "$schema": _DIALECT,
        "$id": address,
        "title": "Ledger of impact",
        "description": "Every interval in which a component was not operational. Times are RFC 3339 in UTC.",
        **_object(
            schema_version={"const": version},
            schema={"type": "string", "format": "uri"},
            page=_object(name=_text(), url=_text(), time_zone=_text("IANA name; days and months begin in it.")),
            updated_at=_instant("When the public last saw something change."),
            record=_object(
                number={"type": "integer", "minimum": 0},
                hash=_text("Of the newest entry of the public record.", is_optional=True),
            ),
            policy=_policy(),
            regions=_list(_object(key=_text(), name=_text())),
            components=_list(_component()),
            intervals=_list({"$ref": "#/$defs/interval"}),
            superseded=_list({"$ref": "#/$defs/superseded"}, "Intervals that no longer count."),
        ),
        "$defs": {
            "interval": _object(**_interval()),
            "superseded": _object(
                **_interval(),
                superseded_at=_instant(),
                superseded_by={"type": ["integer", "null"]},
                reason=_text("Why, as it was said in public."),
            ),
        },
    }


def _policy() -> Schema:
    weight = {"type": "number", "minimum": 0, "maximum": 1}
    return _object(
        clock={"enum": [clock.value for clock in Clock]},
        weights=_object(**{level.value: weight for level in Level}),
        is_quality_counted={"type": "boolean", "description": "Whether what was served but wrong weighs as its level."},
        region_rule={"enum": [rule.value for rule in Rule]},
        digits={"type": "integer", "minimum": 0},
        rounding={"const": "floor"},
    )


def _component() -> Schema:
    return _object(
        code=_text(),
        slug=_text(),
        name=_text(),
        group=_text("Code of the group that it is in.", is_optional=True),
        is_group={"type": "boolean"},
        is_archived={"type": "boolean"},
        regions=_list(_text("Key of a region.")),
        first_day={"type": ["string", "null"], "format": "date", "description": "Before it there is no data."},
    )


def _interval() -> dict[str, Schema]:
    return {
        "id": {"type": "integer"},
        "component": _object(code=_text(), slug=_text(), name=_text()),
        "region": _text("Key; null: all regions.", is_optional=True),
        "level": {"enum": [level.value for level in Level if level != Level.OPERATIONAL]},
        "is_quality": {"type": "boolean", "description": "Served, but wrong."},
        "started_at": _instant(),
        "ended_at": _instant("null: still open.", is_optional=True),
        "incident": {
            **_object(
                code=_text(),
                url=_text(),
                first_post_at=_instant("When the page first said it."),
                monitoring_at=_instant("The first update that says Monitoring.", is_optional=True),
            ),
            "type": ["object", "null"],
        },
        "source": _text("incident, manual, maintenance, monitor or import."),
    }


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: Schema, description: str = "") -> Schema:
    return _described({"type": "array", "items": items}, description)


def _text(description: str = "", *, is_optional: bool = False) -> Schema:
    return _described({"type": ["string", "null"] if is_optional else "string"}, description)


def _instant(description: str = "", *, is_optional: bool = False) -> Schema:
    return _described(
        {"type": ["string", "null"] if is_optional else "string", "format": "date-time", "pattern": _INSTANT},
        description,
    )


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema
