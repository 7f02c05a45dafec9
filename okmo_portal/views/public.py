"""Home page and the static public pages."""

from django.conf import settings
from django.db import connection
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static

from okmo_portal.core.registry import registry


def home(request):
    cards = [card for _, build in registry.home_cards if (card := build(request)) is not None]
    return render(request, "home.html", {"cards": cards})


def favicon(request):
    return redirect(static("okmo/img/mark.svg"), permanent=False)


def health(request):
    """For the container's check: the process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": settings.PORTAL_VERSION})
