"""Unusual answers in plain Russian."""

from __future__ import annotations

import numpy as np

from annual_report.statistics.outliers import PER_RESIDENT, Finding
from okmo_portal.core.text import NBSP, counted, display_for, format_number, format_percent

_TIMES = ((1.75, "в полтора раза"), (2.5, "вдвое"), (3.5, "втрое"), (4.5, "вчетверо"))


def times(ratio: float) -> str:
    """«втрое», «в 12 раз»; ``ratio`` of at least 1.25."""
    for limit, word in _TIMES:
        if ratio < limit:
            return word
    number = round(ratio) if ratio < 100 else float(f"{ratio:.2g}")
    return f"в{NBSP}{counted(int(number), 'раз,раза,раз')}"


def describe(finding: Finding, unit: str, decimals: int) -> str:
    """What is unusual, in a sentence or two; the values in the indicator's ``unit``."""
    if finding.zeros is not None:
        share = format_percent(1 - finding.zeros, 0)
        return f"Ноль, хотя у {share} похожих муниципалитетов значение больше нуля."
    numbers = (finding.value, finding.usual, finding.low, finding.high, finding.previous or 0)
    display = display_for(unit, decimals, max(abs(item) for item in numbers))

    def show(value: float, with_unit: bool = True) -> str:
        value = value / display.divisor
        small = 0 < abs(value) < 1
        places = max(display.decimals, 1 - int(np.floor(np.log10(abs(value))))) if small else None
        text = format_number(value, min(places or display.decimals, 6))
        return f"{text}{NBSP}{display.unit}" if with_unit else text

    span = f"от {show(finding.low, False)} до {show(finding.high)}"
    how = _compare(finding)
    if finding.check == "year":
        text = (
            f"Было {show(finding.previous or 0)}, стало {show(finding.value)}: {how}, чем дало бы "
            f"обычное для похожих изменение; 95 % из них за год пришли бы к значению {span}."
        )
    else:
        size = " при том же числе жителей" if finding.scale in PER_RESIDENT else ""
        text = (
            f"{show(finding.value)} — {how}, чем у похожих{size} (обычно {show(finding.usual)}): "
            f"95 % из них {span}."
        )
    return text.replace("..", ".") + _hint(finding)


def _compare(finding: Finding) -> str:
    side = "выше" if finding.score > 0 else "ниже"
    if finding.scale == "logit":
        points = abs(finding.value - finding.usual)
        return f"на {format_number(points, 1)}{NBSP}п.{NBSP}п. {side}"
    if finding.scale == "signed" or finding.usual <= 0 or finding.value <= 0:
        return f"намного {side}"
    ratio = max(finding.value / finding.usual, finding.usual / finding.value)
    if ratio < 1.25:
        return f"на {format_percent(ratio - 1, 0)} {side}"
    return f"{times(ratio)} {side}"


def _hint(finding: Finding) -> str:
    """Thousands typed as units, and the other way round, are the commonest mistake."""
    if finding.usual <= 0 or finding.value <= 0 or finding.scale not in ("rate", "count", "log"):
        return ""
    power = abs(np.log10(finding.value / finding.usual))
    if 2.6 < power < 3.4:
        return " Похоже на другую единицу: проверьте, тысячи ли это."
    return ""
