"""Private files: stored under random names outside any public folder, served after a check."""

import uuid
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages
from django.db import models


def random_path(document, filename):
    """A name that tells nothing and cannot be guessed; the suffix is the checked kind's."""
    name = uuid.uuid4().hex
    return str(Path("documents") / name[:2] / f"{name}{document.suffix}")


def private_storage():
    return storages["default"]


class ScanState(models.TextChoices):
    NOT_SCANNED = "not_scanned", "не проверялся"
    CLEAN = "clean", "проверен"
    INFECTED = "infected", "заражён"


class Document(models.Model):
    """One uploaded or generated file.

    ``subject_label`` and ``subject_id`` name the object it belongs to; who may read it is decided
    by the policy that the subject's app registers in ``documents.policies``. A document without
    a subject is read by its uploader only. A new version is a new row pointing at ``replaces``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.FileField(storage=private_storage, upload_to=random_path, max_length=200)
    name = models.CharField("имя файла", max_length=200)
    suffix = models.CharField(max_length=10)
    content_type = models.CharField("вид", max_length=100)
    size = models.PositiveBigIntegerField("размер, байт")
    sha256 = models.CharField(max_length=64)
    scan_state = models.CharField(
        "проверка", max_length=20, choices=ScanState.choices, default=ScanState.NOT_SCANNED
    )
    subject_label = models.CharField(max_length=100, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    created_at = models.DateTimeField("загружен", auto_now_add=True)

    class Meta:
        verbose_name = "документ"
        verbose_name_plural = "документы"
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["subject_label", "subject_id"], name="document_subject")]

    def __str__(self):
        return self.name
