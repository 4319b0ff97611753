"""What is stored: uploads, analyses of them, their results and batches.

An analysis is the one truth about its job. The task engine only calls: which worker may write is
settled here, by a lease (see `leases`), so that any engine can be put under it.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from facetell.options import FacePoint
from facetell.web.outbound.targets import LONGEST


class Upload(models.Model):
    """A file that somebody sent; one row for each of their files, however often it is analysed.

    Attributes:
        sha256: of its bytes, hexadecimal.
        name: as its owner called it, without folders and control characters.
        file: name in the storage; empty once the video is deleted.
        url: where a worker fetches it, until it has; then there are bytes to hash, and this row
            gives way to theirs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    file = models.CharField(max_length=255, blank=True)
    url = models.CharField(max_length=LONGEST, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "sha256"], condition=~models.Q(sha256=""), name="once_an_owner"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Files that were sent together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return self.name or str(self.id)


class Status(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)


ASKED = ("frames", "model", "start_s", "end_s", "face_time_s", "face_x_px", "face_y_px")
"""The columns of an analysis that say how it is done: where all are equal, so is the result."""


class Analysis(models.Model):
    """One analysis of one upload.

    Attributes:
        frames: how many frames, or "all".
        model: name of the model, or several joined by commas.
        start_s, end_s: the stretch of the video that was asked for; None for its ends.
        face_time_s, face_x_px, face_y_px: when and where in the displayed picture the one face is
            that was asked for; None for all faces.
        priority: the higher goes first; see `submission`.
        stage, done, total: progress: what it does, and frame `done` of about `total`.
        task: the engine's task that will call for it, or did.
        attempts: how often a worker began it; names the attempt that may write.
        workers_lost: how many workers died over it.
        lease_until: until when the worker that has it may be silent.
        label, p_fake: of the result, kept here to list and filter by.
        error_code, error_message: why it failed, for programs and for people.
        sentences: how its message, or the reasons of its result, are said in other languages; see
            `sentences`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="analyses")
    batch = models.ForeignKey(
        Batch, on_delete=models.CASCADE, null=True, blank=True, related_name="analyses"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    frames = models.CharField(max_length=8)
    model = models.CharField(max_length=255)
    start_s = models.FloatField(null=True, blank=True)
    end_s = models.FloatField(null=True, blank=True)
    face_time_s = models.FloatField(null=True, blank=True)
    face_x_px = models.FloatField(null=True, blank=True)
    face_y_px = models.FloatField(null=True, blank=True)

    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    priority = models.IntegerField(default=0)
    stage = models.CharField(max_length=16, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    cancel_asked = models.BooleanField(default=False)
    task = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    workers_lost = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    label = models.CharField(max_length=12, blank=True)
    p_fake = models.FloatField(null=True, blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_message = models.TextField(blank=True)
    sentences = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="history"),
            models.Index(fields=["status", "lease_until"], name="expired_leases"),
        ]

    def __str__(self) -> str:
        return f"{self.upload.name}, {self.frames} frames"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status in ENDED

    @property
    def face(self) -> FacePoint | None:
        """The one face that was asked for; None for all."""
        if self.face_time_s is None or self.face_x_px is None or self.face_y_px is None:
            return None
        return self.face_time_s, self.face_x_px, self.face_y_px

    @property
    def folder(self) -> str:
        """Where its pictures and reports are in the storage."""
        return f"analyses/{self.id}"


class Result(models.Model):
    """What came out of one analysis, apart so that lists stay light.

    Attributes:
        document: the command line's JSON.
        pictures: the pictures in the analysis' folder; see `artifacts`.
    """

    analysis = models.OneToOneField(Analysis, on_delete=models.CASCADE, primary_key=True)
    document = models.JSONField()
    pictures = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.analysis_id)


class ShareLink(models.Model):
    """Leave for whoever has its address to see one result for a while; see `sharing`.

    Attributes:
        expires_at: from then on it leads nowhere.
        with_video: whether the video and its frames are shown too, or only crops of faces.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="share_links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    with_video = models.BooleanField(default=False)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.analysis_id} until {self.expires_at:%Y-%m-%d}"
