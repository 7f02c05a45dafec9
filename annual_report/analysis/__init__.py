"""Figures of territories from a snapshot, weighted to the register, and the sentences with them."""

from annual_report.analysis.figures import (
    METHODS,
    MIN_COUNT,
    MIN_COVERAGE,
    MIN_REPRESENTED,
    SCOPE_COLUMNS,
    WITHHELD,
    Analysis,
    Figure,
    IndicatorInfo,
    is_thin,
)
from annual_report.analysis.text import (
    UnknownPlaceholder,
    display_of,
    fill_text,
    placeholders,
    show_change,
    show_figure,
    show_placeholder,
    unit_of,
)

__all__ = [
    "METHODS",
    "MIN_COUNT",
    "MIN_COVERAGE",
    "MIN_REPRESENTED",
    "SCOPE_COLUMNS",
    "WITHHELD",
    "Analysis",
    "Figure",
    "IndicatorInfo",
    "UnknownPlaceholder",
    "display_of",
    "fill_text",
    "is_thin",
    "placeholders",
    "show_change",
    "show_figure",
    "show_placeholder",
    "unit_of",
]
