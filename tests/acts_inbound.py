"""The acts of monitors and of those who answer them, for the table of `tests/actions/test_record.py`."""

from __future__ import annotations

from collections.abc import Callable

from incidents.actions import inbound, proposal
from incidents.domain.actor import SYSTEM
from incidents.models import InboundSource
from tests.factories import MARIA, make_component
from tests.inbound_world import alert, make_proposal, make_rule, make_source, over, report


def _holding() -> InboundSource:
    source, _key = make_source()
    make_rule(source, make_component("Web"), act="hold")
    return source


def _held() -> InboundSource:
    source = _holding()
    report(source, alert())
    return source


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "source.saved": lambda: make_source,
    "rule.saved": lambda: (lambda web, source: lambda: make_rule(source, web))(make_component("Web"), make_source()[0]),
    "rule.removed": lambda: (
        lambda rule: lambda: inbound.remove_rule(actor=SYSTEM, rule_id=rule.pk)
    )(make_rule(make_source()[0], make_component("Web"))),
    "proposal.made": lambda: (lambda source: lambda: report(source, alert()))(make_source()[0]),
    "proposal.ended": lambda: (lambda _row: lambda: report(InboundSource.objects.get(), over()))(make_proposal()),
    "proposal.dismissed": lambda: (
        lambda row: lambda: proposal.dismiss_proposal(actor=MARIA, proposal_id=row.pk)
    )(make_proposal()),
    "monitor.opened": lambda: (lambda source: lambda: report(source, alert()))(_holding()),
    "monitor.closed": lambda: (lambda source: lambda: report(source, over()))(_held()),
}  # fmt: skip
