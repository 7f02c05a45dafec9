"""RSS and Atom: the newest articles, of the journal or of one rubric."""

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from media.metadata import JOURNAL, absolute, permanent
from media.models import Article, Rubric

SIZE = 30


class ArticlesRss(Feed):
    """Addresses are the permanent ones; the feed is in the journal's language."""

    language = "ru"
    title = f"Журнал «{JOURNAL}»"
    description = "Новые статьи журнала для муниципалитетов."

    def link(self):
        return absolute(reverse("media:archive"))

    def get_feed(self, obj, request):
        feed = super().get_feed(obj, request)
        # The library puts the asked host here; a feed is read far from it.
        feed.feed["feed_url"] = absolute(request.path)
        return feed

    def items(self):
        rows = Article.objects.published().listed().in_archive_order()
        return rows[:SIZE]

    def item_title(self, item):
        return item.title

    def item_description(self, item):
        return item.lead

    def item_link(self, item):
        return permanent(item)

    def item_author_name(self, item):
        return item.byline or settings.ORGANISATION_SHORT_NAME

    def item_pubdate(self, item):
        return item.published_at

    def item_updateddate(self, item):
        return item.changed_at

    def item_categories(self, item):
        return [item.rubric.title]

    def item_guid(self, item):
        return f"okmo-article-{item.pk}"

    item_guid_is_permalink = False


class ArticlesAtom(ArticlesRss):
    feed_type = Atom1Feed
    subtitle = ArticlesRss.description


class RubricRss(ArticlesRss):
    def get_object(self, request, slug):
        return get_object_or_404(Rubric, slug=slug)

    def title(self, rubric):
        return f"{JOURNAL}: {rubric.title}"

    def description(self, rubric):
        return rubric.description or ArticlesRss.description

    def link(self, rubric):
        return permanent(rubric)

    def items(self, rubric):
        rows = Article.objects.published().filter(rubric=rubric).listed().in_archive_order()
        return rows[:SIZE]
