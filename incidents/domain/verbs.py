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
    MILESTONE_STATED = "milestone.stated"
    UPDATE_AMENDED = "update.amended"
    INTERVAL_CORRECTED = "interval.corrected"
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
    SUBSCRIBER_SIGNED_UP = "subscriber.signed_up"
    SUBSCRIBER_CONFIRMED = "subscriber.confirmed"
    SUBSCRIBER_SCOPED = "subscriber.scoped"
    SUBSCRIBER_UNSUBSCRIBED = "subscriber.unsubscribed"
    SUBSCRIBER_SUSPENDED = "subscriber.suspended"
    DELIVERIES_HELD = "deliveries.held"
    DELIVERIES_RELEASED = "deliveries.released"
    ADMINISTRATOR_MADE = "administrator.made"


SENTENCES: dict[Verb, str] = {
    Verb.INCIDENT_OPENED: "opened the incident",
    Verb.INCIDENT_UPDATED: "posted an update",
    Verb.INCIDENT_RESOLVED: "resolved the incident",
    Verb.INCIDENT_REOPENED: "reopened the incident",
    Verb.INCIDENT_EDITED: "edited the incident",
    Verb.MILESTONE_STATED: "stated a milestone",
    Verb.UPDATE_AMENDED: "amended an update",
    Verb.INTERVAL_CORRECTED: "corrected the ledger",
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
    Verb.SUBSCRIBER_SIGNED_UP: "asked to subscribe",
    Verb.SUBSCRIBER_CONFIRMED: "confirmed the subscription",
    Verb.SUBSCRIBER_SCOPED: "changed what the subscription covers",
    Verb.SUBSCRIBER_UNSUBSCRIBED: "ended the subscription",
    Verb.SUBSCRIBER_SUSPENDED: "suspended the subscription",
    Verb.DELIVERIES_HELD: "stopped all deliveries",
    Verb.DELIVERIES_RELEASED: "let the deliveries go on",
    Verb.ADMINISTRATOR_MADE: "made the first administrator",
}
