"""Begin a review and say what it is about. Its parts are written by `review_parts`, `section`, `change`, `factor` and
`remediation`; how it comes to be public is `review_workflow` and `review_publishing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from incidents.actions import guards, review_guards, roles, slugs, texts
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.statements import MILESTONES
from incidents.domain.actor import Actor
from incidents.domain.review import Assistance, PersonRole
from incidents.domain.status import Kind
from incidents.domain.verbs import Verb
from incidents.models import Incident, Review

SLUG_LENGTH = slugs.REVIEW_LENGTH


def start_review(
    *,
    actor: Actor,
    incident_ids: Sequence[int],
    title: str = "",
    slug: str = "",
    owner_id: int | None = None,
    owner_team: str = "",
    now: datetime | None = None,
) -> Review:
    """Begin the review of one or several incidents; what the record knows of them is in it already.

    Title and address follow from the first incident where they are left empty; the owner is the actor unless named.
    Raises Refused: no role, no such incident, a withdrawn one, maintenance, an address that is taken.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR)
        about = _incidents(incident_ids)
        name = texts.line(title or about[0].title, field="title", limit=255)
        chosen = roles.active_person(owner_id, "owner") if owner_id else None
        owner = chosen or User.objects.filter(pk=actor.user_id or 0).first()
        review = Review.objects.create(
            code=new_code(),
            slug=_slug(slug) if slug else slugs.free_review_slug(f"{about[0].created_at:%Y-%m-%d} {name}"),
            title=name,
            owner=owner,
            owner_label=owner.get_username() if owner else actor.label,
            owner_team=texts.line(owner_team, field="owner_team", limit=120, is_required=False),
            created_at=now,
            updated_at=now,
        )
        review.incidents.set(about)
        record(
            actor=actor, verb=Verb.REVIEW_STARTED, subject=review, now=now, incident=about[0],
            changes={"incidents": ["", ", ".join(row.code for row in about)], "slug": ["", review.slug]},
        )  # fmt: skip
    return review


def edit_review(
    *,
    actor: Actor,
    review_id: int,
    seen_version: int | None = None,
    now: datetime | None = None,
    title: str | None = None,
    incident_ids: Sequence[int] | None = None,
    owner_id: int | None = None,
    owner_team: str | None = None,
    is_security: bool | None = None,
    has_personal_data: bool | None = None,
    is_without_agreement: bool | None = None,
    assistance: str | None = None,
    assistance_note: str | None = None,
    unknown_milestones: Mapping[str, str] | None = None,
    dismissed_similar: Mapping[str, str] | None = None,
) -> Review:
    """Change what is named; None leaves a field as it is. Raises Refused, and Conflict for a stale `seen_version`."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id, seen_version)
        flags = {
            "is_security": is_security, "has_personal_data": has_personal_data,
            "is_without_agreement": is_without_agreement,
        }  # fmt: skip
        wanted: dict[str, object] = {name: value for name, value in flags.items() if value is not None}
        wanted |= _texts(title, owner_team, assistance, assistance_note)
        if unknown_milestones is not None:
            wanted["unknown_milestones"] = _reasons(unknown_milestones, "unknown_milestones", MILESTONES)
        if dismissed_similar is not None:
            known = list(Review.objects.values_list("code", flat=True))
            wanted["dismissed_similar"] = _reasons(dismissed_similar, "dismissed_similar", known)
        if owner_id is not None:
            owner = roles.active_person(owner_id, "owner")
            wanted |= {"owner": owner, "owner_label": owner.get_username()}
        changes = {
            name: [str(getattr(review, name) or ""), str(value)]
            for name, value in wanted.items()
            if getattr(review, name) != value
        }
        for name, value in wanted.items():
            setattr(review, name, value)
        if incident_ids is not None:
            about, before = _incidents(incident_ids), set(review.incidents.values_list("code", flat=True))
            if before != {row.code for row in about}:
                changes["incidents"] = [", ".join(sorted(before)), ", ".join(row.code for row in about)]
                review.incidents.set(about)
        if changes:
            review_guards.touch(review, now)
            record(actor=actor, verb=Verb.REVIEW_EDITED, subject=review, now=now, changes=changes)
    return review


def _texts(
    title: str | None, owner_team: str | None, assistance: str | None, assistance_note: str | None
) -> dict[str, object]:
    wanted: dict[str, object] = {}
    if title is not None:
        wanted["title"] = texts.line(title, field="title", limit=255)
    if owner_team is not None:
        wanted["owner_team"] = texts.line(owner_team, field="owner_team", limit=120, is_required=False)
    if assistance is not None:
        if assistance not in ("", *Assistance):
            raise Refused(_("Say whether a machine had a part in the writing."), "assistance")
        wanted["assistance"] = assistance
    if assistance_note is not None:
        wanted["assistance_note"] = texts.line(assistance_note, field="assistance_note", limit=300, is_required=False)
    return wanted


def _incidents(incident_ids: Sequence[int]) -> list[Incident]:
    rows = list(Incident.objects.filter(pk__in=incident_ids).order_by("created_at", "id"))
    if not rows or len(rows) != len(set(incident_ids)):
        raise Refused(_("Choose the incidents that the review is about."), "incidents")
    for row in rows:
        if row.kind == Kind.MAINTENANCE:
            raise Refused(
                _("“%(title)s” is maintenance; reviews are of incidents.") % {"title": row.title}, "incidents"
            )
        if row.withdrawn_at:
            raise Refused(_("“%(title)s” was withdrawn: it never happened.") % {"title": row.title}, "incidents")
    return rows


def _reasons(raw: Mapping[str, str], field: str, known: Sequence[str]) -> dict[str, str]:
    """{name: reason} without the empty ones. Raises Refused for a name that is not known."""
    found = {name: texts.line(text, field=field, limit=300, is_required=False) for name, text in raw.items()}
    unknown = set(found) - set(known)
    if unknown:
        raise Refused(_("There is nothing called “%(name)s”.") % {"name": min(unknown)}, field)
    return {name: text for name, text in sorted(found.items()) if text}


def _slug(raw: str) -> str:
    slug = slugify(raw)[:SLUG_LENGTH].strip("-")
    if slug != raw or slug in slugs.RESERVED:
        raise Refused(_("The address may have a-z, 0-9 and -, and may not be “feed”."), "slug")
    if Review.objects.filter(slug=slug).exists():
        raise Refused(_("There is a review at this address already."), "slug")
    return slug
