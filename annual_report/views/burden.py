"""The burden meter: what forms cost those who fill them, by form, kind and region, year on year."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render

from annual_report.burden import Compared, Load, count_loads, earlier_of
from annual_report.models import Campaign
from annual_report.views.choice import choose_campaign, reads_queue
from okmo_portal.core.downloads import csv_response
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Region
from okmo_portal.organisations.permissions import is_council_member


def read_burden(request):
    """Campaign, those to choose from, and lines by form, kind and region; a council has its own's."""
    if not reads_queue(request.user):
        raise Http404
    campaign, campaigns = choose_campaign(request)
    if campaign is None:
        return None
    region = None
    if is_council_member(request.user):
        region = request.user.active_membership.organisation.region
    around = list(
        Campaign.objects.visible_to(request.user)
        .filter(year__in=(campaign.year, campaign.year - 1))
        .select_related("form")
    )
    loads = count_loads(around, region and region.pk)
    earlier = earlier_of(campaign, around)
    return {
        "campaign": campaign,
        "campaigns": campaigns,
        "region": region,
        "earlier": earlier,
        "whole": compare("Все", loads.whole, campaign, earlier),
        "forms": [
            compare(item.form.title, loads.whole, item, earlier_of(item, around))
            for item in around
            if item.year == campaign.year and item.pk in loads.whole
        ],
        "kinds": by_kind(loads, campaign, earlier),
        "regions": [] if region else by_region(loads, campaign, earlier),
    }


def compare(name, loads, campaign, earlier, key=None):
    def find(item):
        return loads.get(item.pk if key is None else (item.pk, key)) if item else None

    return Compared(name, find(campaign) or Load(), find(earlier))


def by_kind(loads, campaign, earlier):
    lines = [
        compare(str(kind.label).capitalize(), loads.kinds, campaign, earlier, str(kind))
        for kind in MunicipalityKind
    ]
    return [line for line in lines if line.now.forms]


def by_region(loads, campaign, earlier):
    """The heaviest first."""
    lines = [
        compare(region.short_name, loads.regions, campaign, earlier, region.pk)
        for region in Region.objects.all()
    ]
    return sorted(
        (line for line in lines if line.now.forms), key=lambda line: -(line.now.minutes or 0)
    )


@login_required
def burden(request):
    found = read_burden(request)
    if found is None:
        return render(request, "annual_report/board/empty.html")
    return render(request, "annual_report/burden/burden.html", found)


HEADER = [
    "Разрез", "Название", "Сдано форм", "Время измерено, форм", "Полей в форме",
    "Есть в федеральных формах", "Заполнено заранее, %", "Заполнено вручную, %",
    "Исправлено из заполненного заранее, %", "Минут, медиана", "Минут год назад",
    "Заполнено вручную год назад, %", "Минут меньше, чем год назад",
]  # fmt: skip


@login_required
def burden_download(request):
    found = read_burden(request)
    if found is None:
        raise Http404
    groups = (("форма", "forms"), ("вид", "kinds"), ("субъект РФ", "regions"))
    rows = [row_of(title, line) for title, key in groups for line in found[key]]
    campaign = found["campaign"]
    return csv_response(f"burden-{campaign.year}-{campaign.pk}.csv", HEADER, rows)


def row_of(group, line):
    now, before = line.now, line.before or Load()
    return [
        group, line.name, now.forms, now.measured, plain(now.asked_per_form),
        plain(now.duplicates_per_form), share(now.prefilled_share), share(now.by_hand_share),
        share(now.changed_share), plain(now.minutes), plain(before.minutes),
        share(before.by_hand_share), signed(line.less),
    ]  # fmt: skip


def plain(number):
    """As a spreadsheet counts with it; an empty cell where there is none."""
    return "" if number is None else f"{number:.1f}".removesuffix(".0").replace(".", ",")


def share(value):
    return "" if value is None else f"{100 * value:.1f}".replace(".", ",")


def signed(number):
    return "" if number is None else number
