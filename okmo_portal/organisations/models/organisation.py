import pghistory
from django.db import models
from django.db.models import Q

from okmo_portal.core.text import sort_key
from okmo_portal.organisations.enums import OrganisationKind
from okmo_portal.organisations.models.territory import Municipality, Region
from okmo_portal.organisations.querysets import OrganisationQuerySet


@pghistory.track()
class Organisation(models.Model):
    """The Congress, a council of a region, a body of a municipality, an office, a ТОС, a partner.

    ``region`` is set for everything but the Congress and federal partners; for a body of a
    municipality it repeats the municipality's region, so that a council's scope is one join.
    """

    kind = models.CharField("вид", max_length=20, choices=OrganisationKind.choices)
    name = models.CharField("название", max_length=300)
    short_name = models.CharField("краткое название", max_length=150, blank=True)
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name="субъект РФ",
    )
    municipality = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name="муниципальное образование",
    )
    inn = models.CharField("ИНН", max_length=12, blank=True)
    address = models.CharField("адрес", max_length=300, blank=True)
    email = models.EmailField("электронная почта", blank=True)
    phone = models.CharField("телефон", max_length=50, blank=True)
    website = models.URLField("сайт", blank=True)
    is_active = models.BooleanField("действует", default=True)
    sort_key = models.CharField(max_length=300, editable=False, db_index=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = "организация"
        verbose_name_plural = "организации"
        ordering = ["sort_key", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="municipality_body") | Q(municipality__isnull=False),
                name="organisation_body_has_municipality",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["council", "project_office", "municipality_body", "tos"])
                | Q(region__isnull=False),
                name="organisation_has_region",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="congress"),
                name="organisation_one_congress",
            ),
        ]

    def __str__(self):
        return self.short_name or self.name

    def save(self, *args, **kwargs):
        self.sort_key = sort_key(self.name)
        if self.municipality_id:
            self.region_id = self.municipality.region_id
        super().save(*args, **kwargs)
