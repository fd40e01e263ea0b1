"""The acts on upstreams, for the table of the audit log."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from incidents.actions import upstream as actions
from incidents.domain.actor import SYSTEM
from incidents.domain.status import Level
from incidents.domain.upstream import Gone, Outcome, Reading
from incidents.models import Upstream
from tests.workflow_world import person


def an_upstream() -> Upstream:
    """One that is followed, though nothing is asked of anybody."""
    return Upstream.objects.create(
        name="Cloud", slug=f"cloud-{Upstream.objects.count()}", kind="statuspage",
        url="https://status.cloud.example/", created_at=timezone.now(),
    )  # fmt: skip


def _saved() -> Callable[[], object]:
    row, actor = an_upstream(), person("ada", "administrator")
    return lambda: actions.save_upstream(
        actor=actor, upstream_id=row.pk, name="The cloud", kind="feed", url="https://status.cloud.example/"
    )


def _removed() -> Callable[[], object]:
    row, actor = an_upstream(), person("ada", "administrator")
    return lambda: actions.remove_upstream(actor=actor, upstream_id=row.pk)


def _noting(outcome: Outcome, before: Outcome | None = None) -> Callable[[], Callable[[], object]]:
    def ready() -> Callable[[], object]:
        row = an_upstream()

        def note(what: Outcome) -> object:
            return actions.note_upstream(actor=SYSTEM, upstream_id=row.pk, asked_url=row.url, outcome=what)

        if before:
            note(before)
        return lambda: note(outcome)

    return ready


_WELL = Reading(Level.OPERATIONAL, "All Systems Operational", ())
ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "upstream.saved": _saved,
    "upstream.removed": _removed,
    "upstream.noted": _noting(_WELL),
    "upstream.gone": _noting(Gone("It is gone."), before=_WELL),
}
