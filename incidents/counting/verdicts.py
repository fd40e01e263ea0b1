"""The verdict of an agreement on a month, with everything that it was computed from: the evidence.

All figures are exact text (`12960`, `4140.5`, or a fraction such as `1/3` where a mean leaves no end of decimals).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from incidents import queries
from incidents.counting.facts import Fact, facts_of
from incidents.counting.sensitivity import sensitivity_of
from incidents.domain.instants import in_full
from incidents.domain.intervals import Span
from incidents.domain.reckoning import Exclusion, Reckoning, Stretch, count, counted_in, reckon
from incidents.domain.uptime import Clock, Policy, Rule, month_window, uptime_percent, verdict
from incidents.models import Agreement, AgreementExclusion

SCHEMA_VERSION = 1
DIGITS = 3
MET, BREACHED = "met", "breached"


def document_of(agreement: Agreement, month: date, now: datetime) -> dict[str, Any]:
    """The evidence on a month (given by its first day) as of `now` (UTC), as JSON; names the head of the record."""
    page = queries.the_page()
    facts = facts_of([agreement], window_of(agreement, month))[agreement.pk]
    head = {"number": page.record_number, "hash": page.record_hash}
    return {**account_of(agreement, month, now, facts), "record": head}


def account_of(agreement: Agreement, month: date, now: datetime, facts: Sequence[Fact]) -> dict[str, Any]:
    """The same without the record. `facts`: those of `facts_of` for this agreement, of the month at least. No query."""
    policy, window = policy_of(agreement), window_of(agreement, month)
    known = [fact for fact in facts if fact.entry.end is None or fact.entry.end > window.start]
    known = [fact for fact in known if fact.entry.start < min(window.end, now)]
    places = _places(agreement, known)
    excluded = [row for row in agreement.exclusions.all() if row.withdrawn_at is None and _touches(row, window)]
    exclusions = [
        Exclusion(row.component.code if row.component else None, row.started_at, row.ended_at, row.reason)
        for row in excluded
    ]

    entries = [fact.entry for fact in known]

    def figures_under(other: Policy) -> dict[str, Any]:
        return figures(window, count(entries, window, now, other, places, exclusions).total, agreement)

    found = reckon(entries, window=window, now=now, policy=policy, components=places, exclusions=exclusions)
    return {
        "schema_version": SCHEMA_VERSION,
        "agreement": _agreement(agreement, policy),
        "month": f"{month:%Y-%m}",
        "is_final": now >= window.end,
        "counted_until": in_full(min(now, window.end)),
        "window": {"start": in_full(window.start), "end": in_full(window.end), "seconds": exact(window.seconds)},
        "formula": formula(),
        "components": [
            {"code": row.code, "name": row.full_name, "regions": list(places[row.code])}
            for row in agreement.components.all()
        ],
        "regions": [{"key": key, "name": name} for key, name in _region_names(agreement).items()],
        "intervals": [_interval(fact) for fact in known],
        "exclusions": [
            _exclusion(row, saved) for row, saved in zip(exclusions, found.saved_by_exclusions, strict=True)
        ],
        "stretches": [_stretch(row) for row in found.stretches],
        "saved_by_maintenance_seconds": exact(found.saved_by_maintenance),
        "by_component": [
            {"component": code, "counted_seconds": exact(seconds)} for code, seconds in found.by_component.items()
        ],
        "by_region": _by_region(agreement, found, window, policy),
        **figures(window, found.total, agreement),
        "sensitivity": sensitivity_of(policy, figures_under),
    }


def policy_of(agreement: Agreement) -> Policy:
    """How the agreement counts."""
    return Policy(
        clock=Clock(agreement.clock),
        weight_major=Decimal(agreement.weight_major),
        weight_partial=Decimal(agreement.weight_partial),
        weight_degraded=Decimal(agreement.weight_degraded),
        is_quality_counted=agreement.is_quality_counted,
        is_maintenance_excluded=agreement.is_maintenance_excluded,
        maintenance_notice_hours=agreement.maintenance_notice_hours,
        weight_after_monitoring=agreement.weight_after_monitoring,
        component_rule=Rule(agreement.component_rule),
        region_rule=Rule(agreement.region_rule),
        zone=agreement.zone,
    )


def window_of(agreement: Agreement, month: date) -> Span:
    """The month in the zone of the agreement."""
    return month_window(month.year, month.month, agreement.zone)


def figures(window: Span, counted: Fraction, agreement: Agreement) -> dict[str, Any]:
    """Allowed, counted, percent, verdict and tier of so many counted seconds."""
    found = verdict(window.seconds, counted, Decimal(agreement.target_percent))
    percent = uptime_percent(window.seconds, counted, DIGITS)
    return {
        "allowed_seconds": exact(found.allowed_seconds),
        "allowed_minutes": exact(found.allowed_seconds / 60),
        "counted_seconds": exact(counted),
        "counted_minutes": exact(counted / 60),
        "percent": f"{percent:.{DIGITS}f}",
        "verdict": BREACHED if found.is_breached else MET,
        "tier": _tier(agreement, 100 * (1 - counted / window.seconds)),
    }


def formula() -> str:
    """The formula in words, as it stands in the evidence."""
    return _(
        "For each component and region, each instant of the month counts once, at the heaviest weight of the intervals "
        "then open: by level, from the start of the impact or the first post (clock), at most weight_after_monitoring "
        "after the first Monitoring. What was served but wrong (is_quality) weighs 0 unless is_quality_counted, then "
        "as its level. Excluded maintenance weighs 0; maintenance that is not excluded, or was announced less than "
        "maintenance_notice_hours before it began, weighs 1. What an exclusion covers weighs 0. Weighed seconds of "
        "regions become one by region_rule, those of components by component_rule: worst is the highest, mean the "
        "arithmetic mean. Uptime is 100 * (1 - counted / month), rounded down to three decimals. The target is missed "
        "when counted seconds exceed month * (100 - target) / 100."
    )


def exact(value: Fraction) -> str:
    """A fraction as a decimal without an exponent if it has one that ends, else as `1/3`."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    return format(Decimal(int(value * 10**digits)).scaleb(-digits), "f")


def plain(number: Decimal | int | str) -> str:
    """A decimal without trailing zeros, which a database may add."""
    return format(Decimal(number).normalize(), "f")


def _places(agreement: Agreement, facts: Sequence[Fact]) -> dict[str, tuple[str, ...]]:
    """Each component with its regions: those it runs in, and any other in which something is on record."""
    places: dict[str, dict[str, None]] = {
        row.code: dict.fromkeys(region.key for region in row.regions.all()) for row in agreement.components.all()
    }
    for fact in facts:
        if fact.entry.region is not None:
            places[str(fact.entry.component)].setdefault(str(fact.entry.region))
    return {code: tuple(regions) for code, regions in places.items()}


def _region_names(agreement: Agreement) -> dict[str, str]:
    return {region.key: region.name for row in agreement.components.all() for region in row.regions.all()}


def _touches(row: AgreementExclusion, window: Span) -> bool:
    return row.started_at < window.end and row.ended_at > window.start


def _agreement(agreement: Agreement, policy: Policy) -> dict[str, Any]:
    after = policy.weight_after_monitoring
    return {
        "slug": agreement.slug,
        "name": agreement.name,
        "target_percent": plain(agreement.target_percent),
        "zone": agreement.zone,
        "credit_tiers": agreement.credit_tiers,
        "note": agreement.note,
        "policy": {
            "clock": str(policy.clock),
            "weight_major": plain(policy.weight_major),
            "weight_partial": plain(policy.weight_partial),
            "weight_degraded": plain(policy.weight_degraded),
            "weight_after_monitoring": None if after is None else plain(after),
            "is_quality_counted": policy.is_quality_counted,
            "is_maintenance_excluded": policy.is_maintenance_excluded,
            "maintenance_notice_hours": policy.maintenance_notice_hours,
            "component_rule": str(policy.component_rule),
            "region_rule": str(policy.region_rule),
        },
    }


def _interval(fact: Fact) -> dict[str, Any]:
    entry = fact.entry
    return {
        "component": entry.component,
        "region": entry.region,
        "level": str(entry.level),
        "is_quality": entry.is_quality,
        "start": in_full(entry.start),
        "end": in_full(entry.end) if entry.end else None,
        "first_post_at": in_full(entry.first_post_at) if entry.first_post_at else None,
        "monitoring_at": in_full(entry.monitoring_at) if entry.monitoring_at else None,
        "incident": fact.incident,
    }


def _exclusion(row: Exclusion, saved: Fraction) -> dict[str, Any]:
    return {
        "component": row.component,
        "start": in_full(row.start),
        "end": in_full(row.end),
        "reason": row.reason,
        "saved_seconds": exact(saved),
    }


def _stretch(row: Stretch) -> dict[str, Any]:
    return {
        "component": row.component,
        "region": row.region,
        "start": in_full(row.start),
        "end": in_full(row.end),
        "level": str(row.level),
        "weight": exact(row.weight),
        "weighed_seconds": exact(row.weighed_seconds),
    }


def _by_region(agreement: Agreement, found: Reckoning, window: Span, policy: Policy) -> list[dict[str, Any]]:
    keys = dict.fromkeys(region for _component, region in found.by_place if region is not None)
    return [{"region": key, **figures(window, counted_in(found, key, policy), agreement)} for key in keys]


def _tier(agreement: Agreement, percent: Fraction) -> dict[str, str] | None:
    """The lowest tier that holds; compared exactly."""
    held = [row for row in agreement.credit_tiers if percent < Fraction(row["below_percent"])]
    return min(held, key=lambda row: Fraction(row["below_percent"])) if held else None
