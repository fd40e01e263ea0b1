"""What a person can do in the console: the list of addresses is the list of acts."""

from __future__ import annotations

from django.urls import path

from incidents.web.console import (
    agreements,
    audit,
    components,
    composer,
    deliveries,
    incidents,
    lost,
    mailbox,
    maintenance,
    maintenance_schedule,
    overview,
    page,
    series,
    sign_in,
    subscribers,
    templates,
)

app_name = "console"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("sending", overview.sending, name="sending"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("change-password", sign_in.change_password, name="change-password"),
    path("set-up/<str:token>", sign_in.set_up, name="set-up"),
    # Incidents
    path("incidents", incidents.incident_list, name="incidents"),
    path("incidents/open", composer.open_incident, name="open-incident"),
    path("incidents/<slug:code>", incidents.incident, name="incident"),
    path("incidents/<slug:code>/update", composer.post_update, name="post-update"),
    path("incidents/<slug:code>/resolve", composer.resolve_incident, name="resolve-incident"),
    path("incidents/<slug:code>/reopen", composer.reopen_incident, name="reopen-incident"),
    path("incidents/<slug:code>/edit", incidents.edit_incident, name="edit-incident"),
    path("incidents/<slug:code>/state/<slug:milestone>", incidents.state_milestone, name="state-milestone"),
    path("updates/<slug:code>/amend", incidents.amend_update, name="amend-update"),
    path("intervals/<int:number>/correct", incidents.correct_interval, name="correct-interval"),
    # Maintenance
    path("maintenance", maintenance.maintenance_list, name="maintenance-list"),
    path("maintenance/schedule", maintenance_schedule.schedule_maintenance, name="schedule-maintenance"),
    path("maintenance/series", series.series_list, name="series"),
    path("maintenance/series/add", series.add_series, name="add-series"),
    path("maintenance/series/<int:number>/edit", series.edit_series, name="edit-series"),
    path("maintenance/series/<int:number>/end", series.end_series, name="end-series"),
    path("maintenance/<slug:code>", maintenance.maintenance, name="maintenance"),
    path("maintenance/<slug:code>/update", maintenance.update_maintenance, name="update-maintenance"),
    path("maintenance/<slug:code>/window", maintenance.reschedule_maintenance, name="reschedule-maintenance"),
    path("maintenance/<slug:code>/cancel", maintenance.cancel_maintenance, name="cancel-maintenance"),
    path("maintenance/<slug:code>/edit", maintenance_schedule.edit_maintenance, name="edit-maintenance"),
    # Components
    path("components", components.component_list, name="components"),
    path("components/add", components.add_component, name="add-component"),
    path("components/<slug:code>/edit", components.edit_component, name="edit-component"),
    path("components/<slug:code>/set-status", components.set_component_status, name="set-component-status"),
    path("components/<slug:code>/move-up", components.move_component_up, name="move-component-up"),
    path("components/<slug:code>/move-down", components.move_component_down, name="move-component-down"),
    path("components/<slug:code>/archive", components.archive_component, name="archive-component"),
    path("components/<slug:code>/restore", components.restore_component, name="restore-component"),
    path("regions/add", components.add_region, name="add-region"),
    # Agreements
    path("agreements", agreements.agreement_list, name="agreements"),
    path("agreements/add", agreements.add_agreement, name="add-agreement"),
    path("agreements/<int:number>/edit", agreements.edit_agreement, name="edit-agreement"),
    path("agreements/<int:number>/archive", agreements.archive_agreement, name="archive-agreement"),
    path("agreements/<int:number>/restore", agreements.restore_agreement, name="restore-agreement"),
    path("agreements/<int:number>/exclude", agreements.grant_exclusion, name="grant-exclusion"),
    path("exclusions/<int:number>/withdraw", agreements.withdraw_exclusion, name="withdraw-exclusion"),
    # Who is told
    path("subscribers", subscribers.subscriber_list, name="subscribers"),
    path("subscribers/add", subscribers.add_subscriber, name="add-subscriber"),
    path("operators/add", subscribers.add_operator, name="add-operator"),
    path("subscribers/<int:number>/unsubscribe", subscribers.unsubscribe, name="unsubscribe"),
    path("deliveries", deliveries.delivery_list, name="deliveries"),
    path("deliveries/hold", deliveries.hold_sending, name="hold-sending"),
    path("deliveries/release", deliveries.release_sending, name="release-sending"),
    path("deliveries/<int:number>", deliveries.delivery, name="delivery"),
    path("mailbox", mailbox.mailbox, name="mailbox"),
    path("mailbox/<str:name>", mailbox.letter, name="letter"),
    # Texts, settings, log
    path("templates", templates.template_list, name="templates"),
    path("templates/add", templates.add_template, name="add-template"),
    path("templates/<int:number>/edit", templates.edit_template, name="edit-template"),
    path("templates/<int:number>/delete", templates.delete_template, name="delete-template"),
    path("page", page.edit_page, name="edit-page"),
    path("audit", audit.audit_log, name="audit"),
    path("<path:rest>", lost.lost, name="lost"),
]
