"""The rule that a second person publishes what is posted of an incident, and the drafts that are offered for it.

`record` asks `refuse_alone` of every such act, through whichever door it came; the dead-man rule is the program's own
act, and is let through.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.actions import authority
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.actor import Actor
from incidents.domain.drafts import DraftState
from incidents.domain.review import PersonRole
from incidents.domain.scopes import Scope
from incidents.domain.verbs import Verb
from incidents.models import Draft, PublicPage

SECONDED = frozenset((Verb.INCIDENT_OPENED, Verb.INCIDENT_UPDATED, Verb.INCIDENT_RESOLVED, Verb.INCIDENT_REOPENED))


@dataclass(frozen=True)
class Offered:
    """A draft as its publisher has it on screen. `reason`: why its own author publishes it, in an emergency."""

    draft_id: int
    seen_version: int
    reason: str = ""


def look(actor: Actor, page: PublicPage, offered: Offered | None) -> Draft | None:
    """The offered draft, locked, if this person may publish it now; None without one. One that this person has
    published already is given back too: the repeat of its key finds what was made.

    Raises Conflict if it is not offered any more or reads otherwise by now; Forbidden for its own author, but for an
    administrator with a reason.
    """
    if offered is None:
        return None
    draft = Draft.objects.select_for_update().filter(pk=offered.draft_id).first()
    if draft is None:
        raise Refused(_("There is no such draft."))
    if draft.state == DraftState.PUBLISHED and draft.answered_by_label == actor.label:
        return draft
    refuse_ended(draft)
    if draft.version != offered.seen_version:
        raise Conflict(_("It was changed while you were reading. Read what is new, then publish that."))
    if page.is_four_eyes and draft.user_id == actor.user_id:
        if not offered.reason.strip():
            raise Forbidden(_("You wrote it yourself: somebody else must read and publish it."))
        authority.require(actor, PersonRole.ADMINISTRATOR)
    return draft


def refuse_ended(draft: Draft) -> None:
    """Raises Conflict for a draft that waits for nobody any more, and says what became of it."""
    if draft.state == DraftState.PUBLISHED:
        raise Conflict(_("%(name)s has published it already.") % {"name": draft.answered_by_label})
    if draft.state == DraftState.WRITING and draft.note:
        raise Conflict(_("%(name)s has sent it back already.") % {"name": draft.answered_by_label})
    if draft.state != DraftState.OFFERED:
        raise Conflict(_("It is not offered any more: its author took it back to change it."))


def refuse_alone(actor: Actor, verb: Verb, page: PublicPage, draft: Draft | None) -> None:
    """Raises Refused where the page asks for a second person and nobody has offered this."""
    if verb not in SECONDED or not page.is_four_eyes or draft is not None:
        return
    if actor.kind == "user":
        raise Refused(_("Here a second person publishes. Write it, then offer it for publication."))
    if actor.kind == "token" and Scope.ALONE not in actor.scopes:
        raise Refused(
            _("Here a second person publishes. A program may do it alone only with the scope “%(scope)s”.")
            % {"scope": Scope.ALONE}
        )


def close(actor: Actor, draft: Draft | None, now: datetime) -> None:
    """Note on the draft, inside the transaction that published it, by whom that was."""
    if draft is not None:
        draft.state, draft.ended_at, draft.answered_by_label, draft.note = DraftState.PUBLISHED, now, actor.label, ""
        draft.save(update_fields=["state", "ended_at", "answered_by_label", "note"])
