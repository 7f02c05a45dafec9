"""Figures that others publish about municipalities, and how they were taken in."""

import uuid
from pathlib import Path

import pghistory
import pgtrigger
from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from annual_report.enums import ImportState, MappingLayout
from annual_report.models.catalogue import Indicator
from annual_report.querysets import DatasetQuerySet, ObservationImportQuerySet, ObservationQuerySet
from okmo_portal.organisations.models import Municipality


@pghistory.track()
class Dataset(models.Model):
    """One published source of observations.

    A federal data set may prefill forms and stand against what municipalities file. Where several
    federal sets hold the same figure, the lowest ``priority`` counts.
    """

    code = models.SlugField("код", max_length=40, unique=True)
    title = models.CharField("название", max_length=200)
    title_en = models.CharField("название по-английски", max_length=200, blank=True)
    publisher = models.CharField("кто публикует", max_length=200)
    source = models.CharField("источник, как его указывать", max_length=300)
    source_en = models.CharField("источник по-английски", max_length=300, blank=True)
    url = models.URLField("адрес", blank=True)
    licence = models.CharField("условия использования", max_length=200, blank=True)
    is_federal = models.BooleanField(
        "федеральные данные",
        default=False,
        help_text="Такими данными заполняются формы и проверяются ответы муниципалитетов.",
    )
    priority = models.PositiveSmallIntegerField(
        "очерёдность",
        default=100,
        help_text="Если показатель есть в нескольких наборах: меньше — важнее.",
    )
    note = models.TextField("примечание", blank=True)
    created_at = models.DateTimeField("создан", auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        verbose_name = "набор данных"
        verbose_name_plural = "наборы данных"
        ordering = ["priority", "title"]

    def __str__(self):
        return self.title

    @property
    def local_title(self):
        return self.title_en if get_language() == "en" and self.title_en else self.title

    @property
    def local_source(self):
        return self.source_en if get_language() == "en" and self.source_en else self.source


@pghistory.track()
class ImportMapping(models.Model):
    """How to read one kind of file: which column is what, and which damage may be repaired.

    ``columns`` and ``options`` are read and checked by ``annual_report.observations.mapping``;
    its docstring describes their keys.
    """

    name = models.SlugField("имя", max_length=60, unique=True)
    title = models.CharField("название", max_length=200, blank=True)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="mappings", verbose_name="набор данных"
    )
    layout = models.CharField(
        "строение", max_length=5, choices=MappingLayout.choices, default=MappingLayout.LONG
    )
    sheet = models.CharField("лист", max_length=100, blank=True, help_text="Пусто — первый лист.")
    header_row = models.PositiveSmallIntegerField("первая строка заголовка", default=1)
    header_rows = models.PositiveSmallIntegerField("строк в заголовке", default=1)
    columns = models.JSONField("столбцы", default=dict)
    options = models.JSONField("правила чтения", default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    updated_at = models.DateTimeField("изменено", auto_now=True)

    class Meta:
        verbose_name = "сопоставление столбцов"
        verbose_name_plural = "сопоставления столбцов"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(header_row__gte=1, header_rows__gte=1, header_rows__lte=5),
                name="import_mapping_header_rows",
            )
        ]

    def __str__(self):
        return self.title or self.name


def private_storage():
    return storages["default"]


def import_path(run, filename):
    """A name that tells nothing; the suffix tells the reader which kind of file it is."""
    name = uuid.uuid4().hex
    return str(Path("observations") / name[:2] / f"{name}{Path(filename).suffix.lower()[:8]}")


class ObservationImport(models.Model):
    """One file taken in, or tried: who, when, with which mapping, and what came of it.

    ``state`` is written only by ``workflow.transitions.apply``. Counts are of the last run, dry or
    real, and add up: ``read`` = ``new`` + ``changed`` + ``unchanged`` + ``folded`` (rows that went
    into a sum beside others) + ``duplicates`` + ``left_out`` (by the mapping) + ``refused``.
    ``refused_by`` and ``repaired`` count by reason and by kind of repair.
    """

    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="imports", verbose_name="набор данных"
    )
    mapping = models.ForeignKey(
        ImportMapping,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="imports",
        verbose_name="сопоставление",
    )
    file_name = models.CharField("файл", max_length=200)
    file = models.FileField(
        storage=private_storage, upload_to=import_path, max_length=200, blank=True
    )
    sha256 = models.CharField("хеш файла", max_length=64)
    size = models.PositiveBigIntegerField("размер, байт")
    state = models.CharField(
        "состояние", max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    read = models.PositiveIntegerField("прочитано", default=0)
    new = models.PositiveIntegerField("новых", default=0)
    changed = models.PositiveIntegerField("изменено", default=0)
    unchanged = models.PositiveIntegerField("без изменений", default=0)
    folded = models.PositiveIntegerField("вошло в суммы", default=0)
    duplicates = models.PositiveIntegerField("повторов", default=0)
    left_out = models.PositiveIntegerField("пропущено по правилам", default=0)
    refused = models.PositiveIntegerField("отклонено", default=0)
    refused_by = models.JSONField("отклонено по причинам", default=dict)
    repaired = models.JSONField("исправлено при чтении", default=dict)
    rejected = models.FileField(
        "отклонённые строки",
        storage=private_storage,
        upload_to=import_path,
        max_length=200,
        blank=True,
    )
    error = models.TextField("почему файл не принят", blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField("загружен", auto_now_add=True)
    finished_at = models.DateTimeField("принят", null=True, blank=True)

    objects = ObservationImportQuerySet.as_manager()

    class Meta:
        verbose_name = "загрузка наблюдений"
        verbose_name_plural = "загрузки наблюдений"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False),
                name="observation_import_done_when",
            )
        ]

    def __str__(self):
        return f"{self.file_name}, {self.created_at:%d.%m.%Y %H:%M}"

    def get_absolute_url(self):
        return reverse("annual_report:observation-import", args=[self.pk])

    @property
    def taken(self) -> int:
        """Observations that the file left in the store or confirmed."""
        return self.new + self.changed + self.unchanged


@pghistory.track(
    # The row as it was before: a first load leaves no event, so the old value must go there.
    pghistory.UpdateEvent(
        row=pghistory.Old, condition=pgtrigger.AnyChange("value"), level=pgtrigger.Statement
    ),
    pghistory.DeleteEvent(level=pgtrigger.Statement),
)
class Observation(models.Model):
    """One figure of one municipality in one year, as its source published it.

    ``municipality`` is the row of the register that held the code in that year; ``value`` is in the
    indicator's unit. Written in bulk by ``services.observations``; ``taken_from`` is the import that
    last set the value. A revised value's predecessor is kept in ``ObservationEvent``.
    """

    dataset = models.ForeignKey(
        Dataset,
        on_delete=models.PROTECT,
        related_name="observations",
        db_index=False,
        verbose_name="набор данных",
    )
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        related_name="observations",
        db_index=False,
        verbose_name="показатель",
    )
    municipality = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        related_name="observations",
        db_index=False,
        verbose_name="муниципальное образование",
    )
    taken_from = models.ForeignKey(
        ObservationImport,
        on_delete=models.PROTECT,
        null=True,
        related_name="observations",
        db_index=False,
        verbose_name="загрузка",
    )
    year = models.PositiveSmallIntegerField("год")
    value = models.DecimalField("значение", max_digits=24, decimal_places=6)

    objects = ObservationQuerySet.as_manager()

    class Meta:
        verbose_name = "наблюдение"
        verbose_name_plural = "наблюдения"
        constraints = [
            # In this order the key also serves "one indicator in one year", of one set or of all.
            models.UniqueConstraint(
                fields=["indicator", "year", "dataset", "municipality"], name="observation_once"
            ),
            models.CheckConstraint(
                condition=Q(year__gte=1990, year__lte=2100), name="observation_year"
            ),
        ]
        indexes = [
            models.Index(
                fields=["municipality", "indicator", "year"], name="observation_municipality"
            )
        ]

    def __str__(self):
        return f"{self.indicator_id}, {self.municipality_id}, {self.year}: {self.value}"
