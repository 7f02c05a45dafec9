"""Rubrics and issues."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language

from media.enums import IssueState
from media.models.image import Image
from media.querysets import IssueQuerySet, RubricQuerySet
from media.sanitise import clean_body
from okmo_portal.organisations.models import Region


class Rubric(models.Model):
    """A standing part of the journal; one with a region is filled by that region's council."""

    slug = models.SlugField("адрес", max_length=60, unique=True)
    title = models.CharField("название", max_length=120)
    title_en = models.CharField("название по-английски", max_length=120, blank=True)
    description = models.CharField("о чём", max_length=300, blank=True)
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rubrics",
        verbose_name="ведёт совет субъекта",
        help_text="Пусто — рубрику ведёт центральная редакция.",
    )
    order = models.PositiveSmallIntegerField("порядок", default=100)
    is_active = models.BooleanField("принимает новые статьи", default=True)

    objects = RubricQuerySet.as_manager()

    class Meta:
        verbose_name = "рубрика"
        verbose_name_plural = "рубрики"
        ordering = ["order", "title"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("media:rubric-detail", args=[self.slug])

    @property
    def local_title(self) -> str:
        return (get_language() == "en" and self.title_en) or self.title


class JournalIssue(models.Model):
    """One number of the journal; a double one runs from ``number`` to ``last_number``."""

    year = models.PositiveSmallIntegerField(
        "год", validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    number = models.PositiveSmallIntegerField(
        "номер", validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    last_number = models.PositiveSmallIntegerField(
        "по номер",
        null=True,
        blank=True,
        help_text="Для сдвоенного номера: 8 и 9 дают № 8–9.",
    )
    through_number = models.PositiveIntegerField("сквозной номер")
    title = models.CharField("тема номера", max_length=200, blank=True)
    title_en = models.CharField("тема по-английски", max_length=200, blank=True)
    cover = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="обложка",
    )
    editorial = models.TextField("слово редактора", blank=True)
    editorial_by = models.ForeignKey(
        "media.Author",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="кто подписал слово редактора",
    )
    state = models.CharField(
        "состояние", max_length=10, choices=IssueState.choices, default=IssueState.PLANNED
    )
    due_on = models.DateField("срок сдачи", null=True, blank=True)
    published_at = models.DateTimeField("вышел", null=True, blank=True)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = "номер журнала"
        verbose_name_plural = "номера журнала"
        ordering = ["-through_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "number"],
                name="issue_number_once",
                violation_error_message="Номер с таким годом и номером уже есть. Проверьте год и номер.",
            ),
            models.UniqueConstraint(
                fields=["through_number"],
                name="issue_through_number_once",
                violation_error_message="Такой сквозной номер уже есть. Сквозной номер растёт на единицу с каждым выпуском.",
            ),
            models.CheckConstraint(
                condition=Q(last_number__isnull=True) | Q(last_number__gt=F("number")),
                name="issue_numbers_in_order",
                violation_error_message="«По номер» должен быть больше номера.",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="issue_published_when",
            ),
        ]
        indexes = [models.Index(fields=["state", "-through_number"], name="issue_archive")]

    def __str__(self):
        return self.name

    def clean(self):
        """A double number must not meet the numbers beside it either."""
        super().clean()
        if self.year is None or self.number is None:
            return
        last = self.last_number or self.number
        for other in JournalIssue.objects.filter(year=self.year).exclude(pk=self.pk):
            if other.number <= last and self.number <= (other.last_number or other.number):
                raise ValidationError({"number": f"{other.name} уже есть. Проверьте год и номер."})

    def save(self, *args, **kwargs):
        self.editorial = clean_body(self.editorial).html
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("media:issue-detail", args=[self.year, self.number])

    @property
    def numbers(self) -> str:
        return f"{self.number}–{self.last_number}" if self.last_number else str(self.number)

    @property
    def name(self) -> str:
        if get_language() == "en":
            return f"No. {self.numbers}, {self.year}"
        return f"№\u00a0{self.numbers}, {self.year}"

    @property
    def local_title(self) -> str:
        return (get_language() == "en" and self.title_en) or self.title
