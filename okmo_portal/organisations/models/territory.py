"""Federal districts, regions, municipalities and their genealogy."""

import pghistory
import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language

from okmo_portal.core.text import sort_key
from okmo_portal.organisations.enums import ChangeKind, MunicipalityKind, RegionKind
from okmo_portal.organisations.querysets import MunicipalityQuerySet, TerritoryCodeQuerySet


class FederalDistrict(models.Model):
    code = models.CharField("код", max_length=4, unique=True)
    name = models.CharField("название", max_length=100)
    name_en = models.CharField("название по-английски", max_length=100)
    order = models.PositiveSmallIntegerField("порядок", default=0)

    class Meta:
        verbose_name = "федеральный округ"
        verbose_name_plural = "федеральные округа"
        ordering = ["order"]

    def __str__(self):
        return self.name

    @property
    def local_name(self):
        return self.name_en if get_language() == "en" else self.name


class Region(models.Model):
    """A subject of the federation. ``oktmo_prefix`` has two digits, three for the autonomous
    okrugs that lie inside an oblast; the longest prefix of a code decides."""

    code = models.CharField("код", max_length=2, unique=True)
    name = models.CharField("название", max_length=120)
    short_name = models.CharField("краткое название", max_length=60)
    name_en = models.CharField("название по-английски", max_length=120)
    kind = models.CharField("вид", max_length=20, choices=RegionKind.choices)
    federal_district = models.ForeignKey(
        FederalDistrict,
        on_delete=models.PROTECT,
        related_name="regions",
        verbose_name="федеральный округ",
    )
    oktmo_prefix = models.CharField("начало кода ОКТМО", max_length=3, unique=True)
    iso_code = models.CharField("код ISO 3166-2", max_length=6, blank=True)
    time_zone = models.CharField("часовой пояс", max_length=40)
    tile_label = models.CharField("подпись на карте", max_length=4, unique=True)
    tile_row = models.PositiveSmallIntegerField("ряд на карте")
    tile_column = models.PositiveSmallIntegerField("столбец на карте")
    sort_key = models.CharField(max_length=120, editable=False, db_index=True)

    class Meta:
        verbose_name = "субъект РФ"
        verbose_name_plural = "субъекты РФ"
        ordering = ["sort_key"]
        constraints = [
            models.UniqueConstraint(fields=["tile_row", "tile_column"], name="region_tile_unique")
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.sort_key = sort_key(self.short_name)
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("territory:region-detail", args=[self.code])

    @property
    def local_name(self):
        return self.name_en if get_language() == "en" else self.name


class MunicipalityStatus(models.TextChoices):
    ACTIVE = "active", "действует"
    REVIEW = "review", "требует проверки"
    ABOLISHED = "abolished", "упразднено"


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Municipality(models.Model):
    """A municipality for the time from ``valid_from`` to (not including) ``valid_to``.

    A row is never rewritten into another municipality: transformations are
    ``MunicipalityChange`` edges between rows. ``missing_parent_oktmo`` keeps the code of a parent
    that the register no longer holds; such rows have status "review" and stay visible for staff.
    """

    oktmo = models.CharField("код ОКТМО", max_length=8)
    check_digit = models.CharField("контрольное число", max_length=1)
    name = models.CharField("название", max_length=250)
    kind = models.CharField("вид", max_length=30, choices=MunicipalityKind.choices)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="municipalities", verbose_name="субъект РФ"
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="входит в состав",
    )
    missing_parent_oktmo = models.CharField("код отсутствующего района", max_length=8, blank=True)
    centre = models.CharField("административный центр", max_length=250, blank=True)
    valid_from = models.DateField("действует с", null=True, blank=True)
    valid_to = models.DateField("действует до", null=True, blank=True)
    status = models.CharField(
        "состояние",
        max_length=10,
        choices=MunicipalityStatus.choices,
        default=MunicipalityStatus.ACTIVE,
    )
    sort_key = models.CharField(max_length=250, editable=False)

    objects = MunicipalityQuerySet.as_manager()

    class Meta:
        verbose_name = "муниципальное образование"
        verbose_name_plural = "муниципальные образования"
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["oktmo"],
                condition=Q(valid_to__isnull=True),
                name="municipality_oktmo_current",
            ),
            models.CheckConstraint(
                condition=Q(oktmo__regex=r"^[0-9]{8}$"), name="municipality_oktmo_digits"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="municipality_validity_order",
            ),
        ]
        indexes = [
            models.Index(fields=["oktmo"], name="municipality_oktmo"),
            models.Index(fields=["region", "kind", "sort_key"], name="municipality_list"),
            models.Index(fields=["sort_key", "id"], name="municipality_sort"),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        """The code's own address while it exists; an ended one shares its code with its heirs."""
        if self.valid_to is None:
            return reverse("territory:municipality-detail", args=[self.oktmo])
        return reverse("territory:municipality-record", args=[self.oktmo, self.pk])

    def exists_on(self, day) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )

    @property
    def full_name(self):
        """Name with its kind where the name alone does not say it, and the parent."""
        name = self.name
        if self.kind in ("urban_settlement", "rural_settlement") and self.parent_id:
            return f"{name}, {self.parent.name}"
        return name


@pghistory.track()
class MunicipalityChange(models.Model):
    """A dated edge of the genealogy, with the law that made it.

    Written by ``services.transformations`` (and, from a file, ``services.transformation_import``):
    predecessors end on ``date``, successors begin on it or were there before and go on. ``effects``
    lists what was done to rows (ended, began, dated, moved), so that a wrong entry can be undone.
    """

    kind = models.CharField("вид", max_length=10, choices=ChangeKind.choices)
    date = models.DateField("дата")
    law = models.CharField("закон", max_length=300)
    note = models.TextField("примечание", blank=True)
    predecessors = models.ManyToManyField(
        Municipality, related_name="changes_from", blank=True, verbose_name="предшественники"
    )
    successors = models.ManyToManyField(
        Municipality, related_name="changes_to", blank=True, verbose_name="преемники"
    )
    #: The settlements that joined an okrug when their district became one follow its change.
    part_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name="вместе с преобразованием",
    )
    #: The number under which a file names it ("mo_ref:union_13"); a second import finds it.
    source_key = models.CharField("номер в источнике", max_length=80, blank=True)
    effects = models.JSONField(default=dict, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто внёс",
    )
    recorded_at = models.DateTimeField("когда внесено", auto_now_add=True, null=True)

    class Meta:
        verbose_name = "преобразование"
        verbose_name_plural = "преобразования"
        ordering = ["-date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_key"],
                condition=~Q(source_key=""),
                name="municipality_change_source_once",
            ),
            models.CheckConstraint(
                condition=Q(part_of__isnull=True) | ~Q(part_of=F("id")),
                name="municipality_change_not_its_own_part",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.date:%d.%m.%Y}"


class TerritoryCode(models.Model):
    """A municipality's number in a foreign code system, for the years year_from ≤ y < year_to.

    ``system`` names who gives the numbers (``mo_ref`` for the municipal reference of СберИндекс).
    Such a number often outlives the OKTMO code: then one number has several rows, each for its
    years and its municipality. Two rows of one number may not share a year: a trigger refuses it,
    since an exclusion constraint would need an extension that the embedded server lacks.
    """

    system = models.CharField("система кодов", max_length=30)
    code = models.CharField("код", max_length=40)
    municipality = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        related_name="territory_codes",
        verbose_name="муниципальное образование",
    )
    year_from = models.PositiveSmallIntegerField("действует с года", null=True, blank=True)
    year_to = models.PositiveSmallIntegerField("действует до года", null=True, blank=True)

    objects = TerritoryCodeQuerySet.as_manager()

    class Meta:
        verbose_name = "код территории"
        verbose_name_plural = "коды территорий"
        ordering = ["system", "code", "year_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "code", "year_from"],
                name="territory_code_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(year_from__isnull=True)
                | Q(year_to__isnull=True)
                | Q(year_to__gt=F("year_from")),
                name="territory_code_years_order",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="one_municipality_a_year",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM {meta.db_table} other
                        WHERE other.system = NEW.system AND other.code = NEW.code
                          AND other.id <> NEW.id
                          AND int4range(other.year_from, other.year_to)
                              && int4range(NEW.year_from, NEW.year_to)
                    ) THEN
                        RAISE EXCEPTION 'two municipalities for code % of % in one year',
                            NEW.code, NEW.system USING ERRCODE = 'exclusion_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            )
        ]

    def __str__(self):
        return f"{self.system} {self.code}"

    def clean(self):
        """Say in words what the trigger would refuse."""
        other = (
            TerritoryCode.objects.filter(system=self.system, code=self.code)
            .overlapping(self.year_from, self.year_to)
            .exclude(pk=self.pk)
            .select_related("municipality")
            .first()
        )
        if other is not None:
            raise ValidationError(
                f"Код {self.code} в эти годы уже принадлежит: {other.municipality} "
                f"({other.municipality.oktmo}). Закройте его период или измените годы."
            )
