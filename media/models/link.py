"""What articles speak of, and where old addresses lead."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from media.models.article import Article
from media.models.issue import JournalIssue


class LegalAct(models.Model):
    """An act that articles and indicators rest on; ``title`` reads as in the indicators' bases."""

    slug = models.SlugField("адрес", max_length=80, unique=True)
    title = models.CharField(
        "акт", max_length=200, unique=True, help_text="Например: Федеральный закон № 33-ФЗ"
    )
    title_en = models.CharField("акт по-английски", max_length=200, blank=True)
    subject = models.CharField("о чём", max_length=500, blank=True)
    adopted_on = models.DateField("принят", null=True, blank=True)
    source = models.CharField(
        "адрес официального текста",
        max_length=300,
        blank=True,
        validators=[URLValidator(["https", "http"])],
    )

    class Meta:
        verbose_name = "правовой акт"
        verbose_name_plural = "правовые акты"
        ordering = ["title"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("media:act-detail", args=[self.slug])

    @property
    def local_title(self) -> str:
        return (get_language() == "en" and self.title_en) or self.title


class ArticleLink(models.Model):
    """An article speaks of an object of a registered kind (``media.links``).

    ``key`` is the object's lasting code there. Its title is kept with the link, so that an
    article's page asks no other table; ``services.links`` writes it.
    """

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField("вид", max_length=20)
    key = models.CharField("код", max_length=80)
    title = models.CharField("название", max_length=300)
    title_en = models.CharField("название по-английски", max_length=300, blank=True)

    class Meta:
        verbose_name = "связь статьи"
        verbose_name_plural = "связи статей"
        ordering = ["kind", "title"]
        constraints = [
            models.UniqueConstraint(fields=["article", "kind", "key"], name="article_link_once")
        ]
        indexes = [models.Index(fields=["kind", "key"], name="article_link_target")]

    def __str__(self):
        return self.title

    @property
    def local_title(self) -> str:
        return (get_language() == "en" and self.title_en) or self.title


class OldAddress(models.Model):
    """A path of the former site or of a renamed article, and what stands there now."""

    path = models.CharField(
        "прежний адрес",
        max_length=400,
        unique=True,
        help_text="Без имени сайта, с параметрами: /archive/index.php?id=15",
    )
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, null=True, blank=True, related_name="old_addresses",
        verbose_name="статья",
    )  # fmt: skip
    issue = models.ForeignKey(
        JournalIssue, on_delete=models.CASCADE, null=True, blank=True,
        related_name="old_addresses", verbose_name="номер",
    )  # fmt: skip

    class Meta:
        verbose_name = "прежний адрес"
        verbose_name_plural = "прежние адреса"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(article__isnull=False, issue__isnull=True)
                | Q(article__isnull=True, issue__isnull=False),
                name="old_address_one_target",
                violation_error_message="Укажите статью или номер — что-то одно.",
            ),
            models.CheckConstraint(
                condition=Q(path__startswith="/"),
                name="old_address_is_path",
                violation_error_message="Адрес начинается с косой черты: /archive/15.",
            ),
        ]

    def __str__(self):
        return self.path
