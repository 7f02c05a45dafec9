from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from okmo_portal.search.services import complete, find, snippets, suggest

MAX_WORDS = 200


@require_GET
def completions(request):
    """Titles for what is typed so far, as JSON for the list under the header's field."""
    titles = complete(request.GET.get("q", "")[:MAX_WORDS])
    return JsonResponse({"titles": titles})


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
