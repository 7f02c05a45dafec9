"""The catalogue: indicators, their versions and the law behind them."""

import uuid
from datetime import date

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language

from annual_report.enums import (
    Aggregation,
    Direction,
    ValueType,
)
from annual_report.querysets import IndicatorQuerySet
from annual_report.versions import version_for
from okmo_portal.organisations.enums import MunicipalityKind


def in_english() -> bool:
    return get_language() == "en"


def renew_stamp() -> pgtrigger.Trigger:
    """For each table that a form's spec is made of: any change of it renews the catalogue's stamp."""
    return pgtrigger.Trigger(
        name="renew_stamp",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            INSERT INTO annual_report_cataloguestamp (id, value) VALUES (1, gen_random_uuid())
            ON CONFLICT (id) DO UPDATE SET value = excluded.value;
            RETURN NULL;
        """,
    )


class CatalogueStamp(models.Model):
    """One row whose value is new after every change of the catalogue, the forms or their rules.

    Written by triggers, so that no way of changing them is missed; what a process keeps of them in
    memory carries the stamp it was read under, see ``form_spec``.
    """

    value = models.UUIDField(default=uuid.uuid4)

    class Meta:
        verbose_name = "отметка каталога"
        verbose_name_plural = "отметки каталога"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="catalogue_stamp_one")]

    def __str__(self):
        return str(self.value)

    @classmethod
    def current(cls) -> uuid.UUID | None:
        return cls.objects.values_list("value", flat=True).first()


class Section(models.Model):
    code = models.CharField("код", max_length=2, unique=True)
    title = models.CharField("название", max_length=200)
    title_en = models.CharField("название по-английски", max_length=200)
    order = models.PositiveSmallIntegerField("порядок")

    class Meta:
        verbose_name = "раздел"
        verbose_name_plural = "разделы"
        ordering = ["order"]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.code}. {self.title}"

    @property
    def local_title(self):
        return self.title_en if in_english() else self.title


@pghistory.track()
class Indicator(models.Model):
    """One figure of the catalogue; ``code`` never changes and is never given again.

    ``aggregation`` says how territories are summed up: additive values are summed, ratios are
    recomputed from ``numerator`` and ``denominator`` times ``scale`` and never averaged.
    ``formula`` (rule language, see ``annual_report.rules``) makes a computed indicator that nobody
    is asked for. Choices and yes/no are stored as numbers (yes is 1); a choice that is no longer
    offered stays in ``choices`` and is named in ``retired_choices``, so that old answers keep their
    words. The text here is the newest version's, see IndicatorVersion.
    """

    code = models.CharField("код", max_length=10, unique=True)
    section = models.ForeignKey(
        Section, on_delete=models.PROTECT, related_name="indicators", verbose_name="раздел"
    )
    order = models.PositiveSmallIntegerField("порядок", default=0)
    title = models.CharField("название", max_length=300)
    title_en = models.CharField("название по-английски", max_length=300)
    definition = models.TextField("определение")
    definition_en = models.TextField("определение по-английски", blank=True)
    hint = models.CharField("подсказка при заполнении", max_length=300, blank=True)
    unit = models.CharField("единица", max_length=40)
    unit_en = models.CharField("единица по-английски", max_length=40)
    value_type = models.CharField("вид значения", max_length=10, choices=ValueType.choices)
    choices = models.JSONField(
        "варианты", default=list, blank=True, help_text='Список пар, например [[1, "выборы"]]'
    )
    choices_en = models.JSONField("варианты по-английски", default=list, blank=True)
    retired_choices = ArrayField(
        models.IntegerField(),
        verbose_name="варианты, которых больше нет в форме",
        default=list,
        blank=True,
        help_text="Номера вариантов. Сами варианты не удаляйте: на них стоят ответы прошлых лет.",
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
    includes_settlements = models.BooleanField(
        "значение района включает поселения",
        default=False,
        help_text="Например, население: в сводке складываются районы или поселения, но не те и другие.",
    )
    source = models.CharField("источник", max_length=200)
    source_en = models.CharField("источник по-английски", max_length=200, blank=True)
    owner = models.CharField("кто ведёт", max_length=200)
    owner_en = models.CharField("кто ведёт, по-английски", max_length=200, blank=True)
    federal_form = models.CharField(
        "федеральная форма",
        max_length=100,
        blank=True,
        help_text="Форма, в которой это значение уже есть, например 14МО или 0503117",
    )
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
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.code} {self.title}"

    def get_absolute_url(self):
        return reverse("report:indicator-detail", args=[self.code])

    @property
    def local_title(self):
        return self.title_en if in_english() else self.title

    @property
    def local_unit(self):
        return self.unit_en if in_english() else self.unit

    @property
    def local_definition(self):
        return (self.definition_en if in_english() else "") or self.definition

    @property
    def local_source(self):
        return (self.source_en if in_english() else "") or self.source

    @property
    def local_owner(self):
        return (self.owner_en if in_english() else "") or self.owner

    @property
    def local_choices(self) -> dict[int, str]:
        """Every option that was ever offered, by its number."""
        english = dict(self.choices_en) if in_english() else {}
        return {number: english.get(number) or label for number, label in self.choices}

    @property
    def offered_choices(self) -> list:
        """What a form lets one choose: pairs of number and label."""
        retired = set(self.retired_choices)
        return [pair for pair in self.choices if pair[0] not in retired]

    def applies_to(self, kind: str, year: int | None = None) -> bool:
        """Whether municipalities of ``kind`` have this figure (in the reporting ``year``).

        With a year, legal bases count too: where any exist, one in force on 31 December must name
        the kind. Prefetch ``legal_bases`` before asking for many.
        """
        if self.applicable_kinds and kind not in self.applicable_kinds:
            return False
        if year is None:
            return True
        bases = self.legal_bases.all()
        return not bases or any(base.covers(kind, date(year, 12, 31)) for base in bases)

    def kinds_in(self, year: int | None = None) -> list[str]:
        """All kinds to which it applies in the reporting ``year``."""
        return [kind for kind in MunicipalityKind.values if self.applies_to(kind, year)]

    def version_for(self, year: int) -> "IndicatorVersion":
        """The text, unit and decimals that held in ``year``; prefetch ``versions`` for many."""
        found = version_for(self.versions.all(), year)
        return found or IndicatorVersion(
            indicator=self, number=1, from_year=0, **{name: getattr(self, name) for name in TEXTS}
        )


#: What an indicator and its versions have in common; the indicator holds the newest.
TEXTS = (
    "title", "title_en", "unit", "unit_en", "decimals", "definition", "definition_en", "source",
    "source_en", "formula", "legal_base",
)  # fmt: skip


@pghistory.track()
class IndicatorVersion(models.Model):
    """An indicator as it was asked from a reporting year on, until the next version.

    ``conversion`` multiplies a value of the version before into this one's unit; null is a break in
    the series. Written by ``services.catalogue``; a version on which answers stand never changes.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("номер", default=1)
    from_year = models.PositiveSmallIntegerField("с отчётного года")
    title = models.CharField("название", max_length=300)
    title_en = models.CharField("название по-английски", max_length=300)
    unit = models.CharField("единица", max_length=40)
    unit_en = models.CharField("единица по-английски", max_length=40)
    decimals = models.PositiveSmallIntegerField("знаков после запятой", default=0)
    definition = models.TextField("определение")
    definition_en = models.TextField("определение по-английски", blank=True)
    source = models.CharField("источник", max_length=200)
    source_en = models.CharField("источник по-английски", max_length=200, blank=True)
    formula = models.CharField("формула", max_length=300, blank=True)
    legal_base = models.CharField("правовое основание", max_length=300, blank=True)
    conversion = models.DecimalField(
        "коэффициент пересчёта",
        max_digits=24,
        decimal_places=12,
        null=True,
        blank=True,
        help_text="На сколько умножить прежнее значение. Пусто — разрыв ряда: сравнивать нельзя.",
    )
    note = models.CharField("что изменилось и почему", max_length=500, blank=True)
    note_en = models.CharField("что изменилось, по-английски", max_length=500, blank=True)
    created_at = models.DateTimeField("создана", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "версия показателя"
        verbose_name_plural = "версии показателя"
        ordering = ["indicator", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "number"], name="indicator_version_number_once"
            ),
            models.UniqueConstraint(
                fields=["indicator", "from_year"], name="indicator_version_year_once"
            ),
            models.CheckConstraint(
                condition=Q(conversion__isnull=True) | Q(conversion__gt=0),
                name="indicator_version_conversion_positive",
            ),
        ]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.indicator.code}, версия {self.number}"

    @property
    def is_break(self) -> bool:
        """Values before this version cannot be compared with its own."""
        return self.number > 1 and self.conversion is None

    @property
    def local_title(self):
        return self.title_en if in_english() else self.title

    @property
    def local_unit(self):
        return self.unit_en if in_english() else self.unit

    @property
    def local_note(self):
        return (self.note_en if in_english() else "") or self.note


@pghistory.track()
class LegalBasis(models.Model):
    """The article that gives some kinds of municipality the power an indicator speaks of.

    ``kinds`` empty means all; ``valid_to`` is the first day on which it no longer holds. Powers
    differ before and after 1 January 2027 (131-ФЗ, then 33-ФЗ).
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="legal_bases")
    act = models.CharField("акт", max_length=200)
    act_en = models.CharField("акт по-английски", max_length=200, blank=True)
    article = models.CharField("статья", max_length=100, blank=True)
    wording = models.CharField("о чём", max_length=500, blank=True)
    wording_en = models.CharField("о чём, по-английски", max_length=500, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=30, choices=MunicipalityKind.choices),
        verbose_name="для каких видов",
        default=list,
        blank=True,
        help_text="Пусто — для всех видов",
    )
    valid_from = models.DateField("действует с", null=True, blank=True)
    valid_to = models.DateField("действует до", null=True, blank=True)
    to_verify = models.BooleanField(
        "проверьте редакцию", default=False, help_text="Номер статьи или текст не сверены с законом"
    )

    class Meta:
        verbose_name = "правовое основание"
        verbose_name_plural = "правовые основания"
        ordering = ["indicator", F("valid_from").asc(nulls_first=True), "act", "article"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="legal_basis_validity_order",
            ),
        ]
        triggers = [renew_stamp()]

    def __str__(self):
        return f"{self.act}, {self.article}" if self.article else self.act

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )

    def covers(self, kind: str, day: date) -> bool:
        return self.in_force(day) and (not self.kinds or kind in self.kinds)

    @property
    def local_act(self):
        return (self.act_en if in_english() else "") or self.act

    @property
    def local_wording(self):
        return (self.wording_en if in_english() else "") or self.wording
