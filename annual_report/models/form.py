"""Questionnaires made of indicators, and the rules that watch them."""

import re

from django.db import models
from django.db.models import F, Q

from annual_report.enums import Prefill, RuleKind, Severity
from annual_report.models.catalogue import Indicator, renew_stamp


class Form(models.Model):
    """One version of the questionnaire; locked by the first campaign that opens with it.

    Versions of one questionnaire share ``family``; the next one is a clone, see
    ``services.forms.clone_form``.
    """

    code = models.CharField("код", max_length=30, unique=True)
    title = models.CharField("название", max_length=200)
    family = models.CharField("семейство", max_length=30, blank=True)
    version = models.PositiveSmallIntegerField("версия", default=1)
    notes = models.TextField("что изменилось", blank=True)
    is_locked = models.BooleanField("закрыта для правки", default=False)
    created_at = models.DateTimeField("создана", auto_now_add=True)
    indicators = models.ManyToManyField(Indicator, through="FormField", related_name="forms")

    class Meta:
        verbose_name = "форма"
        verbose_name_plural = "формы"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["family", "version"], name="form_version_once")
        ]

    def __str__(self):
        return self.title if self.version == 1 else f"{self.title}, версия {self.version}"

    def save(self, *args, **kwargs):
        # A form that names no family begins one.
        self.family = self.family or self.code
        super().save(*args, **kwargs)


class FormField(models.Model):
    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="fields")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField("порядок", default=0)
    is_required = models.BooleanField("обязательный", default=True)
    prefill = models.CharField(
        "откуда заполнить заранее", max_length=10, choices=Prefill.choices, default=Prefill.NONE
    )
    asks_plan = models.BooleanField("спрашивать план на три года", default=False)

    class Meta:
        verbose_name = "поле формы"
        verbose_name_plural = "поля формы"
        ordering = ["indicator__section__order", "order", "indicator__order", "indicator__code"]
        constraints = [
            models.UniqueConstraint(fields=["form", "indicator"], name="form_field_once")
        ]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.form}: {self.indicator.code}"


class FieldMove(models.Model):
    """Where answers of an indicator go that a form's version no longer asks.

    ``target`` null: the series ends here and stays in the archive. Every field that a version drops
    has its move before the version can be opened.
    """

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="moves")
    source = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="+", verbose_name="было"
    )
    target = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="стало",
        help_text="Пусто — ряд на этом заканчивается",
    )
    factor = models.DecimalField(
        "умножить на",
        max_digits=24,
        decimal_places=12,
        default=1,
        help_text="Единицы могли измениться",
    )
    note = models.CharField("почему", max_length=300, blank=True)

    class Meta:
        verbose_name = "переход показателя"
        verbose_name_plural = "переходы показателей"
        ordering = ["source__code"]
        constraints = [
            models.UniqueConstraint(fields=["form", "source"], name="field_move_once"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="field_move_factor_positive"),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | ~Q(target=F("source")),
                name="field_move_goes_elsewhere",
            ),
        ]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.source.code} → {self.target.code if self.target else 'ряд закончен'}"


class ControlRule(models.Model):
    """A condition that must hold, in the rule language of ``annual_report.rules``.

    ``kind`` follows from the expression and is kept for lists and filters.
    """

    form = models.ForeignKey(
        Form, on_delete=models.CASCADE, related_name="control_rules", verbose_name="форма"
    )
    code = models.CharField("код", max_length=20)
    severity = models.CharField("важность", max_length=10, choices=Severity.choices)
    expression = models.CharField("условие", max_length=500)
    kind = models.CharField(
        "что сверяет",
        max_length=13,
        choices=RuleKind.choices,
        default=RuleKind.FORM,
        editable=False,
    )
    message = models.CharField("что не так", max_length=500)
    hint = models.CharField("как исправить", max_length=500, blank=True)
    is_active = models.BooleanField("действует", default=True)

    class Meta:
        verbose_name = "контрольное соотношение"
        verbose_name_plural = "контрольные соотношения"
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["form", "code"], name="control_rule_once")]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.code}: {self.expression}"

    def save(self, *args, **kwargs):
        self.kind = rule_kind(self.expression)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "kind"}
        super().save(*args, **kwargs)


#: The widest reach comes first: a rule that looks at settlements and at last year consolidates.
REACH = (
    ("children", RuleKind.CONSOLIDATION),
    ("outside", RuleKind.SOURCE),
    ("other", RuleKind.FORMS),
    ("prev", RuleKind.YEARS),
)


def rule_kind(expression: str) -> RuleKind:
    """What a rule compares, by the functions that its expression names."""
    named = set(re.findall(r"([a-z]+)\s*\(", expression))
    return next((kind for name, kind in REACH if name in named), RuleKind.FORM)
