"""Home page and the static public pages."""

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse

from okmo_portal.core.registry import registry


def home(request):
    cards = [card for _, build in registry.home_cards if (card := build(request)) is not None]
    return render(request, "home.html", {"cards": cards})


def favicon(request):
    return redirect(static("okmo/img/mark.svg"), permanent=False)


def robots(request):
    """Robots stay out of what needs a sign-in and of endless search results."""
    closed = ("/admin/", "/accounts/", "/cabinet/", "/profile/", "/search/", "/en/search/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    lines += ["", f"Sitemap: {request.build_absolute_uri(reverse('sitemap-index'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def health(request):
    """For the container's check: the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": settings.PORTAL_VERSION})
