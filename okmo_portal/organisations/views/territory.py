"""Public pages of regions and municipalities."""

from django.core.paginator import Paginator
from django.db.models import Count, Q, Value
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from okmo_portal.core.charts import Series, bar_chart
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.registry import registry
from okmo_portal.core.text import sort_key
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Municipality, Organisation, Region
from okmo_portal.organisations.permissions import is_congress_staff
from okmo_portal.organisations.services import genealogy


def current_through(path):
    """Municipalities that exist today, as a condition over a relation."""
    today = timezone.localdate()
    return (
        (Q(**{f"{path}__valid_from": None}) | Q(**{f"{path}__valid_from__lte": today}))
        & (Q(**{f"{path}__valid_to": None}) | Q(**{f"{path}__valid_to__gt": today}))
        & ~Q(**{f"{path}__status": "abolished"})
    )


def region_list(request):
    regions = (
        Region.objects.select_related("federal_district")
        .annotate(count=Count("municipalities", filter=current_through("municipalities")))
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
    rows = region.municipalities.current().exclude(status="abolished")
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
        region.municipalities.current()
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


def visible_municipalities(request):
    rows = Municipality.objects.with_territory()
    return rows if is_congress_staff(request.user) else rows.exclude(status="review")


def municipality_detail(request, oktmo):
    """Who holds the code now, else who held it last; a choice where unrelated ones held it."""
    rows = list(visible_municipalities(request).filter(oktmo=oktmo))
    if not rows:
        raise Http404
    today = timezone.localdate()
    shown, others = genealogy.holders_of(rows, today)
    if others and not shown.exists_on(today):
        context = {"oktmo": oktmo, "municipalities": [shown, *others]}
        return render(request, "territory/municipality_choice.html", context)
    return render_municipality(request, shown, others)


def municipality_record(request, oktmo, pk):
    """One row of the register, also where its code has passed to another."""
    municipality = get_object_or_404(visible_municipalities(request), oktmo=oktmo, pk=pk)
    return render_municipality(request, municipality, [])


def render_municipality(request, municipality, others):
    today = timezone.localdate()
    is_gone = municipality.valid_to is not None and municipality.valid_to <= today
    heirs = genealogy.heirs_now(municipality, today) if municipality.valid_to else []
    context = {
        "municipality": municipality,
        "others": others,
        "is_gone": is_gone,
        "heirs": [row for row in heirs if row.pk != municipality.pk],
        "children": municipality.children.current().order_by("sort_key"),
        "changes": genealogy.history_of(municipality),
        "panels": registry.build_panels("municipality", request, municipality),
    }
    return render(request, "territory/municipality_detail.html", context)
