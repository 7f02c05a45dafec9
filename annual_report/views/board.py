"""The staff's board: completeness and timeliness by territory."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render

from annual_report.models import Campaign, Submission
from annual_report.selectors import Progress, progress, progress_by
from annual_report.views.review import current_campaign
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Region
from okmo_portal.organisations.permissions import is_auditor, is_congress_staff

ORDERS = {
    "share": lambda row: row["progress"].share,
    "name": lambda row: row["region"].sort_key,
    "missing": lambda row: -row["progress"].not_filed,
}
EMPTY = Progress(0, 0, 0, 0, 0)


def allowed_campaign(request):
    if not (is_congress_staff(request.user) or is_auditor(request.user)):
        raise Http404
    return current_campaign(request)


def region_rows(request, campaign):
    submissions = Submission.objects.visible_to(request.user).filter(campaign=campaign)
    by_region = progress_by(submissions, "region", campaign.municipality_deadline)
    regions = Region.objects.select_related("federal_district")
    return submissions, [
        {"region": region, "progress": by_region.get(region.pk, EMPTY)} for region in regions
    ]


@login_required
def board(request):
    campaign = allowed_campaign(request)
    if campaign is None:
        return render(request, "annual_report/board/empty.html")
    submissions, rows = region_rows(request, campaign)
    order = request.GET.get("order", "share")
    labels = dict(MunicipalityKind.choices)
    by_kind = progress_by(submissions, "municipality__kind", campaign.municipality_deadline)
    context = {
        "campaign": campaign,
        "campaigns": Campaign.objects.visible_to(request.user),
        "progress": progress(submissions, campaign.municipality_deadline),
        "rows": sorted(rows, key=ORDERS.get(order, ORDERS["share"])),
        "districts": by_district(rows),
        "kinds": [(labels[key].capitalize(), value) for key, value in sorted(by_kind.items())],
        "order": order,
        "chart": completeness_map(rows),
    }
    return render(request, "annual_report/board/board.html", context)


def completeness_map(rows):
    tiles = [
        Tile(
            row["region"].code,
            row["region"].tile_label,
            row["region"].short_name,
            row["region"].tile_row,
            row["region"].tile_column,
            row["progress"].share * 100 if row["progress"].expected else None,
        )
        for row in rows
    ]
    return tile_map(
        tiles,
        title="Сдано форм по субъектам РФ",
        value_name="сдано",
        unit="%",
        breaks=[20, 40, 60, 80],
    )


def by_district(rows):
    """Sums over the regions of each federal district."""
    found = {}
    for row in rows:
        found.setdefault(row["region"].federal_district, []).append(row["progress"])
    names = ("expected", "not_started", "working", "submitted", "approved", "late")
    return [
        (district.name, Progress(**{n: sum(getattr(item, n) for item in items) for n in names}))
        for district, items in sorted(found.items(), key=lambda pair: pair[0].order)
    ]


@login_required
def board_download(request):
    campaign = allowed_campaign(request)
    if campaign is None:
        raise Http404
    _submissions, rows = region_rows(request, campaign)
    return csv_response(
        f"completeness-{campaign.year}.csv",
        ["Код", "Субъект РФ", "Форм", "Сдано", "Утверждено", "Доля сданных, %", "В срок, %"],
        (download_row(row["region"], row["progress"]) for row in rows),
    )


def download_row(region, item):
    """Plain numbers: a spreadsheet counts with them."""
    shares = [f"{100 * share:.1f}".replace(".", ",") for share in (item.share, item.timely_share)]
    return [region.code, region.name, item.expected, item.filed, item.approved, *shares]
