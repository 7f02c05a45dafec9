"""Review of filed forms: returned cells, corrections, extensions, reminders, work on many forms."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from annual_report.enums import Audience, BulkKind, BulkOutcome, CorrectionState
from annual_report.models.campaign import Campaign, Submission
from annual_report.models.catalogue import Indicator
from annual_report.querysets import BulkRunQuerySet, CorrectionQuerySet, ExtensionQuerySet
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import Membership, Region


class CellReturn(models.Model):
    """One indicator that the council or the Congress sent back, with what to do.

    While a returned form has open ones, only their cells can be changed. ``resolved_at`` is set
    when the form is sent again.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="cell_returns"
    )
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    comment = models.CharField("что исправить", max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("возвращено", auto_now_add=True)
    resolved_at = models.DateTimeField("исправлено", null=True, blank=True)

    class Meta:
        verbose_name = "возвращённый показатель"
        verbose_name_plural = "возвращённые показатели"
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "indicator"],
                condition=Q(resolved_at__isnull=True),
                name="cell_return_open_once",
            )
        ]

    def __str__(self):
        return f"{self.indicator_id}: {self.comment[:50]}"


class Correction(models.Model):
    """A change of approved data: proposed with a reason, applied or refused by the council.

    ``state`` is written only by ``workflow.transitions.apply``. Applying makes revision n+1 of the
    touched cells; snapshots taken before stay as they are.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="corrections")
    number = models.PositiveSmallIntegerField("номер")
    state = models.CharField(
        "состояние",
        max_length=10,
        choices=CorrectionState.choices,
        default=CorrectionState.PROPOSED,
    )
    reason = models.TextField("причина")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("предложена", auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField("решение", null=True, blank=True)
    decision_comment = models.TextField("комментарий к решению", blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = "исправление после утверждения"
        verbose_name_plural = "исправления после утверждения"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="correction_number"),
            models.UniqueConstraint(
                fields=["submission"],
                condition=Q(state="proposed"),
                name="correction_one_proposed",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed")
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="correction_decided_pair",
            ),
        ]

    def __str__(self):
        return f"Исправление {self.number}: {self.submission}"


class CorrectionCell(models.Model):
    """One cell of a correction, before and after."""

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="cells")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    old_value = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    old_reason = models.CharField(max_length=300, blank=True)
    new_value = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    new_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "исправленный показатель"
        verbose_name_plural = "исправленные показатели"
        constraints = [
            models.UniqueConstraint(
                fields=["correction", "indicator"], name="correction_cell_once"
            ),
            models.CheckConstraint(
                condition=Q(new_value__isnull=True) | Q(new_reason=""),
                name="correction_cell_value_or_reason",
            ),
        ]

    def __str__(self):
        return f"{self.indicator_id}: {self.old_value} → {self.new_value}"


class AnswerRevision(models.Model):
    """What an approved cell said before a correction; append-only."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="answer_revisions"
    )
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveSmallIntegerField("редакция")
    value = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    no_data_reason = models.CharField(max_length=300, blank=True)
    replaced_by = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="replaced")

    class Meta:
        verbose_name = "прежнее значение"
        verbose_name_plural = "прежние значения"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "indicator", "revision"], name="answer_revision_once"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self):
        return f"{self.indicator_id}, редакция {self.revision}: {self.value}"


class Extension(models.Model):
    """A later deadline for one municipality's form, or for one region's council, with the reason."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="extensions")
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, null=True, blank=True, related_name="extensions"
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    until = models.DateField("до")
    reason = models.CharField("причина", max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("продлено", auto_now_add=True)
    #: A removed extension stays in the history; the newest that is not removed counts.
    removed_at = models.DateTimeField("снято", null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        verbose_name = "продление срока"
        verbose_name_plural = "продления сроков"
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(submission__isnull=False, region__isnull=True)
                | Q(submission__isnull=True, region__isnull=False),
                name="extension_of_one_unit",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="extension_removed_pair",
            ),
        ]

    def __str__(self):
        return f"{self.submission or self.region} до {self.until:%d.%m.%Y}"


class ReminderStep(models.Model):
    """One step of a campaign's schedule: so many days before (negative: after) a deadline.

    The deadline is the audience's own: the municipality's, the council's or the Congress's.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reminders")
    days = models.SmallIntegerField("дней до срока")
    audience = models.CharField("кому", max_length=15, choices=Audience.choices)

    class Meta:
        verbose_name = "шаг напоминаний"
        verbose_name_plural = "расписание напоминаний"
        ordering = ["-days"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "days", "audience"], name="reminder_step_once"
            )
        ]

    def __str__(self):
        return f"{self.days} дн., {self.get_audience_display()}"

    @property
    def after(self) -> int:
        """Days after the deadline, for a step that comes after it."""
        return max(-self.days, 0)


class ReminderRun(models.Model):
    """One step of the schedule as it went out: for which deadline, when, to how many.

    Written before the messages in one transaction with them, so that a step goes out once for each
    deadline however often the schedule is looked at.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reminder_runs")
    audience = models.CharField("кому", max_length=15, choices=Audience.choices)
    days = models.SmallIntegerField("дней до срока")
    due = models.DateField("срок")
    planned_on = models.DateField("день по расписанию")
    at = models.DateTimeField("отправлено", auto_now_add=True)
    units = models.PositiveIntegerField("кого касалось", default=0)
    told = models.PositiveIntegerField("человек", default=0)

    class Meta:
        verbose_name = "отправленное напоминание"
        verbose_name_plural = "отправленные напоминания"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "audience", "days", "due"], name="reminder_run_once"
            )
        ]

    def __str__(self):
        return f"{self.get_audience_display()}, {self.days} дн. до {self.due:%d.%m.%Y}"


class ContactNote(models.Model):
    """What came of a call to a municipality that has not filed."""

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="contact_notes"
    )
    text = models.CharField("о чём договорились", max_length=500)
    promised_on = models.DateField("обещали сдать", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("позвонили", auto_now_add=True)

    class Meta:
        verbose_name = "звонок"
        verbose_name_plural = "звонки"
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.submission}: {self.text[:50]}"


class BulkRun(models.Model):
    """One act on many forms of a campaign; its items are what was chosen and what became of each."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="bulk_runs")
    kind = models.CharField("действие", max_length=10, choices=BulkKind.choices)
    comment = models.TextField("текст", blank=True)
    until = models.DateField("срок до", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: The role in which ``by`` chose the forms: the worker acts in no other, and in none once it ended.
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField("когда", auto_now_add=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField("закончено", null=True, blank=True)

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        verbose_name = "массовое действие"
        verbose_name_plural = "массовые действия"
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.get_kind_display()}, {self.at:%d.%m.%Y %H:%M}"

    def get_absolute_url(self):
        return reverse("annual_report:bulk-detail", args=[self.pk])


class BulkItem(models.Model):
    """One form of a run; a repeated run takes up those that still wait."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(
        "итог", max_length=8, choices=BulkOutcome.choices, default=BulkOutcome.WAITING
    )
    reason = models.CharField("почему пропущена", max_length=200, blank=True)

    class Meta:
        verbose_name = "форма массового действия"
        verbose_name_plural = "формы массового действия"
        constraints = [models.UniqueConstraint(fields=["run", "submission"], name="bulk_item_once")]
        indexes = [models.Index(fields=["run", "outcome", "id"], name="bulk_item_outcome")]

    def __str__(self):
        return f"{self.submission_id}: {self.outcome}"
