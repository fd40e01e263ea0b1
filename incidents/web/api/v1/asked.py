"""What requests may say. Names that are not here are ignored, so that nobody can set what is not theirs to set."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, JsonValue

from incidents.actions.incident_metadata import LONGEST
from incidents.web.api.v1.answers import ImpactName, LevelName

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_range(at: datetime) -> datetime:
    if not EARLIEST <= at < LATEST:
        raise ValueError("the time is before 1990 or after 2199")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_range)]


def _short_enough(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value)) > LONGEST:
        raise ValueError(f"at most {LONGEST:,} characters of JSON are kept")
    return value


Metadata = Annotated[dict[str, dict[str, JsonValue]], AfterValidator(_short_enough)]
Id = Annotated[str, Field(max_length=64)]
Ids = Annotated[list[Id], Field(max_length=1000)]
# `none` and the empty text both take a hand-set impact back in some clients; only the empty one does here.
ImpactOrNothing = ImpactName | Literal[""]
WrittenStage = Literal[
    "investigating", "identified", "monitoring", "resolved", "postmortem",
    "scheduled", "in_progress", "verifying", "completed",
]  # fmt: skip


class Paging(BaseModel):
    """`page` from 1; `limit` and `per_page` mean the same."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=100)
    per_page: int | None = Field(default=None, ge=1, le=100)

    @property
    def rows(self) -> slice:
        """The rows of this page."""
        size = self.per_page or self.limit
        return slice((self.page - 1) * size, self.page * size)


class IncidentSearch(Paging):
    """`q`: part of the name or of an update."""

    q: str = Field(default="", max_length=200)


class SubscriberSearch(BaseModel):
    """`page` from 0."""

    page: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=100, ge=1, le=100)
    q: str = Field(default="", max_length=320)
    type: Literal["email", "sms", "webhook", "slack", "integration_partner", ""] = ""
    state: Literal["active", "unconfirmed", "quarantined", "all", ""] = ""
    sort_field: Literal["primary", "created_at", "quarantined_at", "relevance", ""] = ""
    sort_direction: Literal["asc", "desc", ""] = ""

    @property
    def rows(self) -> slice:
        """The rows of this page."""
        return slice(self.page * self.limit, (self.page + 1) * self.limit)


class SubscriberKind(BaseModel):
    """Which subscribers are counted."""

    type: Literal["email", "sms", "webhook", "slack", "integration_partner", ""] = ""
    state: Literal["active", "unconfirmed", "quarantined", "all", ""] = ""


class Range(BaseModel):
    """The days of a figure; the last 90 where nothing is said."""

    start: date | Instant | None = None
    end: date | Instant | None = None


class PageFields(BaseModel):
    """What of the page can be set here."""

    name: str | None = None
    time_zone: str | None = None


class PageBody(BaseModel):
    """A page."""

    page: PageFields


class ComponentFields(BaseModel):
    """`group_id` null or "null" takes the component out of its group."""

    name: str | None = None
    description: str | None = None
    status: LevelName | None = None
    group_id: Id | None = None
    showcase: bool | None = None
    only_show_if_degraded: bool | None = None
    start_date: date | None = None


class ComponentBody(BaseModel):
    """A component."""

    component: ComponentFields


class GroupFields(BaseModel):
    """`components`: exactly those that the group is to have, in this order."""

    name: str | None = None
    description: str | None = None
    components: Ids | None = None


class GroupBody(BaseModel):
    """A group; some clients put the description beside it."""

    component_group: GroupFields
    description: str | None = None


class IncidentFields(BaseModel):
    """An incident, or, with `scheduled_for`, a maintenance. `message` is an old name of `body`.

    `components`: ids and their status; one without, like those of a list, is taken at the status that it has.
    Accepted and without effect: what concerns tweets, and `auto_transition_to_…_state` (maintenance always moves its
    components, and back).
    """

    name: str | None = None
    status: WrittenStage | None = None
    body: str | None = None
    message: str | None = Field(default=None, json_schema_extra={"deprecated": True})
    impact_override: ImpactOrNothing | None = None
    components: dict[Id, LevelName | Literal[""]] | Ids | None = None
    component_ids: Ids | None = None
    scheduled_for: Instant | None = None
    scheduled_until: Instant | None = None
    scheduled_remind_prior: bool | None = None
    scheduled_auto_in_progress: bool | None = None
    scheduled_auto_completed: bool | None = None
    scheduled_auto_transition: bool | None = None
    auto_transition_to_maintenance_state: bool | None = None
    auto_transition_to_operational_state: bool | None = None
    auto_transition_deliver_notifications_at_start: bool | None = None
    auto_transition_deliver_notifications_at_end: bool | None = None
    deliver_notifications: bool | None = None
    wants_twitter_update: bool | None = None
    metadata: Metadata | None = None
    backfilled: bool | None = None
    backfill_date: Any = None
    reason: str | None = Field(
        default=None, description="Candor's own: why what was public changes; it stands in the corrections."
    )

    @property
    def text(self) -> str:
        """The text of the update; "" for none."""
        return self.body or self.message or ""

    @property
    def statuses(self) -> dict[str, LevelName]:
        """The components that are named with a status."""
        named = self.components if isinstance(self.components, dict) else {}
        return {code: status for code, status in named.items() if status}

    @property
    def codes(self) -> list[str]:
        """All components that are named, once each."""
        return list(dict.fromkeys([*(self.components or []), *(self.component_ids or [])]))


class IncidentBody(BaseModel):
    """An incident."""

    incident: IncidentFields


class UpdateFields(BaseModel):
    """Another text or another time of a published update; nobody is notified of it again."""

    body: str | None = None
    display_at: Instant | None = None
    deliver_notifications: bool | None = None
    wants_twitter_update: bool | None = None
    reason: str | None = Field(default=None, description="Candor's own: why; it stands in the corrections.")


class UpdateBody(BaseModel):
    """An update."""

    incident_update: UpdateFields


class PostmortemFields(BaseModel):
    """The draft of the summary, Markdown."""

    body_draft: str


class PostmortemBody(BaseModel):
    """A postmortem."""

    postmortem: PostmortemFields


class PublicationFields(BaseModel):
    """How a postmortem is published."""

    notify_subscribers: bool = True
    notify_twitter: bool = False
    custom_tweet: str | None = None


class PublicationBody(BaseModel):
    """The publication of a postmortem."""

    postmortem: PublicationFields = PublicationFields()


class SubscriberFields(BaseModel):
    """By e-mail alone. `skip_confirmation_notification`: the caller vouches that the owner agreed."""

    email: Annotated[str, Field(max_length=320)] | None = None
    endpoint: str | None = None
    phone_number: str | None = None
    phone_country: str | None = None
    skip_confirmation_notification: bool = False
    component_ids: Ids | None = None


class SubscriberBody(BaseModel):
    """A subscriber."""

    subscriber: SubscriberFields


class SubscriberScopeFields(BaseModel):
    """Which components a subscriber is told of; none: all of them."""

    component_ids: Ids = []


class SubscriberScopeBody(BaseModel):
    """What of a subscriber can be changed; some clients send it without an envelope."""

    subscriber: SubscriberScopeFields | None = None
    component_ids: Ids | None = None


class SubscriberIds(BaseModel):
    """Ids of subscribers, up to 100."""

    subscribers: Annotated[list[Id], Field(min_length=1, max_length=100)]


class TemplateFields(BaseModel):
    """A text to begin an update with."""

    name: str | None = None
    title: str | None = None
    body: str | None = None
    update_status: Literal["investigating", "identified", "monitoring", "resolved"] | None = None
    should_send_notifications: bool | None = None


class TemplateBody(BaseModel):
    """A template."""

    template: TemplateFields
