"""Public pages of regions and municipalities."""

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from okmo_portal.core.charts import Series, bar_chart
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.registry import registry
from okmo_portal.core.text import sort_key
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Municipality, Organisation, Region
from okmo_portal.organisations.permissions import is_congress_staff

CURRENT = Q(municipalities__valid_to__isnull=True) & ~Q(municipalities__status="abolished")


def region_list(request):
    regions = (
        Region.objects.select_related("federal_district")
        .annotate(count=Count("municipalities", filter=CURRENT))
        .order_by("federal_district__order", "sort_key")
    )
    # The list under the map holds the links: 89 small targets would be none.
    tiles = [
        Tile(r.code, r.tile_label, r.local_name, r.tile_row, r.tile_column, r.count)
        for r in regions
    ]
    title = _("Муниципальные образования по субъектам РФ")
    chart = tile_map(tiles, title=title, value_name=_("муниципальных образований"))
    context = {"regions": regions, "chart": chart, "title": title}
    context["total"] = sum(region.count for region in regions)
    return render(request, "territory/region_list.html", context)


def filtered_municipalities(request, region):
    rows = region.municipalities.filter(valid_to__isnull=True).exclude(status="abolished")
    kind, words = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:100]
    if kind in MunicipalityKind.values:
        rows = rows.filter(kind=kind)
    if words:
        rows = rows.filter(Q(sort_key__contains=sort_key(words)) | Q(oktmo__startswith=words))
    return rows.select_related("parent").order_by("sort_key", "pk"), kind, words


def region_detail(request, code):
    region = get_object_or_404(Region.objects.select_related("federal_district"), code=code)
    rows, kind, words = filtered_municipalities(request, region)
    counts = dict(
        region.municipalities.filter(valid_to__isnull=True)
        .exclude(status="abolished")
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    present = [item for item in MunicipalityKind if counts.get(item.value)]
    chart = bar_chart(
        [str(item.label).capitalize() for item in present],
        [Series(_("Муниципалитетов"), [counts[item.value] for item in present])],
        title=_("Муниципалитеты по видам"),
    )
    context = {
        "region": region,
        "chart": chart if present else None,
        "total": sum(counts.values()),
        "page": Paginator(rows, 50).get_page(request.GET.get("page")),
        "kind": kind,
        "q": words,
        "kinds": [(item.value, item.label) for item in present],
        "council": Organisation.objects.filter(
            region=region, kind="council", is_active=True
        ).first(),
        "panels": registry.build_panels("region", request, region),
    }
    return render(request, "territory/region_detail.html", context)


def region_download(request, code):
    """The region's list as CSV, with the page's filters."""
    region = get_object_or_404(Region, code=code)
    rows, _kind, _words = filtered_municipalities(request, region)
    return csv_response(
        f"municipalities-{region.code}.csv",
        ["Код ОКТМО", "Контрольное число", "Название", "Вид", "Входит в состав"],
        (
            [row.oktmo, row.check_digit, row.name, row.get_kind_display(), row.parent_name]
            for row in rows.annotate(parent_name=Coalesce("parent__name", Value("")))
        ),
    )


def municipality_detail(request, oktmo):
    """One municipality; of several with the same code the one that exists now, else the last."""
    municipality = (
        Municipality.objects.filter(oktmo=oktmo)
        .with_territory()
        .order_by(F("valid_to").desc(nulls_first=True))
        .first()
    )
    if municipality is None:
        raise Http404
    if municipality.status == "review" and not is_congress_staff(request.user):
        raise Http404
    context = {
        "municipality": municipality,
        "children": municipality.children.filter(valid_to__isnull=True).order_by("sort_key"),
        "changes_from": municipality.changes_from.prefetch_related("successors"),
        "changes_to": municipality.changes_to.prefetch_related("predecessors"),
        "panels": registry.build_panels("municipality", request, municipality),
    }
    return render(request, "territory/municipality_detail.html", context)
