"""A long Celery job that a person waits for."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse


class JobState(models.TextChoices):
    QUEUED = "queued", "в очереди"
    RUNNING = "running", "выполняется"
    SUCCEEDED = "succeeded", "готово"
    FAILED = "failed", "не удалось"


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Own jobs; staff of the admin see all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(created_by=user)

    def unfinished(self):
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])


class Job(models.Model):
    """Progress, result and error of one long job; state is written by ``jobs.services`` only.

    ``task`` is the Celery task's name and ``arguments`` its keyword arguments, so that a job whose
    worker died can be sent again. ``beat_at`` is renewed while it works.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField("что делается", max_length=200)
    task = models.CharField(max_length=100)
    queue = models.CharField(max_length=30, default="default")
    arguments = models.JSONField(default=dict)
    #: At most one unfinished job per key.
    key = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        "состояние", max_length=20, choices=JobState.choices, default=JobState.QUEUED
    )
    done = models.PositiveIntegerField("сделано шагов", default=0)
    total = models.PositiveIntegerField("всего шагов", default=0)
    message = models.CharField("сейчас", max_length=300, blank=True)
    result_url = models.CharField(max_length=300, blank=True)
    back_url = models.CharField(max_length=300, blank=True)
    error = models.TextField("ошибка", blank=True)
    attempts = models.PositiveSmallIntegerField("попыток", default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="jobs"
    )
    created_at = models.DateTimeField("поставлено", auto_now_add=True)
    started_at = models.DateTimeField("начато", null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField("окончено", null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "фоновое задание"
        verbose_name_plural = "фоновые задания"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["queued", "running"]) & ~models.Q(key=""),
                name="job_one_unfinished_per_key",
            ),
            models.CheckConstraint(
                condition=models.Q(done__lte=models.F("total")), name="job_done_within_total"
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("jobs:job-detail", args=[self.pk])

    @property
    def percent(self) -> int:
        if self.state == JobState.SUCCEEDED:
            return 100
        return int(100 * self.done / self.total) if self.total else 0

    @property
    def is_finished(self) -> bool:
        return self.state in (JobState.SUCCEEDED, JobState.FAILED)
