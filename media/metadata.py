"""What search engines and messengers are told of an article (schema.org, OpenGraph)."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

from media.models import Article, ArticleAuthor

#: In JSON inside HTML these would end the element.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}
JOURNAL = "Муниципальная Россия"


def absolute(path: str) -> str:
    """Permanent addresses carry the portal's own name, whatever host was asked."""
    return settings.SITE_URL.rstrip("/") + path


def permanent(page: Any) -> str:
    """One address for a text, that of the journal's language, in whatever language it is read."""
    with override(settings.LANGUAGE_CODE):
        return absolute(page.get_absolute_url())


def describe_article(article: Article, signatures: list[ArticleAuthor]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": article.title,
        "description": article.lead,
        "inLanguage": "ru",
        "url": permanent(article),
        "datePublished": article.published_at.isoformat() if article.published_at else None,
        "dateModified": article.changed_at.isoformat(),
        "articleSection": article.rubric.title,
        "author": [
            {
                "@type": "Person",
                "name": item.author.full_name,
                "jobTitle": item.post,
                "url": permanent(item.author),
            }
            for item in signatures
        ],
        "publisher": {"@type": "Organization", "name": settings.ORGANISATION_NAME},
        "isPartOf": describe_issue(article),
    }
    if article.cover is not None and article.cover.is_public:
        found["image"] = absolute(article.cover.social_url)
    return {key: value for key, value in found.items() if value}


def describe_issue(article: Article) -> dict[str, Any]:
    journal = {"@type": "Periodical", "name": JOURNAL}
    if article.issue is None:
        return journal
    return {"@type": "PublicationIssue", "issueNumber": article.issue.numbers, "isPartOf": journal}


def as_script(data: dict[str, Any]) -> SafeString:
    """JSON that no text can leave."""
    text = json.dumps(data, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(text)  # noqa: S308 - escaped above
