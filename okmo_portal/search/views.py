from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse

from okmo_portal.search.services import find, snippets, suggest

MAX_WORDS = 200


def results(request):
    """What is found for ``?q=``, by kind.

    A query that finds nothing is asked again with its misspelt words put right; the page says so.
    """
    words, kind = request.GET.get("q", "").strip()[:MAX_WORDS], request.GET.get("kind", "")
    context = {"search_query": words, "kind": kind}
    if words:
        found = find(words, kind)
        if not found.counts and (mended := suggest(words)):
            retried = find(mended, kind)
            if retried.counts:
                context["mended"], found, words = mended, retried, mended
        page = Paginator(found.entries, 20).get_page(request.GET.get("page"))
        around = snippets(words, page.object_list)
        for entry in page.object_list:
            entry.url = reverse(entry.url_name, args=entry.url_args)
            entry.snippet = around.get(entry.pk, "")
        context |= {"page": page, "counts": found.counts}
        context["total"] = sum(count for _key, _label, count in found.counts)
    return render(request, "search/results.html", context)
