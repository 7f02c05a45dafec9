"""Articles and what hangs on them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language

from media.enums import ArticleState, Audience, DownloadKind
from media.models.author import Author
from media.models.image import Image
from media.models.issue import JournalIssue, Rubric
from media.querysets import ArticleQuerySet
from media.sanitise import clean_body
from okmo_portal.documents.models import Document


class Article(models.Model):
    """One text. ``state`` is written only by ``workflow.transitions.apply``.

    ``body`` is HTML, sanitised at every save. ``references`` and ``todo_steps`` hold one item a
    line. ``byline`` repeats the authors' names so that a list of thousands asks for none of them.
    ``position`` orders an issue freely; ``version`` counts the saved texts.
    """

    slug = models.SlugField(
        "постоянный адрес",
        max_length=120,
        unique=True,
        help_text="Латиницей. После публикации прежний адрес ведёт на новый.",
    )
    issue = models.ForeignKey(
        JournalIssue,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="articles",
        verbose_name="номер",
    )
    rubric = models.ForeignKey(
        Rubric, on_delete=models.PROTECT, related_name="articles", verbose_name="рубрика"
    )
    position = models.PositiveIntegerField("место в номере", default=1000)
    title = models.CharField("заголовок", max_length=250)
    title_en = models.CharField("заголовок по-английски", max_length=250, blank=True)
    lead = models.TextField("о чём статья, в двух предложениях", max_length=600, blank=True)
    lead_en = models.TextField("о чём, по-английски", max_length=600, blank=True)
    body = models.TextField("текст", blank=True)
    audience = ArrayField(
        models.CharField(max_length=12, choices=Audience.choices),
        verbose_name="кому",
        default=list,
        blank=True,
        help_text="Ничего не отмечено — всем.",
    )
    authors = models.ManyToManyField(Author, through="ArticleAuthor", related_name="articles")
    byline = models.CharField(max_length=500, blank=True, editable=False)
    cover = models.ForeignKey(
        Image,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="изображение",
    )
    todo_steps = models.TextField(
        "что делать: шаги", blank=True, max_length=3000, help_text="Каждый шаг с новой строки."
    )
    todo_deadline = models.CharField("что делать: срок", max_length=200, blank=True)
    todo_contact = models.CharField("что делать: к кому обратиться", max_length=300, blank=True)
    references = models.TextField(
        "источники", blank=True, max_length=6000, help_text="Каждый источник с новой строки."
    )
    state = models.CharField(
        "состояние", max_length=10, choices=ArticleState.choices, default=ArticleState.DRAFT
    )
    publish_at = models.DateTimeField("выйдет", null=True, blank=True)
    published_at = models.DateTimeField("опубликована", null=True, blank=True)
    changed_at = models.DateTimeField("изменена", auto_now=True)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    locked_at = models.DateTimeField(null=True, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = "статья"
        verbose_name_plural = "статьи"
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="article_published_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(publish_at__isnull=False),
                name="article_scheduled_when",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="article_archive"),
            models.Index(fields=["rubric", "state", "-published_at", "-id"], name="article_rubric"),
            models.Index(fields=["issue", "position"], name="article_in_issue"),
        ]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        self.body = clean_body(self.body).html
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("media:article-detail", args=[self.slug])

    @property
    def local_title(self) -> str:
        return (get_language() == "en" and self.title_en) or self.title

    @property
    def local_lead(self) -> str:
        return (get_language() == "en" and self.lead_en) or self.lead

    @property
    def steps(self) -> list[str]:
        return _lines(self.todo_steps)

    @property
    def sources(self) -> list[str]:
        return _lines(self.references)

    @property
    def audience_labels(self) -> list[str]:
        return [str(Audience(code).label) for code in self.audience if code in Audience.values]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class ArticleAuthor(models.Model):
    """An author's place among those of one article, and the post he signed this one with."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="signatures")
    author = models.ForeignKey(
        Author, on_delete=models.PROTECT, related_name="signatures", verbose_name="автор"
    )
    order = models.PositiveSmallIntegerField("порядок", default=0)
    position = models.CharField(
        "должность под статьёй",
        max_length=250,
        blank=True,
        help_text="Пусто — нынешняя должность автора.",
    )

    class Meta:
        verbose_name = "подпись автора"
        verbose_name_plural = "авторы статьи"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["article", "author"], name="article_author_once")
        ]

    def __str__(self):
        return str(self.author)

    @property
    def post(self) -> str:
        return self.position or self.author.position


class Correction(models.Model):
    """A mistake put right after publication; shown under the article for good."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="corrections")
    on = models.DateField("дата")
    text = models.TextField("что исправлено", max_length=1000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = "исправление"
        verbose_name_plural = "исправления"
        ordering = ["-on", "-pk"]

    def __str__(self):
        return f"{self.on:%d.%m.%Y}: {self.text[:60]}"


class Download(models.Model):
    """A file that the article offers: the template of an act in its box, or an attachment."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="downloads")
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="+", verbose_name="файл"
    )
    title = models.CharField("название", max_length=200)
    kind = models.CharField(
        "вид", max_length=12, choices=DownloadKind.choices, default=DownloadKind.ATTACHMENT
    )
    order = models.PositiveSmallIntegerField("порядок", default=0)

    class Meta:
        verbose_name = "файл статьи"
        verbose_name_plural = "файлы статьи"
        ordering = ["order", "pk"]

    def __str__(self):
        return self.title
