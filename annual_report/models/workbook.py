"""Forms that travel as Excel workbooks: uploads to be accepted, and copies made in bulk."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from annual_report.models.campaign import Campaign, Submission
from annual_report.querysets import (
    WorkbookBatchQuerySet,
    WorkbookBundleQuerySet,
    WorkbookIntakeQuerySet,
    WorkbookUploadQuerySet,
)
from okmo_portal.documents.models import Document
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import Region


class WorkbookUpload(models.Model):
    """A workbook that was read and not refused; nothing of it is saved until it is accepted.

    The file is the truth: pages read it again. ``changed`` and ``wrong`` are counts of cells at the
    time of the upload, for lists. One that the council sent is a proposal: the municipality accepts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="workbook_uploads"
    )
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("загружена", auto_now_add=True)
    made_at = models.DateTimeField("скачана")
    is_proposal = models.BooleanField("прислал совет", default=False)
    changed = models.PositiveSmallIntegerField("меняет показателей", default=0)
    wrong = models.PositiveSmallIntegerField("ошибок в ячейках", default=0)

    objects = WorkbookUploadQuerySet.as_manager()

    class Meta:
        verbose_name = "загруженная книга"
        verbose_name_plural = "загруженные книги"
        ordering = ["-at"]
        indexes = [models.Index(fields=["submission", "-at"], name="workbook_upload_latest")]

    def __str__(self):
        return self.document.name

    def get_absolute_url(self):
        return reverse("annual_report:workbook-answer", args=[self.pk])


class WorkbookAcceptance(models.Model):
    """A section of an upload that somebody accepted, with the cells that were saved; append-only."""

    upload = models.ForeignKey(WorkbookUpload, on_delete=models.CASCADE, related_name="acceptances")
    #: Code of the section, or "rules" for explanations.
    part = models.CharField(max_length=10)
    codes = ArrayField(models.CharField(max_length=20))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "принятый раздел книги"
        verbose_name_plural = "принятые разделы книг"
        ordering = ["at"]

    def __str__(self):
        return f"{self.part}: {', '.join(self.codes)}"


class WorkbookBatch(models.Model):
    """Copies for all municipalities of a region, or of the country, an archive for each region."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    only_missing = models.BooleanField("только для тех, кто не сдал", default=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("заказан", auto_now_add=True)

    objects = WorkbookBatchQuerySet.as_manager()

    class Meta:
        verbose_name = "комплект книг"
        verbose_name_plural = "комплекты книг"
        ordering = ["-at"]

    def __str__(self):
        return f"{self.campaign.year}, {self.region or 'все субъекты'}"

    def get_absolute_url(self):
        return reverse("annual_report:workbook-batch", args=[self.pk])


class WorkbookBundle(models.Model):
    """One archive of a batch: the copies for some forms of one region.

    ``document`` is null until it is made; ``number`` counts the region's archives from 1.
    """

    batch = models.ForeignKey(WorkbookBatch, on_delete=models.CASCADE, related_name="bundles")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField("часть", default=1)
    submissions = ArrayField(models.BigIntegerField(), default=list)
    document = models.OneToOneField(
        Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = WorkbookBundleQuerySet.as_manager()

    class Meta:
        verbose_name = "архив книг"
        verbose_name_plural = "архивы книг"
        ordering = ["region__sort_key", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "region", "number"], name="workbook_bundle_once"
            )
        ]

    def __str__(self):
        return f"{self.region}, часть {self.number}"

    @property
    def count(self) -> int:
        return len(self.submissions)


class WorkbookIntake(models.Model):
    """An archive of filled workbooks that a council handed over for its municipalities."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("загружен", auto_now_add=True)

    objects = WorkbookIntakeQuerySet.as_manager()

    class Meta:
        verbose_name = "присланный архив книг"
        verbose_name_plural = "присланные архивы книг"
        ordering = ["-at"]

    def __str__(self):
        return self.document.name

    def get_absolute_url(self):
        return reverse("annual_report:workbook-intake", args=[self.pk])


class WorkbookIntakeFile(models.Model):
    """What became of one file of the archive: an upload, or the sentence that refused it."""

    intake = models.ForeignKey(WorkbookIntake, on_delete=models.CASCADE, related_name="files")
    name = models.CharField("файл", max_length=300)
    upload = models.ForeignKey(
        WorkbookUpload, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    refusal = models.TextField("почему не принят", blank=True)

    class Meta:
        verbose_name = "файл архива"
        verbose_name_plural = "файлы архива"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["intake", "name"], name="workbook_intake_file_once")
        ]

    def __str__(self):
        return self.name
