"""Similar municipalities: the public comparison, and one's own right after the form is sent."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annual_report.enums import FILED_STATES
from annual_report.models import Indicator, Submission
from annual_report.selectors import get_filled_form
from annual_report.services import cubes
from annual_report.services import peers as services
from okmo_portal.core.text import format_number
from okmo_portal.organisations.models import Municipality, Region


def municipality_peers(request, oktmo):
    """Public: the last published values beside those of the similar municipalities."""
    municipality = get_object_or_404(
        Municipality.objects.select_related("region"), oktmo=oktmo, valid_to=None
    )
    snapshot = cubes.published_snapshot()
    if snapshot is None:
        raise Http404
    peers = services.peers_of(snapshot, oktmo)
    context = comparison(snapshot, oktmo, peers) | {"municipality": municipality}
    return render(request, "annual_report/peers/municipality.html", context)


@login_required
def benchmark(request, pk):
    """Own values of a sent form beside the published ones of the similar municipalities."""
    submission = get_object_or_404(
        Submission.objects.visible_to(request.user).with_territory(), pk=pk
    )
    context = {
        "submission": submission,
        "municipality": submission.municipality,
        "is_filed": submission.state in FILED_STATES,
    }
    snapshot = cubes.published_snapshot()
    if snapshot is not None and context["is_filed"]:
        oktmo = submission.municipality.oktmo
        peers = services.peers_of(snapshot, oktmo)
        values = get_filled_form(submission).values
        context |= comparison(snapshot, oktmo, peers, values)
    return render(request, "annual_report/peers/benchmark.html", context)


def comparison(snapshot, oktmo, peers, current=None) -> dict:
    lines = services.compare_with_peers(snapshot, oktmo, peers, current)
    texts = Indicator.objects.in_bulk([line.code for line in lines], field_name="code")
    regions = {item.code: item.local_name for item in Region.objects.all()}
    return {
        "snapshot": snapshot,
        "year": snapshot.campaign.year,
        "peers": [
            {
                "peer": peer,
                "region": regions.get(peer.region, ""),
                "distance": format_number(peer.distance, 2),
            }
            for peer in peers
        ],
        "lines": [shown(line, texts[line.code]) for line in lines if line.code in texts],
        "english": get_language() == "en",
    }


def shown(line, indicator) -> dict:
    result = line.result
    per = result.per
    decimals = max(indicator.decimals, 1) if per else indicator.decimals
    unit = indicator.local_unit
    if per:
        unit = _("%(unit)s на 1000 жителей") % {"unit": unit}

    def number(value):
        return "—" if value is None else format_number(value, decimals)

    return {
        "indicator": indicator,
        "unit": unit,
        "value": number(result.value),
        "median": number(result.median),
        "range": ("—" if result.low is None else f"{number(result.low)} – {number(result.high)}"),
        "place": _("нет данных") if result.place is None else str(result.place),
    }


def municipality_panel(request, municipality):
    """On the municipality's public page: the way to the comparison."""
    if municipality.valid_to is not None or cubes.published_snapshot() is None:
        return None
    return {"template": "annual_report/peers/_panel.html", "municipality": municipality}
