"""The Congress's board: completeness and timeliness by territory, pace, and acceptance by region."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render

from annual_report.boards import (
    NOBODY,
    add_by,
    add_up,
    by_size,
    count_groups,
    earlier_campaign,
    pace_chart,
)
from annual_report.enums import SubmissionState
from annual_report.models import Correction
from annual_report.permissions import manage_reports
from annual_report.views.choice import choose_campaign, forms_of, reads_board
from okmo_portal.core.downloads import csv_response
from okmo_portal.core.text import format_date
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Region

ORDERS = {
    "share": lambda row: row["progress"].share,
    "name": lambda row: row["region"].sort_key,
    "missing": lambda row: -row["progress"].not_filed,
    "late": lambda row: -row["progress"].late,
}
ORDER_WORDS = {
    "share": "отстающие сверху",
    "missing": "больше всего не сдали",
    "late": "больше всего с опозданием",
    "name": "по алфавиту",
}


def board_campaign(request):
    if not reads_board(request.user):
        raise Http404
    return choose_campaign(request)


def region_rows(groups):
    found = add_by(groups, lambda group: group.region)
    regions = Region.objects.select_related("federal_district")
    return [{"region": region, "progress": found.get(region.pk, NOBODY)} for region in regions]


@login_required
def board(request):
    campaign, campaigns = board_campaign(request)
    if campaign is None:
        return render(request, "annual_report/board/empty.html")
    groups = count_groups(forms_of(request.user, campaign))
    rows = region_rows(groups)
    order = request.GET.get("order", "share")
    order = order if order in ORDERS else "share"
    labels = dict(MunicipalityKind.choices)
    kinds = add_by(groups, lambda group: group.kind)
    context = {
        "campaign": campaign,
        "campaigns": campaigns,
        "progress": add_up(group.tally for group in groups),
        "rows": sorted(rows, key=ORDERS[order]),
        "districts": by_district(rows),
        "kinds": [(labels[key].capitalize(), kinds[key]) for key in sorted(kinds)],
        "sizes": by_size(groups),
        "order": order,
        "orders": ORDER_WORDS.items(),
        "chart": completeness_map(rows),
        "pace": pace_chart(campaign),
        "earlier": earlier_campaign(campaign),
        "corrections": Correction.objects.filter(
            submission__campaign=campaign, state="proposed"
        ).count(),
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
    ordered = sorted(found.items(), key=lambda pair: pair[0].order)
    return [(district.name, add_up(items)) for district, items in ordered]


@login_required
def board_download(request):
    """Completeness and timeliness by region."""
    campaign, _campaigns = board_campaign(request)
    if campaign is None:
        raise Http404
    rows = region_rows(count_groups(forms_of(request.user, campaign)))
    return csv_response(
        f"completeness-{campaign.year}-{campaign.pk}.csv",
        ["Код", "Субъект РФ", "Форм", "Сдано", "Утверждено", "Принято", "С опозданием", "Не сдано",
         "Доля сданных, %", "В срок, %"],
        (download_row(row["region"], row["progress"]) for row in rows),
    )  # fmt: skip


def download_row(region, item):
    """Plain numbers: a spreadsheet counts with them."""
    shares = [f"{100 * share:.1f}".replace(".", ",") for share in (item.share, item.timely_share)]
    counts = [item.expected, item.filed, item.approved, item.accepted, item.late, item.not_filed]
    return [region.code, region.name, *counts, *shares]


@login_required
def board_forms(request):
    """Every form with its state and dates, no contacts."""
    campaign, _campaigns = board_campaign(request)
    if campaign is None:
        raise Http404
    rows = (
        forms_of(request.user, campaign)
        .order_by("region__sort_key", "municipality__sort_key", "pk")
        .values_list(
            "region__name", "municipality__name", "municipality__oktmo", "municipality__kind",
            "state", "filled", "required", "filed_at", "extended_to", "decided_at", "accepted_at",
            "revision",
        )
    )  # fmt: skip
    return csv_response(
        f"forms-{campaign.year}-{campaign.pk}.csv",
        ["Субъект РФ", "Муниципалитет", "ОКТМО", "Вид", "Состояние", "Заполнено", "Нужно",
         "Сдана впервые", "Срок продлён до", "Решение совета", "Принята", "Редакция"],
        (form_row(row) for row in rows.iterator(chunk_size=5000)),
    )  # fmt: skip


KINDS, STATES = dict(MunicipalityKind.choices), dict(SubmissionState.choices)


def form_row(row):
    region, name, oktmo, kind, state, filled, required, *dates, revision = row
    return [
        region, name, oktmo, KINDS[kind], STATES[state], filled, required,
        *(format_date(item) if item else "" for item in dates), revision,
    ]  # fmt: skip


@login_required
def acceptance(request):
    """What councils have approved, by region; whole regions are accepted at once."""
    campaign, campaigns = board_campaign(request)
    if campaign is None:
        return render(request, "annual_report/board/empty.html")
    rows = region_rows(count_groups(forms_of(request.user, campaign)))
    context = {
        "campaign": campaign,
        "campaigns": campaigns,
        "rows": sorted(
            (row for row in rows if row["progress"].expected),
            key=lambda row: (-row["progress"].waiting_congress, row["region"].sort_key),
        ),
        "progress": add_up(row["progress"] for row in rows),
        "can_accept": manage_reports(request.user),
    }
    return render(request, "annual_report/board/acceptance.html", context)
