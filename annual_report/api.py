"""The open API: published figures, the catalogue and municipalities' values, as JSON for everybody.

Read-only; what is not published is not there. Described by OpenAPI at ``openapi.json``.
"""

from decimal import Decimal

import polars as pl
from django.http import Http404
from django.shortcuts import get_object_or_404
from ninja import NinjaAPI, Query, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from annual_report.enums import Scope
from annual_report.models import Indicator, Report, ReportFigure
from annual_report.services import cubes
from annual_report.services.gaps import gaps_of
from annual_report.services.snapshots import load_catalogue, snapshot_folders

api = NinjaAPI(
    title="ОКМО: ежегодный доклад",
    version="1.0",
    description=__doc__,
    docs_url=None,
    urls_namespace="report-api",
)
MAX_YEAR = 2100
#: What wrong parameters are answered with, for the description.
REFUSED = {
    "responses": {422: {"description": "A parameter is wrong; `detail` says which and why."}}
}


class IndicatorOut(Schema):
    code: str
    title: str
    title_en: str
    unit: str
    unit_en: str
    definition: str
    direction: str
    aggregation: str
    formula: str
    source: str


class FigureOut(Schema):
    """``low`` and ``high`` bound the 95 % interval; ``count`` of ``expected`` answered.

    With an ``option`` the value is the share, in percent, of those who chose it.
    """

    indicator: str
    year: int
    scope: Scope
    code: str
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    unweighted: Decimal | None
    method: str
    count: int
    expected: int
    option: int | None
    withheld: str


class ReportOut(Schema):
    year: int
    title: str
    title_en: str
    snapshot: int
    sha256: str
    municipalities: int
    expected: int


class ValuesOut(Schema):
    oktmo: str
    year: int
    name: str
    kind: str
    values: dict[str, float]
    no_data: dict[str, str] = Field(description="Why there is no value, by indicator.")


class Problem(Schema):
    detail: str


@api.get("/indicators", response=list[IndicatorOut], openapi_extra=REFUSED)
@paginate(LimitOffsetPagination)
def indicators(request):
    """The catalogue of indicators in force."""
    return Indicator.objects.in_force().order_by("code")


@api.get("/reports", response=list[ReportOut], openapi_extra=REFUSED)
def reports(request):
    """Published reports with the hash of the data behind them."""
    rows = Report.objects.published().select_related("campaign", "snapshot")
    return [
        ReportOut(
            year=row.campaign.year,
            title=row.title,
            title_en=row.title_en,
            snapshot=row.snapshot_id,
            sha256=row.snapshot.sha256,
            municipalities=row.snapshot.municipalities,
            expected=row.snapshot.expected,
        )
        for row in rows
    ]


class FigureFilter(Schema):
    indicator: str | None = Field(None, max_length=10, pattern=r"^[A-Z]\d{2}$")
    year: int | None = Field(None, ge=1990, le=MAX_YEAR)
    scope: Scope | None = None
    code: str | None = Field(None, max_length=30, pattern=r"^\w*$")


@api.get("/figures", response=list[FigureOut], openapi_extra=REFUSED)
@paginate(LimitOffsetPagination)
def figures(request, filters: Query[FigureFilter]):
    """Figures of published reports by territory, kind and size class."""
    rows = ReportFigure.objects.filter(report__in=Report.objects.published())
    chosen = {
        "indicator__code": filters.indicator,
        "report__campaign__year": filters.year,
        "scope": filters.scope,
        "scope_code": filters.code,
    }
    rows = rows.filter(**{key: value for key, value in chosen.items() if value is not None})
    rows = rows.select_related("indicator", "report__campaign")
    return FigureRows(rows.order_by("report__campaign__year", "indicator__code", "scope", "pk"))


class FigureRows:
    """A queryset's pages as the schema wants them, so that only one page is read."""

    def __init__(self, rows):
        self.rows = rows

    def all(self):
        return self

    def count(self):
        return self.rows.count()

    def __len__(self):
        return self.rows.count()

    def __getitem__(self, part):
        return [
            FigureOut(
                indicator=row.indicator.code,
                year=row.report.campaign.year,
                scope=Scope(row.scope),
                code=row.scope_code,
                value=row.value,
                low=row.low,
                high=row.high,
                unweighted=row.unweighted,
                method=row.method,
                count=row.count,
                expected=row.expected,
                option=row.option,
                withheld=row.withheld,
            )
            for row in self.rows[part]
        ]


class ValuesFilter(Schema):
    year: int | None = Field(None, ge=1990, le=MAX_YEAR)


@api.get("/municipalities/{oktmo}", response={200: ValuesOut, 404: Problem}, openapi_extra=REFUSED)
def municipality(request, oktmo: str, filters: Query[ValuesFilter]):
    """One municipality's values of the newest published report, or of an earlier ``year`` in it."""
    snapshot = cubes.published_snapshot()
    if snapshot is None:
        raise Http404
    year = filters.year or max(snapshot_folders(snapshot))
    codes = [row["code"] for row in load_catalogue(snapshot)]
    tables = cubes.open_years(snapshot, [year], ["oktmo", "name", "kind", *codes])
    if year not in tables:
        raise Http404
    rows = tables[year].filter(pl.col("oktmo") == oktmo).to_dicts()
    if not rows:
        raise Http404
    row = rows[0]
    return ValuesOut(
        oktmo=row.pop("oktmo"),
        year=year,
        name=row.pop("name"),
        kind=row.pop("kind"),
        values={code: value for code, value in row.items() if value is not None},
        no_data=gaps_of(snapshot, oktmo) if year == snapshot.campaign.year else {},
    )


@api.get("/indicators/{code}", response={200: IndicatorOut, 404: Problem}, openapi_extra=REFUSED)
def indicator(request, code: str):
    if "\x00" in code:
        raise Http404
    return get_object_or_404(Indicator, code=code)
