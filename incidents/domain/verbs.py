"""Every happening that is recorded, the sentence for it, and how far it reaches.

To add one: a line in `Verb` and a line in `SENTENCES`. `Reach` is chosen by the action that records it.
"""

from __future__ import annotations

from enum import StrEnum


class Reach(StrEnum):
    """How far a happening goes: the audit log only, the public page too, or the subscribers as well."""

    PRIVATE = "private"
    PAGE = "page"
    SUBSCRIBERS = "subscribers"


class Verb(StrEnum):
    """The happenings, as `noun.past_tense`."""

    INCIDENT_OPENED = "incident.opened"
    INCIDENT_UPDATED = "incident.updated"
    INCIDENT_RESOLVED = "incident.resolved"
    INCIDENT_REOPENED = "incident.reopened"
    INCIDENT_EDITED = "incident.edited"
    MAINTENANCE_SCHEDULED = "maintenance.scheduled"
    MAINTENANCE_REMINDED = "maintenance.reminded"
    MAINTENANCE_STARTED = "maintenance.started"
    MAINTENANCE_UPDATED = "maintenance.updated"
    MAINTENANCE_EXTENDED = "maintenance.extended"
    MAINTENANCE_RESCHEDULED = "maintenance.rescheduled"
    MAINTENANCE_COMPLETED = "maintenance.completed"
    MAINTENANCE_CANCELLED = "maintenance.cancelled"
    SERIES_ADDED = "series.added"
    SERIES_EDITED = "series.edited"
    SERIES_ENDED = "series.ended"
    ADVICE_GIVEN = "advice.given"
    ADVICE_WITHDRAWN = "advice.withdrawn"
    MILESTONE_STATED = "milestone.stated"
    UPDATE_AMENDED = "update.amended"
    UPDATE_MOVED = "update.moved"
    UPDATE_WITHHELD = "update.withheld"
    INCIDENT_WITHDRAWN = "incident.withdrawn"
    INTERVAL_CORRECTED = "interval.corrected"
    AGREEMENT_ADDED = "agreement.added"
    AGREEMENT_EDITED = "agreement.edited"
    AGREEMENT_ARCHIVED = "agreement.archived"
    AGREEMENT_RESTORED = "agreement.restored"
    EXCLUSION_GRANTED = "exclusion.granted"
    EXCLUSION_WITHDRAWN = "exclusion.withdrawn"
    VERDICT_ISSUED = "verdict.issued"
    VERDICT_CORRECTED = "verdict.corrected"
    REVIEW_STARTED = "review.started"
    REVIEW_EDITED = "review.edited"
    SECTION_SAVED = "section.saved"
    ENTRY_SAVED = "entry.saved"
    ENTRY_REMOVED = "entry.removed"
    PHASE_SAVED = "phase.saved"
    PHASE_REMOVED = "phase.removed"
    CHANGE_SAVED = "change.saved"
    CHANGE_LINKED = "change.linked"
    CHANGE_UNLINKED = "change.unlinked"
    FACTOR_SAVED = "factor.saved"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_CODE_ADDED = "factor_code.added"
    FACTOR_CODE_RETIRED = "factor_code.retired"
    REMEDIATION_SAVED = "remediation.saved"
    REMEDIATION_REMOVED = "remediation.removed"
    REMEDIATION_SLIPPED = "remediation.slipped"
    REMEDIATION_MOVED = "remediation.moved"
    REMEDIATION_VERIFIED = "remediation.verified"
    REMEDIATION_DECLINED = "remediation.declined"
    REMEDIATION_SUPERSEDED = "remediation.superseded"
    REVIEW_COMMENTED = "review.commented"
    COMMENT_RESOLVED = "comment.resolved"
    REVIEW_SUBMITTED = "review.submitted"
    REVIEW_RETURNED = "review.returned"
    REVIEW_APPROVED = "review.approved"
    APPROVAL_WITHDRAWN = "approval.withdrawn"
    CHECK_WAIVED = "check.waived"
    WAIVER_WITHDRAWN = "waiver.withdrawn"
    REDACTION_RECORDED = "redaction.recorded"
    REDACTION_WITHDRAWN = "redaction.withdrawn"
    REVIEW_SCHEDULED = "review.scheduled"
    REVIEW_UNSCHEDULED = "review.unscheduled"
    REVIEW_PUBLISHED = "review.published"
    REVIEW_CORRECTED = "review.corrected"
    REVIEW_RETRACTED = "review.retracted"
    PROMISE_MADE = "promise.made"
    PROMISE_EXTENDED = "promise.extended"
    PROMISE_MET = "promise.met"
    PROMISE_WAIVED = "promise.waived"
    PROMISE_ASSIGNED = "promise.assigned"
    POLICY_SAVED = "policy.saved"
    POLICY_ARCHIVED = "policy.archived"
    CALENDAR_SAVED = "calendar.saved"
    PERSON_REMINDED = "person.reminded"
    ROLES_SET = "roles.set"
    PERSON_ADDED = "person.added"
    OPERATOR_ADDED = "operator.added"
    OPERATORS_REMINDED = "operators.reminded"
    COMPONENT_ADDED = "component.added"
    COMPONENT_EDITED = "component.edited"
    COMPONENT_ARCHIVED = "component.archived"
    COMPONENT_RESTORED = "component.restored"
    COMPONENT_STATUS_SET = "component.status_set"
    COMPONENTS_ARRANGED = "components.arranged"
    REGION_ADDED = "region.added"
    TEMPLATE_SAVED = "template.saved"
    TEMPLATE_DELETED = "template.deleted"
    PAGE_EDITED = "page.edited"
    UPSTREAM_SAVED = "upstream.saved"
    UPSTREAM_REMOVED = "upstream.removed"
    UPSTREAM_NOTED = "upstream.noted"
    UPSTREAM_GONE = "upstream.gone"
    SUBSCRIBER_SIGNED_UP = "subscriber.signed_up"
    SUBSCRIBER_CONFIRMED = "subscriber.confirmed"
    SUBSCRIBER_SCOPED = "subscriber.scoped"
    SUBSCRIBER_UNSUBSCRIBED = "subscriber.unsubscribed"
    SUBSCRIBER_SUSPENDED = "subscriber.suspended"
    INCIDENT_IMPORTED = "incident.imported"
    COMPONENT_IMPORTED = "component.imported"
    REVIEW_IMPORTED = "review.imported"
    DELIVERIES_HELD = "deliveries.held"
    DELIVERIES_RELEASED = "deliveries.released"
    ADMINISTRATOR_MADE = "administrator.made"
    SOURCE_SAVED = "source.saved"
    RULE_SAVED = "rule.saved"
    RULE_REMOVED = "rule.removed"
    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_ENDED = "proposal.ended"
    PROPOSAL_DISMISSED = "proposal.dismissed"
    MONITOR_OPENED = "monitor.opened"
    MONITOR_CLOSED = "monitor.closed"
    RECORD_EXPORTED = "record.exported"
    HISTORY_RESTORED = "history.restored"
    SUBSCRIBER_REACTIVATED = "subscriber.reactivated"
    TOKEN_MADE = "token.made"
    TOKEN_REVOKED = "token.revoked"
    TOKEN_REFUSED = "token.refused"
    DRAFT_OFFERED = "draft.offered"
    DRAFT_TAKEN_BACK = "draft.taken_back"
    DRAFT_RETURNED = "draft.returned"
    FOUR_EYES_SET = "four_eyes.set"
    FOUR_EYES_BROKEN = "four_eyes.broken"
    ACT_REFUSED = "act.refused"
    LOG_EXPORTED = "log.exported"


SENTENCES: dict[Verb, str] = {
    Verb.INCIDENT_OPENED: "opened the incident",
    Verb.INCIDENT_UPDATED: "posted an update",
    Verb.INCIDENT_RESOLVED: "resolved the incident",
    Verb.INCIDENT_REOPENED: "reopened the incident",
    Verb.INCIDENT_EDITED: "edited the incident",
    Verb.MAINTENANCE_SCHEDULED: "scheduled the maintenance",
    Verb.MAINTENANCE_REMINDED: "reminded of the maintenance",
    Verb.MAINTENANCE_STARTED: "began the maintenance",
    Verb.MAINTENANCE_UPDATED: "posted an update on the maintenance",
    Verb.MAINTENANCE_EXTENDED: "extended the maintenance",
    Verb.MAINTENANCE_RESCHEDULED: "rescheduled the maintenance",
    Verb.MAINTENANCE_COMPLETED: "completed the maintenance",
    Verb.MAINTENANCE_CANCELLED: "cancelled the maintenance",
    Verb.SERIES_ADDED: "added the recurring maintenance",
    Verb.SERIES_EDITED: "edited the recurring maintenance",
    Verb.SERIES_ENDED: "ended the recurring maintenance",
    Verb.ADVICE_GIVEN: "advised client programs",
    Verb.ADVICE_WITHDRAWN: "withdrew an advice to client programs",
    Verb.MILESTONE_STATED: "stated a milestone",
    Verb.UPDATE_AMENDED: "amended an update",
    Verb.UPDATE_MOVED: "corrected the time of an update",
    Verb.UPDATE_WITHHELD: "withheld a text",
    Verb.INCIDENT_WITHDRAWN: "withdrew the incident",
    Verb.INTERVAL_CORRECTED: "corrected the ledger",
    Verb.AGREEMENT_ADDED: "added the agreement",
    Verb.AGREEMENT_EDITED: "edited the agreement",
    Verb.AGREEMENT_ARCHIVED: "archived the agreement",
    Verb.AGREEMENT_RESTORED: "restored the agreement",
    Verb.EXCLUSION_GRANTED: "granted an exclusion",
    Verb.EXCLUSION_WITHDRAWN: "withdrew an exclusion",
    Verb.VERDICT_ISSUED: "issued the verdict",
    Verb.VERDICT_CORRECTED: "corrected the verdict",
    Verb.REVIEW_STARTED: "started the review",
    Verb.REVIEW_EDITED: "edited the review",
    Verb.SECTION_SAVED: "saved a section",
    Verb.ENTRY_SAVED: "saved an entry of the timeline",
    Verb.ENTRY_REMOVED: "removed an entry of the timeline",
    Verb.PHASE_SAVED: "saved a phase",
    Verb.PHASE_REMOVED: "removed a phase",
    Verb.CHANGE_SAVED: "saved a change",
    Verb.CHANGE_LINKED: "said what a change was",
    Verb.CHANGE_UNLINKED: "took back what a change was",
    Verb.FACTOR_SAVED: "saved a factor",
    Verb.FACTOR_REMOVED: "removed a factor",
    Verb.FACTOR_CODE_ADDED: "added a factor to the taxonomy",
    Verb.FACTOR_CODE_RETIRED: "retired a factor of the taxonomy",
    Verb.REMEDIATION_SAVED: "saved a remediation",
    Verb.REMEDIATION_REMOVED: "removed a remediation",
    Verb.REMEDIATION_SLIPPED: "moved the due date of a remediation",
    Verb.REMEDIATION_MOVED: "said how a remediation stands",
    Verb.REMEDIATION_VERIFIED: "verified a remediation",
    Verb.REMEDIATION_DECLINED: "declined a remediation",
    Verb.REMEDIATION_SUPERSEDED: "put another remediation in the place of one",
    Verb.REVIEW_COMMENTED: "commented on the review",
    Verb.COMMENT_RESOLVED: "resolved a comment",
    Verb.REVIEW_SUBMITTED: "asked for review",
    Verb.REVIEW_RETURNED: "asked for changes",
    Verb.REVIEW_APPROVED: "approved the review",
    Verb.APPROVAL_WITHDRAWN: "withdrew an approval",
    Verb.CHECK_WAIVED: "accepted a finding",
    Verb.WAIVER_WITHDRAWN: "took back the acceptance of a finding",
    Verb.REDACTION_RECORDED: "recorded what is withheld",
    Verb.REDACTION_WITHDRAWN: "ended a withholding",
    Verb.REVIEW_SCHEDULED: "scheduled the publication",
    Verb.REVIEW_UNSCHEDULED: "called the scheduled publication off",
    Verb.REVIEW_PUBLISHED: "published the review",
    Verb.REVIEW_CORRECTED: "corrected the review",
    Verb.REVIEW_RETRACTED: "retracted the review",
    Verb.PROMISE_MADE: "made a promise",
    Verb.PROMISE_EXTENDED: "put off a promise",
    Verb.PROMISE_MET: "kept a promise",
    Verb.PROMISE_WAIVED: "waived a promise",
    Verb.PROMISE_ASSIGNED: "gave a promise to somebody",
    Verb.POLICY_SAVED: "saved a policy of promises",
    Verb.POLICY_ARCHIVED: "ended a policy of promises",
    Verb.CALENDAR_SAVED: "saved a business calendar",
    Verb.PERSON_REMINDED: "reminded somebody",
    Verb.ROLES_SET: "set what somebody may do",
    Verb.PERSON_ADDED: "added somebody who may sign in",
    Verb.OPERATOR_ADDED: "added an address of the operators",
    Verb.OPERATORS_REMINDED: "reminded the operators",
    Verb.COMPONENT_ADDED: "added the component",
    Verb.COMPONENT_EDITED: "edited the component",
    Verb.COMPONENT_ARCHIVED: "archived the component",
    Verb.COMPONENT_RESTORED: "restored the component",
    Verb.COMPONENT_STATUS_SET: "set the status by hand",
    Verb.COMPONENTS_ARRANGED: "arranged the components",
    Verb.REGION_ADDED: "added the region",
    Verb.TEMPLATE_SAVED: "saved the template",
    Verb.TEMPLATE_DELETED: "deleted the template",
    Verb.PAGE_EDITED: "edited the page",
    Verb.UPSTREAM_SAVED: "saved the upstream",
    Verb.UPSTREAM_REMOVED: "removed the upstream",
    Verb.UPSTREAM_NOTED: "noted what the upstream says",
    Verb.UPSTREAM_GONE: "stopped asking the upstream",
    Verb.SUBSCRIBER_SIGNED_UP: "asked to subscribe",
    Verb.SUBSCRIBER_CONFIRMED: "confirmed the subscription",
    Verb.SUBSCRIBER_SCOPED: "changed what the subscription covers",
    Verb.SUBSCRIBER_UNSUBSCRIBED: "ended the subscription",
    Verb.SUBSCRIBER_SUSPENDED: "suspended the subscription",
    Verb.INCIDENT_IMPORTED: "took the incident over from another page",
    Verb.COMPONENT_IMPORTED: "took the component over from another page",
    Verb.REVIEW_IMPORTED: "took the postmortem over from another page",
    Verb.DELIVERIES_HELD: "stopped all deliveries",
    Verb.DELIVERIES_RELEASED: "let the deliveries go on",
    Verb.ADMINISTRATOR_MADE: "made the first administrator",
    Verb.SOURCE_SAVED: "saved a source of alerts",
    Verb.RULE_SAVED: "saved a rule for alerts",
    Verb.RULE_REMOVED: "removed a rule for alerts",
    Verb.PROPOSAL_MADE: "proposed an incident",
    Verb.PROPOSAL_ENDED: "proposed an end",
    Verb.PROPOSAL_DISMISSED: "dismissed a proposal",
    Verb.MONITOR_OPENED: "set a component by an alert",
    Verb.MONITOR_CLOSED: "ended by an alert what it had set",
    Verb.RECORD_EXPORTED: "exported the records",
    Verb.HISTORY_RESTORED: "restored an export",
    Verb.SUBSCRIBER_REACTIVATED: "let a suspended subscription go on",
    Verb.TOKEN_MADE: "made a token of the write API",
    Verb.TOKEN_REVOKED: "revoked a token of the write API",
    Verb.TOKEN_REFUSED: "tried what its scopes do not allow",
    Verb.DRAFT_OFFERED: "offered a draft for publication",
    Verb.DRAFT_TAKEN_BACK: "took an offered draft back to writing",
    Verb.DRAFT_RETURNED: "sent an offered draft back",
    Verb.FOUR_EYES_SET: "set whether a second person publishes",
    Verb.FOUR_EYES_BROKEN: "published without a second person",
    Verb.ACT_REFUSED: "tried what they may not do",
    Verb.LOG_EXPORTED: "exported the audit log",
}
