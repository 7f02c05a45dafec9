"""A chapter's blocks turned into tables and charts, for the page and for the PDF alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annual_report.analysis import Analysis, Figure, display_of, unit_of
from annual_report.enums import Scope
from annual_report.statistics.strata import SIZE_TITLES
from okmo_portal.core.charts import Chart, Series, bar_chart, line_chart, share_bars
from okmo_portal.core.text import Display, format_number, format_percent, sort_key
from okmo_portal.core.tilemap import Tile, tile_map

WITHHELD = "данных мало"
SECOND_LEVEL = ("urban_settlement", "rural_settlement", "intracity_district")
STATUS_WORDS = {
    "full": "ответили все",
    "own": "сам слой",
    "borrowed": "соседние слои",
    "empty": "ответов нет",
}
SOURCE = "формы муниципалитетов, утверждённые советами"


@dataclass(frozen=True)
class Table:
    headers: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Block:
    """What a template draws: ``kind`` is kpi, table, chart or facts."""

    kind: str
    title: str = ""
    table: Table | None = None
    chart: Chart | None = None
    items: list[tuple[str, str, str]] | None = None
    note: str = ""
    source: str = SOURCE


class BlockError(ValueError):
    """A block's description is wrong; the message says which and how, in Russian."""


@dataclass(frozen=True)
class Territories:
    """Names of the codes by scope, in the order of the tables, and the map's tiles."""

    names: Mapping[str, dict[str, str]]
    tiles: list[tuple[str, str, str, int, int]]
    titles: Mapping[str, str]
    snapshot_facts: list[tuple[str, str]]
    #: Federal district of each region.
    districts: Mapping[str, str] = field(default_factory=dict)
    #: Proposals of municipalities with their fate: (region, municipality, proposal, fate).
    proposals: Sequence[tuple[str, str, str, str]] = ()


class BlockBuilder:
    """Builds blocks over one analysis; the same instance serves all chapters."""

    def __init__(self, analysis: Analysis, territories: Territories):
        self.analysis, self.territories = analysis, territories
        #: The region whose chapter is being built; empty in chapters of the whole country.
        self.region = ""

    def build(self, spec: Mapping[str, Any], region: str = "") -> Block:
        self.region = region
        builders: dict[str, Callable[[Mapping[str, Any]], Block]] = {
            "kpi": self.kpi,
            "table": self.table,
            "bars": self.bars,
            "line": self.line,
            "shares": self.shares,
            "ages": self.ages,
            "map": self.map,
            "coverage": self.coverage,
            "snapshot": self.snapshot,
            "profile": self.profile,
            "municipalities": self.municipalities,
            "strata": self.strata,
            "proposals": self.proposals,
        }
        check_block(spec, self.analysis.indicators)
        return builders[spec["kind"]](spec)

    def kpi(self, spec):
        items = []
        for code in spec["indicators"]:
            info, figure = self.analysis.indicators[code], self._figure(code)
            display = display_of(info, [figure])
            items.append((self.territories.titles[code], show(figure, display), display.unit))
        return Block("kpi", items=items, note=self._coverage_note())

    def table(self, spec):
        scope = Scope(spec["by"])
        headers = [scope.label.capitalize()]
        columns = []
        for code in spec["indicators"]:
            info, figures = self.analysis.indicators[code], self.analysis.figures(code, scope)
            display = display_of(info, figures.values())
            headers.append(f"{self.territories.titles[code]}, {display.unit}")
            columns.append((display, figures, self.analysis.value(code)))
        rows = [
            [name, *[show(figures.get(key), display) for display, figures, _ in columns]]
            for key, name in self.territories.names[scope].items()
            if any(key in figures for _, figures, _ in columns)
        ]
        rows.append(["Всего", *[show(total, display) for display, _, total in columns]])
        return Block("table", spec["title"], table=Table(headers, rows), note=self._coverage_note())

    def bars(self, spec):
        info = self.analysis.indicators[spec["indicator"]]
        figures = self.analysis.figures(info.code, Scope(spec["by"]))
        names = {k: n for k, n in self.territories.names[spec["by"]].items() if k in figures}
        display = display_of(info, figures.values())
        values = display.scaled(figures[key].value for key in names)
        chart = bar_chart(
            list(names.values()),
            [Series(self.territories.titles[info.code], values)],
            title=spec["title"],
            unit=display.unit,
            decimals=display.decimals,
        )
        return self._chart(spec, chart, display.unit)

    def line(self, spec):
        infos = [self.analysis.indicators[code] for code in spec["indicators"]]
        years = self.analysis.years
        lines = {info: [self.analysis.value(info.code, year) for year in years] for info in infos}
        display = display_of(infos[0], [figure for line in lines.values() for figure in line])
        chart = line_chart(
            [str(year) for year in years],
            [
                Series(
                    self.territories.titles[info.code],
                    display.scaled(figure.value for figure in line),
                )
                for info, line in lines.items()
            ],
            title=spec["title"],
            unit=display.unit,
            decimals=display.decimals,
        )
        return self._chart(spec, chart, display.unit)

    def shares(self, spec):
        return self._shares(spec, spec["indicators"], spec["by"])

    def ages(self, spec):
        return self._shares(spec, ["A07", "A08", "A09"], "district")

    def _shares(self, spec, codes, by):
        figures = {code: self.analysis.figures(code, Scope(by)) for code in codes}
        names, shares = [], {code: [] for code in codes}
        for key, name in self.territories.names[by].items():
            values = [figures[code][key].value for code in codes if key in figures[code]]
            if len(values) < len(codes) or None in values or not sum(values):
                continue
            names.append(name)
            for code, value in zip(codes, values, strict=True):
                shares[code].append(max(value, 0) / sum(values))
        series = [Series(self.territories.titles[code], shares[code]) for code in codes]
        return self._chart(spec, share_bars(names, series, title=spec["title"]), "доли")

    def map(self, spec):
        code = spec["indicator"]
        if code == "coverage":
            figures, decimals, unit = self._coverage_figures(Scope.REGION), 0, "%"
            value = {key: item.coverage * 100 for key, item in figures.items()}
        else:
            info = self.analysis.indicators[code]
            decimals, unit = info.decimals, unit_of(info)
            value = {k: f.value for k, f in self.analysis.figures(code, Scope.REGION).items()}
        tiles = [
            Tile(key, label, name, row, column, value.get(key))
            for key, label, name, row, column in self.territories.tiles
        ]
        chart = tile_map(
            tiles, title=spec["title"], value_name="значение", unit=unit, decimals=decimals
        )
        return self._chart(spec, chart, unit)

    def coverage(self, spec):
        figures = self._coverage_figures(Scope(spec["by"]))
        rows = [
            [
                name,
                format_number(figures[key].expected),
                format_number(figures[key].count),
                format_percent(figures[key].coverage),
            ]
            for key, name in self.territories.names[spec["by"]].items()
            if key in figures
        ]
        headers = ["Группа", "Должны были отчитаться", "Утверждено", "Полнота"]
        return Block("table", spec["title"], table=Table(headers, rows))

    def _coverage_figures(self, scope: Scope) -> dict[str, Figure]:
        return self.analysis.coverage_by(scope)

    def snapshot(self, spec):
        items = [(name, value, "") for name, value in self.territories.snapshot_facts]
        return Block("facts", "Снимок данных", items=items)

    def _figure(self, code: str) -> Figure:
        """The chapter's own value: the region's or the country's."""
        if not self.region:
            return self.analysis.value(code)
        return self.analysis.figures(code, Scope.REGION).get(self.region, Figure(None, 0, 0))

    def profile(self, spec):
        """A region beside its federal district and the country, with the interval of its values."""
        district = self.territories.districts.get(self.region, "")
        names = self.territories.names
        rows = []
        for code in spec["indicators"]:
            info, own = self.analysis.indicators[code], self._figure(code)
            around = self.analysis.figures(code, Scope.DISTRICT).get(district)
            whole = self.analysis.value(code)
            display = display_of(info, [own])
            others = [
                show(item, display_of(info, [item])) + unit_suffix(info, item, display)
                for item in (around or Figure(None, 0, 0), whole)
            ]
            rows.append(
                [
                    f"{self.territories.titles[code]}, {display.unit}",
                    show(own, display),
                    interval(own, display),
                    *others,
                    format_percent(own.coverage, 0),
                ]
            )
        headers = [
            "Показатель",
            names["region"].get(self.region, "Субъект РФ"),
            "95 % интервал",
            names["district"].get(district, "Федеральный округ"),
            "Россия",
            "Полнота",
        ]
        return Block("table", spec["title"], table=Table(headers, rows), note=self._year_note())

    def municipalities(self, spec):
        """Values of the region's municipalities as they filed them; settlements only on request."""
        year = self.analysis.laid(self.analysis.year)
        register = self.analysis.register.set_index("oktmo").reindex(year.index)
        chosen = (register["region"].astype(str) == self.region).to_numpy(copy=True)
        if not spec.get("settlements"):
            chosen &= ~register["kind"].astype(str).isin(SECOND_LEVEL).to_numpy()
        columns = [
            (self.analysis.indicators[code], year.columns.get(code)[chosen])
            for code in spec["indicators"]
        ]
        names = (
            register["name"].astype(str)[chosen] if "name" in register else register.index[chosen]
        )
        displays = [Display(unit_of(info), 1, info.decimals) for info, _ in columns]
        rows = sorted(
            (
                [
                    str(name),
                    *(
                        "—" if value != value else display.number(value)
                        for display, value in zip(displays, values, strict=True)
                    ),
                ]
                for name, *values in zip(names, *(values for _, values in columns), strict=True)
            ),
            key=lambda row: sort_key(row[0]),
        )
        headers = [
            "Муниципальное образование",
            *(
                f"{self.territories.titles[info.code]}, {display.unit}"
                for (info, _), display in zip(columns, displays, strict=True)
            ),
        ]
        return Block(
            "table",
            spec["title"],
            table=Table(headers, rows),
            note=f"{self._year_note()} Прочерк — формы нет или данных нет.",
        )

    def strata(self, spec):
        """Coverage by stratum: whose answers stand for whose silence."""
        table = self.analysis.coverage_by_stratum()
        labels = self.territories.names
        rows = [
            [
                (
                    f"{labels['kind'].get(row.kind, row.kind)}, {SIZE_TITLES.get(row.size, row.size)}, "
                    f"{labels['district'].get(row.district, row.district)}"
                ),
                format_number(row.expected),
                format_number(row.count),
                format_percent(row.coverage, 0),
                STATUS_WORDS[row.status],
            ]
            for row in table.itertuples()
        ]
        headers = ["Слой", "Должны были отчитаться", "Утверждено", "Полнота", "Кто говорит за слой"]
        return Block("table", spec["title"], table=Table(headers, rows))

    def proposals(self, spec):
        rows = [
            [municipality, text, fate]
            for region, municipality, text, fate in self.territories.proposals
            if not self.region or region == self.region
        ]
        headers = ["Муниципальное образование", "Предложение", "Что с ним стало"]
        if not rows:
            return Block("facts", spec["title"], items=[("Предложений", "не поступало", "")])
        return Block("table", spec["title"], table=Table(headers, rows), source="портал ОКМО")

    def _year_note(self):
        return f"{self.analysis.year} год."

    def _chart(self, spec, chart, unit):
        return Block(
            "chart",
            spec["title"],
            chart=chart,
            note=f"Единица: {unit.rstrip('.')}. {self._coverage_note()}",
        )

    def _coverage_note(self):
        return (
            f"{self.analysis.year} год. Полнота: {format_percent(self.analysis.coverage)} "
            "муниципальных образований."
        )


def interval(figure: Figure, display: Display) -> str:
    """«12,1–14,3», a dash where nothing is estimated."""
    if figure.value is None or figure.low is None or figure.high is None or figure.is_exact:
        return "—"
    return f"{display.number(figure.low)} – {display.number(figure.high)}"


def unit_suffix(info, figure: Figure, display: Display) -> str:
    """The unit, where a larger territory's value is shown in a larger one."""
    unit = display_of(info, [figure]).unit
    return "" if figure.value is None or unit == display.unit else f" {unit}"


def show(figure: Figure | None, display: Display) -> str:
    if figure is None:
        return "—"
    return WITHHELD if figure.value is None else display.number(figure.value)


NEEDS = {
    "kpi": ("indicators",),
    "table": ("indicators", "by", "title"),
    "bars": ("indicator", "by", "title"),
    "line": ("indicators", "title"),
    "shares": ("indicators", "by", "title"),
    "ages": ("title",),
    "map": ("indicator", "title"),
    "coverage": ("by", "title"),
    "snapshot": (),
    "profile": ("indicators", "title"),
    "municipalities": ("indicators", "title"),
    "strata": ("title",),
    "proposals": ("title",),
}
#: Blocks that make sense in a region's chapter only.
REGIONAL = ("profile", "municipalities")


def check_block(spec: Any, codes: Mapping[str, Any]) -> None:
    """Raise BlockError for a description that cannot be built."""
    kind = spec.get("kind") if isinstance(spec, dict) else None
    if kind not in NEEDS:
        raise BlockError(f"Блок «{kind}» неизвестен. Можно: {', '.join(NEEDS)}.")
    missing = [key for key in NEEDS[kind] if not spec.get(key)]
    if missing:
        raise BlockError(f"В блоке «{kind}» не хватает: {', '.join(missing)}.")
    if "by" in NEEDS[kind] and spec["by"] not in ("district", "region", "kind"):
        raise BlockError(f"В блоке «{kind}» разрез by: district, region или kind.")
    named = spec.get("indicators") or ([spec["indicator"]] if spec.get("indicator") else [])
    for code in named:
        if code not in codes and not (kind == "map" and code == "coverage"):
            raise BlockError(f"В блоке «{kind}» нет показателя {code}.")
