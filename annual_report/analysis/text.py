"""A report's sentences: placeholders in, numbers of the snapshot out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from annual_report.analysis.figures import Analysis, Figure, IndicatorInfo
from annual_report.enums import Aggregation
from okmo_portal.core.text import NBSP, Display, display_for, format_number, format_percent

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
KINDS = ("total", "prev", "change", "count")


class UnknownPlaceholder(ValueError):
    """A chapter's text asks for something that the report does not have."""


def placeholders(text: str, codes: Iterable[str]) -> list[str]:
    """The placeholders of ``text``; raises UnknownPlaceholder naming the first wrong one."""
    known = set(codes)
    found = PLACEHOLDER.findall(text)
    for name in found:
        kind, _, code = name.partition(".")
        if name in ("year", "coverage", "municipalities") or (kind in KINDS and code in known):
            continue
        raise UnknownPlaceholder(
            f"Обозначение {{{{ {name} }}}} неизвестно. Можно: total, prev, change или count с кодом "
            "показателя (например total.A05), year, coverage, municipalities."
        )
    return found


def fill_text(text: str, analysis: Analysis) -> str:
    """Put the snapshot's numbers into a chapter's text."""
    placeholders(text, analysis.indicators)

    def number(match: re.Match) -> str:
        kind, _, code = match.group(1).partition(".")
        if kind == "year":
            return str(analysis.year)
        if kind == "coverage":
            return format_percent(analysis.coverage)
        if kind == "municipalities":
            return format_number(analysis.respondents)
        if kind == "change":
            return show_change(analysis.matched_change(code))
        info = analysis.indicators[code]
        figure = analysis.value(code, analysis.year - (kind == "prev"))
        return show_figure(figure, info, with_unit=kind != "count")

    # «5 ед..» at the end of a sentence: the unit's own point is enough.
    return PLACEHOLDER.sub(number, text).replace("..", ".")


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
