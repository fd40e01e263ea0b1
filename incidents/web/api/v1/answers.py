"""What the API answers: the objects of the dialect, with exactly its keys (research: the public form, and what the
Manage API adds). Times are texts: RFC 3339 with three digits, in the zone of the page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$"
Stamp = Annotated[str, Field(pattern=_INSTANT, description="In the zone of the page.")]
Code = Annotated[str, Field(description="Public id.")]
LevelName = Literal["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"]
StageName = Literal[
    "investigating", "identified", "monitoring", "resolved", "postmortem",
    "scheduled", "in_progress", "verifying", "completed",
]  # fmt: skip
ImpactName = Literal["none", "maintenance", "minor", "major", "critical"]


class Answer(BaseModel):
    """An object with these keys and no others."""

    model_config = ConfigDict(extra="forbid")


class Failure(Answer):
    """Every refusal. `error` says the same as `message`, for old clients."""

    message: str
    error: str


class Page(Answer):
    """The page."""

    id: Code
    name: str
    url: str
    time_zone: str
    updated_at: Stamp
    domain: str
    page_description: str | None = None
    allow_page_subscribers: bool = True
    allow_incident_subscribers: bool = False
    allow_email_subscribers: bool = True
    allow_sms_subscribers: bool = False
    allow_rss_atom_feeds: bool = True
    allow_webhook_subscribers: bool = False


class Component(Answer):
    """A component."""

    id: Code
    name: str
    status: LevelName
    created_at: Stamp
    updated_at: Stamp
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: Code
    group: bool
    only_show_if_degraded: bool
    automation_email: str | None = None


class GroupAsComponent(Component):
    """A group among the components; `components` are the ids of its children."""

    components: list[str]


class ComponentGroup(Answer):
    """A group of components."""

    id: Code
    page_id: Code
    name: str
    description: str | None
    components: list[str]
    position: int
    created_at: Stamp
    updated_at: Stamp


class RelatedEvent(Answer):
    """An incident that a figure comes from."""

    id: Code


class RelatedEvents(Answer):
    """What a figure comes from."""

    component_id: str | None
    incidents: list[RelatedEvent]


class Uptime(Answer):
    """Uptime over a range: whole seconds of outage, the percentage rounded down."""

    id: Code
    name: str
    range_start: Stamp
    range_end: Stamp
    uptime_percentage: float
    major_outage: int
    partial_outage: int
    related_events: RelatedEvents
    warnings: list[str]


class AffectedComponent(Answer):
    """What an update said of a component."""

    code: Code
    name: str
    old_status: LevelName
    new_status: LevelName


class Update(Answer):
    """An update of an incident."""

    id: Code
    status: StageName
    body: str
    incident_id: Code
    created_at: Stamp
    updated_at: Stamp
    display_at: Stamp | None
    affected_components: list[AffectedComponent] | None
    deliver_notifications: bool
    custom_tweet: str | None = None
    tweet_id: int | None = None
    wants_twitter_update: bool = False
    twitter_updated_at: str | None = None


class Incident(Answer):
    """An incident or a maintenance: the public object, and what the Manage API adds to it."""

    id: Code
    name: str
    status: StageName
    created_at: Stamp
    updated_at: Stamp
    monitoring_at: Stamp | None
    resolved_at: Stamp | None
    impact: ImpactName
    shortlink: str
    started_at: Stamp
    page_id: Code
    incident_updates: list[Update]
    components: list[Component]
    reminder_intervals: str | None = None
    impact_override: ImpactName | None
    metadata: dict[str, Any]
    postmortem_body: str | None
    postmortem_body_last_updated_at: Stamp | None
    postmortem_ignored: bool = False
    postmortem_published_at: Stamp | None
    postmortem_notified_subscribers: bool
    postmortem_notified_twitter: bool = False
    scheduled_for: Stamp | None
    scheduled_until: Stamp | None
    scheduled_remind_prior: bool
    scheduled_reminded_at: Stamp | None
    scheduled_auto_in_progress: bool
    scheduled_auto_completed: bool
    scheduled_auto_transition: bool
    auto_transition_to_maintenance_state: bool
    auto_transition_to_operational_state: bool
    auto_transition_deliver_notifications_at_start: bool
    auto_transition_deliver_notifications_at_end: bool


class Postmortem(Answer):
    """The summary of the review of an incident: `body_draft` as it stands, `body` as it was published."""

    preview_key: str
    body: str | None
    body_updated_at: Stamp | None
    body_draft: str | None
    body_draft_updated_at: Stamp | None
    published_at: Stamp | None
    notify_subscribers: bool
    notify_twitter: bool = False
    custom_tweet: str | None = None


class Subscriber(Answer):
    """A subscriber by e-mail; `components` null: all of them."""

    id: str
    mode: Literal["email"] = "email"
    email: str
    endpoint: str | None = None
    phone_number: str | None = None
    phone_country: str | None = None
    display_phone_number: str | None = None
    skip_confirmation_notification: bool
    quarantined_at: Stamp | None
    purge_at: str | None = None
    components: list[str] | None
    created_at: Stamp


class SubscriberCounts(Answer):
    """Subscribers by mode."""

    email: int
    sms: int = 0
    webhook: int = 0
    slack: int = 0
    integration_partner: int = 0


class States(Answer):
    """Subscribers of one mode by state."""

    active: int
    unconfirmed: int
    quarantined: int
    total: int


class SubscriberHistogram(Answer):
    """Subscribers by mode and state."""

    email: States
    sms: States
    webhook: States
    slack: States
    integration_partner: States


class Template(Answer):
    """A text to begin an incident or an update with."""

    id: str
    name: str
    title: str
    body: str
    update_status: StageName
    group_id: str | None = None
    components: list[str] = []
    should_tweet: bool = False
    should_send_notifications: bool = True
