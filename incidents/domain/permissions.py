"""Who may do what: for every happening that is recorded, the roles that may make it happen. Deny by default.

`actions.record` asks `may` inside the transaction of each write, so that a refusal takes the write back, whichever door
it came through. To add a verb: name it in one of the sets below; a verb that stands in none can be made to happen by
nobody, and a test names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from incidents.domain.actor import Actor
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.domain.scopes import Scope
from incidents.domain.verbs import Verb

VIEWER, AUTHOR, PUBLISHER = PersonRole.VIEWER, PersonRole.AUTHOR, PersonRole.PUBLISHER
APPROVER, ADMINISTRATOR = PersonRole.APPROVER, PersonRole.ADMINISTRATOR
Roles = frozenset[PersonRole]

ALONE: Roles = frozenset((ADMINISTRATOR,))
AUTHORS: Roles = frozenset((AUTHOR, ADMINISTRATOR))
PUBLISHERS: Roles = frozenset((PUBLISHER, ADMINISTRATOR))
APPROVERS: Roles = frozenset((APPROVER, ADMINISTRATOR))
WRITERS: Roles = AUTHORS | PUBLISHERS
AUTHORS_OR_APPROVERS: Roles = AUTHORS | APPROVERS
# Whoever takes part in a review may speak in it.
PARTICIPANTS: Roles = AUTHORS | PUBLISHERS | APPROVERS
READERS: Roles = frozenset(PersonRole)
# What the program does by itself, by its schedule or by its commands; no person has an act of this name.
NO_PERSON: Roles = frozenset()

# What writing a review consists of, remediations and factors with it.
_WRITING = (
    Verb.REVIEW_STARTED, Verb.REVIEW_EDITED, Verb.SECTION_SAVED, Verb.ENTRY_SAVED, Verb.ENTRY_REMOVED, Verb.PHASE_SAVED,
    Verb.PHASE_REMOVED, Verb.CHANGE_SAVED, Verb.CHANGE_LINKED, Verb.CHANGE_UNLINKED, Verb.FACTOR_SAVED,
    Verb.FACTOR_REMOVED, Verb.REMEDIATION_SAVED, Verb.REMEDIATION_REMOVED, Verb.REDACTION_RECORDED,
    Verb.REDACTION_WITHDRAWN, Verb.REMEDIATION_SLIPPED, Verb.REMEDIATION_MOVED, Verb.REMEDIATION_DECLINED,
    Verb.REMEDIATION_SUPERSEDED,
)  # fmt: skip
# What authors offer to be published, and publishers send back.
_OFFERING = (Verb.DRAFT_OFFERED, Verb.DRAFT_TAKEN_BACK)
_TALK = (Verb.REVIEW_COMMENTED, Verb.COMMENT_RESOLVED, Verb.CHECK_WAIVED, Verb.WAIVER_WITHDRAWN)
# What the public sees by it: incidents, maintenance, components, advice, promises, subscriptions and reviews.
_PUBLISHING = (
    Verb.INCIDENT_OPENED, Verb.INCIDENT_UPDATED, Verb.INCIDENT_RESOLVED, Verb.INCIDENT_REOPENED, Verb.INCIDENT_EDITED,
    Verb.MAINTENANCE_SCHEDULED, Verb.MAINTENANCE_STARTED, Verb.MAINTENANCE_UPDATED, Verb.MAINTENANCE_EXTENDED,
    Verb.MAINTENANCE_RESCHEDULED, Verb.MAINTENANCE_COMPLETED, Verb.MAINTENANCE_CANCELLED, Verb.SERIES_ADDED,
    Verb.SERIES_EDITED, Verb.SERIES_ENDED, Verb.ADVICE_GIVEN, Verb.ADVICE_WITHDRAWN, Verb.MILESTONE_STATED,
    Verb.UPDATE_AMENDED, Verb.UPDATE_MOVED, Verb.UPDATE_WITHHELD, Verb.UPDATE_TAKEN_BACK, Verb.INCIDENT_WITHDRAWN,
    Verb.INTERVAL_CORRECTED, Verb.COMPONENT_ADDED, Verb.COMPONENT_EDITED, Verb.COMPONENT_ARCHIVED,
    Verb.COMPONENT_RESTORED,
    Verb.COMPONENT_STATUS_SET, Verb.COMPONENTS_ARRANGED, Verb.REGION_ADDED, Verb.TEMPLATE_SAVED, Verb.TEMPLATE_DELETED,
    Verb.PROPOSAL_MADE, Verb.PROPOSAL_ENDED, Verb.PROPOSAL_DISMISSED, Verb.REVIEW_SCHEDULED, Verb.REVIEW_UNSCHEDULED,
    Verb.REVIEW_PUBLISHED, Verb.PROMISE_MADE, Verb.PROMISE_EXTENDED, Verb.PROMISE_MET, Verb.PROMISE_WAIVED,
    Verb.SUBSCRIBER_CONFIRMED, Verb.SUBSCRIBER_SIGNED_UP, Verb.SUBSCRIBER_SCOPED, Verb.SUBSCRIBER_UNSUBSCRIBED,
    Verb.SUBSCRIBER_REACTIVATED, Verb.OPERATOR_ADDED,
)  # fmt: skip
# What the page is made of, who may do what, where data comes from and goes to, and the brakes.
_ADMINISTRATION = (
    Verb.PAGE_EDITED, Verb.ROLES_SET, Verb.PERSON_ADDED, Verb.TOKEN_MADE, Verb.TOKEN_REVOKED, Verb.SOURCE_SAVED,
    Verb.RULE_SAVED, Verb.RULE_REMOVED, Verb.UPSTREAM_SAVED, Verb.UPSTREAM_REMOVED, Verb.AGREEMENT_ADDED,
    Verb.AGREEMENT_EDITED, Verb.AGREEMENT_ARCHIVED, Verb.AGREEMENT_RESTORED, Verb.EXCLUSION_GRANTED,
    Verb.EXCLUSION_WITHDRAWN, Verb.POLICY_SAVED, Verb.POLICY_ARCHIVED, Verb.CALENDAR_SAVED, Verb.FACTOR_CODE_ADDED,
    Verb.FACTOR_CODE_RETIRED, Verb.RECORD_EXPORTED, Verb.HISTORY_RESTORED, Verb.LOG_EXPORTED, Verb.DELIVERIES_HELD,
    Verb.MONITOR_CLOSED,  # a rule that is changed lets go of what it held
    Verb.DELIVERIES_RELEASED, Verb.REVIEW_RETRACTED, Verb.FOUR_EYES_SET, Verb.FOUR_EYES_BROKEN, Verb.PAGE_BRANDED,
    Verb.PICTURE_ADDED,
)  # fmt: skip
_BY_ITSELF = (
    Verb.MAINTENANCE_REMINDED, Verb.VERDICT_ISSUED, Verb.PERSON_REMINDED, Verb.OPERATORS_REMINDED,
    Verb.UPSTREAM_NOTED, Verb.UPSTREAM_GONE, Verb.SUBSCRIBER_SUSPENDED, Verb.INCIDENT_IMPORTED,
    Verb.COMPONENT_IMPORTED, Verb.REVIEW_IMPORTED, Verb.ADMINISTRATOR_MADE, Verb.MONITOR_OPENED,
    Verb.TOKEN_REFUSED, Verb.BREAK_GLASS_MADE,
)  # fmt: skip

PEOPLE: Mapping[Verb, Roles] = {
    **dict.fromkeys(_WRITING, AUTHORS),
    **dict.fromkeys(_OFFERING, WRITERS),
    **dict.fromkeys(_TALK, PARTICIPANTS),
    **dict.fromkeys(_PUBLISHING, PUBLISHERS),
    **dict.fromkeys(_ADMINISTRATION, ALONE),
    **dict.fromkeys(_BY_ITSELF, NO_PERSON),
    Verb.REVIEW_SUBMITTED: AUTHORS,
    Verb.REVIEW_RETURNED: AUTHORS_OR_APPROVERS,
    Verb.REMEDIATION_VERIFIED: AUTHORS_OR_APPROVERS,
    Verb.REVIEW_APPROVED: APPROVERS,
    Verb.APPROVAL_WITHDRAWN: APPROVERS,
    # A correction is another version: who publishes makes it.
    Verb.REVIEW_CORRECTED: PUBLISHERS,
    # Follows from what publishers may do: a corrected ledger has its verdicts issued again.
    Verb.VERDICT_CORRECTED: PUBLISHERS,
    Verb.PROMISE_ASSIGNED: WRITERS,
    Verb.DRAFT_RETURNED: PUBLISHERS,
}
# What the log notes of anybody who has an account, a role or none: above all what one does with one's own account.
OF_ANYBODY = frozenset(
    (
        Verb.ACT_REFUSED, Verb.ACCOUNT_SIGNED_IN, Verb.ACCOUNT_SIGNED_OUT, Verb.ACCOUNT_REFUSED, Verb.ACCOUNT_LINKED,
        Verb.SESSION_ENDED, Verb.PASSWORD_CHANGED, Verb.PASSWORD_RESET_ASKED, Verb.SECOND_FACTOR_ADDED,
        Verb.SECOND_FACTOR_REMOVED, Verb.RECOVERY_CODES_RENEWED, Verb.RECOVERY_CODE_USED, Verb.BREAK_GLASS_USED,
    )
)  # fmt: skip

_OPENING = (
    Verb.INCIDENT_OPENED, Verb.INCIDENT_UPDATED, Verb.INCIDENT_RESOLVED, Verb.INCIDENT_REOPENED, Verb.INCIDENT_EDITED,
    Verb.INCIDENT_WITHDRAWN, Verb.UPDATE_AMENDED, Verb.UPDATE_MOVED, Verb.MAINTENANCE_SCHEDULED,
    Verb.MAINTENANCE_STARTED, Verb.MAINTENANCE_UPDATED, Verb.MAINTENANCE_EXTENDED, Verb.MAINTENANCE_RESCHEDULED,
    Verb.MAINTENANCE_COMPLETED, Verb.MAINTENANCE_CANCELLED, Verb.MILESTONE_STATED, Verb.PROMISE_MADE,
    Verb.INTERVAL_CORRECTED, Verb.VERDICT_CORRECTED, Verb.COMPONENT_STATUS_SET,
)  # fmt: skip
TOKENS: Mapping[Scope, frozenset[Verb]] = {
    Scope.READ: frozenset(),
    Scope.INCIDENTS: frozenset(_OPENING),
    # A component's status is what incidents and maintenance hold of it; those say so in an update.
    Scope.COMPONENTS: frozenset(
        (
            Verb.COMPONENT_ADDED, Verb.COMPONENT_EDITED, Verb.COMPONENT_ARCHIVED, Verb.COMPONENT_RESTORED,
            Verb.COMPONENT_STATUS_SET, Verb.COMPONENTS_ARRANGED, Verb.REGION_ADDED, Verb.INCIDENT_UPDATED,
            Verb.MAINTENANCE_UPDATED, Verb.VERDICT_CORRECTED,
        )
    ),
    Scope.SUBSCRIBERS: frozenset(
        (
            Verb.SUBSCRIBER_SIGNED_UP, Verb.SUBSCRIBER_CONFIRMED, Verb.SUBSCRIBER_SCOPED, Verb.SUBSCRIBER_UNSUBSCRIBED,
            Verb.SUBSCRIBER_REACTIVATED,
        )
    ),
    Scope.PAGE: frozenset((Verb.PAGE_EDITED, Verb.VERDICT_CORRECTED)),
    Scope.TEMPLATES: frozenset((Verb.TEMPLATE_SAVED, Verb.TEMPLATE_DELETED)),
    Scope.POSTMORTEMS: frozenset(
        (
            Verb.REVIEW_STARTED, Verb.REVIEW_EDITED, Verb.SECTION_SAVED, Verb.REVIEW_SUBMITTED, Verb.REVIEW_PUBLISHED,
            Verb.REVIEW_CORRECTED, Verb.PROMISE_MADE, Verb.PROMISE_MET, Verb.REMEDIATION_SAVED, Verb.FACTOR_SAVED,
        )
    ),
    Scope.ALONE: frozenset(),
}  # fmt: skip
# What readers do with their own subscription.
_OF_A_SUBSCRIBER = frozenset(verb for verb in Verb if verb.startswith("subscriber."))
# The program by itself, its commands, and what it takes over from elsewhere: bound by its code, not by roles.
_TRUSTED = frozenset(("system", "import", "seed", "monitor", "command"))


def may(actor: Actor, verb: Verb, roles: Collection[PersonRole]) -> bool:
    """Whether the author of a write, who has these roles, may make this happen. An unknown kind of author may not."""
    if actor.kind == "user":
        return verb in OF_ANYBODY or not PEOPLE.get(verb, NO_PERSON).isdisjoint(roles)
    if actor.kind == "token":
        return verb == Verb.TOKEN_REFUSED or verb in verbs_of_scopes(actor.scopes)
    return actor.kind in _TRUSTED or (actor.kind == "subscriber" and verb in _OF_A_SUBSCRIBER)


def verbs_of_scopes(scopes: Iterable[str]) -> frozenset[Verb]:
    """What a token that has these scopes may make happen; unknown scopes give nothing."""
    known = [Scope(scope) for scope in scopes if scope in list(Scope)]
    return frozenset(verb for scope in known for verb in TOKENS[scope])


def group_of(kind: ApprovalKind) -> str:
    """The name of the group whose members approve in this kind alone; members of `approver` approve in every kind."""
    return f"{PersonRole.APPROVER}:{kind}"


GROUPS: Mapping[str, PersonRole] = {
    **{str(role): role for role in PersonRole},
    **{group_of(kind): PersonRole.APPROVER for kind in ApprovalKind},
}


def roles_of_groups(names: Iterable[str]) -> Roles:
    """The roles of a member of these groups."""
    return frozenset(GROUPS[name] for name in names if name in GROUPS)


def kinds_of_groups(names: Collection[str]) -> frozenset[ApprovalKind]:
    """The kinds in which a member of these groups approves."""
    if PersonRole.APPROVER in names or PersonRole.ADMINISTRATOR in names:
        return frozenset(ApprovalKind)
    return frozenset(kind for kind in ApprovalKind if group_of(kind) in names)
