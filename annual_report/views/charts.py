"""Published charts as pictures that other pages embed: live, or frozen to one year's report."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from annual_report.models import Indicator, Report
from annual_report.views.catalogue import district_chart, series_chart
from okmo_portal.core.charts import standalone

#: Seconds that a picture is kept: a frozen one stays as it is, a live one changes once a year.
KEPT = {True: 86_400, False: 3_600}


def indicator_chart(request, code, kind):
    """``kind`` years or districts. With ``?year=`` frozen: what that year's report published."""
    indicator = get_object_or_404(Indicator, code=code)
    year = request.GET.get("year", "")
    reports = Report.objects.published().select_related("campaign", "snapshot")
    if year:
        reports = reports.filter(campaign__year=year) if year.isdecimal() else reports.none()
    report = reports.order_by("-campaign__year").first()
    if report is None:
        raise Http404
    if kind == "years":
        versions = list(indicator.versions.order_by("number"))
        chart = series_chart(indicator, versions, until=report.campaign.year)
    else:
        chart = district_chart(indicator, report)
    if chart is None:
        raise Http404
    source = _("ОКМО, доклад за %(year)s год, снимок %(hash)s") % {
        "year": report.campaign.year, "hash": report.snapshot.sha256[:12],
    }  # fmt: skip
    heading = indicator.local_title
    if kind == "districts":
        heading = f"{heading}, {report.campaign.year}"
    picture = standalone(chart, heading=heading, source=source)
    response = HttpResponse(picture, content_type="image/svg+xml; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={KEPT[bool(year)]}"
    # Made to stand on other sites; it holds published figures only.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
