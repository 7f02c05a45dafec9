"""Addresses of the former site lead to what stands there now."""

from urllib.parse import unquote

from django.http import HttpResponsePermanentRedirect

from media.models import OldAddress

MAX_PATH = 400


class OldAddressMiddleware:
    """Looks only where the portal itself has no page, so that it costs the others nothing."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        target = find_target(request.get_full_path())
        return response if target is None else HttpResponsePermanentRedirect(target)


def find_target(path: str) -> str | None:
    """The present address of a former one; with its query first, then without."""
    # Old sites had Russian words in their addresses; browsers send them encoded.
    read = unquote(path, errors="ignore").removeprefix("/en").replace("\x00", "")
    plain = read.split("?", 1)[0]
    candidates = {item[:MAX_PATH] for item in (read, plain, plain.rstrip("/"))} - {"", "/"}
    ordered = sorted(candidates, key=len, reverse=True)
    rows = {
        row.path: row
        for row in OldAddress.objects.filter(path__in=ordered).select_related("article", "issue")
    }
    found = next((rows[item] for item in ordered if item in rows), None)
    return None if found is None else (found.article or found.issue).get_absolute_url()
