"""Post-incident reviews: the working copy, who said what about it, and the versions that were published."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from incidents.domain.review import (
    ApprovalKind,
    Assistance,
    Certainty,
    EntryKind,
    Precision,
    RedactionKind,
    ReviewState,
    VersionKind,
)


class Review(models.Model):
    """The working copy of a review of one or several incidents. Facts are rows beside it; figures are never typed.

    `unknown_milestones`: {"detected": "why it is not known"}. `version` rises with every write to the review or to
    anything that belongs to it.
    """

    code = models.CharField(max_length=12, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=255)
    incidents = models.ManyToManyField("incidents.Incident", related_name="reviews")
    state = models.CharField(max_length=12, default=ReviewState.DRAFT)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=200, help_text="Internal; stays when the account goes.")
    owner_team = models.CharField(max_length=120, blank=True, help_text="Public.")
    is_security = models.BooleanField(default=False, help_text="Asks for an approval by security.")
    has_personal_data = models.BooleanField(default=False, help_text="Asks for an approval by privacy.")
    is_without_agreement = models.BooleanField(default=False, help_text="Said by the author: no SLA applies.")
    assistance = models.CharField(max_length=20, blank=True, help_text="Empty: not declared yet.")
    assistance_note = models.CharField(max_length=300, blank=True)
    unknown_milestones = models.JSONField(default=dict)
    dismissed_similar = models.JSONField(default=dict, help_text="{review code: why it is another matter}")
    scheduled_for = models.DateTimeField(null=True, help_text="When it is to be published by itself.")
    scheduled_kind = models.CharField(max_length=12, blank=True)
    scheduled_reason = models.CharField(max_length=300, blank=True)
    scheduled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    scheduled_by_label = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ReviewState)), name="review_state_is_known"),
            models.CheckConstraint(condition=Q(assistance__in=["", *Assistance]), name="review_assistance_is_known"),
        ]

    def __str__(self) -> str:
        return self.title


class ReviewSection(models.Model):
    """The body of one section (a key of `reviewing.sections`): public Markdown, and a note that never leaves."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="sections")
    key = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    note = models.TextField(blank=True, help_text="Internal.")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every save; a stale save is merged.")
    saved_by_label = models.CharField(max_length=200, help_text="Internal.")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["review", "key"], name="section_is_unique")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.key}"


class SectionRevision(models.Model):
    """A body as it was saved, and by whom: the history of a section. `is_conflicting`: it could not be merged with what
    somebody else had saved meanwhile, and is kept here for its author; the section does not hold it."""

    section = models.ForeignKey(ReviewSection, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="The section's version that this made or was based on.")
    body = models.TextField(blank=True)
    note = models.TextField(blank=True)
    is_conflicting = models.BooleanField(default=False)
    actor_label = models.CharField(max_length=200)
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.section_id} #{self.number}"


class ReviewPhase(models.Model):
    """A stretch of an incident that one start and one end cannot express. `share`: of what was hit, in words."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="phases")
    name = models.CharField(max_length=120)
    body = models.TextField(blank=True, help_text="Public Markdown.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    precision = models.CharField(max_length=12, default=Precision.MINUTE)
    is_quality = models.BooleanField(default=False, help_text="Served, but wrong.")
    share = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="phase_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TimelineEntry(models.Model):
    """An entry that an author added to what the record knows by itself. Times UTC; how exact they are is said."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    precision = models.CharField(max_length=12, default=Precision.MINUTE)
    certainty = models.CharField(max_length=12, default=Certainty.CONFIRMED)
    kind = models.CharField(max_length=20, default=EntryKind.ACTION)
    phase = models.ForeignKey(ReviewPhase, null=True, on_delete=models.SET_NULL, related_name="entries")
    body = models.TextField(help_text="Markdown; public if `is_public`.")
    note = models.TextField(blank=True, help_text="Internal.")
    is_public = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True, help_text="Public: what says so.")
    source_url = models.CharField(max_length=500, blank=True, help_text="Public address of the source.")
    internal_url = models.CharField(max_length=500, blank=True, help_text="Internal: alert, chat, ticket.")
    author_label = models.CharField(max_length=200, help_text="Internal.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        verbose_name_plural = "timeline entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("at")), name="entry_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.body[:60]}"


class ReviewComment(models.Model):
    """A remark on a review. `anchor`: `section:impact`, `entry:12`, `factor:3`, or empty for the whole."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    anchor = models.CharField(max_length=60, blank=True)
    body = models.TextField()
    is_blocking = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.anchor or 'review'}: {self.body[:60]}"


class ReviewWaiver(models.Model):
    """A finding of a check that somebody accepts, signed with a reason. `subject`: which finding (see `Finding.ref`);
    a check that finds something else afterwards is not waived by it."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="waivers")
    check_key = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    signed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "check_key", "subject"],
                condition=Q(withdrawn_at__isnull=True),
                name="finding_is_waived_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_key} {self.subject}"


class ReviewApproval(models.Model):
    """One yes, of one kind, to one public projection: void as soon as the hash of what would be published differs."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="approvals")
    kind = models.CharField(max_length=20)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_label = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=300, blank=True, help_text="Internal.")
    approved_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(ApprovalKind)), name="approval_kind_is_known"),
            models.UniqueConstraint(
                fields=["review", "kind", "content_hash", "actor_label"],
                condition=Q(withdrawn_at__isnull=True),
                name="approval_is_given_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"


class ReviewRedaction(models.Model):
    """Something that the public review leaves out on purpose: the public reads how many, why, and until when."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="redactions")
    place = models.CharField(max_length=200, help_text="Internal: what is left out.")
    kind = models.CharField(max_length=20)
    reason = models.CharField(max_length=300, help_text="Internal.")
    review_on = models.DateField(null=True, help_text="Public: when it is looked at again.")
    actor_label = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(RedactionKind)), name="redaction_kind_is_known")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


class ReviewVersion(models.Model):
    """What was published, whole and unchanging: `document` is the canonical JSON text that was hashed (see
    `reviewing.document`), `page` the HTML that its own address serves for ever, under the policy `page_csp`.

    `withheld_at`: a retraction took the text away; its digest stays in the record.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="1, 2, 3 …: the address of the version.")
    kind = models.CharField(max_length=12)
    document = models.TextField()
    sha256 = models.CharField(max_length=64, help_text="Of the review in the document: what was approved.")
    page = models.TextField()
    page_csp = models.TextField()
    reason = models.CharField(max_length=300, blank=True, help_text="Public: why it was published again.")
    is_material = models.BooleanField(default=True, help_text="Facts changed; feeds and subscribers are told.")
    is_break_glass = models.BooleanField(default=False, help_text="Published past the checks or approvals; public.")
    published_at = models.DateTimeField()
    actor_label = models.CharField(max_length=200, help_text="Internal.")
    withheld_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["review", "number"]
        constraints = [
            models.UniqueConstraint(fields=["review", "number"], name="review_version_is_unique"),
            models.CheckConstraint(condition=Q(kind__in=list(VersionKind)), name="review_version_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.review_id} #{self.number}"
