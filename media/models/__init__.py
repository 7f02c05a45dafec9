"""The journal's objects."""

from media.models.article import Article, ArticleAuthor, Correction, Download
from media.models.author import Author
from media.models.editing import (
    VERSIONED,
    ArticleComment,
    ArticleVersion,
    Contribution,
    EditTask,
)
from media.models.image import Image
from media.models.issue import JournalIssue, Rubric
from media.models.link import ArticleLink, LegalAct, OldAddress

__all__ = [
    "VERSIONED",
    "Article",
    "ArticleAuthor",
    "ArticleComment",
    "ArticleLink",
    "ArticleVersion",
    "Author",
    "Contribution",
    "Correction",
    "Download",
    "EditTask",
    "Image",
    "JournalIssue",
    "LegalAct",
    "OldAddress",
    "Rubric",
]
