"""The Russian production calendar: data per year, edited by staff."""

from django.core.cache import cache
from django.db import models


class DayKind(models.TextChoices):
    DAY_OFF = "day_off", "выходной"
    WORKING = "working", "рабочий"
    SHORT = "short", "рабочий, короче на час"


class ProductionYear(models.Model):
    """A year whose transfers of days off are known, with the decree that made them."""

    year = models.PositiveSmallIntegerField("год", primary_key=True)
    source = models.CharField("основание", max_length=300)

    class Meta:
        verbose_name = "производственный календарь"
        verbose_name_plural = "производственные календари"
        ordering = ["-year"]

    def __str__(self):
        return str(self.year)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        cache.delete(cache_key(self.year))


class ProductionDay(models.Model):
    """A day that differs from what the week and article 112 of the Labour Code make of it."""

    year = models.ForeignKey(ProductionYear, on_delete=models.CASCADE, related_name="days")
    date = models.DateField("день", unique=True)
    kind = models.CharField("вид", max_length=10, choices=DayKind.choices)
    note = models.CharField("примечание", max_length=200)

    class Meta:
        verbose_name = "особый день"
        verbose_name_plural = "особые дни"
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(date__year=models.F("year_id")),
                name="production_day_of_its_year",
            )
        ]

    def __str__(self):
        return f"{self.date:%d.%m.%Y}: {self.get_kind_display()}"

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        cache.delete(cache_key(self.year_id))

    def delete(self, *args, **kwargs):
        cache.delete(cache_key(self.year_id))
        return super().delete(*args, **kwargs)


def cache_key(year: int) -> str:
    return f"core:production:{year}"
