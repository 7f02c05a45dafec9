"""Frozen snapshots and the reports built from them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from annual_report.enums import ReportFileKind, ReportState, Scope
from annual_report.models.campaign import Campaign
from annual_report.models.catalogue import Indicator
from annual_report.querysets import ReportQuerySet
from okmo_portal.organisations.models import Region


class Snapshot(models.Model):
    """A campaign's approved answers, frozen as Parquet; never changed, never deleted.

    ``path`` is a folder under ``DATA_ROOT`` with values, register, catalogue and a manifest of their
    hashes; ``sha256`` is the manifest's hash. Both are checked at each reading. What the files hold
    is said in ``services.snapshots``.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="snapshots")
    path = models.CharField("папка", max_length=200, unique=True)
    sha256 = models.CharField("хеш", max_length=64)
    rows = models.PositiveIntegerField("строк")
    municipalities = models.PositiveIntegerField("муниципалитетов в снимке")
    expected = models.PositiveIntegerField("муниципалитетов в реестре")
    created_at = models.DateTimeField("создан", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = "снимок данных"
        verbose_name_plural = "снимки данных"
        ordering = ["-created_at"]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.campaign.year}, {self.created_at:%d.%m.%Y %H:%M}"

    @property
    def coverage(self) -> float:
        """Share of the register's municipalities that the snapshot holds, 0 to 1."""
        return self.municipalities / self.expected if self.expected else 0.0


class Report(models.Model):
    """The published report of one campaign; ``state`` by ``workflow.transitions.apply`` only."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="report")
    title = models.CharField("название", max_length=250)
    title_en = models.CharField("название по-английски", max_length=250)
    summary = models.TextField("кратко")
    summary_en = models.TextField("кратко по-английски")
    state = models.CharField(
        "состояние", max_length=10, choices=ReportState.choices, default=ReportState.DRAFT
    )
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, null=True, blank=True, related_name="reports"
    )
    pdf = models.ForeignKey(
        "documents.Document", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pages = models.PositiveSmallIntegerField("страниц", null=True, blank=True)
    built_at = models.DateTimeField("собран", null=True, blank=True)
    approved_at = models.DateTimeField("согласован", null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    public_from = models.DateField(
        "открыт для всех с",
        null=True,
        blank=True,
        help_text="До этого дня опубликованный доклад видят только участники портала.",
    )
    published_at = models.DateTimeField("опубликован", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "доклад"
        verbose_name_plural = "доклады"
        ordering = ["-campaign__year"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published")
                | Q(published_at__isnull=False, pdf__isnull=False, snapshot__isnull=False),
                name="report_published_complete",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("report:report-detail", args=[self.campaign.year])


class ReportChapter(models.Model):
    """Text with placeholders, and the tables and charts under it.

    ``text``: paragraphs apart by an empty line; placeholders as ``{{ total.A05 }}``. ``blocks``:
    see ``annual_report/data/README.md``. In a ``region``'s chapter they speak of that region.

    ``html`` and ``bindings`` are what ``services.chapters`` made of them over the snapshot;
    ``computed_from`` is the hash of all that. ``confirmed`` are the bindings that an editor has
    looked at: where the two differ, a number in the chapter has changed under its words.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="chapters")
    order = models.PositiveSmallIntegerField("порядок")
    slug = models.SlugField("обозначение", max_length=60)
    title = models.CharField("заголовок", max_length=200)
    text = models.TextField("текст", blank=True)
    blocks = models.JSONField("таблицы и графики", default=list, blank=True)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    html = models.TextField(editable=False, blank=True)
    bindings = models.JSONField(editable=False, default=list, blank=True)
    computed_from = models.CharField(editable=False, max_length=64, blank=True)
    confirmed = models.JSONField(editable=False, default=list, blank=True)
    confirmed_at = models.DateTimeField("числа просмотрены", null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = "глава"
        verbose_name_plural = "главы"
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["report", "slug"], name="report_chapter_slug"),
            models.UniqueConstraint(
                fields=["report", "order"],
                name="report_chapter_order",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self):
        return self.title


class ReportFile(models.Model):
    """A file that the build made beside the PDF; read by whoever may read the report."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField("вид", max_length=10, choices=ReportFileKind.choices)
    document = models.ForeignKey("documents.Document", on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField("хеш", max_length=64)

    class Meta:
        verbose_name = "файл доклада"
        verbose_name_plural = "файлы доклада"
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["report", "kind"], name="report_file_kind_once")
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.report}"


class ReportFigure(models.Model):
    """One aggregated value of a report, for pages that must not open the snapshot.

    ``value`` is weighted to the register, ``unweighted`` is what the answers alone give, ``low`` and
    ``high`` bound the 95 % confidence interval, ``method`` names how they were made. ``count`` is the
    number of municipalities behind the value, ``expected`` of those it applies to. A question with
    options has a row without a value for each territory, and one for each ``option`` with its share
    in percent. ``withheld`` says why there is no value, a key of ``analysis.WITHHELD``.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="figures")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    scope_code = models.CharField(max_length=30, blank=True)
    value = models.DecimalField(max_digits=30, decimal_places=6, null=True)
    unweighted = models.DecimalField(max_digits=30, decimal_places=6, null=True)
    low = models.DecimalField(max_digits=30, decimal_places=6, null=True)
    high = models.DecimalField(max_digits=30, decimal_places=6, null=True)
    method = models.CharField(max_length=30, blank=True)
    withheld = models.CharField(max_length=20, blank=True)
    option = models.PositiveSmallIntegerField(null=True)
    count = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()

    class Meta:
        verbose_name = "сводное значение"
        verbose_name_plural = "сводные значения"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "indicator", "scope", "scope_code", "option"],
                nulls_distinct=False,
                name="report_figure_once",
            )
        ]

    def __str__(self):
        return f"{self.indicator_id} {self.scope} {self.scope_code}: {self.value}"
