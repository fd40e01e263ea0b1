"""JSON Schema (draft 2020-12) of a published review: the envelope, at `/schemas/review.json`."""

from __future__ import annotations

from enum import StrEnum

from incidents.domain.promises import Deliverable, PromiseState
from incidents.domain.review import (
    Answer,
    Assistance,
    Certainty,
    ChangeKind,
    Disposition,
    Effect,
    EntryKind,
    GuardRail,
    Initiator,
    Precision,
    Priority,
    RedactionKind,
    RemediationKind,
    RemediationState,
    Role,
    RollbackOutcome,
    RollbackPossible,
    Rollout,
    Strength,
    VersionKind,
)
from incidents.domain.status import Impact, Level
from incidents.publishing.schemas import DIALECT, Schema, instants, lists, objects, texts
from incidents.publishing.words import MILESTONES

SCHEMA_PATH, SCHEMA_VERSION = "/schemas/review.json", 1
_DAY = r"^\d{4}-\d\d-\d\d$"


def review_schema(address: str) -> Schema:
    """The schema of `/reviews/<slug>.json` and of each version's JSON; `address` is its own. `live` stands only in the
    former: a version never changes."""
    whole = objects(
        schema_version={"const": SCHEMA_VERSION},
        version=_version(),
        review={**_review(), "type": ["object", "null"], "description": "null: the review was retracted."},
        live=_live(),
    )
    whole["required"] = ["schema_version", "version", "review"]
    return {
        "$schema": DIALECT,
        "$id": address,
        "title": "Post-incident review",
        "description": "One version of a review as it was published. Times are RFC 3339 in UTC; texts are Markdown, "
        "and beside each stands its safe HTML.",
        **whole,
    }


def _version() -> Schema:
    return objects(
        number=_whole(),
        kind=_one_of(VersionKind),
        standing={"enum": ["preliminary", "final"]},
        published_at=instants(),
        sha256={**texts("Of the canonical JSON of `review`: what was approved."), "pattern": "^([0-9a-f]{64})?$"},
        supersedes={"type": ["integer", "null"], "description": "The number of the version before."},
        reason=texts("Why it was published again."),
        is_material={"type": "boolean", "description": "Facts changed, not only wording."},
        is_break_glass={"type": "boolean", "description": "Published past checks or approvals."},
        break_glass_reason=texts(),
        is_two_person={"type": "boolean"},
        approvals=lists(objects(kind=texts(), label=texts(), approved_at=instants())),
        changes=lists(
            objects(path=texts(), label=texts(), old=_anything(), new=_anything(), is_material={"type": "boolean"})
        ),
    )


def _live() -> Schema:
    return objects(
        remediations=lists(
            objects(
                code=texts(),
                state=_one_of(RemediationState),
                due_on=_day(),
                original_due_on=_day(),
                is_overdue={"type": "boolean"},
                status_note=texts(),
            )
        ),
        promises=lists(
            objects(
                deliverable=_one_of(Deliverable),
                sentence=texts(),
                state=_one_of(PromiseState),
                first_due_at=instants(),
                due_at=instants(),
                fulfilled_at=instants(is_optional=True),
            )
        ),
        versions=lists(
            objects(
                number=_whole(), kind=_one_of(VersionKind), published_at=instants(), path=texts(),
                is_material={"type": "boolean"}, reason=texts(),
            )
        ),
    )  # fmt: skip


def _review() -> Schema:
    return objects(
        schema_version={"const": SCHEMA_VERSION},
        slug=texts(),
        title=texts(),
        owner_team=texts(),
        assistance={"enum": ["", *(row.value for row in Assistance)], "description": "What part a machine had."},
        assistance_note=texts(),
        impact=_one_of(Impact),
        incidents=lists(
            objects(
                code=texts(), title=texts(), path=texts(), impact=_one_of(Impact),
                started_at=instants(is_optional=True), resolved_at=instants(is_optional=True),
                is_example={"type": "boolean"},
            )
        ),
        milestones=lists(
            objects(
                incident=texts(), name={"enum": list(MILESTONES)}, label=texts(), at=instants(is_optional=True),
                provenance={"enum": ["ledger", "update", "stated", "none"]}, reason=texts(),
            )
        ),
        unknown=lists(objects(milestone={"enum": list(MILESTONES)}, label=texts(), reason=texts())),
        figures=lists(_figure()),
        components=lists(_component()),
        phases=lists(_phase()),
        sections=lists(objects(key=texts(), title=texts(), text=texts(), html=texts())),
        timeline=lists(_entry()),
        gaps=lists(objects(**{"from": instants(), "to": instants(), "seconds": _whole(), "text": texts()})),
        changes=lists(_change()),
        factors=lists(_factor()),
        remediations=lists(_remediation(), "As they were committed to."),
        agreements=lists(_agreement()),
        agreements_pending=lists(objects(slug=texts(), name=texts(), month=texts())),
        is_without_agreement={"type": "boolean"},
        withheld=lists(objects(kind=_one_of(RedactionKind), label=texts(), count=_whole(), review_on=_day())),
    )  # fmt: skip


def _figure() -> Schema:
    return objects(
        name=texts("Of several incidents each has a set: `time_to_resolve#<code>`."),
        label=texts(), seconds=_seconds(), text=texts(), start=instants(is_optional=True),
        end=instants(is_optional=True), definition=texts(), is_approximate={"type": "boolean"},
    )  # fmt: skip


def _component() -> Schema:
    return objects(
        slug=texts(), name=texts(), regions=lists(texts()),
        worst_level={"enum": [level.value for level in Level if level != Level.OPERATIONAL]},
        started_at=instants(is_optional=True), ended_at=instants("null: still going on.", is_optional=True),
        seconds=_seconds(), text=texts(), is_quality={"type": "boolean", "description": "Served, but wrong."},
    )  # fmt: skip


def _phase() -> Schema:
    return objects(
        ref=texts(), name=texts(), text=texts(), html=texts(), started_at=instants(),
        ended_at=instants(is_optional=True), precision=_one_of(Precision), is_quality={"type": "boolean"},
        share=texts(), seconds=_seconds(), duration=texts(),
    )  # fmt: skip


def _entry() -> Schema:
    return objects(
        ref=texts("Its anchor on the page, after `t-`."), at=instants(), ended_at=instants(is_optional=True),
        precision=_one_of(Precision), certainty=_one_of(Certainty), kind=_one_of(EntryKind), label=texts(),
        text=texts(), html=texts(), source=texts(), source_url=texts(), phase=texts(),
    )  # fmt: skip


def _change() -> Schema:
    stage = ("name", "regions", "percent", "started_at", "ended_at", "gate", "gate_result")
    return objects(
        code=texts(), title=texts(), kind=_one_of(ChangeKind), kind_label=texts(), system=texts(), text=texts(),
        html=texts(), intent=texts(), intent_html=texts(), initiator=_one_of(Initiator), initiator_label=texts(),
        process=texts("By which process; by whom is not kept."), started_at=instants(is_optional=True),
        completed_at=instants(is_optional=True), precision=_one_of(Precision), certainty=_one_of(Certainty),
        time_note=texts(), rollout=_one_of(Rollout), rollout_label=texts(),
        stages=lists(objects(**{name: texts() for name in stage})), regions=texts(),
        guard_rails=lists(
            objects(name=_one_of(GuardRail), label=texts(), answer=_one_of(Answer), answer_label=texts())
        ),
        rollback=objects(
            possible=_one_of(RollbackPossible), possible_label=texts(), method=texts(),
            started_at=instants(is_optional=True), completed_at=instants(is_optional=True),
            outcome=_one_of(RollbackOutcome), outcome_label=texts(), seconds=_seconds(), text=texts(), note=texts(),
            note_html=texts(),
        ),
        source=texts(), source_url=texts(),
        roles=lists(
            objects(role=_one_of(Role), label=texts(), certainty=_one_of(Certainty), phase=texts(), note=texts())
        ),
        exposure_seconds=_seconds(),
    )  # fmt: skip


def _factor() -> Schema:
    return objects(
        ref=texts(), code=texts(), code_title=texts(), family=texts(), title=texts(), text=texts(), html=texts(),
        effect=_one_of(Effect), effect_label=texts(), certainty=_one_of(Certainty), entries=lists(texts()),
        changes=lists(texts()), disposition=_one_of(Disposition), disposition_label=texts(),
        disposition_reason=texts(), revisit_on=_day(),
    )  # fmt: skip


def _remediation() -> Schema:
    return objects(
        code=texts(), title=texts(), text=texts(), html=texts(), kind=_one_of(RemediationKind), kind_label=texts(),
        strength=_one_of(Strength), strength_label=texts(), priority=_one_of(Priority), factors=lists(texts()),
        owner_team=texts(), due_on=_day(), is_declined={"type": "boolean"}, declined_reason=texts(),
    )  # fmt: skip


def _agreement() -> Schema:
    verdict = {"enum": ["met", "breached"]}
    return objects(
        slug=texts(), name=texts(), month=texts(), path=texts(), target_percent=texts(), percent=texts(),
        verdict=verdict, minutes=texts(), allowed_minutes=texts(),
        ways=lists(objects(words=texts(), minutes=texts(), percent=texts(), verdict=verdict)),
    )  # fmt: skip


def _one_of(kind: type[StrEnum]) -> Schema:
    return {"enum": [row.value for row in kind]}


def _whole() -> Schema:
    return {"type": "integer", "minimum": 0}


def _seconds() -> Schema:
    return {"type": ["integer", "null"]}


def _day() -> Schema:
    return {"type": ["string", "null"], "pattern": _DAY}


def _anything() -> Schema:
    return {"type": ["string", "number", "boolean", "array", "object", "null"]}
