"""What search engines are told: the public pages that the search itself knows."""

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from okmo_portal.search.models import SearchEntry


class StaticPages(Sitemap):
    """Pages without an object, in both languages, each naming the other."""

    i18n = True
    alternates = True
    x_default = True

    def items(self):
        pages = ["home", "about", "contacts", "accessibility", "privacy", "territory:region-list"]
        return [*pages, "media:archive", "media:article-list"]

    def location(self, item):
        return reverse(item)


class FoundPages(Sitemap):
    """Every entry of the search index, which holds public things only.

    A file lists a thousand so that it is made within a page's time (the protocol allows 50,000).
    """

    limit = 1000

    def items(self):
        return SearchEntry.objects.only("url_name", "url_args").order_by("pk")

    def location(self, item):
        return reverse(item.url_name, args=item.url_args)


SITEMAPS = {"pages": StaticPages, "found": FoundPages}
