"""The history of states, one table for every object that has a ``state``."""

import pgtrigger
from django.conf import settings
from django.db import models


class StateChangeQuerySet(models.QuerySet):
    def of(self, subject: models.Model):
        """Changes of one object, the newest first."""
        return self.filter(
            subject_label=subject._meta.label_lower, subject_id=str(subject.pk)
        ).select_related("by")


class StateChange(models.Model):
    """One move of one object; written only by ``transitions.apply``. Append-only by trigger."""

    subject_label = models.CharField(max_length=100)
    subject_id = models.CharField(max_length=64)
    transition = models.CharField("действие", max_length=50)
    label = models.CharField("действие", max_length=200)
    source = models.CharField("из", max_length=30)
    target = models.CharField("в", max_length=30)
    comment = models.TextField("пояснение", blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="кто",
    )
    at = models.DateTimeField("когда", auto_now_add=True)

    objects = StateChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "смена состояния"
        verbose_name_plural = "смены состояния"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["subject_label", "subject_id"], name="statechange_subject")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"{self.subject_label} {self.subject_id}: {self.source} → {self.target}"
