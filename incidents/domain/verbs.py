"""Every happening that is recorded, the sentence for it, and how far it reaches.

To add one: a line in `Verb` and a line in `SENTENCES`, which is translated where it is shown (`words.happening`).
`Reach` is chosen by the action that records it.
"""

from __future__ import annotations

from enum import StrEnum

from incidents.domain.marking import gettext_noop as _


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
    UPDATE_TAKEN_BACK = "update.taken_back"
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
    PAGE_BRANDED = "page.branded"
    PICTURE_ADDED = "picture.added"
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
    ACCOUNT_SIGNED_IN = "account.signed_in"
    ACCOUNT_SIGNED_OUT = "account.signed_out"
    ACCOUNT_REFUSED = "account.refused"
    ACCOUNT_LINKED = "account.linked"
    SESSION_ENDED = "session.ended"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_RESET_ASKED = "password.reset_asked"
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    RECOVERY_CODE_USED = "recovery_code.used"
    BREAK_GLASS_MADE = "break_glass.made"
    BREAK_GLASS_USED = "break_glass.used"
    DRAFT_OFFERED = "draft.offered"
    DRAFT_TAKEN_BACK = "draft.taken_back"
    DRAFT_RETURNED = "draft.returned"
    FOUR_EYES_SET = "four_eyes.set"
    FOUR_EYES_BROKEN = "four_eyes.broken"
    ACT_REFUSED = "act.refused"
    LOG_EXPORTED = "log.exported"


SENTENCES: dict[Verb, str] = {
    Verb.INCIDENT_OPENED: _("opened the incident"),
    Verb.INCIDENT_UPDATED: _("posted an update"),
    Verb.INCIDENT_RESOLVED: _("resolved the incident"),
    Verb.INCIDENT_REOPENED: _("reopened the incident"),
    Verb.INCIDENT_EDITED: _("edited the incident"),
    Verb.MAINTENANCE_SCHEDULED: _("scheduled the maintenance"),
    Verb.MAINTENANCE_REMINDED: _("reminded of the maintenance"),
    Verb.MAINTENANCE_STARTED: _("began the maintenance"),
    Verb.MAINTENANCE_UPDATED: _("posted an update on the maintenance"),
    Verb.MAINTENANCE_EXTENDED: _("extended the maintenance"),
    Verb.MAINTENANCE_RESCHEDULED: _("rescheduled the maintenance"),
    Verb.MAINTENANCE_COMPLETED: _("completed the maintenance"),
    Verb.MAINTENANCE_CANCELLED: _("cancelled the maintenance"),
    Verb.SERIES_ADDED: _("added the recurring maintenance"),
    Verb.SERIES_EDITED: _("edited the recurring maintenance"),
    Verb.SERIES_ENDED: _("ended the recurring maintenance"),
    Verb.ADVICE_GIVEN: _("advised client programs"),
    Verb.ADVICE_WITHDRAWN: _("withdrew an advice to client programs"),
    Verb.MILESTONE_STATED: _("stated a milestone"),
    Verb.UPDATE_AMENDED: _("amended an update"),
    Verb.UPDATE_MOVED: _("corrected the time of an update"),
    Verb.UPDATE_WITHHELD: _("withheld a text"),
    Verb.INCIDENT_WITHDRAWN: _("withdrew the incident"),
    Verb.INTERVAL_CORRECTED: _("corrected the ledger"),
    Verb.AGREEMENT_ADDED: _("added the agreement"),
    Verb.AGREEMENT_EDITED: _("edited the agreement"),
    Verb.AGREEMENT_ARCHIVED: _("archived the agreement"),
    Verb.AGREEMENT_RESTORED: _("restored the agreement"),
    Verb.EXCLUSION_GRANTED: _("granted an exclusion"),
    Verb.EXCLUSION_WITHDRAWN: _("withdrew an exclusion"),
    Verb.VERDICT_ISSUED: _("issued the verdict"),
    Verb.VERDICT_CORRECTED: _("corrected the verdict"),
    Verb.REVIEW_STARTED: _("started the review"),
    Verb.REVIEW_EDITED: _("edited the review"),
    Verb.SECTION_SAVED: _("saved a section"),
    Verb.ENTRY_SAVED: _("saved an entry of the timeline"),
    Verb.ENTRY_REMOVED: _("removed an entry of the timeline"),
    Verb.PHASE_SAVED: _("saved a phase"),
    Verb.PHASE_REMOVED: _("removed a phase"),
    Verb.CHANGE_SAVED: _("saved a change"),
    Verb.CHANGE_LINKED: _("said what a change was"),
    Verb.CHANGE_UNLINKED: _("took back what a change was"),
    Verb.FACTOR_SAVED: _("saved a factor"),
    Verb.FACTOR_REMOVED: _("removed a factor"),
    Verb.FACTOR_CODE_ADDED: _("added a factor to the taxonomy"),
    Verb.FACTOR_CODE_RETIRED: _("retired a factor of the taxonomy"),
    Verb.REMEDIATION_SAVED: _("saved a remediation"),
    Verb.REMEDIATION_REMOVED: _("removed a remediation"),
    Verb.REMEDIATION_SLIPPED: _("moved the due date of a remediation"),
    Verb.REMEDIATION_MOVED: _("said how a remediation stands"),
    Verb.REMEDIATION_VERIFIED: _("verified a remediation"),
    Verb.REMEDIATION_DECLINED: _("declined a remediation"),
    Verb.REMEDIATION_SUPERSEDED: _("put another remediation in the place of one"),
    Verb.REVIEW_COMMENTED: _("commented on the review"),
    Verb.COMMENT_RESOLVED: _("resolved a comment"),
    Verb.REVIEW_SUBMITTED: _("asked for review"),
    Verb.REVIEW_RETURNED: _("asked for changes"),
    Verb.REVIEW_APPROVED: _("approved the review"),
    Verb.APPROVAL_WITHDRAWN: _("withdrew an approval"),
    Verb.CHECK_WAIVED: _("accepted a finding"),
    Verb.WAIVER_WITHDRAWN: _("took back the acceptance of a finding"),
    Verb.REDACTION_RECORDED: _("recorded what is withheld"),
    Verb.REDACTION_WITHDRAWN: _("ended a withholding"),
    Verb.REVIEW_SCHEDULED: _("scheduled the publication"),
    Verb.REVIEW_UNSCHEDULED: _("called the scheduled publication off"),
    Verb.REVIEW_PUBLISHED: _("published the review"),
    Verb.REVIEW_CORRECTED: _("corrected the review"),
    Verb.REVIEW_RETRACTED: _("retracted the review"),
    Verb.PROMISE_MADE: _("made a promise"),
    Verb.PROMISE_EXTENDED: _("put off a promise"),
    Verb.PROMISE_MET: _("kept a promise"),
    Verb.PROMISE_WAIVED: _("waived a promise"),
    Verb.PROMISE_ASSIGNED: _("gave a promise to somebody"),
    Verb.POLICY_SAVED: _("saved a policy of promises"),
    Verb.POLICY_ARCHIVED: _("ended a policy of promises"),
    Verb.CALENDAR_SAVED: _("saved a business calendar"),
    Verb.PERSON_REMINDED: _("reminded somebody"),
    Verb.ROLES_SET: _("set what somebody may do"),
    Verb.PERSON_ADDED: _("added somebody who may sign in"),
    Verb.OPERATOR_ADDED: _("added an address of the operators"),
    Verb.OPERATORS_REMINDED: _("reminded the operators"),
    Verb.COMPONENT_ADDED: _("added the component"),
    Verb.COMPONENT_EDITED: _("edited the component"),
    Verb.COMPONENT_ARCHIVED: _("archived the component"),
    Verb.COMPONENT_RESTORED: _("restored the component"),
    Verb.COMPONENT_STATUS_SET: _("set the status by hand"),
    Verb.COMPONENTS_ARRANGED: _("arranged the components"),
    Verb.REGION_ADDED: _("added the region"),
    Verb.TEMPLATE_SAVED: _("saved the template"),
    Verb.TEMPLATE_DELETED: _("deleted the template"),
    Verb.PAGE_EDITED: _("edited the page"),
    Verb.UPSTREAM_SAVED: _("saved the upstream"),
    Verb.UPSTREAM_REMOVED: _("removed the upstream"),
    Verb.UPSTREAM_NOTED: _("noted what the upstream says"),
    Verb.UPSTREAM_GONE: _("stopped asking the upstream"),
    Verb.SUBSCRIBER_SIGNED_UP: _("asked to subscribe"),
    Verb.SUBSCRIBER_CONFIRMED: _("confirmed the subscription"),
    Verb.SUBSCRIBER_SCOPED: _("changed what the subscription covers"),
    Verb.SUBSCRIBER_UNSUBSCRIBED: _("ended the subscription"),
    Verb.SUBSCRIBER_SUSPENDED: _("suspended the subscription"),
    Verb.INCIDENT_IMPORTED: _("took the incident over from another page"),
    Verb.COMPONENT_IMPORTED: _("took the component over from another page"),
    Verb.REVIEW_IMPORTED: _("took the postmortem over from another page"),
    Verb.DELIVERIES_HELD: _("stopped all deliveries"),
    Verb.DELIVERIES_RELEASED: _("let the deliveries go on"),
    Verb.ADMINISTRATOR_MADE: _("made the first administrator"),
    Verb.SOURCE_SAVED: _("saved a source of alerts"),
    Verb.RULE_SAVED: _("saved a rule for alerts"),
    Verb.RULE_REMOVED: _("removed a rule for alerts"),
    Verb.PROPOSAL_MADE: _("proposed an incident"),
    Verb.PROPOSAL_ENDED: _("proposed an end"),
    Verb.PROPOSAL_DISMISSED: _("dismissed a proposal"),
    Verb.MONITOR_OPENED: _("set a component by an alert"),
    Verb.MONITOR_CLOSED: _("ended by an alert what it had set"),
    Verb.RECORD_EXPORTED: _("exported the records"),
    Verb.HISTORY_RESTORED: _("restored an export"),
    Verb.SUBSCRIBER_REACTIVATED: _("let a suspended subscription go on"),
    Verb.TOKEN_MADE: _("made a token of the write API"),
    Verb.TOKEN_REVOKED: _("revoked a token of the write API"),
    Verb.TOKEN_REFUSED: _("tried what its scopes do not allow"),
    Verb.UPDATE_TAKEN_BACK: _("took an update back before anybody was told"),
    Verb.PAGE_BRANDED: _("changed the looks of the page"),
    Verb.PICTURE_ADDED: _("sent a picture"),
    Verb.ACCOUNT_SIGNED_IN: _("signed in"),
    Verb.ACCOUNT_SIGNED_OUT: _("signed out"),
    Verb.ACCOUNT_REFUSED: _("was refused: a wrong password or code"),
    Verb.ACCOUNT_LINKED: _("connected an account of the single sign-on"),
    Verb.SESSION_ENDED: _("ended sessions"),
    Verb.PASSWORD_CHANGED: _("changed the password"),
    Verb.PASSWORD_RESET_ASKED: _("asked for a link to set a new password"),
    Verb.SECOND_FACTOR_ADDED: _("added a second factor"),
    Verb.SECOND_FACTOR_REMOVED: _("removed a second factor"),
    Verb.RECOVERY_CODES_RENEWED: _("made new recovery codes"),
    Verb.RECOVERY_CODE_USED: _("used a recovery code"),
    Verb.BREAK_GLASS_MADE: _("made a link of last resort"),
    Verb.BREAK_GLASS_USED: _("signed in by a link of last resort"),
    Verb.DRAFT_OFFERED: _("offered a draft for publication"),
    Verb.DRAFT_TAKEN_BACK: _("took an offered draft back to writing"),
    Verb.DRAFT_RETURNED: _("sent an offered draft back"),
    Verb.FOUR_EYES_SET: _("set whether a second person publishes"),
    Verb.FOUR_EYES_BROKEN: _("published without a second person"),
    Verb.ACT_REFUSED: _("tried what they may not do"),
    Verb.LOG_EXPORTED: _("exported the audit log"),
}
