"""What of each table is public and so may leave with everybody; what a restored row has in place of the rest.

To add a table: a line in `EXPORTED` (its public fields, and a neutral value for each of the others) or in `NOT_PUBLIC`
(with the reason); a test finds a table or a field that stands in neither. The order is that of the file: what is
pointed to comes first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db.models import Field, ManyToManyField, Model, Q
from django.utils.translation import gettext as _

from incidents.domain.canonical import sha256_of
from incidents.domain.review import ReviewState, VersionKind
from incidents.domain.status import Kind
from incidents.models import (
    Agreement,
    AgreementExclusion,
    ClientAdvice,
    Component,
    ComponentDay,
    ContributingFactor,
    Correction,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MaintenanceScope,
    MilestoneStatement,
    Picture,
    Promise,
    PromiseExtension,
    PublicPage,
    Redirect,
    Region,
    Remediation,
    RemediationSlip,
    Review,
    ReviewVersion,
    UpdateRevision,
    Upstream,
    Verdict,
)

NO_ACCOUNT = {"owner": None, "owner_label": ""}


@dataclass(frozen=True)
class Same:
    """A neutral value: that of another field of the row."""

    field: str


class Now:
    """A neutral value: the instant of the restoration."""


@dataclass(frozen=True)
class Exported:
    """What leaves of a table: `public` fields as they are, for the rows that `rows` gives; `veil` replaces values.

    `neutral`: what a restored row has in each field that does not leave: a value, `Same` or `Now`.
    """

    public: str
    neutral: Mapping[str, Any] = field(default_factory=dict)
    rows: Callable[[], Q] = Q
    veil: Callable[[Any], Mapping[str, Any]] | None = None


def _of_withdrawn(row: Incident) -> Mapping[str, Any]:
    """Of an incident that was withdrawn only when and why is public, and that it was one."""
    if row.withdrawn_at is None:
        return {}
    return {
        "title": _("A withdrawn incident"), "advice": "", "advice_html": "", "impact_override": "", "wire": {},
        "kind": Kind.INCIDENT.value, "scheduled_for": None, "scheduled_until": None, "cancelled_at": None,
    }  # fmt: skip


def _of_correction(row: Correction) -> Mapping[str, Any]:
    if row.incident is None or row.incident.withdrawn_at is None:
        return {}
    told = [change for change in row.changes if change["field"] not in ("text", "title")]
    return {"subject": _("A withdrawn incident"), "path": row.path.partition("#")[0], "changes": told}


def _of_review(row: Review) -> Mapping[str, Any]:
    """The working copy is not public: what stands is told by the versions."""
    versions = list(row.versions.order_by("number").values_list("kind", "published_at"))
    times = [at for _kind, at in versions] or [row.created_at]
    is_retracted = bool(versions) and versions[-1][0] == VersionKind.RETRACTION
    state = ReviewState.RETRACTED if is_retracted else ReviewState.PUBLISHED
    return {"title": row.slug, "state": state.value, "created_at": times[0], "updated_at": times[-1]}


def _published_factors() -> set[int]:
    """The numbers of the factors that stand in published reviews."""
    found: set[int] = set()
    versions = ReviewVersion.objects.filter(withheld_at__isnull=True).order_by()
    for document in versions.values_list("document", flat=True).iterator(chunk_size=20):
        review = json.loads(document)["review"] if document else None
        found |= {int(factor["ref"].partition(":")[2]) for factor in review["factors"]} if review else set()
    return found


def _shown() -> Q:
    """The pictures that a public page shows."""
    page = PublicPage.objects.filter(id=1).first()
    return Q(pk__in=[number for number in (page.logo_id, page.logo_dark_id) if number] if page else [])


def _of_upstream(row: Upstream) -> Mapping[str, Any]:
    """Readers are sent to the front of the site, whatever of it is asked."""
    return {"url": row.site, "disabled_reason": _("Not asked any more.") if row.disabled_reason else ""}


_NOT_WITHDRAWN = {"incident__withdrawn_at__isnull": True}
_FOLLOWED = {"published_at__isnull": False, "is_public": True}
_PROMISED = Q(is_public=True) & (Q(incident__isnull=True) | Q(incident__withdrawn_at__isnull=True))

EXPORTED: Mapping[type[Model], Exported] = {
    Picture: Exported(
        "id code kind width height data small small_width small_height is_see_through created_at", rows=_shown
    ),
    PublicPage: Exported(
        "id code name time_zone logo logo_dark accent accent_dark footer_links style_values updated_at",
        {
            "version": 1,
            "is_sending_held": False,
            "undo_seconds": 10,
            "is_four_eyes": False,
            "revision": 0,
            "record_number": 0,
            "record_hash": "",
            "log_number": 0,
            "log_hash": "",
        },
    ),
    Region: Exported("id key name position"),
    Component: Exported(
        "id code slug name description group is_group position regions start_date is_hidden_unless_degraded "
        "is_showcased archived_at created_at updated_at wire"
    ),
    Incident: Exported(
        "id code kind title stage impact_override advice advice_html is_example version withdrawn_at withdrawn_reason "
        "scheduled_for scheduled_until cancelled_at calendar_sequence wire created_at updated_at",
        # A planned maintenance that is restored neither begins nor reminds by itself.
        {"is_auto_starting": False, "is_auto_finishing": False, "is_start_notifying": False, "next_step_at": None,
         "is_finish_notifying": False, "reminder_lead_minutes": [], "series": None, "occurrence_at": None,
         "metadata": {}},
        veil=_of_withdrawn,
    ),
    ClientAdvice: Exported(
        "id incident kind seconds target discard_since note component region given_at withdrawn_at",
        rows=lambda: Q(**_NOT_WITHDRAWN),
    ),
    MaintenanceScope: Exported("id incident component region", rows=lambda: Q(**_NOT_WITHDRAWN)),
    IncidentUpdate: Exported(
        "id code incident sequence stage body body_html posted_at next_update_due_at is_notifying is_reopening "
        "time_note component_changes amended_at is_reminder withheld_at withheld_reason wire created_at",
        {"author_label": ""},
        rows=lambda: Q(**_NOT_WITHDRAWN),
    ),
    UpdateRevision: Exported(
        "id update body body_html posted_at reason replaced_at",
        {"actor_label": "", "withheld_at": None},
        rows=lambda: Q(withheld_at__isnull=True, update__incident__withdrawn_at__isnull=True),
    ),
    MilestoneStatement: Exported(
        "id incident milestone at reason stated_at superseded_at",
        {"actor_label": ""},
        rows=lambda: Q(**_NOT_WITHDRAWN),
    ),
    ImpactInterval: Exported(
        "id component region level is_quality started_at ended_at incident source superseded_at superseded_by "
        "superseded_reason recorded_at",
        {"note": "", "superseded_by_label": ""},
    ),
    Agreement: Exported(
        "id slug name audience audience_html components target_percent first_month zone clock weight_major "
        "weight_partial weight_degraded weight_after_monitoring is_quality_counted is_maintenance_excluded "
        "maintenance_notice_hours component_rule region_rule credit_tiers note archived_at",
        {"version": 1, "created_at": Now, "updated_at": Now},
    ),
    AgreementExclusion: Exported(
        "id agreement component started_at ended_at reason withdrawn_at withdrawn_reason",
        {"actor_label": "", "recorded_at": Same("started_at")},
    ),
    Verdict: Exported("id agreement month number document signature public_key reason issued_at"),
    Review: Exported(
        # Its code is the address of its desk, and says nothing.
        "id code slug title state created_at updated_at",
        {**NO_ACCOUNT, "owner_team": "", "is_security": False, "has_personal_data": False,
         "is_without_agreement": False, "assistance": "", "assistance_note": "", "unknown_milestones": {},
         "dismissed_similar": {}, "scheduled_for": None, "scheduled_kind": "", "scheduled_reason": "",
         "scheduled_by": None, "scheduled_by_label": "", "version": 1, "incidents": []},
        rows=lambda: Q(pk__in=ReviewVersion.objects.values("review"))
        | Q(pk__in=Remediation.objects.filter(**_FOLLOWED).values("review")),
        veil=_of_review,
    ),
    ReviewVersion: Exported(
        "id review number kind document sha256 page page_csp reason is_material is_break_glass published_at "
        "withheld_at",
        {"actor_label": ""},
    ),
    ContributingFactor: Exported(
        # What a factor says is read from the published document; the row ties remediations to it.
        "id review",
        {"code": "", "title": "", "body": "", "note": "", "effect": "created_condition", "certainty": "confirmed",
         "entry_refs": [], "changes": [], "disposition": "open", "disposition_reason": "", "revisit_on": None},
        rows=lambda: Q(pk__in=_published_factors()),
    ),
    Remediation: Exported(
        "id code review title body kind strength priority factors owner_team due_on original_due_on state status_note "
        "public_url is_public published_at delivered_at verified_at verification_method evidence declined_reason "
        "settled_at superseded_by updated_at",
        {**NO_ACCOUNT, "note": "", "tracker_url": "", "verified_by": None, "verified_by_label": "", "version": 1,
         "created_at": Same("published_at")},
        rows=lambda: Q(**_FOLLOWED),
    ),
    RemediationSlip: Exported(
        "id remediation old_due_on new_due_on reason at",
        {"actor_label": ""},
        rows=lambda: Q(remediation__published_at__isnull=False, remediation__is_public=True),
    ),
    Promise: Exported(
        "id code deliverable sentence source incident review update terms anchor_at first_due_at due_at "
        "is_met_by_preliminary is_public fulfilled_at fulfilled_by waived_at waived_reason made_at",
        {**NO_ACCOUNT, "policy": None, "escalation_group": "", "version": 1},
        rows=lambda: _PROMISED,
    ),
    PromiseExtension: Exported(
        "id promise old_due_at new_due_at reason at",
        {"actor_label": ""},
        rows=lambda: Q(promise__in=Promise.objects.filter(_PROMISED)),
    ),
    Correction: Exported(
        "id at verb subject path reason changes figures incident", {"actor_label": ""}, veil=_of_correction
    ),
    Redirect: Exported("id path target", {"created_at": Now}),
    Upstream: Exported(
        # Asked no more once it is restored, for what is asked was never public: it becomes unknown.
        "id name slug kind url position is_enabled disabled_reason ok_at changed_at failures level words incidents "
        "troubled_at",
        {"is_proposing": False, "component": None, "created_at": Now, "etag": "", "last_modified": "", "seen": {},
         "checked_at": None, "next_check_at": None, "fault": "", "proposed_at": None},
        rows=lambda: Q(is_enabled=True),
        veil=_of_upstream,
    ),
}  # fmt: skip

_WORKING_COPY = "the working copy of a review; what was published of it stands in its versions"
_KEYS = "who may write from outside, by the hash of a key"
_MONITORS = "what monitors mean and hold; what follows from it stands in the ledger"
_SENDING = "who is told, and how that went"
NOT_PUBLIC: Mapping[str, str] = {
    "apitoken": _KEYS,
    "auditentry": "who did what",
    "attempt": _SENDING,
    "businesscalendar": "promises carry the terms that follow from it",
    "changeevent": _WORKING_COPY,
    "changerole": _WORKING_COPY,
    "channelpause": _SENDING,
    "componentday": "counted anew from the ledger",
    "delivery": _SENDING,
    "draft": "what somebody is writing",
    "factorcode": "published reviews carry the title of each code that they use",
    "idempotencykey": "kept for a week, to know a repeated form",
    "inboundrule": _MONITORS,
    "inboundsource": _KEYS,
    "importedrow": "which row came from which thing of another page",
    "maintenanceseries": "what it announced is maintenance of its own",
    "monitorhold": _MONITORS,
    "operatorreminder": _SENDING,
    "outboxevent": _SENDING,
    "preference": "how somebody likes their console",
    "presence": "who is looking, for seconds",
    "promisepolicy": "promises carry the terms that follow from it",
    "proposal": "nothing of it is public before a person answers",
    "recordentry": "its salts protect what was withheld; a restored page begins a chain of its own",
    "reviewapproval": _WORKING_COPY,
    "reviewcomment": _WORKING_COPY,
    "reviewphase": _WORKING_COPY,
    "reviewredaction": _WORKING_COPY,
    "reviewsection": _WORKING_COPY,
    "reviewwaiver": _WORKING_COPY,
    "sectionrevision": _WORKING_COPY,
    "signup": "kept for a week, to limit floods",
    "subscriber": _SENDING,
    "timelineentry": _WORKING_COPY,
    "updatetemplate": "texts for responders",
}
# Not even with everything: made anew by the restoration.
COUNTED_ANEW = (ComponentDay,)
# Rights by themselves are not used here: what an account may do are its groups.
_LEFT_OUT = {(User, "user_permissions"), (Group, "permissions")}


@dataclass(frozen=True)
class Table:
    """A table of a file: the fields that a line of it has, and how a row is found, veiled and filled up."""

    model: type[Model]
    fields: tuple[Field[Any, Any], ...]
    exported: Exported | None

    @property
    def name(self) -> str:
        """What the lines call it."""
        return str(self.model._meta.model_name)

    @property
    def lists(self) -> tuple[ManyToManyField[Any, Any], ...]:
        """The fields that point at any number of rows."""
        return tuple(each for each in self.fields if isinstance(each, ManyToManyField))


def layout(is_everything: bool) -> dict[str, Table]:
    """The tables of a file by name, in its order: the public part, or all that an owner has, accounts included."""
    if not is_everything:
        return {table.name: table for table in map(_public, EXPORTED)}
    return {table.name: table for table in map(_whole, _all_models())}


def schema_of(is_everything: bool) -> str:
    """A hash over the tables and fields of a file: another means that another version of Candor wrote it."""
    return sha256_of({name: [each.name for each in table.fields] for name, table in layout(is_everything).items()})[:16]


def fields_of(model: type[Model]) -> list[Field[Any, Any]]:
    """Every field that holds something of a row, lists of other rows last."""
    found = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return [each for each in found if (model, each.name) not in _LEFT_OUT]


def _public(model: type[Model]) -> Table:
    wanted = EXPORTED[model].public.split()
    known = {each.name: each for each in fields_of(model)}
    return Table(model, tuple(known[name] for name in wanted), EXPORTED[model])


def _whole(model: type[Model]) -> Table:
    return Table(model, tuple(fields_of(model)), None)


def _all_models() -> Iterator[type[Model]]:
    accounts: tuple[type[Model], ...] = (Group, User)
    yield from (*accounts, *EXPORTED)
    others = apps.get_app_config("incidents").get_models()
    yield from (model for model in others if model not in EXPORTED and model not in COUNTED_ANEW)
