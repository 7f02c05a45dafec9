"""The kinds of objects that articles speak of today, and the panels on their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.translation import gettext_lazy as _

from annual_report.models import Indicator
from media.links import LinkKind
from media.models import LegalAct
from media.selectors import PANEL_SIZE, articles_about
from okmo_portal.organisations.models import Municipality


def municipality_titles(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The latest holder of each OKTMO code."""
    rows = (
        Municipality.objects.filter(oktmo__in=keys)
        .select_related("region")
        .order_by("oktmo", "valid_from")
    )
    return {row.oktmo: (f"{row.name} ({row.region.short_name})", "") for row in rows}


def indicator_titles(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    rows = Indicator.objects.filter(code__in=keys)
    return {row.code: (row.title, row.title_en) for row in rows}


def act_titles(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    return {row.slug: (row.title, row.title_en) for row in LegalAct.objects.filter(slug__in=keys)}


KINDS = (
    LinkKind(
        "municipality",
        _("Муниципалитеты"),
        "Код ОКТМО из восьми цифр, например 29601000.",
        "territory:municipality-detail",
        municipality_titles,
        order=10,
    ),
    LinkKind(
        "indicator",
        _("Показатели"),
        "Код показателя из каталога, например C01.",
        "report:indicator-detail",
        indicator_titles,
        order=20,
    ),
    LinkKind(
        "act",
        _("Правовые акты"),
        "Адрес акта из списка правовых актов, например 33-fz.",
        "media:act-detail",
        act_titles,
        order=30,
    ),
)
#: Page of the portal's registry → kind of link; the object's key there is found by ``_KEYS``.
PANELS = {"municipality": "municipality", "indicator": "indicator"}
_KEYS = {"municipality": lambda row: row.oktmo, "indicator": lambda row: row.code}


def panel_for(kind: str) -> Callable:
    """A panel with the latest articles about the page's object; none when there are none."""

    def build(request, subject):
        found = list(articles_about(kind, _KEYS[kind](subject))[: PANEL_SIZE + 1])
        if not found:
            return None
        return {
            "template": "media/_panel.html",
            "articles": found[:PANEL_SIZE],
            "more": len(found) > PANEL_SIZE,
            "kind": kind,
            "key": _KEYS[kind](subject),
        }

    return build
