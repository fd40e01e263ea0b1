"""The tables of the pages that people see, and of their states: one line each. `every_state` reads them."""

from __future__ import annotations

# A state of a page of the console: the name of its route, then for each part of its address the word for it in
# `every_world`; a form that is sent after `<`, and a query after `?`. Before it, who looks (`WHO`); nothing: an
# administrator.
CONSOLE = """
overview
sending
-sign-in
-sign-in < username=nobody password=wrong
-ask-reset
-ask-reset < email=nobody@example.org
-reset-password 'x
-last-resort 'nothing
account
drafts
draft draft
=mfa_authenticate
=mfa_authenticate < code=000000
-account_inactive
~account
~prove
~prove < proof_for=GET proof_password=wrong
~drafts
~incident incident
~review-section review 'summary
mfa_activate_totp
mfa_activate_totp < code=000000
mfa_add_webauthn
+account
+mfa_deactivate_totp
+mfa_edit_webauthn passkey
+mfa_remove_webauthn passkey
+mfa_view_recovery_codes
+mfa_generate_recovery_codes
-reset-password reset
-last-resort resort
edit-branding
edit-branding < accent=#777777
change-password
change-password < old_password=x new_password1=a new_password2=b
-set-up 'nothing
incidents
incidents ?q=nothing-like-this
incidents ?sort=-started
open-incident
open-incident < title= body=
incident incident
incident over
incident held
post-update incident
post-update incident < stage=identified body=
post-update incident < stage=identified body=x seen_sequence=0 seen_version=0
resolve-incident incident
reopen-incident over
edit-incident incident
state-milestone over milestone
give-advice incident
give-advice incident < kind=retry_after seconds=-1
amend-update update
amend-update update < body=x reason=
withhold-text update
withdraw-incident incident
correct-interval interval
proposals
edit-proposal proposal
resolve-proposal ended
sources
add-source
add-source < name=
add-source < name=Ж kind=generic
publish-proposal ended < yes=1
edit-source source
add-rule source
edit-rule rule
maintenance-list
schedule-maintenance
schedule-maintenance < title=
series
add-series
add-series < title= rrule=NONSENSE
edit-series series
maintenance maintenance
update-maintenance maintenance
reschedule-maintenance maintenance
cancel-maintenance maintenance
edit-maintenance maintenance
components
add-component
add-component < name=
edit-component component
set-component-status component
add-region
add-region < key=A_B name=
upstreams
add-upstream
add-upstream < name= url=nonsense
edit-upstream upstream
agreements
add-agreement
add-agreement < name= target_percent=x
edit-agreement agreement
grant-exclusion agreement
withdraw-exclusion exclusion
reviews
start-review
start-review < title=
review review
review published
review-section review 'summary
review-section review 'timeline
review-section review 'changes
review-section review 'factors
review-section review 'remediations
review-section review 'agreements
review-section review 'notes
review-history review 'summary
edit-review review
explain-milestone review 'detected
dismiss-similar review published
comment-on-review review
comment-on-review review < anchor=section:summary body=
waive-finding review
submit-review review
return-review review
approve-review review
preview-review published
publish-review review
publish-review published
retract-review published
add-entry review
add-entry review < body=
edit-entry review entry
remove-entry review entry
add-phase review
edit-phase review phase
remove-phase review phase
add-redaction review
withdraw-redaction review redaction
add-change review
add-change review < title=
link-change review
edit-change review change
unlink-change review role
add-factor review
add-factor review < title=
edit-factor review factor
remove-factor review factor
remediations
add-remediation review
add-remediation review < title=
edit-remediation remediation
slip-remediation remediation
move-remediation remediation
verify-remediation remediation
decline-remediation remediation
supersede-remediation remediation
factors
add-factor-code
add-factor-code < code=x title=
people
add-person
-set-password 'nothing 'nothing
-set-password uid invitation
add-person < username=a
tokens
make-token
make-token < name=
make-token < name=Ж scopes=read
promises
promise-policies
add-policy
add-policy < name=
edit-policy policy
add-calendar
add-calendar < name=
edit-calendar calendar
extend-promise promise
waive-promise promise
meet-promise promise
assign-promise promise
make-promise incident
make-promise incident < sentence=
subscribers
add-subscriber
add-subscriber < address=nonsense
add-operator
deliveries
delivery delivery
mailbox
letter letter
templates
add-template
add-template < name=
edit-template template
edit-page
edit-page < name= time_zone=Nowhere
audit
audit ?q=nothing-like-this
export
lost 'nothing/here
"""

# What a script of the console asks for: parts of a page. They are read, but are no page that could be looked at.
PARTS = """
be-present incident < seen=0
palette
"""

WHO = {
    "-": "somebody who has not signed in",
    "=": "somebody who is half way in: the second factor is still asked for",
    "~": "somebody who only reads, and signed in long ago",
    "+": "the same person, who has proved just now who they are",
}

# A state of a public page: the world in which it stands, and a pattern of its address; the first one is taken.
# What Django answers on a public address has its parts from `everything`; a form that is sent comes after `<`.
PUBLIC = r"""
everything /
everything /404
everything /api
everything /history
everything /history/\d{4}-06
everything /subscribe
everything /corrections
everything /components/claude-ai
everything /components/archive
everything /uptime
everything /uptime/\d{4}-06
everything /promises
everything /promises/\d{4}
everything /remediations
everything /reviews
everything /reviews/[^/]+
everything /reviews/[^/]+/versions/1
everything /agreements
everything /agreements/[^/]+
everything /agreements/[^/]+/\d{4}-06
everything /incidents/{incident}
everything /incidents/{incident}/oldest-first
everything /incidents/{over}
everything /incidents/{withdrawn}
everything /incidents/{maintenance}
everything /embed/frame
everything /subscribe < address=nonsense
everything /subscribe < address=new@example.org
everything /confirm/{confirm}
everything /confirm/{confirm} < yes=1
everything /confirm/nothing
everything /subscriptions/{manage}
everything /subscriptions/{manage} < scope=some
everything /unsubscribe/{unsubscribe}
quiet /
quiet /embed/frame
nothing /
nothing /history
nothing /reviews
nothing /remediations
nothing /promises
nothing /agreements
nothing /corrections
nothing /uptime
levels /
levels /uptime/.*
long /
long /incidents/[^/]+
long /components/[^/]+
turned /
turned /incidents/[^/]+
remedied /remediations
corrected /agreements
corrected /agreements/[^/]+
corrected /agreements/[^/]+/\d{4}-06
corrected /corrections
corrected /incidents/[^/]+
reviewed /
reviewed /reviews
reviewed /reviews/[^/]+
reviewed /reviews/[^/]+/versions/1
reviewed /reviews/[^/]+/changes/1/2
reviewed /reviews/gone
reviewed /reviews/gone/versions/1
working /
working /incidents/[^/]+
working /components/[^/]+
"""
