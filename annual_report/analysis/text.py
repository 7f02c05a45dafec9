"""A report's sentences: placeholders in, numbers of the snapshot out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from annual_report.analysis.figures import Analysis, Figure, IndicatorInfo
from annual_report.enums import Aggregation, Scope
from okmo_portal.core.text import NBSP, Display, display_for, format_number, format_percent

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
KINDS = ("total", "prev", "change", "count")
#: Before a placeholder of a region's chapter: the country's value.
NATION = "nation."


class UnknownPlaceholder(ValueError):
    """A chapter's text asks for something that the report does not have."""


def placeholders(text: str, codes: Iterable[str]) -> list[str]:
    """The placeholders of ``text``; raises UnknownPlaceholder naming the first wrong one."""
    known = set(codes)
    found = PLACEHOLDER.findall(text)
    for name in found:
        kind, _, code = name.removeprefix(NATION).partition(".")
        if name in ("year", "coverage", "municipalities") or (kind in KINDS and code in known):
            continue
        raise UnknownPlaceholder(
            f"Обозначение {{{{ {name} }}}} неизвестно. Можно: total, prev, change или count с кодом "
            "показателя (например total.A05), year, coverage, municipalities; в главе субъекта РФ "
            "значение по стране — nation.total.A05."
        )
    return found


def fill_text(text: str, analysis: Analysis, region: str = "") -> str:
    """Put the snapshot's numbers into a chapter's text; those of ``region`` in its chapter."""
    placeholders(text, analysis.indicators)
    filled = PLACEHOLDER.sub(lambda match: show_placeholder(match.group(1), analysis, region), text)
    # «5 ед..» at the end of a sentence: the unit's own point is enough.
    return filled.replace("..", ".")


def show_placeholder(name: str, analysis: Analysis, region: str = "") -> str:
    """What stands in a sentence for the placeholder ``name``."""
    if name.startswith(NATION):
        return show_placeholder(name.removeprefix(NATION), analysis)
    kind, _, code = name.partition(".")
    if kind == "year":
        return str(analysis.year)
    if kind == "coverage":
        return format_percent(_filed(analysis, region).coverage)
    if kind == "municipalities":
        return format_number(_filed(analysis, region).count)
    if kind == "change":
        return show_change(None if region else analysis.matched_change(code))
    info = analysis.indicators[code]
    figures = analysis.figures(
        code, Scope.REGION if region else Scope.NATION, analysis.year - (kind == "prev")
    )
    figure = figures.get(region, Figure(None, 0, 0))
    return show_figure(figure, info, with_unit=kind != "count")


def _filed(analysis: Analysis, region: str) -> Figure:
    """How many forms stand behind a chapter."""
    if not region:
        return Figure(None, analysis.respondents, len(analysis.register))
    return analysis.coverage_by(Scope.REGION).get(region, Figure(None, 0, 0))


def show_figure(figure: Figure, info: IndicatorInfo, *, with_unit: bool = True) -> str:
    """A number for a sentence; without the unit where the sentence names what is counted."""
    if figure.value is None:
        return "(данных недостаточно)"
    if not with_unit:
        return format_number(figure.value, info.decimals)
    display = display_of(info, [figure])
    return f"{display.number(figure.value)}{NBSP}{display.unit}"


def display_of(info: IndicatorInfo, figures: Iterable[Figure]) -> Display:
    """One unit for all ``figures``, by the largest of them."""
    largest = max((abs(item.value) for item in figures if item.value is not None), default=None)
    return display_for(unit_of(info), info.decimals, largest)


def unit_of(info: IndicatorInfo) -> str:
    return "%" if info.aggregation == Aggregation.SHARE else info.unit


def show_change(change: float | None) -> str:
    """«вырос на 2,1 %» needs a gender; a signed figure does not."""
    if change is None:
        return "(нет сопоставимых данных)"
    sign = "+" if change > 0 else ""
    return f"{sign}{format_percent(change)}"
