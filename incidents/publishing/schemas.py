"""JSON Schema (draft 2020-12) of the documents that are published for programs."""

from __future__ import annotations

from typing import Any

from incidents.domain.status import Level
from incidents.domain.uptime import Clock, Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$"
Schema = dict[str, Any]


def ledger_schema(address: str, version: int) -> Schema:
    """The schema of `/uptime/ledger.json`; `address` is its own."""
    return {
        "$schema": DIALECT,
        "$id": address,
        "title": "Ledger of impact",
        "description": "Every interval in which a component was not operational. Times are RFC 3339 in UTC.",
        **objects(
            schema_version={"const": version},
            schema={"type": "string", "format": "uri"},
            page=objects(name=texts(), url=texts(), time_zone=texts("IANA name; days and months begin in it.")),
            updated_at=instants("When the public last saw something change."),
            record=objects(
                number={"type": "integer", "minimum": 0},
                hash=texts("Of the newest entry of the public record.", is_optional=True),
            ),
            policy=_policy(),
            regions=lists(objects(key=texts(), name=texts())),
            components=lists(_component()),
            intervals=lists({"$ref": "#/$defs/interval"}),
            superseded=lists({"$ref": "#/$defs/superseded"}, "Intervals that no longer count."),
        ),
        "$defs": {
            "interval": objects(**_interval()),
            "superseded": objects(
                **_interval(),
                superseded_at=instants(),
                superseded_by={"type": ["integer", "null"]},
                reason=texts("Why, as it was said in public."),
            ),
        },
    }


def _policy() -> Schema:
    weight = {"type": "number", "minimum": 0, "maximum": 1}
    return objects(
        clock={"enum": [clock.value for clock in Clock]},
        weights=objects(**{level.value: weight for level in Level}),
        is_quality_counted={"type": "boolean", "description": "Whether what was served but wrong weighs as its level."},
        region_rule={"enum": [rule.value for rule in Rule]},
        digits={"type": "integer", "minimum": 0},
        rounding={"const": "floor"},
    )


def _component() -> Schema:
    return objects(
        code=texts(),
        slug=texts(),
        name=texts(),
        group=texts("Code of the group that it is in.", is_optional=True),
        is_group={"type": "boolean"},
        is_archived={"type": "boolean"},
        regions=lists(texts("Key of a region.")),
        first_day={"type": ["string", "null"], "format": "date", "description": "Before it there is no data."},
    )


def _interval() -> dict[str, Schema]:
    return {
        "id": {"type": "integer"},
        "component": objects(code=texts(), slug=texts(), name=texts()),
        "region": texts("Key; null: all regions.", is_optional=True),
        "level": {"enum": [level.value for level in Level if level != Level.OPERATIONAL]},
        "is_quality": {"type": "boolean", "description": "Served, but wrong."},
        "started_at": instants(),
        "ended_at": instants("null: still open.", is_optional=True),
        "incident": {
            **objects(
                code=texts(),
                url=texts(),
                title=texts(),
                first_post_at=instants("When the page first said it."),
                monitoring_at=instants("The first update that says Monitoring.", is_optional=True),
            ),
            "type": ["object", "null"],
        },
        "source": texts("incident, manual, maintenance, monitor or import."),
    }


def objects(**properties: Schema) -> Schema:
    """An object with exactly these properties, all required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def lists(items: Schema, description: str = "") -> Schema:
    """An array of such items."""
    return _described({"type": "array", "items": items}, description)


def texts(description: str = "", *, is_optional: bool = False) -> Schema:
    """A string, or null where it is optional."""
    return _described({"type": ["string", "null"] if is_optional else "string"}, description)


def instants(description: str = "", *, is_optional: bool = False) -> Schema:
    """An instant (RFC 3339, UTC), or null where it is optional."""
    return _described(
        {"type": ["string", "null"] if is_optional else "string", "format": "date-time", "pattern": _INSTANT},
        description,
    )


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema
