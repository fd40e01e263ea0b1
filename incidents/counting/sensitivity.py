"""What a verdict hangs on: the same month under other clocks and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.uptime import Clock, Policy


def variants(agreed: Policy) -> Iterator[tuple[str, str, Policy]]:
    """(key, words, policy) of each way to count, the agreed one first."""
    yield "as_agreed", _("As agreed"), agreed
    yield "clock_impact", _("Clock starts with the impact"), replace(agreed, clock=Clock.IMPACT)
    yield "clock_first_post", _("Clock starts with the first post"), replace(agreed, clock=Clock.FIRST_POST)
    recovery = replace(agreed, weight_after_monitoring=Decimal("0.3"))
    yield "recovery_0.3", _("Time after the first Monitoring weighs 0.3"), recovery
    for weight in ("0.3", "0.5", "1"):
        words = _("Partial outage weighs %(weight)s") % {"weight": weight}
        yield f"partial_{weight}", words, replace(agreed, weight_partial=Decimal(weight))
    for weight in ("0", "0.3"):
        words = _("Degraded performance weighs %(weight)s") % {"weight": weight}
        yield f"degraded_{weight}", words, replace(agreed, weight_degraded=Decimal(weight))
    yield "quality_counted", _("What was served but wrong counts"), replace(agreed, is_quality_counted=True)
    yield "maintenance_counted", _("All maintenance counts"), replace(agreed, is_maintenance_excluded=False)


def sensitivity_of(agreed: Policy, figures: Callable[[Policy], dict[str, Any]]) -> dict[str, Any]:
    """The figures under each policy, and a sentence on what the verdict hangs on. `figures` has a `verdict`."""
    rows = [
        {"key": key, "words": words, "is_agreed": policy == agreed, **figures(policy)}
        for key, words, policy in variants(agreed)
    ]
    others = [row["words"] for row in rows if row["verdict"] != rows[0]["verdict"]]
    if not others:
        return {"rows": rows, "sentence": _("The verdict is the same under every other clock and weight listed.")}
    sentence = _("The verdict hangs on how it is counted. It would be the other one under: %(ways)s.")
    return {"rows": rows, "sentence": sentence % {"ways": "; ".join(others)}}
