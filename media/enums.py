"""Closed lists of the journal."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class IssueState(models.TextChoices):
    PLANNED = "planned", "готовится"
    PUBLISHED = "published", "вышел"


class ArticleState(models.TextChoices):
    """The editorial route; a published article goes back to the proof when it is taken down."""

    DRAFT = "draft", "черновик"
    EDITING = "editing", "у редактора"
    PROOF = "proof", "корректура"
    SCHEDULED = "scheduled", "выйдет по расписанию"
    PUBLISHED = "published", "опубликована"


#: While an article stands here its text may be changed by those who work on it.
OPEN_STATES = (ArticleState.DRAFT, ArticleState.EDITING, ArticleState.PROOF)


class Audience(models.TextChoices):
    """For whom an article is; none chosen means everybody."""

    HEAD = "head", _("главе")
    DEPUTY = "deputy", _("депутату")
    ACCOUNTANT = "accountant", _("бухгалтеру")
    TOS = "tos", _("активисту ТОС")


class DownloadKind(models.TextChoices):
    TEMPLATE = "template", _("проект акта")
    ATTACHMENT = "attachment", _("приложение")


class ContributionKind(models.TextChoices):
    PRACTICE = "practice", _("муниципальная практика")
    ARTICLE = "article", _("статья")


class ContributionState(models.TextChoices):
    NEW = "new", "ждёт ответа редакции"
    ACCEPTED = "accepted", "принято, сделан черновик"
    DECLINED = "declined", "отклонено"
