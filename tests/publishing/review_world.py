"""A review as it is published, in the shape of `reviewing.document`, written by hand: the reference incident."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from incidents.domain.canonical import canonical, sha256_of
from incidents.domain.markup import render_html
from incidents.domain.review import GuardRail
from incidents.models import Incident, Review, ReviewVersion
from incidents.models.review_words import word_of
from incidents.publishing import review_pages
from tests.factories import utc

Envelope = dict[str, Any]
SLUG = "2026-06-23-increased-error-rates"
DAY = "2026-06-23T"


def told(text: str) -> dict[str, str]:
    """A text and its safe HTML."""
    return {"text": text, "html": render_html(text)}


def guard_rails(**answers: str) -> list[dict[str, str]]:
    """All guard-rails; those that are not named are unknown."""
    labels = {"yes": "Yes", "no": "No", "unknown": "Unknown"}
    return [
        {
            "name": rail.value,
            "label": word_of(GuardRail, rail),
            "answer": answers.get(rail.value, "unknown"),
            "answer_label": labels[answers.get(rail.value, "unknown")],
        }
        for rail in GuardRail
    ]


def entry(ref: str, at: str, label: str, text: str, **given: Any) -> dict[str, Any]:
    """One entry of the timeline; `at` as `14:30` of the day."""
    return {
        "ref": ref, "at": f"{DAY}{at}:00Z", "ended_at": None, "precision": "minute", "certainty": "confirmed",
        "kind": "public_word", "label": label, **told(text), "source": "Update of the incident",
        "source_url": "", "phase": "", **given,
    }  # fmt: skip


def figure(name: str, label: str, seconds: int, text: str, start: str, end: str) -> dict[str, Any]:
    """One figure with its definition."""
    return {
        "name": name, "label": label, "seconds": seconds, "text": text, "start": f"{DAY}14:30:00Z",
        "end": f"{DAY}18:15:00Z",
        "definition": f"From {start.replace('_', ' ')} to {end.replace('_', ' ')}.", "is_approximate": False,
    }  # fmt: skip


def a_change() -> dict[str, Any]:
    """The contributing configuration push; much of it is not known, and says so."""
    return {
        "code": "chg000000001", "title": "Configuration push to the failover system", "kind": "configuration_push",
        "kind_label": "Configuration push", "system": "failover", **told("It changed what failover counts as healthy."),
        "intent": "To move traffic sooner.", "intent_html": render_html("To move traffic sooner."),
        "initiator": "automation", "initiator_label": "Automation", "process": "the usual pipeline for configuration",
        "started_at": "2026-06-23T00:00:00Z", "completed_at": None, "precision": "day", "certainty": "confirmed",
        "time_note": "earlier that day; the time was not disclosed",
        "rollout": "staged_regions", "rollout_label": "Region by region",
        "stages": [
            {"name": "First region", "regions": "Region 1", "percent": "10", "started_at": "", "ended_at": "",
             "gate": "error rate", "gate_result": "passed"},
            {"name": "Everywhere", "regions": "not disclosed", "percent": "100", "started_at": "", "ended_at": "",
             "gate": "", "gate_result": ""},
        ],
        "regions": "not disclosed",
        "guard_rails": guard_rails(validated="yes", canaried="yes", health_gated="no", tested_at_scale="no"),
        "rollback": {
            "possible": "yes", "possible_label": "Yes", "method": "the former configuration, by hand",
            "started_at": "2026-06-23T17:10:00Z", "completed_at": "2026-06-23T17:32:00Z", "outcome": "worked",
            "outcome_label": "Worked", "seconds": 1320, "text": "22 min", "note": "The tool timed out twice.",
            "note_html": render_html("The tool timed out twice."),
        },
        "source": "Update of the incident", "source_url": "https://status.example.com/incidents/x",
        "roles": [
            {"role": "failed_mitigation", "label": "Failed mitigation", "certainty": "confirmed", "phase": "",
             "note": ""},
            {"role": "amplifier", "label": "Amplifier", "certainty": "probable", "phase": "Everything failed",
             "note": "It took healthy capacity away."},
        ],
        "exposure_seconds": None,
    }  # fmt: skip


def a_review(code: str = "code00000001") -> dict[str, Any]:
    """The document `review` of the reference incident."""
    path = f"/incidents/{code}"
    sections = [
        ("summary", "Summary", "For **3 h 45 min** all services failed for most requests. Two faults met."),
        ("impact", "Impact", "Requests to Claude.ai and the API failed with HTTP 500 in both regions."),
        ("cause", "Root cause and trigger", "A cascading failure in the [routing layer](https://example.com/routing)."),
        ("factors", "Contributing factors", "Two things had a part."),
        ("changes", "Contributing changes", "One change got past its guards."),
        ("remediations", "Remediations", "What will be different."),
    ]  # fmt: skip
    return {
        "schema_version": 1, "slug": SLUG, "title": "Increased error rates across all services",
        "owner_team": "Reliability", "assistance": "none", "assistance_note": "", "impact": "critical",
        "incidents": [{
            "code": code, "title": "Increased error rates across all Claude services", "path": path,
            "impact": "critical", "started_at": f"{DAY}14:30:00Z", "resolved_at": f"{DAY}18:15:00Z",
            "is_example": False,
        }],
        "milestones": [
            {"incident": code, "name": name, "label": label, "at": at and f"{DAY}{at}:00Z", "provenance": source,
             "reason": reason}
            for name, label, at, source, reason in (
                ("impact_started", "Trouble began", "14:30", "ledger", ""),
                ("detected", "Detected", None, "none", ""),
                ("acknowledged", "Acknowledged", "14:52", "update", ""),
                ("identified", "Identified", "15:40", "stated", "The log of the bridge says so."),
                ("first_recovery", "First recovery", "17:45", "update", ""),
                ("resolved", "Resolved", "18:15", "update", ""),
            )
        ],
        "unknown": [{"milestone": "detected", "label": "Detected", "reason": "It was not disclosed."}],
        "figures": [
            figure("time_to_acknowledge", "Time to acknowledge", 1320, "22 min", "impact_started", "acknowledged"),
            figure("time_to_first_recovery", "Time to first recovery", 11700, "3 h 15 min (195 min)", "impact_started",
                   "first_recovery"),
            figure("time_to_resolve", "Time to resolve", 13500, "3 h 45 min (225 min)", "impact_started", "resolved"),
        ],
        "components": [
            {"slug": "claude-ai", "name": "Claude.ai", "regions": ["Region 1", "Region 2"],
             "worst_level": "major_outage", "started_at": f"{DAY}14:30:00Z", "ended_at": f"{DAY}18:15:00Z",
             "seconds": 13500, "text": "3 h 45 min", "is_quality": False},
            {"slug": "push", "name": "Push notifications", "regions": ["Region 1"],
             "worst_level": "partial_outage", "started_at": f"{DAY}14:50:00Z", "ended_at": f"{DAY}17:45:00Z",
             "seconds": 10500, "text": "2 h 55 min", "is_quality": False},
            {"slug": "opus", "name": "Opus endpoints", "regions": [], "worst_level": "degraded_performance",
             "started_at": f"{DAY}17:45:00Z", "ended_at": f"{DAY}18:15:00Z", "seconds": 1800, "text": "30 min",
             "is_quality": True},
        ],
        "phases": [
            {"ref": "phase:1", "name": "Everything failed", **told("Failover was overwhelmed."),
             "started_at": f"{DAY}14:30:00Z", "ended_at": f"{DAY}17:45:00Z", "precision": "minute",
             "is_quality": False, "share": "most requests", "seconds": 11700, "duration": "3 h 15 min"},
            {"ref": "phase:2", "name": "Served, but slow", **told(""), "started_at": f"{DAY}17:45:00Z",
             "ended_at": f"{DAY}18:15:00Z", "precision": "minute", "is_quality": True, "share": "a tenth of requests",
             "seconds": 1800, "duration": "30 min"},
        ],
        "sections": [{"key": key, "title": title, **told(text)} for key, title, text in sections],
        "timeline": [
            entry("change:chg000000001:start", "00:00", "Change", "The configuration of failover was pushed.",
                  kind="change", precision="day", source="Update of the incident"),
            entry("interval:1:start", "14:30", "Symptom", "Claude.ai: major outage.", kind="symptom", source="Ledger"),
            entry("update:abc123", "14:52", "Public word", "We are seeing increased error rates."),
            entry("entry:1", "17:10", "Mitigation", "The former configuration was put back.", kind="mitigation",
                  ended_at=f"{DAY}17:32:00Z", certainty="probable", source_url="https://example.com/source"),
            entry("update:abc124", "17:45", "Public word", "Services are recovering."),
            entry("update:abc125", "18:15", "All clear", "All endpoints are operational again.", kind="all_clear"),
        ],
        "gaps": [{"from": f"{DAY}14:52:00Z", "to": f"{DAY}17:10:00Z", "seconds": 8280, "text": "2 h 18 min"}],
        "changes": [a_change()],
        "factors": [
            {"ref": "factor:1", "code": "CHG-4", "code_title": "The gate could not see a failure that comes later",
             "family": "Change control", "title": "The gate looked at errors only", **told("Load was not looked at."),
             "effect": "created_condition", "effect_label": "Created the condition", "certainty": "confirmed",
             "entries": ["change:chg000000001:start"], "changes": ["chg000000001"], "disposition": "remediated",
             "disposition_label": "Remediated", "disposition_reason": "", "revisit_on": None},
            {"ref": "factor:2", "code": "LOD-3", "code_title": "Automatic failover overwhelmed it", "family": "Load",
             "title": "Failover was overwhelmed", **told(""), "effect": "delayed_recovery",
             "effect_label": "Delayed recovery", "certainty": "probable", "entries": ["interval:1:start"],
             "changes": [], "disposition": "accepted", "disposition_label": "Accepted",
             "disposition_reason": "Capacity is rented by the year.", "revisit_on": "2027-01-04"},
        ],
        "remediations": [
            {"code": "rem000000001", "title": "Stop a push when load shifts", **told("The gate sees load as well."),
             "kind": "prevent", "kind_label": "Prevent", "strength": "automatic_guard",
             "strength_label": "Guards by itself", "priority": "P1", "factors": ["factor:1"],
             "owner_team": "Delivery", "due_on": "2026-08-31", "is_declined": False, "declined_reason": ""},
            {"code": "rem000000002", "title": "Buy twice the capacity", **told(""), "kind": "recover",
             "kind_label": "Recover", "strength": "tooling", "strength_label": "A better tool", "priority": "P3",
             "factors": ["factor:2"], "owner_team": "", "due_on": None, "is_declined": True,
             "declined_reason": "It would stand idle."},
        ],
        "agreements": [
            {"slug": "enterprise", "name": "Enterprise plan", "month": "2026-06",
             "path": "/agreements/enterprise/2026-06", "target_percent": "99.5", "percent": "99.479",
             "verdict": "breached", "minutes": "225", "allowed_minutes": "216",
             "ways": [
                 {"words": "the full time", "minutes": "225", "percent": "99.479", "verdict": "breached"},
                 {"words": "from the first post", "minutes": "203", "percent": "99.530", "verdict": "met"},
             ]},
        ],
        "agreements_pending": [{"slug": "team", "name": "Team plan", "month": "2026-06"}],
        "is_without_agreement": False,
        "withheld": [{"kind": "security", "label": "Security", "count": 2, "review_on": "2027-03-01"}],
    }  # fmt: skip


def an_envelope(review: dict[str, Any] | None = None, **version: Any) -> Envelope:
    """The envelope of a version; `review` defaults to that of the reference incident."""
    review = a_review() if review is None else review
    return {
        "schema_version": 1,
        "version": {
            "number": 1, "kind": "final", "standing": "final", "published_at": "2026-06-30T12:00:00Z",
            "sha256": sha256_of(review), "supersedes": None, "reason": "", "is_material": True,
            "is_break_glass": False, "break_glass_reason": "", "is_two_person": True,
            "approvals": [{"kind": "technical", "label": "Technical", "approved_at": "2026-06-30T10:00:00Z"}],
            "changes": [], **version,
        },
        "review": review,
    }  # fmt: skip


def a_correction(envelope: Envelope, **version: Any) -> Envelope:
    """The next version, materially corrected: detection became known, and the summary says so."""
    review = copy.deepcopy(envelope["review"])
    review["milestones"][1] |= {"at": f"{DAY}14:41:00Z", "provenance": "stated", "reason": "The alert fired then."}
    review["unknown"] = []
    review["sections"][0] |= told("For **3 h 45 min** all services failed for most requests. An alert fired at 14:41.")
    number = envelope["version"]["number"] + 1
    given = {
        "number": number, "kind": "correction", "supersedes": number - 1, "reason": "The log of alerts was found.",
        "published_at": f"2026-07-{number:02}T09:00:00Z",
        "changes": [{"path": "milestones.detected", "label": "Detected", "old": "", "new": f"{DAY}14:41:00Z",
                     "is_material": True}],
        **version,
    }  # fmt: skip
    return an_envelope(review, **given)


def a_retraction(envelope: Envelope) -> Envelope:
    """The tombstone that takes a review back."""
    number = envelope["version"]["number"] + 1
    taken = an_envelope(
        {}, number=number, kind="retraction", supersedes=number - 1, reason="It was about another incident.",
        published_at="2026-08-01T09:00:00Z",
    )  # fmt: skip
    return {**taken, "review": None}


def make_review(*incidents: Incident, slug: str = SLUG) -> Review:
    """The row that versions hang on."""
    made = Review.objects.create(
        code=slug[-12:], slug=slug, title="A draft's title", owner_label="maria", created_at=utc("2026-06-24 09:00"),
        updated_at=utc("2026-06-24 09:00"),
    )  # fmt: skip
    made.incidents.set(incidents)
    return made


def publish(review: Review, envelope: Envelope) -> ReviewVersion:
    """Store a version as the act of publishing does, freed of what no column of PostgreSQL can hold."""
    version = envelope["version"]
    page, csp = review_pages.version_page(envelope)
    page, reason = page.replace("\0", ""), version["reason"].replace("\0", "")[:300]
    return ReviewVersion.objects.create(
        review=review, number=version["number"], kind=version["kind"], document=canonical(envelope).decode(),
        sha256=version["sha256"], page=page, page_csp=csp, reason=reason,
        is_material=version["is_material"], is_break_glass=version["is_break_glass"],
        published_at=datetime.fromisoformat(version["published_at"]), actor_label="canary-publisher",
    )  # fmt: skip


def retract(review: Review, envelope: Envelope) -> ReviewVersion:
    """Take the texts of all versions away and leave the tombstone."""
    taken = a_retraction(envelope)
    at = datetime.fromisoformat(taken["version"]["published_at"])
    ReviewVersion.objects.filter(review=review).update(withheld_at=at, document="", page="")
    return publish(review, taken)
