"""Append-only trail of what people did, sealed into a hash chain."""

import pgtrigger
from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One thing that happened; written in the transaction of what it tells of.

    ``sequence``, ``previous_hash`` and ``hash`` are empty until the sealing task has chained the
    event (see ``services.seal_events``): chaining at once would make all writers wait for one row.
    A database trigger refuses changes of anything else and every deletion.
    """

    at = models.DateTimeField("когда", auto_now_add=True, db_index=True)
    action = models.CharField("действие", max_length=100, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="кто",
    )
    subject_label = models.CharField("вид объекта", max_length=100, blank=True)
    subject_id = models.CharField("номер объекта", max_length=64, blank=True)
    data = models.JSONField("сведения", default=dict, blank=True)
    sequence = models.BigIntegerField("номер в цепочке", null=True, unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField("хеш", max_length=64, blank=True)

    class Meta:
        verbose_name = "событие"
        verbose_name_plural = "события"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["subject_label", "subject_id"], name="audit_subject")]
        triggers = [
            pgtrigger.Protect(name="append_only_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="append_only_content",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "at", "action", "actor", "subject_label", "subject_id", "data"
                ),
            ),
            pgtrigger.Protect(
                name="append_only_seal",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__sequence__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.action} {self.subject_label} {self.subject_id}".strip()
