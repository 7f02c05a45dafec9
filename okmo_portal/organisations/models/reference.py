"""A file of transformations that staff take in on a page: dry run first, then the register."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from okmo_portal.organisations.enums import ReferenceState
from okmo_portal.organisations.querysets import ReferenceImportQuerySet


class ReferenceImport(models.Model):
    """An uploaded mo_ref.xlsx and what became of it.

    ``counts`` are pairs of a name and a number in words, ``remarks`` rows of
    ``transformation_report.REMARK_HEADERS``; both of the last check or import. ``state`` is written
    only by ``workflow.transitions.apply``.
    """

    document = models.ForeignKey(
        "documents.Document", on_delete=models.PROTECT, related_name="+", verbose_name="файл"
    )
    state = models.CharField(
        "состояние",
        max_length=10,
        choices=ReferenceState.choices,
        default=ReferenceState.UPLOADED,
    )
    counts = models.JSONField("итоги", default=list)
    remarks = models.JSONField("замечания", default=list)
    #: Whether the file holds anything that the register does not know yet.
    has_news = models.BooleanField("есть новое", default=False)
    error = models.TextField("почему файл не принят", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="кто"
    )
    created_at = models.DateTimeField("загружен", auto_now_add=True)
    finished_at = models.DateTimeField("принят", null=True, blank=True)

    objects = ReferenceImportQuerySet.as_manager()

    class Meta:
        verbose_name = "загрузка преобразований"
        verbose_name_plural = "загрузки преобразований"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False),
                name="reference_import_done_when",
            )
        ]

    def __str__(self):
        return f"{self.document.name}, {self.created_at:%d.%m.%Y}"

    def get_absolute_url(self):
        return reverse("organisations:reference-import", args=[self.pk])
