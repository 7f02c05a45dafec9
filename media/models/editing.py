"""What the desk leaves on an article: versions, comments, tasks; and what readers send."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from media.enums import ContributionKind, ContributionState
from media.models.article import Article
from media.querysets import ContributionQuerySet
from okmo_portal.documents.models import Document
from okmo_portal.organisations.models import Municipality, Region

#: Fields of an article that a version keeps and a restoration brings back.
VERSIONED = (
    "title", "title_en", "lead", "lead_en", "body", "todo_steps", "todo_deadline", "todo_contact",
    "references",
)  # fmt: skip


class ArticleVersion(models.Model):
    """The texts of an article as they were saved once; never changed."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField("версия")
    texts = models.JSONField("тексты")
    note = models.CharField("что изменено", max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField("сохранена", auto_now_add=True)

    class Meta:
        verbose_name = "версия статьи"
        verbose_name_plural = "версии статей"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_version_once")
        ]

    def __str__(self):
        return f"{self.article_id}: {self.number}"


class ArticleComment(models.Model):
    """A remark on the draft, to a place in it when ``quote`` names one."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="comments")
    quote = models.CharField("к какому месту", max_length=300, blank=True)
    text = models.TextField("замечание", max_length=3000)
    version = models.PositiveIntegerField("к версии")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("когда", auto_now_add=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField("учтено", null=True)

    class Meta:
        verbose_name = "замечание"
        verbose_name_plural = "замечания"
        ordering = ["pk"]

    def __str__(self):
        return self.text[:60]


class EditTask(models.Model):
    """What somebody has to do with an article, and until when."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField("что сделать", max_length=200)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="journal_tasks",
        verbose_name="кому",
    )
    due_on = models.DateField("срок")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("поставлена", auto_now_add=True)
    done_at = models.DateTimeField("сделана", null=True)

    class Meta:
        verbose_name = "поручение"
        verbose_name_plural = "поручения"
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["assignee", "due_on"], condition=Q(done_at__isnull=True), name="task_open"
            )
        ]

    def __str__(self):
        return self.title


class Contribution(models.Model):
    """A practice or an article that a reader or a municipality offers to the journal."""

    kind = models.CharField("что это", max_length=10, choices=ContributionKind.choices)
    title = models.CharField("заголовок", max_length=250)
    text = models.TextField("текст", max_length=60_000)
    name = models.CharField("имя и фамилия", max_length=200)
    position = models.CharField("должность или занятие", max_length=250, blank=True)
    email = models.EmailField("электронная почта")
    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    consented_at = models.DateTimeField("согласие дано")
    state = models.CharField(
        "состояние",
        max_length=10,
        choices=ContributionState.choices,
        default=ContributionState.NEW,
    )
    answer = models.TextField("ответ редакции", blank=True, max_length=2000)
    article = models.OneToOneField(
        Article, on_delete=models.SET_NULL, null=True, blank=True, related_name="contribution"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField("прислано", auto_now_add=True)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = "материал от читателя"
        verbose_name_plural = "материалы от читателей"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["state", "-at"], name="contribution_queue")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("journal_desk:contribution-detail", args=[self.pk])
