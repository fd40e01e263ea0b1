"""Which roles reach which address of the console: one entry for each name of the URLconf, reading and writing alike.

What is not named here is reached by nobody. A form is shown to whoever may post it, so most entries name the verb that
the form makes happen; `domain.permissions` says who may. A test compares this table with the URLconf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from incidents.domain.permissions import (
    ALONE,
    AUTHORS,
    AUTHORS_OR_APPROVERS,
    PEOPLE,
    PUBLISHERS,
    READERS,
    WRITERS,
    Roles,
)
from incidents.domain.verbs import Verb

# Whoever is signed in, with a role or without one: one's own account.
ACCOUNT: Roles = frozenset()


def _by(verb: Verb, names: str) -> dict[str, Roles]:
    return dict.fromkeys(names.split(), PEOPLE[verb])


def _for(roles: Roles, names: str) -> dict[str, Roles]:
    return dict.fromkeys(names.split(), roles)


def _merged(parts: Iterable[Mapping[str, Roles]]) -> dict[str, Roles]:
    merged: dict[str, Roles] = {}
    for part in parts:
        twice = merged.keys() & part.keys()
        assert not twice, f"said twice: {twice}"
        merged |= part
    return merged


# Names of the console's URLconf to the roles that reach them.
REACH: Mapping[str, Roles] = _merged(
    (
        _for(
            ACCOUNT,
            "sign-in sign-out change-password set-up set-password lost set-keys account prove end-other-sessions "
            "end-session ask-reset reset-password last-resort",
        ),
        # The steps of django-allauth
        _for(
            ACCOUNT,
            "account_login account_inactive mfa_authenticate mfa_login_webauthn sso_begin openid_connect_callback "
            "mfa_index mfa_list_webauthn socialaccount_connections mfa_activate_totp mfa_deactivate_totp "
            "mfa_add_webauthn mfa_edit_webauthn mfa_remove_webauthn mfa_view_recovery_codes "
            "mfa_generate_recovery_codes mfa_download_recovery_codes",
        ),
        _for(
            READERS,
            "overview sending incidents incident proposals maintenance-list series maintenance components upstreams "
            "agreements reviews review review-section review-history preview-review remediations factors promises "
            "promise-policies templates palette be-present",
        ),
        # Who subscribes, and what was sent to whom, are for those who publish.
        _for(PUBLISHERS, "subscribers deliveries delivery"),
        # Mail holds links that open accounts.
        _for(ALONE, "mailbox letter people invite-person tokens sources audit export"),
        _for(WRITERS, "open-incident post-update resolve-incident reopen-incident edit-proposal resolve-proposal"),
        # Drafts that are offered
        _for(WRITERS, "drafts draft save-draft discard-draft"),
        _by(Verb.UPDATE_TAKEN_BACK, "undo-update"),
        _by(Verb.DRAFT_TAKEN_BACK, "take-back-draft"),
        _for(PUBLISHERS, "publish-draft return-draft"),
        _by(Verb.FOUR_EYES_SET, "set-four-eyes"),
        # Incidents
        _by(Verb.INCIDENT_EDITED, "edit-incident"),
        _by(Verb.INCIDENT_WITHDRAWN, "withdraw-incident"),
        _by(Verb.MILESTONE_STATED, "state-milestone"),
        _by(Verb.ADVICE_GIVEN, "give-advice"),
        _by(Verb.ADVICE_WITHDRAWN, "withdraw-advice"),
        _by(Verb.UPDATE_AMENDED, "amend-update"),
        _by(Verb.UPDATE_WITHHELD, "withhold-text"),
        _by(Verb.INTERVAL_CORRECTED, "correct-interval"),
        _by(Verb.INCIDENT_OPENED, "publish-proposal"),
        _by(Verb.PROPOSAL_DISMISSED, "dismiss-proposal"),
        # Monitors
        _by(Verb.SOURCE_SAVED, "add-source edit-source renew-key"),
        _by(Verb.RULE_SAVED, "add-rule edit-rule"),
        _by(Verb.RULE_REMOVED, "remove-rule"),
        # Maintenance
        _by(Verb.MAINTENANCE_SCHEDULED, "schedule-maintenance"),
        _by(Verb.MAINTENANCE_UPDATED, "update-maintenance"),
        _by(Verb.MAINTENANCE_RESCHEDULED, "reschedule-maintenance"),
        _by(Verb.MAINTENANCE_CANCELLED, "cancel-maintenance"),
        _by(Verb.INCIDENT_EDITED, "edit-maintenance"),
        _by(Verb.SERIES_ADDED, "add-series"),
        _by(Verb.SERIES_EDITED, "edit-series"),
        _by(Verb.SERIES_ENDED, "end-series"),
        # Components, upstreams, agreements
        _by(Verb.COMPONENT_ADDED, "add-component"),
        _by(Verb.COMPONENT_EDITED, "edit-component"),
        _by(Verb.COMPONENT_STATUS_SET, "set-component-status"),
        _by(Verb.COMPONENTS_ARRANGED, "move-component-up move-component-down"),
        _by(Verb.COMPONENT_ARCHIVED, "archive-component"),
        _by(Verb.COMPONENT_RESTORED, "restore-component"),
        _by(Verb.REGION_ADDED, "add-region"),
        _by(Verb.UPSTREAM_SAVED, "add-upstream edit-upstream"),
        _by(Verb.UPSTREAM_REMOVED, "remove-upstream"),
        _by(Verb.AGREEMENT_ADDED, "add-agreement"),
        _by(Verb.AGREEMENT_EDITED, "edit-agreement"),
        _by(Verb.AGREEMENT_ARCHIVED, "archive-agreement"),
        _by(Verb.AGREEMENT_RESTORED, "restore-agreement"),
        _by(Verb.EXCLUSION_GRANTED, "grant-exclusion"),
        _by(Verb.EXCLUSION_WITHDRAWN, "withdraw-exclusion"),
        # Reviews
        _by(Verb.REVIEW_STARTED, "start-review"),
        _by(Verb.REVIEW_EDITED, "edit-review explain-milestone dismiss-similar show-entry"),
        _by(Verb.SECTION_SAVED, "take-revision"),
        _by(Verb.REVIEW_COMMENTED, "comment-on-review"),
        _by(Verb.COMMENT_RESOLVED, "resolve-comment"),
        _by(Verb.CHECK_WAIVED, "waive-finding"),
        _by(Verb.WAIVER_WITHDRAWN, "withdraw-waiver"),
        _by(Verb.REVIEW_SUBMITTED, "submit-review"),
        _by(Verb.REVIEW_RETURNED, "return-review"),
        _by(Verb.REVIEW_APPROVED, "approve-review"),
        _by(Verb.APPROVAL_WITHDRAWN, "withdraw-approval"),
        _by(Verb.REVIEW_PUBLISHED, "publish-review"),
        _by(Verb.REVIEW_UNSCHEDULED, "unschedule-review"),
        _by(Verb.REVIEW_RETRACTED, "retract-review"),
        _for(
            AUTHORS,
            "add-entry edit-entry remove-entry add-phase edit-phase remove-phase add-redaction withdraw-redaction "
            "add-change link-change edit-change unlink-change add-factor edit-factor remove-factor",
        ),
        # Remediations and factors
        _by(Verb.REMEDIATION_SAVED, "add-remediation edit-remediation"),
        _by(Verb.REMEDIATION_REMOVED, "remove-remediation"),
        _by(Verb.REMEDIATION_SLIPPED, "slip-remediation"),
        _by(Verb.REMEDIATION_MOVED, "move-remediation"),
        _for(AUTHORS_OR_APPROVERS, "verify-remediation"),
        _by(Verb.REMEDIATION_DECLINED, "decline-remediation"),
        _by(Verb.REMEDIATION_SUPERSEDED, "supersede-remediation"),
        _by(Verb.FACTOR_CODE_ADDED, "add-factor-code"),
        _by(Verb.FACTOR_CODE_RETIRED, "retire-factor-code"),
        # People, programs, promises
        _by(Verb.PERSON_ADDED, "add-person"),
        _by(Verb.ROLES_SET, "set-roles"),
        _by(Verb.TOKEN_MADE, "make-token"),
        _by(Verb.TOKEN_REVOKED, "revoke-token"),
        _by(Verb.POLICY_SAVED, "add-policy edit-policy"),
        _by(Verb.POLICY_ARCHIVED, "archive-policy"),
        _by(Verb.CALENDAR_SAVED, "add-calendar edit-calendar"),
        _by(Verb.PROMISE_MADE, "make-promise"),
        _by(Verb.PROMISE_EXTENDED, "extend-promise"),
        _by(Verb.PROMISE_WAIVED, "waive-promise"),
        _by(Verb.PROMISE_MET, "meet-promise"),
        _by(Verb.PROMISE_ASSIGNED, "assign-promise"),
        # Who is told, settings, log
        _by(Verb.SUBSCRIBER_CONFIRMED, "add-subscriber"),
        _by(Verb.SUBSCRIBER_UNSUBSCRIBED, "unsubscribe"),
        _by(Verb.OPERATOR_ADDED, "add-operator"),
        _by(Verb.DELIVERIES_HELD, "hold-sending"),
        _by(Verb.DELIVERIES_RELEASED, "release-sending"),
        _by(Verb.TEMPLATE_SAVED, "add-template edit-template"),
        _by(Verb.TEMPLATE_DELETED, "delete-template"),
        _by(Verb.PAGE_EDITED, "edit-page"),
        _by(Verb.PAGE_BRANDED, "edit-branding preview-branding"),
        _by(Verb.LOG_EXPORTED, "export-log"),
        _by(Verb.RECORD_EXPORTED, "export-public export-everything"),
    )
)
# Where fewer may post than read.
POSTED: Mapping[str, Roles] = {"review-section": PEOPLE[Verb.SECTION_SAVED]}


def reaches(roles: Roles, name: str, *, is_reading: bool = True) -> bool:
    """Whether somebody who is signed in and has these roles reaches the address of this name; False if it is not in
    the table."""
    if name not in REACH:
        return False
    wanted = REACH[name] if is_reading else POSTED.get(name, REACH[name])
    return wanted is ACCOUNT or not wanted.isdisjoint(roles)
