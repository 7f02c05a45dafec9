"""What every page needs: the organisation's name, navigation, languages, footer."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from okmo_portal.core.registry import registry

FOOTER = (
    (_("Справка"), "help-list"),
    (_("Об организации"), "about"),
    (_("Доступность"), "accessibility"),
    (_("Персональные данные"), "privacy"),
    (_("Контакты"), "contacts"),
)


def portal(request):
    english = get_language() == "en"
    return {
        "organisation_name": settings.ORGANISATION_NAME_EN
        if english
        else settings.ORGANISATION_NAME,
        "organisation_short_name": (
            settings.ORGANISATION_SHORT_NAME_EN if english else settings.ORGANISATION_SHORT_NAME
        ),
        "contact_email": settings.CONTACT_EMAIL,
        "contact_phone": settings.CONTACT_PHONE,
        "menu": SimpleLazyObject(lambda: _menu(request)),
        "language_links": SimpleLazyObject(lambda: _language_links(request)),
        "footer_links": SimpleLazyObject(_footer_links),
        "search_url": _url_or_none("search:results"),
        "completions_url": _url_or_none("search:completions"),
        "cabinet_path": reverse("cabinet"),
    }


def _menu(request):
    path = request.path.removeprefix("/en")
    return [
        {
            "label": item.label,
            "url": item.url(),
            "is_current": any(path.startswith(prefix) for prefix in item.prefixes),
        }
        for item in registry.menu
        if item.visible(request)
    ]


def _language_links(request):
    """Links to this page in the other languages; only for pages that have them."""
    match = request.resolver_match
    if match is None or request.method != "GET":
        return []
    current = get_language()
    links = []
    for code, name in settings.LANGUAGES:
        url = translate_url(request.get_full_path(), code)
        links.append({"code": code, "name": name, "url": url, "is_current": code == current})
    return links if len({link["url"] for link in links}) > 1 else []


def _footer_links():
    return [{"label": gettext(str(label)), "url": _url_or_none(name)} for label, name in FOOTER]


def _url_or_none(name):
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
