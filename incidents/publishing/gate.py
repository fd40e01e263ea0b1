"""The gate: one address that says whether a script may go ahead, for each component and each group.

`/gate/<slug>`, `/gate/<slug>/<worst>`, `/gate/<slug>@<region>` and `/gate/<slug>@<region>/<worst>`, each also with
`.json`. The answer is 503 when something is open that is worse than `<worst>` (default `degraded_performance`) in the
order of `domain.gate`, else 200. The body is one line of five fields with one blank between them and a line feed at the
end; `-` stands for what there is not:

    ok|down  status  since  incident  changed

`status` is the worst open level; `since` when the first interval at this level began; `incident` the address of the
incident that holds it; `changed` the last instant at which any interval in question began or ended. Times are UTC
(RFC 3339, whole seconds, `Z`). A region of a group covers its components there, and those that have no regions.

`/status-gate` is the client: one file that asks a gate, to be fetched and run.

Advice to programs stands in the JSON, and for those that read the line in two headers: `Retry-After` (RFC 9110, 10.2.3;
of a 503) and `Candor-Advice`, a dictionary of RFC 9651. Archived components have no gate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from incidents.domain.advice import AdviceKind
from incidents.domain.gate import DEFAULT_LIMIT, ORDER, is_down, worst_for_gate
from incidents.domain.instants import to_the_second
from incidents.domain.status import Level
from incidents.publishing.advice import AdviceView
from incidents.publishing.public import ColdPage, ComponentView, IncidentView, IntervalView, Snapshot, key_of
from incidents.publishing.tree import Page

# Not PUBLIC_CACHE: `stale-if-error` lets a cache answer with yesterday's 200 when today's answer is a 503 (RFC 5861,
# section 4), and a gate that a cache holds open is worse than none.
CACHE = "public, max-age=5, must-revalidate"
RETRY_AFTER_SECONDS = 30
CLIENT = Path(__file__).resolve().parent.parent / "static" / "incidents" / "status-gate.py"
_EXPOSED = "ETag, Retry-After, Candor-Advice, Candor-As-Of, Candor-Stale"


@dataclass(frozen=True)
class Scope:
    """What one gate is about: a component or a group in one region ("" for all)."""

    component: ComponentView
    region: str = ""

    @property
    def path(self) -> str:
        """The address without a level and without an ending."""
        return f"/gate/{self.component.slug}" + (f"@{self.region}" if self.region else "")

    def intervals(self) -> list[IntervalView]:
        """The intervals of the ledger that concern it, by their start."""
        there = {row.code for row in (self.component, *self.component.children) if self.region in ("", *_regions(row))}
        # A component without regions of its own counts everywhere.
        there |= {row.code for row in self.component.children if not row.region_keys}
        found = (row for row in self.component.intervals if row.component_code in there and self.has(row.region_key))
        return sorted(found, key=lambda row: (row.started_at, row.number))

    def has(self, region: str) -> bool:
        """Whether something said of this region ("" for all) concerns it."""
        return not self.region or region in ("", self.region)


@dataclass(frozen=True)
class State:
    """All that the answers of one gate say; `advice` with the incident that gives it."""

    path: str
    slug: str
    name: str
    is_group: bool
    region: str
    level: Level
    since: datetime | None
    incident: str
    changed_at: datetime | None
    open: tuple[IntervalView, ...]
    advice: tuple[tuple[str, AdviceView], ...]
    site_url: str


def hot(_snapshot: Snapshot) -> list[Page]:
    """The client alone: gates are as many as components."""
    return [Page("/status-gate", CLIENT.read_bytes(), "text/x-python; charset=utf-8")]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """Every answer of every gate; all answers of one gate have one key."""
    advising = [row for row in snapshot.incidents if _is_advising(row)]
    for component in (each for row in snapshot.components for each in (row, *row.children)):
        for region in ("", *_regions(component)):
            state = _state(snapshot, Scope(component, region), advising)
            key = key_of(state)
            for limit in (None, *ORDER):
                path = state.path + (f"/{limit}" if limit else "")
                yield ColdPage(path, key, partial(_plain, state, path, limit or DEFAULT_LIMIT))
                yield ColdPage(f"{path}.json", key, partial(_data, state, f"{path}.json", limit or DEFAULT_LIMIT))


def _regions(component: ComponentView) -> list[str]:
    if component.is_group:
        return sorted({key for child in component.children for key in child.region_keys})
    return sorted(component.region_keys)


def _is_advising(incident: IncidentView) -> bool:
    return bool(incident.client_advice) and incident.is_open and (incident.is_running or not incident.is_maintenance)


def _state(snapshot: Snapshot, scope: Scope, advising: Iterable[IncidentView]) -> State:
    intervals = scope.intervals()
    is_open = [row for row in intervals if row.ended_at is None]
    level = worst_for_gate(row.level for row in is_open)
    worst = [row for row in is_open if row.level == level]
    code = next((row.incident_code for row in worst if row.incident_code), "")
    url = snapshot.page.url
    return State(
        path=scope.path,
        slug=scope.component.slug,
        name=scope.component.full_name,
        is_group=scope.component.is_group,
        region=scope.region,
        level=level,
        since=worst[0].started_at if worst else None,
        incident=f"{url}/incidents/{code}" if code else "",
        changed_at=max((row.ended_at or row.started_at for row in intervals), default=None),
        open=tuple(is_open),
        advice=tuple((url + row.url_path, each) for row in advising for each in _advice_for(scope, row)),
        site_url=url,
    )


def _advice_for(scope: Scope, incident: IncidentView) -> Iterator[AdviceView]:
    """What an incident advises those who use this: said of it, or of all that the incident touches."""
    codes = {scope.component.code, scope.component.group_code, *(row.code for row in scope.component.children)} - {""}
    mine = codes - {scope.component.group_code}
    is_touched = any(row.component_code in mine and scope.has(row.region_key) for row in incident.intervals)
    for advice in incident.client_advice:
        is_about = advice.component_code in codes if advice.component_code else is_touched
        if is_about and scope.has(advice.region_key):
            yield advice


def _plain(state: State, path: str, limit: Level) -> Page:
    word = "down" if is_down(state.level, limit) else "ok"
    fields = (word, state.level, _iso(state.since), state.incident, _iso(state.changed_at))
    line = " ".join(str(field or "-") for field in fields)
    return _page(state, path, limit, f"{line}\n".encode(), "text/plain; charset=utf-8")


def _data(state: State, path: str, limit: Level) -> Page:
    document = {
        "gate": "down" if is_down(state.level, limit) else "ok",
        "worst": limit,
        "status": state.level,
        "since": _iso(state.since),
        "incident": state.incident or None,
        "changed": _iso(state.changed_at),
        "component": {
            "slug": state.slug,
            "name": state.name,
            "is_group": state.is_group,
            "region": state.region or None,
        },
        "open": [_open(state, row) for row in state.open],
        "advice": [_advice(incident, row) for incident, row in state.advice],
    }
    body = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    return _page(state, path, limit, body, "application/json")


def _open(state: State, row: IntervalView) -> dict[str, Any]:
    return {
        "component": row.component_name,
        "region": row.region_key or None,
        "status": row.level,
        "since": _iso(row.started_at),
        "incident": f"{state.site_url}/incidents/{row.incident_code}" if row.incident_code else None,
    }


def _advice(incident: str, row: AdviceView) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "retry_after_seconds": row.seconds,
        "fail_over_to": row.target or None,
        "discard_since": _iso(row.discard_since),
        "note": row.note or None,
        "component": row.component_slug or None,
        "region": row.region_key or None,
        "given_at": _iso(row.given_at),
        "incident": incident,
    }


def _page(state: State, path: str, limit: Level, body: bytes, content_type: str) -> Page:
    is_closed = is_down(state.level, limit)
    headers = [("Access-Control-Expose-Headers", _EXPOSED)]
    if is_closed:
        waits = [row.seconds for _incident, row in state.advice if row.seconds]
        headers.append(("Retry-After", str(max(waits, default=RETRY_AFTER_SECONDS))))
    if state.advice:
        headers.append(("Candor-Advice", header_of(row for _incident, row in state.advice)))
    return Page(path, body, content_type, CACHE, 503 if is_closed else 200, tuple(headers))


def header_of(advice: Iterable[AdviceView]) -> str:
    """The advice as a dictionary of RFC 9651, one member for each kind: the longest wait, the newest of the others.

    What ASCII cannot hold stays in the JSON.
    """
    said: dict[str, str] = {}
    for row in advice:
        if row.kind == AdviceKind.RETRY_AFTER:
            said[row.kind] = str(max(row.seconds or 0, int(said.get(row.kind, "0"))))
        elif row.kind == AdviceKind.FAIL_OVER:
            is_ascii = row.target.isascii() and row.target.isprintable()
            escaped = row.target.replace("\\", "\\\\").replace('"', '\\"')
            said[row.kind] = f'"{escaped}"' if is_ascii else ""
        elif row.discard_since:
            said[row.kind] = f"@{int(row.discard_since.timestamp())}"
        else:
            said[row.kind] = ""
    return ", ".join(f"{kind}={value}" if value else kind for kind, value in said.items())


def _iso(at: datetime | None) -> str | None:
    return to_the_second(at) if at else None
