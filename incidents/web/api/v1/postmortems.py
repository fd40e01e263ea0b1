"""Postmortems: the summary of the review of an incident, published as a preliminary version.

Whatever stands in the way of a publication (checks, remarks, approvals) stands in the way here; taking one back is for
administrators in the console.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from incidents.actions import review as review_actions
from incidents.actions import review_publishing
from incidents.actions.section import save_section
from incidents.domain.review import ReviewState, VersionKind
from incidents.domain.scopes import Scope
from incidents.models import Incident, Review, ReviewSection
from incidents.publishing.review_pages import version_page
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.incident_shapes import SUMMARY, published_summary
from incidents.web.api.v1.shapes import stamp_or_none
from incidents.web.api.v1.table import Call, Refusal, Route, missing


def postmortem(call: Call) -> answers.Postmortem:
    """As it stands."""
    return _answer(call, _review(_incident(call)))


def save_postmortem(call: Call) -> answers.Postmortem:
    """Another draft; the first begins the review."""
    row = _incident(call)
    review = _newest(row) or review_actions.start_review(actor=call.actor, incident_ids=[row.pk])
    _save(call, review, call.asked(asked.PostmortemBody).postmortem.body_draft)
    return _answer(call, review)


def delete_postmortem(call: Call) -> None:
    """Empty the draft. Raises Refusal for a published one."""
    review = _review(_incident(call))
    if review.versions.exists():
        raise Refusal(422, _("This postmortem is published. An administrator can retract it in the console."))
    _save(call, review, "")


def publish_postmortem(call: Call) -> answers.Postmortem:
    """Publish the review as it stands, as preliminary."""
    review = _review(_incident(call))
    review_publishing.publish_review(
        actor=call.actor,
        review_id=review.pk,
        kind=VersionKind.PRELIMINARY,
        render=version_page,
        reason=_("Published again through the API.") if review.versions.exists() else "",
        is_notifying=call.asked(asked.PublicationBody).postmortem.notify_subscribers,
    )
    return _answer(call, review)


def revert_postmortem(call: Call) -> answers.Postmortem:
    """Nothing that was published becomes a draft again. Raises Refusal."""
    if not _review(_incident(call)).versions.exists():
        raise Refusal(422, _("This postmortem is not published."))
    raise Refusal(422, _("What was published stays. An administrator can retract it, with a reason, in the console."))


def _incident(call: Call) -> Incident:
    row = Incident.objects.filter(code=call.path["incident_id"], withdrawn_at__isnull=True).first()
    if row is None:
        raise missing(_("incident"))
    return row


def _newest(row: Incident) -> Review | None:
    return row.reviews.exclude(state=ReviewState.RETRACTED).order_by("-id").first()


def _review(row: Incident) -> Review:
    review = _newest(row)
    if review is None:
        raise Refusal(404, _("This incident has no postmortem."))
    return review


def _section(review: Review) -> ReviewSection | None:
    return review.sections.filter(key=SUMMARY).first()


def _save(call: Call, review: Review, body: str) -> None:
    section = _section(review)
    save_section(
        actor=call.actor, review_id=review.pk, key=SUMMARY, body=body, seen_version=section.version if section else 0
    )


def _answer(call: Call, review: Review) -> answers.Postmortem:
    section = _section(review)
    body, version = published_summary(review)
    at = stamp_or_none(version.published_at if version else None, call.page)
    return answers.Postmortem(
        preview_key=review.code,
        body=body,
        body_updated_at=at,
        body_draft=section.body if section else None,
        body_draft_updated_at=stamp_or_none(section.saved_at if section else None, call.page),
        published_at=at,
        notify_subscribers=version is not None,
    )


_ONE, _SCOPE, _POSTMORTEM = "/pages/{page_id}/incidents/{incident_id}/postmortem", Scope.POSTMORTEMS, answers.Postmortem
ROUTES = (
    Route("GET", _ONE, "Get the postmortem", postmortem, _SCOPE, _POSTMORTEM),
    Route("PUT", _ONE, "Save the draft", save_postmortem, _SCOPE, _POSTMORTEM, body=asked.PostmortemBody),
    Route("DELETE", _ONE, "Empty the draft", delete_postmortem, _SCOPE, status=204),
    Route("PUT", f"{_ONE}/publish", "Publish the draft", publish_postmortem, _SCOPE, _POSTMORTEM,
          body=asked.PublicationBody),
    Route("PUT", f"{_ONE}/revert", "Refused: what is published stays", revert_postmortem, _SCOPE, _POSTMORTEM),
)  # fmt: skip
