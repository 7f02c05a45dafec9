from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse

from okmo_portal.search.services import find, suggest

MAX_WORDS = 200


def results(request):
    """What is found for ``?q=``, by kind; a misspelt query gets a suggestion."""
    words, kind = request.GET.get("q", "").strip()[:MAX_WORDS], request.GET.get("kind", "")
    context = {"search_query": words, "kind": kind}
    if words:
        found = find(words, kind)
        page = Paginator(found.entries, 20).get_page(request.GET.get("page"))
        for entry in page.object_list:
            entry.url = reverse(entry.url_name, args=entry.url_args)
        context |= {"page": page, "counts": found.counts}
        context["total"] = sum(count for _key, _label, count in found.counts)
        if not context["total"]:
            context["suggestion"] = suggest(words)
    return render(request, "search/results.html", context)
