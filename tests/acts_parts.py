"""The acts on the parts of reviews, for the table of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incidents.actions import change, factor, review_parts
from incidents.models import ReviewRedaction
from tests.parts_world import (
    a_change,
    a_factor,
    a_phase,
    a_review,
    a_role,
    administrator,
    an_entry,
    author,
)


def a_redaction() -> ReviewRedaction:
    return review_parts.record_redaction(
        actor=author(), review_id=a_review().pk, place="Entry of 14:40", kind="security", reason="R"
    )


def _on(make: Callable[[], Any], act: Callable[[Any], object]) -> Callable[[], Callable[[], object]]:
    def ready() -> Callable[[], object]:
        row = make()
        return lambda: act(row)

    return ready


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "entry.saved": _on(a_review, an_entry),
    "entry.removed": _on(
        lambda: an_entry(a_review()), lambda row: review_parts.remove_entry(actor=author(), entry_id=row.pk)
    ),
    "phase.saved": _on(a_review, a_phase),
    "phase.removed": _on(
        lambda: a_phase(a_review()), lambda row: review_parts.remove_phase(actor=author(), phase_id=row.pk)
    ),
    "redaction.recorded": _on(
        a_review,
        lambda row: review_parts.record_redaction(
            actor=author(), review_id=row.pk, place="P", kind="legal", reason="R"
        ),
    ),
    "redaction.withdrawn": _on(
        a_redaction, lambda row: review_parts.withdraw_redaction(actor=author(), redaction_id=row.pk)
    ),
    "change.saved": _on(author, lambda _actor: a_change()),
    "change.linked": _on(lambda: (a_review(), a_change()), lambda both: a_role(*both)),
    "change.unlinked": _on(
        lambda: a_role(a_review(), a_change()), lambda row: change.unlink_change(actor=author(), role_id=row.pk)
    ),
    "factor.saved": _on(a_review, a_factor),
    "factor.removed": _on(
        lambda: a_factor(a_review()), lambda row: factor.remove_factor(actor=author(), factor_id=row.pk)
    ),
    "factor_code.added": _on(
        administrator, lambda actor: factor.add_factor_code(actor=actor, code="NET-1", title="A cable was cut")
    ),
    "factor_code.retired": _on(
        lambda: factor.add_factor_code(actor=administrator(), code="NET-1", title="A cable was cut"),
        lambda row: factor.retire_factor_code(actor=administrator(), code_id=row.pk),
    ),
}
