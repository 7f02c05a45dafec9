"""What is asked: indicators, forms made of them, control rules."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language

from annual_report.enums import Aggregation, Direction, Severity, ValueType
from annual_report.querysets import IndicatorQuerySet
from okmo_portal.organisations.enums import MunicipalityKind


class Section(models.Model):
    code = models.CharField("код", max_length=2, unique=True)
    title = models.CharField("название", max_length=200)
    title_en = models.CharField("название по-английски", max_length=200)
    order = models.PositiveSmallIntegerField("порядок")

    class Meta:
        verbose_name = "раздел"
        verbose_name_plural = "разделы"
        ordering = ["order"]

    def __str__(self):
        return f"{self.code}. {self.title}"

    @property
    def local_title(self):
        return self.title_en if get_language() == "en" else self.title


@pghistory.track()
class Indicator(models.Model):
    """One figure of the catalogue; ``code`` never changes and is never given again.

    ``aggregation`` says how territories are summed up: additive values are summed, ratios are
    recomputed from ``numerator`` and ``denominator`` times ``scale`` and never averaged.
    ``formula`` (rule language, see ``annual_report.rules``) makes a computed indicator that nobody
    is asked for. Choices and yes/no are stored as numbers (yes is 1).
    """

    code = models.CharField("код", max_length=10, unique=True)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, related_name="indicators", verbose_name="раздел"
    )
    order = models.PositiveSmallIntegerField("порядок", default=0)
    title = models.CharField("название", max_length=300)
    title_en = models.CharField("название по-английски", max_length=300)
    definition = models.TextField("определение")
    hint = models.CharField("подсказка при заполнении", max_length=300, blank=True)
    unit = models.CharField("единица", max_length=40)
    unit_en = models.CharField("единица по-английски", max_length=40)
    value_type = models.CharField("вид значения", max_length=10, choices=ValueType.choices)
    choices = models.JSONField(
        "варианты", default=list, blank=True, help_text='Список пар, например [[1, "выборы"]]'
    )
    decimals = models.PositiveSmallIntegerField("знаков после запятой", default=0)
    direction = models.CharField(
        "направление", max_length=5, choices=Direction.choices, default=Direction.NONE
    )
    aggregation = models.CharField("сводка", max_length=10, choices=Aggregation.choices)
    numerator = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="числитель",
    )
    denominator = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="знаменатель",
    )
    scale = models.DecimalField("множитель", max_digits=12, decimal_places=3, default=1)
    formula = models.CharField("формула", max_length=300, blank=True)
    source = models.CharField("источник", max_length=200)
    owner = models.CharField("кто ведёт", max_length=200)
    legal_base = models.CharField("правовое основание", max_length=300, blank=True)
    applicable_kinds = ArrayField(
        models.CharField(max_length=30, choices=MunicipalityKind.choices),
        verbose_name="для каких видов",
        default=list,
        blank=True,
        help_text="Пусто — для всех видов",
    )
    min_value = models.DecimalField(
        "не меньше", max_digits=24, decimal_places=6, null=True, blank=True
    )
    max_value = models.DecimalField(
        "не больше", max_digits=24, decimal_places=6, null=True, blank=True
    )
    valid_from = models.DateField("действует с", null=True, blank=True)
    valid_to = models.DateField("действует до", null=True, blank=True)
    is_retired = models.BooleanField("больше не собирается", default=False)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = "показатель"
        verbose_name_plural = "показатели"
        ordering = ["section__order", "order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(aggregation="ratio")
                | Q(numerator__isnull=False, denominator__isnull=False),
                name="indicator_ratio_has_parts",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="indicator_validity_order",
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.title}"

    def get_absolute_url(self):
        return reverse("report:indicator-detail", args=[self.code])

    @property
    def local_title(self):
        return self.title_en if get_language() == "en" else self.title

    @property
    def local_unit(self):
        return self.unit_en if get_language() == "en" else self.unit

    def applies_to(self, kind: str) -> bool:
        return not self.applicable_kinds or kind in self.applicable_kinds


class Form(models.Model):
    """One version of the questionnaire; locked by the first campaign that opens with it."""

    code = models.CharField("код", max_length=30, unique=True)
    title = models.CharField("название", max_length=200)
    is_locked = models.BooleanField("закрыта для правки", default=False)
    created_at = models.DateTimeField("создана", auto_now_add=True)
    indicators = models.ManyToManyField(Indicator, through="FormField", related_name="forms")

    class Meta:
        verbose_name = "форма"
        verbose_name_plural = "формы"
        ordering = ["-created_at"]

    def __str__(self):
        return self.title


class FormField(models.Model):
    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="fields")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField("порядок", default=0)
    is_required = models.BooleanField("обязательный", default=True)
    prefill = models.BooleanField("переносить с прошлого года", default=False)

    class Meta:
        verbose_name = "поле формы"
        verbose_name_plural = "поля формы"
        ordering = ["indicator__section__order", "order", "indicator__order", "indicator__code"]
        constraints = [
            models.UniqueConstraint(fields=["form", "indicator"], name="form_field_once")
        ]

    def __str__(self):
        return f"{self.form}: {self.indicator.code}"


class ControlRule(models.Model):
    """A condition that must hold, in the rule language of ``annual_report.rules``."""

    form = models.ForeignKey(
        Form, on_delete=models.CASCADE, related_name="control_rules", verbose_name="форма"
    )
    code = models.CharField("код", max_length=20)
    severity = models.CharField("важность", max_length=10, choices=Severity.choices)
    expression = models.CharField("условие", max_length=500)
    message = models.CharField("что не так", max_length=500)
    hint = models.CharField("как исправить", max_length=500, blank=True)
    is_active = models.BooleanField("действует", default=True)

    class Meta:
        verbose_name = "контрольное соотношение"
        verbose_name_plural = "контрольные соотношения"
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["form", "code"], name="control_rule_once")]

    def __str__(self):
        return f"{self.code}: {self.expression}"
