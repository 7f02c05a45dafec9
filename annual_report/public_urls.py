from django.urls import path, re_path

from annual_report.views import (
    catalogue,
    charts,
    figures,
    peers,
    pivot,
    proposal,
    public,
    series,
)

app_name = "report"

urlpatterns = [
    # --- reports and their downloads
    path("", public.report_list, name="report-list"),
    path("<int:year>/", public.report_detail, name="report-detail"),
    path("<int:year>/figures.csv", public.report_download, name="report-download"),
    path("<int:year>/gaps.csv", public.report_gaps, name="report-gaps"),
    path("<int:year>/<slug:slug>/", public.chapter_detail, name="chapter-detail"),
    # --- catalogue
    path("indicators/", catalogue.indicator_list, name="indicator-list"),
    re_path(r"^indicators/codebook\.(?P<kind>csv|json)$", catalogue.codebook, name="codebook"),
    path("indicators/<str:code>/", catalogue.indicator_detail, name="indicator-detail"),
    path(
        "indicators/<str:code>/values.csv",
        catalogue.indicator_download,
        name="indicator-download",
    ),
    # --- territory over time
    path("municipalities/<str:oktmo>/peers/", peers.municipality_peers, name="municipality-peers"),
    path(
        "municipalities/<str:oktmo>/series/",
        series.municipality_series_list,
        name="municipality-series-list",
    ),
    path(
        "municipalities/<str:oktmo>/<str:code>/",
        series.municipality_series,
        name="municipality-series",
    ),
    path(
        "municipalities/<str:oktmo>/<str:code>/series.csv",
        series.municipality_download,
        name="municipality-series-download",
    ),
    re_path(
        r"^series/(?P<scope>region|kind)/(?P<place>\w+)/(?P<code>[^/]+)/$",
        series.scope_series_page,
        name="scope-series",
    ),
    re_path(
        r"^series/(?P<scope>region|kind)/(?P<place>\w+)/(?P<code>[^/]+)/series\.csv$",
        series.scope_download,
        name="scope-series-download",
    ),
    # --- pivot, regions, municipalities, peers
    path("indicators/<str:code>/figures/", figures.indicator_figures, name="indicator-figures"),
    re_path(
        r"^indicators/(?P<code>[^/]+)/(?P<kind>years|districts)\.svg$",
        charts.indicator_chart,
        name="indicator-chart",
    ),
    path("tables/", pivot.pivot_page, name="pivot"),
    re_path(r"^tables/table\.(?P<kind>csv|xlsx)$", pivot.pivot_download, name="pivot-download"),
    #
    # --- proposals
    path("proposals/", proposal.public_list, name="proposal-list"),
    path("proposals/<int:pk>/", proposal.public_detail, name="proposal-detail"),
    #
]
