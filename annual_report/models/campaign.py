"""A yearly campaign and the forms that municipalities file in it."""

from datetime import date

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from annual_report.enums import (
    COUNTED_STATES,
    MUNICIPALITY_STATES,
    AnswerSource,
    CampaignState,
    SubmissionState,
)
from annual_report.models.catalogue import Indicator
from annual_report.models.form import ControlRule, Form
from annual_report.querysets import CampaignQuerySet, SubmissionQuerySet
from okmo_portal.organisations.models import Municipality, MunicipalityChange, Region


class Campaign(models.Model):
    """Form version + reported year + the register of municipalities as of a date.

    A year has one main campaign, which the report rests on, and any number of additional ones with
    other forms, which rules across forms may name. ``state`` is written only by
    ``workflow.transitions.apply``. Deadlines are the last days.
    """

    form = models.ForeignKey(
        Form, on_delete=models.PROTECT, related_name="campaigns", verbose_name="форма"
    )
    year = models.PositiveSmallIntegerField("отчётный год")
    is_main = models.BooleanField(
        "основная",
        default=True,
        help_text="На данных основной кампании строится доклад; она одна в году.",
    )
    title = models.CharField("название", max_length=200)
    register_date = models.DateField("реестр на дату")
    opens_on = models.DateField("начало сбора")
    municipality_deadline = models.DateField("срок для муниципалитетов")
    council_deadline = models.DateField("срок для советов")
    congress_deadline = models.DateField("срок для Конгресса")
    accepts_late = models.BooleanField(
        "принимать после срока",
        default=True,
        help_text="Форма после срока принимается с отметкой «с опозданием». Без отметки здесь "
        "форма закрывается, пока срок не продлят.",
    )
    state = models.CharField(
        "состояние", max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = "кампания"
        verbose_name_plural = "кампании"
        ordering = ["-year", "-is_main", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["year"], condition=Q(is_main=True), name="campaign_one_main_a_year"
            ),
            models.UniqueConstraint(fields=["year", "form"], name="campaign_form_once_a_year"),
            models.CheckConstraint(
                condition=Q(municipality_deadline__gte=F("opens_on"))
                & Q(council_deadline__gte=F("municipality_deadline"))
                & Q(congress_deadline__gte=F("council_deadline")),
                name="campaign_deadlines_order",
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="open", is_main=True),
                name="campaign_one_open",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def takes_answers(self) -> bool:
        return self.state == CampaignState.OPEN


class Submission(models.Model):
    """One municipality's form in one campaign.

    ``state`` is written only by ``workflow.transitions.apply`` (and, from "not started" to
    "draft", by the first saved answer in ``services.answers``). ``filled``, ``required`` and
    ``critical`` are counts kept by ``services.answers`` so that lists and boards read one row.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="submissions")
    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="submissions"
    )
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="submissions")
    #: Who fills and answers for the form since its municipality was abolished.
    custodian = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="inherited_forms",
        verbose_name="за неё отвечает преемник",
    )
    #: The transformation after which nobody has to file it.
    closed_by = models.ForeignKey(
        MunicipalityChange,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="закрыта преобразованием",
    )
    state = models.CharField(
        "состояние",
        max_length=12,
        choices=SubmissionState.choices,
        default=SubmissionState.NOT_STARTED,
    )
    filled = models.PositiveSmallIntegerField("заполнено", default=0)
    required = models.PositiveSmallIntegerField("нужно заполнить", default=0)
    critical = models.PositiveSmallIntegerField("ошибок", default=0)
    version = models.PositiveIntegerField("версия", default=0)
    updated_at = models.DateTimeField("изменена", null=True, blank=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField("отправлена", null=True, blank=True)
    #: When the council was told of the form as it was last sent; see ``notices.tell_councils``.
    council_told_at = models.DateTimeField("совет извещён", null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: Timeliness and the pace of a campaign count from here: a returned form is not late for it.
    filed_at = models.DateTimeField("сдана впервые", null=True, blank=True)
    decided_at = models.DateTimeField("решение совета", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    return_comment = models.TextField("что исправить", blank=True)
    prepared_at = models.DateTimeField("подготовлена", null=True, blank=True)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: SHA-256 of the cells that the head certified, see ``services.submissions.checksum``.
    certified_checksum = models.CharField(max_length=64, blank=True)
    accepted_at = models.DateTimeField("принята Конгрессом", null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    #: Why the Congress sent the form back to the council; empty once the council has answered.
    congress_comment = models.TextField("замечание Конгресса", blank=True)
    extended_to = models.DateField("срок продлён до", null=True, blank=True)
    #: Residents as known when the campaign opened; gives the size class of one that never files.
    population = models.PositiveIntegerField("жителей", null=True, blank=True)
    prefilled = models.PositiveSmallIntegerField("заполнено заранее", default=0)
    #: Of them those that still hold that value, and all asked cells with a value or a reason;
    #: kept by ``services.answers`` for the burden meter.
    kept = models.PositiveSmallIntegerField("из них осталось", default=0)
    answered = models.PositiveSmallIntegerField("отвечено", default=0)
    active_seconds = models.PositiveIntegerField("время работы, секунд", default=0)
    revision = models.PositiveSmallIntegerField("редакция", default=1)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = "форма муниципалитета"
        verbose_name_plural = "формы муниципалитетов"
        ordering = ["-campaign__year", "municipality__sort_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "municipality"], name="submission_once_per_campaign"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "approved", "accepted"])
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="submission_submitted_pair",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "returned", "accepted"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="submission_decided_pair",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted")
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="submission_accepted_pair",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_by__isnull=False)
                | (~Q(state="closed") & Q(closed_by__isnull=True)),
                name="submission_closed_pair",
            ),
            models.CheckConstraint(
                condition=~Q(state="prepared")
                | Q(prepared_at__isnull=False, prepared_by__isnull=False),
                name="submission_prepared_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "region", "state"], name="submission_board"),
            models.Index(fields=["municipality", "campaign"], name="submission_municipality"),
            models.Index(
                fields=["submitted_at"], condition=Q(state="submitted"), name="submission_submitted"
            ),
        ]

    def __str__(self):
        return f"{self.municipality}, {self.campaign.year}"

    def get_absolute_url(self):
        return reverse("annual_report:submission-detail", args=[self.pk])

    @property
    def keepers(self) -> tuple[int, ...]:
        """Municipalities whose people see to the form: its own, and the heir of an abolished one."""
        return tuple(key for key in (self.municipality_id, self.custodian_id) if key)

    @property
    def is_with_municipality(self) -> bool:
        return self.state in MUNICIPALITY_STATES

    @property
    def is_counted(self) -> bool:
        return self.state in COUNTED_STATES

    @property
    def percent(self) -> int:
        return int(100 * self.filled / self.required) if self.required else 0

    @property
    def municipality_due(self) -> date:
        """The municipality's own last day, with its extension."""
        deadline = self.campaign.municipality_deadline
        return max(deadline, self.extended_to or deadline)

    @property
    def is_expired(self) -> bool:
        """The last day is past and the campaign takes nothing after it.

        A returned form was filed and may be mended in any case.
        """
        if self.campaign.accepts_late or self.state == SubmissionState.RETURNED:
            return False
        return self.municipality_due < timezone.localdate()

    @property
    def due(self) -> date:
        """Who holds the form now decides which deadline counts; an extension moves one's own.

        The council's extension is known to rows that come ``with_territory``.
        """
        if self.is_with_municipality:
            return self.municipality_due
        if self.state == SubmissionState.SUBMITTED:
            deadline = self.campaign.council_deadline
            return max(deadline, getattr(self, "council_extended_to", None) or deadline)
        return self.campaign.congress_deadline

    @property
    def is_late(self) -> bool:
        """Filed after the campaign's own deadline, extended or not."""
        if self.filed_at is None:
            return False
        return timezone.localdate(self.filed_at) > self.campaign.municipality_deadline


class FormOrigin(models.Model):
    """A municipality whose form of an earlier year belongs to this form's past.

    Kept only where that is not the municipality itself alone: after a renaming, a merger, a change
    of boundaries. A row without a municipality says that nothing of the past can be compared.
    ``with_settlements``: a summand of figures in which a district holds its settlements';
    ``apart``: of figures that each keeps for itself. Written by ``services.origins``.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="origins")
    years_back = models.PositiveSmallIntegerField("сколько лет назад")
    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, null=True, related_name="+"
    )
    with_settlements = models.BooleanField(default=False)
    apart = models.BooleanField(default=False)

    class Meta:
        verbose_name = "предшественник формы"
        verbose_name_plural = "предшественники форм"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "years_back", "municipality"],
                name="form_origin_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(municipality__isnull=False) | Q(with_settlements=False, apart=False),
                name="form_origin_without_past",
            ),
        ]

    def __str__(self):
        return f"{self.submission_id}: {self.municipality_id}"


@pghistory.track(
    # The row as it was before: opening a campaign inserts millions, which leave no event, so the
    # first value must go into the event of its first change.
    pghistory.UpdateEvent(
        "replaced",
        row=pghistory.Old,
        condition=pgtrigger.AnyChange(
            "value", "no_data_reason", "note", "plan_1", "plan_2", "plan_3", "source"
        ),
        level=pgtrigger.Statement,
    ),
    pghistory.DeleteEvent(),
)
class Answer(models.Model):
    """One cell: a value or an explained "no data", with a note and the plan of three years.

    Written by ``services.answers``; after the council's approval by ``services.corrections`` only,
    which counts ``revision`` up and keeps the former value as an ``AnswerRevision``.
    """

    # The unique key begins with the submission; an index of its own would only cost.
    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="answers", db_index=False
    )
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    value = models.DecimalField("значение", max_digits=24, decimal_places=6, null=True, blank=True)
    no_data_reason = models.CharField("почему нет данных", max_length=300, blank=True)
    plan_1 = models.DecimalField(
        "план на год вперёд", max_digits=24, decimal_places=6, null=True, blank=True
    )
    plan_2 = models.DecimalField(
        "план на два года вперёд", max_digits=24, decimal_places=6, null=True, blank=True
    )
    plan_3 = models.DecimalField(
        "план на три года вперёд", max_digits=24, decimal_places=6, null=True, blank=True
    )
    note = models.CharField("примечание", max_length=500, blank=True)
    revision = models.PositiveSmallIntegerField("редакция", default=1)
    source = models.CharField(
        "откуда", max_length=10, choices=AnswerSource.choices, default=AnswerSource.MANUAL
    )
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "ответ"
        verbose_name_plural = "ответы"
        constraints = [
            models.UniqueConstraint(fields=["submission", "indicator"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(no_data_reason=""),
                name="answer_value_or_reason",
            ),
        ]

    def __str__(self):
        return f"{self.indicator_id}: {self.value}"

    @property
    def is_filled(self) -> bool:
        return self.value is not None or bool(self.no_data_reason)


class Explanation(models.Model):
    """Why a rule of severity "explain" does not hold here."""

    submission = models.ForeignKey(
        Submission, on_delete=models.CASCADE, related_name="explanations"
    )
    rule = models.ForeignKey(ControlRule, on_delete=models.PROTECT, related_name="+")
    text = models.CharField("пояснение", max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "пояснение"
        verbose_name_plural = "пояснения"
        constraints = [
            models.UniqueConstraint(fields=["submission", "rule"], name="explanation_once")
        ]

    def __str__(self):
        return f"{self.rule.code}: {self.text[:50]}"
