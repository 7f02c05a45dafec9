"""Tables that a reader makes: published figures by territory, kind, size and year."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import Http404
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annual_report.analysis import IndicatorInfo
from annual_report.cube import PLACES
from annual_report.enums import Aggregation, SizeClass
from annual_report.models import Indicator, Section
from annual_report.pivot import TOTAL, Pivot, make_pivot, needed_columns
from annual_report.pivot_forms import ROWS, PivotForm
from annual_report.services import cubes
from annual_report.services.snapshots import load_infos, snapshot_folders
from okmo_portal.core.charts import Chart, Series, bar_chart, line_chart
from okmo_portal.core.downloads import csv_response, xlsx_response
from okmo_portal.core.text import Display, display_for
from okmo_portal.core.tilemap import Tile, tile_map
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import FederalDistrict, Region

DEFAULT_INDICATOR = "D10"
MAX_BARS, MAX_LINES = 30, 6
FIELDS = ("rows", "cols", "year", "district", "region", "kind", "size")


@dataclass
class PivotTable:
    """A pivot with what is needed to show it."""

    pivot: Pivot
    infos: list[IndicatorInfo]
    displays: dict[str, Display]
    titles: dict[str, str]
    rows: str
    columns: str
    row_names: dict[str, str]
    column_names: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(indicator, column) of each data column, in order."""
        if not self.columns:
            return [(info.code, TOTAL) for info in self.infos]
        code = self.infos[0].code
        totals = [(code, TOTAL)] if self.columns != "year" else []
        return [*((code, column) for column in self.column_names), *totals]

    @property
    def headers(self) -> list[str]:
        if not self.columns:
            return [f"{self.titles[i.code]}, {self.displays[i.code].unit}" for i in self.infos]
        # Years are not added up.
        totals = [_("Всего")] if self.columns != "year" else []
        return [*self.column_names.values(), *totals]

    @property
    def has_total(self) -> bool:
        """A nation has one row, and years are not added up."""
        return self.rows not in ("nation", "year")

    def body(self) -> list[tuple[str, list]]:
        rows = [
            (name, [self.pivot.get(code, key, column) for code, column in self.keys])
            for key, name in self.row_names.items()
        ]
        if self.has_total:
            rows.append(
                (_("Всего"), [self.pivot.get(code, TOTAL, column) for code, column in self.keys])
            )
        return rows

    def shown(self) -> list[dict]:
        """Rows for the page: text and coverage of each cell."""
        codes = [code for code, _column in self.keys]
        return [
            {
                "name": name,
                "cells": [
                    self._shown_cell(code, cell) for code, cell in zip(codes, cells, strict=True)
                ],
            }
            for name, cells in self.body()
        ]

    def _shown_cell(self, code: str, cell) -> dict:
        if cell is None or not cell.expected:
            return {"text": "—", "coverage": None}
        if cell.value is None:
            return {"text": _("данных мало"), "coverage": cell.coverage}
        return {"text": self.displays[code].number(cell.value), "coverage": cell.coverage}


def pivot_page(request):
    snapshot = cubes.published_snapshot()
    if snapshot is None:
        return render(request, "annual_report/pivot/empty.html")
    form, table, choice = read_pivot(request, snapshot)
    context = {
        "form": form,
        "choice": choice,
        "table": table,
        "needs_region": table is None,
        "snapshot": snapshot,
        "groups": indicator_groups(form, choice["indicators"]),
        "fields": FIELDS,
    }
    if table:
        context |= {
            "rows": table.shown(),
            "row_title": capfirst(dict(ROWS)[choice["rows"]]),
            "chart": draw(table, choice),
            "chart_title": f"{table.titles[table.infos[0].code]}, {period(choice)}",
            "source_text": _("формы муниципалитетов, утверждённые советами"),
        }
    return render(request, "annual_report/pivot/pivot.html", context)


def period(choice) -> str:
    years = choice["years"]
    return str(years[0]) if len(years) == 1 else f"{min(years)}–{max(years)}"


def pivot_download(request, kind):
    """The same table as a file, with counts beside each figure."""
    snapshot = cubes.published_snapshot()
    if snapshot is None:
        raise Http404
    _form, table, choice = read_pivot(request, snapshot)
    if table is None:
        raise Http404
    header = [str(dict(ROWS)[choice["rows"]])]
    for name in table.headers:
        header += [name, _("ответили"), _("должны были")]
    rows = [[name, *flat_cells(table, cells)] for name, cells in table.body()]
    write = csv_response if kind == "csv" else xlsx_response
    return write(f"okmo-table-{choice['year']}.{kind}", [str(item) for item in header], rows)


def flat_cells(table: PivotTable, cells: list) -> list:
    found = []
    for (code, _column), cell in zip(table.keys, cells, strict=True):
        display = table.displays[code]
        value = None if cell is None or cell.value is None else cell.value / display.divisor
        found += [
            None if value is None else round(value, display.decimals),
            cell.count if cell else 0,
            cell.expected if cell else 0,
        ]
    return found


def read_pivot(request, snapshot) -> tuple[PivotForm, PivotTable | None, dict]:
    """The form, the table (None while a region must be chosen first) and what was chosen."""
    infos = load_infos(snapshot)
    offered = dict(
        Indicator.objects.filter(code__in=infos, is_retired=False)
        .exclude(aggregation=Aggregation.CHOICE)
        .order_by("section__order", "order", "code")
        .values_list("code", "title_en" if get_language() == "en" else "title")
    )
    form = PivotForm(
        request.GET, indicators=list(offered.items()), years=snapshot_folders(snapshot)
    )
    default = DEFAULT_INDICATOR if DEFAULT_INDICATOR in infos else next(iter(offered))
    choice = form.chosen(default)
    if choice["rows"] == "municipality" and not choice["filters"]["region"]:
        return form, None, choice
    chosen = [infos[code] for code in choice["indicators"]]
    tables = cubes.open_years(snapshot, choice["years"], [*PLACES, *needed_columns(chosen, infos)])
    pivot = make_pivot(
        tables, chosen, rows=choice["rows"], columns=choice["cols"], filters=choice["filters"]
    )
    return form, describe(pivot, chosen, choice, tables), choice


def describe(pivot: Pivot, infos, choice, tables) -> PivotTable:
    texts = {
        item.code: item for item in Indicator.objects.filter(code__in=[info.code for info in infos])
    }
    displays = {}
    for info in infos:
        known = [
            abs(cell.value)
            for (code, _row, _column), cell in pivot.cells.items()
            if code == info.code and cell.value is not None
        ]
        unit = "%" if info.aggregation == Aggregation.SHARE else texts[info.code].local_unit
        displays[info.code] = display_for(unit, info.decimals, max(known, default=None))
    return PivotTable(
        pivot=pivot,
        infos=infos,
        displays=displays,
        titles={code: item.local_title for code, item in texts.items()},
        rows=choice["rows"],
        columns=choice["cols"],
        row_names=names_of(choice["rows"], pivot.rows, tables),
        column_names=names_of(choice["cols"], pivot.columns, tables) if choice["cols"] else {},
    )


def names_of(dimension: str, members: list[str], tables) -> dict[str, str]:
    """Labels of the members that occur, in the order in which people look for them."""
    if dimension == "nation":
        return {TOTAL: _("Россия")}
    if dimension == "municipality":
        found = {}
        for _year, table in sorted(tables.items()):
            found |= dict(table.select("oktmo", "name").iter_rows())
        return dict(sorted(((key, found[key]) for key in members), key=lambda pair: pair[1]))
    labels = {
        "district": lambda: {x.code: x.local_name for x in FederalDistrict.objects.all()},
        "region": lambda: {x.code: x.local_name for x in Region.objects.order_by("sort_key")},
        "kind": lambda: {x.value: capfirst(x.label) for x in MunicipalityKind},
        "size": lambda: {x.value: capfirst(x.label) for x in SizeClass},
        "year": lambda: {key: key for key in sorted(members)},
    }[dimension]()
    return {key: label for key, label in labels.items() if key in members}


def indicator_groups(form, chosen):
    """Options by section, for a select with groups."""
    groups: dict[str, list] = {}
    for code, title in form.fields["i"].choices:
        groups.setdefault(code[0], []).append((code, title, code in chosen))
    return [
        (section.local_title, groups[section.code])
        for section in Section.objects.filter(code__in=groups)
    ]


def draw(table: PivotTable, choice) -> Chart | None:
    """A map of regions, lines over years, or bars; None where a picture would say nothing."""
    if choice["cols"] == "year" or choice["rows"] == "year":
        return draw_years(table, choice)
    if choice["cols"]:
        return None
    if choice["rows"] == "region" and not any(choice["filters"].values()):
        return draw_map(table)
    if choice["rows"] in ("nation", "municipality") or len(table.row_names) > MAX_BARS:
        return None
    info = table.infos[0]
    display = table.displays[info.code]
    values = [value_of(table, info.code, key, TOTAL) for key in table.row_names]
    return bar_chart(
        list(table.row_names.values()),
        [Series(table.titles[info.code], display.scaled(values))],
        title=table.titles[info.code],
        unit=display.unit,
        decimals=display.decimals,
    )


def value_of(table: PivotTable, code: str, row: str, column: str) -> float | None:
    cell = table.pivot.get(code, row, column)
    return None if cell is None else cell.value


def draw_years(table: PivotTable, choice) -> Chart | None:
    info = table.infos[0]
    display = table.displays[info.code]
    if choice["rows"] == "year":
        years = list(table.row_names)
        lines = [
            (name, [value_of(table, info.code, year, key) for year in years])
            for key, name in (table.column_names or {TOTAL: table.titles[info.code]}).items()
        ]
    else:
        years = list(table.column_names)
        lines = [
            (name, [value_of(table, info.code, key, year) for year in years])
            for key, name in table.row_names.items()
        ]
    if not years or not 1 <= len(lines) <= MAX_LINES:
        return None
    return line_chart(
        years,
        [Series(name, display.scaled(values)) for name, values in lines],
        title=table.titles[info.code],
        unit=display.unit,
        decimals=display.decimals,
    )


def draw_map(table: PivotTable) -> Chart:
    info = table.infos[0]
    display = table.displays[info.code]
    tiles = [
        Tile(
            region.code, region.tile_label, region.local_name, region.tile_row, region.tile_column,
            display.scaled([value_of(table, info.code, region.code, TOTAL)])[0],
        )
        for region in Region.objects.order_by("sort_key")
    ]  # fmt: skip
    return tile_map(
        tiles,
        title=table.titles[info.code],
        value_name=table.titles[info.code],
        unit=display.unit,
        decimals=display.decimals,
    )
