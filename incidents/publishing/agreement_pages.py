"""The pages of agreements: what was promised, the verdict of each month, and all that it was computed from.

A pure function of a snapshot, as `pages` is. Beside each month stands the same as JSON; beside each issued verdict its
signed evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.status import Level
from incidents.publishing import pages
from incidents.publishing.agreements import AgreementView, VerdictView
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page


def hot(snapshot: Snapshot) -> list[Page]:
    """The list of agreements."""
    return [_list(snapshot)]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """A page for each agreement; for each month a page, JSON and the evidence of each number."""
    site = pages.site_of(snapshot.page)
    for agreement in snapshot.agreements:
        yield ColdPage(agreement.path, key_of(site, agreement), partial(_agreement, snapshot.page, agreement))
        if agreement.running:
            yield from _running(snapshot.page, agreement, key_of(site, agreement.name, agreement.running))
        for month, found in groupby(agreement.verdicts, key=lambda row: row.month):
            numbers = list(found)
            yield from _month_pages(snapshot.page, agreement, month, numbers, key_of(site, agreement.name, numbers))


def _list(snapshot: Snapshot) -> Page:
    rows = [(agreement, _months(agreement)[:1]) for agreement in snapshot.agreements]
    return pages.page_of(snapshot.page, "/agreements", "agreements", _("Agreements"), {"rows": rows})


def _agreement(page: PageView, agreement: AgreementView) -> Page:
    context = {
        "agreement": agreement,
        "terms": json.loads(agreement.terms),
        "policy": _policy_words(json.loads(agreement.terms)["policy"]),
        "months": _months(agreement),
    }
    return pages.page_of(page, agreement.path, "agreement", agreement.name, context)


def _running(page: PageView, agreement: AgreementView, key: str) -> Iterator[ColdPage]:
    document = json.loads(agreement.running)
    path = f"{agreement.path}/{document['month']}"
    if any(f"{row.month:%Y-%m}" == document["month"] for row in agreement.verdicts):
        return
    yield ColdPage(path, key, partial(_month, page, agreement, document, []))
    yield ColdPage(f"{path}.json", key, partial(_json, f"{path}.json", agreement.running))


def _month_pages(
    page: PageView, agreement: AgreementView, month: date, numbers: list[VerdictView], key: str
) -> Iterator[ColdPage]:
    path = f"{agreement.path}/{month:%Y-%m}"
    document = numbers[0].document
    yield ColdPage(path, key, partial(_month, page, agreement, document, numbers))
    yield ColdPage(f"{path}.json", key, partial(_json, f"{path}.json", json.dumps(document, ensure_ascii=False)))
    yield ColdPage(f"{path}/evidence.json", key, partial(_json, f"{path}/evidence.json", numbers[0].evidence))
    for row in numbers[1:]:
        name = f"{path}/evidence-{row.number}.json"
        yield ColdPage(name, key_of(row), partial(_json, name, row.evidence))


def _month(page: PageView, agreement: AgreementView, document: dict[str, Any], numbers: list[VerdictView]) -> Page:
    names = {row["code"]: row["name"] for row in document["components"]}
    regions = {row["key"]: row["name"] for row in document["regions"]}
    month = _month_name(document["month"])
    path = f"{agreement.path}/{document['month']}"
    context = {
        "agreement": agreement,
        "document": document,
        "month": month,
        "state": _state(document),
        "state_words": _state_words(document),
        "policy": _policy_words(document["agreement"]["policy"]),
        "stretches": [_stretch(row, names, regions) for row in document["stretches"]],
        "exclusions": [
            {**_times(row), "name": names.get(row["component"], ""), "saved": _seconds(row["saved_seconds"])}
            for row in document["exclusions"]
        ],
        "saved_by_maintenance": _seconds(document["saved_by_maintenance_seconds"]),
        "by_region": [
            {**row, "name": regions.get(row["region"], row["region"]), "state": _state(row)}
            for row in document["by_region"]
        ],
        "ways": [{**row, "state": _state(row), "minutes": _minutes(row)} for row in document["sensitivity"]["rows"]],
        "counted": _minutes(document),
        "allowed": _seconds(document["allowed_seconds"]),
        "numbers": numbers,
        "earlier": [(row, row.document, _state(row.document)) for row in numbers[1:]],
        "description": f"{_state_words(document)}: {document['percent']} %",
    }
    return pages.page_of(page, path, "agreement_month", f"{agreement.name}, {month}", context)


def _json(path: str, text: str) -> Page:
    return Page(path, text.encode(), "application/json", headers=OPEN_TO_SCRIPTS)


def _months(agreement: AgreementView) -> list[dict[str, Any]]:
    """The months with a verdict and the one that runs, newest first, as rows."""
    documents = [json.loads(agreement.running)] if agreement.running else []
    documents += [next(rows).document for _month, rows in groupby(agreement.verdicts, key=lambda row: row.month)]
    by_month = {row["month"]: row for row in documents}
    return [
        {
            "name": _month_name(month),
            "path": f"{agreement.path}/{month}",
            "percent": row["percent"],
            "state": _state(row),
            "words": _state_words(row),
            "minutes": _minutes(row),
        }
        for month, row in by_month.items()
    ]


def _state(document: dict[str, Any]) -> str:
    """The icon and the class of a verdict."""
    return "major" if document["verdict"] == "breached" else "ok"


def _state_words(document: dict[str, Any]) -> str:
    is_breached = document["verdict"] == "breached"
    if document["is_final"]:
        return _("Breached: less uptime than promised") if is_breached else _("Met: the promise was kept")
    return _("Breached already, and the month still runs") if is_breached else _("Met so far; the month still runs")


def _policy_words(policy: dict[str, Any]) -> list[str]:
    """The policy as sentences."""
    after, notice = policy["weight_after_monitoring"], policy["maintenance_notice_hours"]
    clock = _("The clock starts with the impact, whenever the page first spoke of it.")
    if policy["clock"] == "first_post":
        clock = _("The clock starts with the first post about an incident.")
    said = [
        clock,
        _("A major outage weighs %(major)s, a partial outage %(partial)s, degraded performance %(degraded)s.")
        % {level: policy[f"weight_{level}"] for level in ("major", "partial", "degraded")},
        _("After the first Monitoring at most %(weight)s counts.") % {"weight": after}
        if after is not None
        else _("Recovery counts in full until the trouble is over."),
        _("What was served but wrong counts as its level does.")
        if policy.get("is_quality_counted")
        else _("What was served but wrong is no outage and does not count."),
        _("Maintenance is left out.") if policy["is_maintenance_excluded"] else _("Maintenance counts as an outage."),
        ngettext(
            "Maintenance that is announced less than %(hours)s hour before counts as an outage.",
            "Maintenance that is announced less than %(hours)s hours before counts as an outage.",
            notice,
        )
        % {"hours": notice}
        if notice
        else "",
        _rule_words(_("components"), policy["component_rule"]),
        _rule_words(_("regions"), policy["region_rule"]),
    ]
    return [sentence for sentence in said if sentence]


def _rule_words(subject: str, rule: str) -> str:
    if rule == "worst":
        return _("Of several %(subject)s the worst counts.") % {"subject": subject}
    return _("Of several %(subject)s the mean counts.") % {"subject": subject}


def _stretch(row: dict[str, Any], names: dict[str, str], regions: dict[str, str]) -> dict[str, Any]:
    return {
        **_times(row),
        "name": names[row["component"]],
        "region": regions.get(row["region"], row["region"] or ""),
        "level": Level(row["level"]),
        "weight": row["weight"],
        "length": int((_at(row["end"]) - _at(row["start"])).total_seconds()),
        "weighed": _seconds(row["weighed_seconds"]),
    }


def _times(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "start": _at(row["start"]), "end": _at(row["end"])}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(exact: str) -> str:
    """Exact seconds as minutes for reading: `225 min`, `68.5 min`, at most two decimals."""
    return _("%(count)s min") % {"count": f"{float(round(Fraction(exact) / 60, 2)):g}"}


def _minutes(document: dict[str, Any]) -> str:
    return _seconds(document["counted_seconds"])


def _month_name(month: str) -> str:
    return date_format(date.fromisoformat(f"{month}-01"), "F Y")
