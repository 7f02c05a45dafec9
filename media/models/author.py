"""Who writes."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language

from media.models.image import Image
from okmo_portal.core.text import initials, sort_key
from okmo_portal.organisations.models import Municipality


class Author(models.Model):
    """A person with the post he signs with; may be an account of the portal, need not."""

    slug = models.SlugField("адрес", max_length=80, unique=True)
    last_name = models.CharField("фамилия", max_length=100)
    first_name = models.CharField("имя", max_length=100)
    patronymic = models.CharField("отчество", max_length=100, blank=True)
    name_en = models.CharField("имя по-английски", max_length=200, blank=True)
    position = models.CharField(
        "должность", max_length=250, help_text="С названием организации, как под статьёй."
    )
    municipality = models.ForeignKey(
        Municipality,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="journal_authors",
        verbose_name="муниципалитет",
    )
    about = models.TextField("об авторе", max_length=1000, blank=True)
    photo = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="фото",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="journal_author",
        verbose_name="учётная запись",
    )
    sort_key = models.CharField(max_length=220, editable=False, db_index=True)

    class Meta:
        verbose_name = "автор"
        verbose_name_plural = "авторы"
        ordering = ["sort_key"]

    def __str__(self):
        return self.full_name

    def save(self, *args, **kwargs):
        self.sort_key = sort_key(self.full_name)[:220]
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("media:author-detail", args=[self.slug])

    @property
    def full_name(self) -> str:
        return " ".join(p for p in (self.last_name, self.first_name, self.patronymic) if p)

    @property
    def short_name(self) -> str:
        return initials(self.last_name, self.first_name, self.patronymic)

    @property
    def local_name(self) -> str:
        return (get_language() == "en" and self.name_en) or self.full_name
