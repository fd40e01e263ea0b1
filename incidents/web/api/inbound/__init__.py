"""Where monitors report: one module for each format, and the table of them.

To add one: a name in `domain.inbound.SourceKind`, a module here with `parse(payload) -> list[Alert]` (pure; a missing
key is no fault, a wrong shape is BadPayload with a sentence), a line in SOURCES, samples in `tests/web/api/samples.py`
and a section of `docs/inbound.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incidents.domain.inbound import Alert, SourceKind
from incidents.web.api.inbound import alertmanager, generic, grafana, pagerduty

SOURCES: dict[SourceKind, Callable[[dict[str, Any]], list[Alert]]] = {
    SourceKind.ALERTMANAGER: alertmanager.parse,
    SourceKind.GRAFANA: grafana.parse,
    SourceKind.PAGERDUTY: pagerduty.parse,
    SourceKind.GENERIC: generic.parse,
}
