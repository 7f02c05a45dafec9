"""Writing what an article speaks of."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from media import links
from media.models import Article, ArticleLink


@transaction.atomic
def set_links(*, article: Article, kind: str, keys: Iterable[str]) -> None:
    """Make ``keys`` the article's links of this kind; raises ValidationError for unknown ones."""
    found_kind = links.get(kind)
    if found_kind is None:
        raise ValidationError("Такого вида связи нет.")
    wanted = list(dict.fromkeys(key.strip() for key in keys if key.strip()))
    titles = found_kind.titles(wanted)
    unknown = [key for key in wanted if key not in titles]
    if unknown:
        raise ValidationError(
            f"{found_kind.label}: нет кода {', '.join(unknown[:5])}. {found_kind.hint}"
        )
    article.links.filter(kind=kind).exclude(key__in=wanted).delete()
    ArticleLink.objects.bulk_create(
        [
            ArticleLink(
                article=article, kind=kind, key=key,
                title=titles[key][0][:300], title_en=titles[key][1][:300],
            )
            for key in wanted
        ],
        update_conflicts=True,
        unique_fields=["article", "kind", "key"],
        update_fields=["title", "title_en"],
    )  # fmt: skip


def refresh_titles() -> int:
    """Take over the titles that objects have now; returns how many links changed."""
    changed = 0
    for kind in links.all_kinds():
        rows = list(ArticleLink.objects.filter(kind=kind.key))
        titles = kind.titles({row.key for row in rows})
        stale = []
        for row in rows:
            title, title_en = titles.get(row.key, (row.title, row.title_en))
            if (title[:300], title_en[:300]) != (row.title, row.title_en):
                row.title, row.title_en = title[:300], title_en[:300]
                stale.append(row)
        ArticleLink.objects.bulk_update(stale, ["title", "title_en"], batch_size=1000)
        changed += len(stale)
    return changed
