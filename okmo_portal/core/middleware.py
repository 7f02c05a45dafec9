"""Headers of every answer, and cleaning of what comes in."""

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from okmo_portal.core.text import clean_text

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeadersMiddleware:
    """Permissions-Policy everywhere; pages of signed-in people are never stored."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response


class CleanTextMiddleware:
    """Takes null characters out of what was sent: PostgreSQL's text cannot hold them.

    They come from broken programs and from attackers; one in the path can name nothing.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\x00" in request.path_info:
            raise SuspiciousOperation("null character in the path")
        request.GET = _clean(request.GET)
        if request.method == "POST":
            request.POST = _clean(request.POST)
        return self.get_response(request)


def _clean(values):
    if not any("\x00" in value for _, found in values.lists() for value in found):
        return values
    cleaned = QueryDict(mutable=True, encoding=values.encoding)
    for name, found in values.lists():
        cleaned.setlist(clean_text(name), [clean_text(value) for value in found])
    return cleaned
