"""What stands in which column, and what may be repaired: read from JSON, checked, in one shape.

``columns``::

    {"territory": {"column": "territory_id", "system": "mo_ref", "system_column": "",
                   "fill_down": false},
     "indicator": {"column": "…"} or {"code": "A05"},
     "period":    {"column": "year", "shift": -1} or {"year": 2023},
     "unit":      {"column": "…", "multipliers": {"тысяча рублей": "1", "рубль": "0.001"}},
     "values":   [{"column": "value", "indicator": "A05", "year": 2023, "multiplier": "1000"}]}

A value column names its own indicator and year (a wide sheet), or leaves them to the indicator and
period columns. ``options``::

    {"decimal": "" or "," or ".", "thousands": "" or "," or "." or "'",
     "multiplier": "1", "year_multipliers": [{"from": 2000, "to": 2008, "multiplier": "1"}],
     "indicators": {"Y48112027": "A05"},
     "filters": [{"column": "age", "values": ["Всего"], "mode": "only" or "except"}],
     "sum_over": [{"column": "gender", "values": ["Мужчины", "Женщины"]}],
     "skip": […SKIPS], "repairs": […REPAIRS], "no_unit_check": ["D08"] or ["*"]}

Multipliers turn the file's unit into the catalogue's. ``shift`` is added to the year that the file
names: population "on 1 January 2024" is the figure of the reported year 2023.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from annual_report.observations.readers import Layout, ReadError
from annual_report.observations.refusals import REPAIRS, SKIPS

OKTMO = "oktmo"


class MappingError(ValueError):
    """The mapping contradicts itself; the message says where, in Russian."""


@dataclass(frozen=True)
class ValueColumn:
    """A column of values; ``indicator`` and ``year`` are set where the column itself says them."""

    column: str
    indicator: str = ""
    year: int | None = None
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True)
class Filter:
    """Rows with one of ``values`` in the column, or (``mode`` except) those without."""

    column: str
    values: tuple[str, ...]
    mode: str = "only"


@dataclass(frozen=True)
class Spec:
    """One way to read a file; see the module's docstring for the meaning of the parts."""

    territory: str
    values: tuple[ValueColumn, ...]
    layout: Layout = field(default_factory=Layout)
    system: str = OKTMO
    system_column: str = ""
    fill_down: bool = False
    indicator: str = ""
    indicator_code: str = ""
    period: str = ""
    year: int | None = None
    shift: int = 0
    unit: str = ""
    units: Mapping[str, Decimal] = field(default_factory=dict)
    decimal: str = ""
    thousands: str = ""
    multiplier: Decimal = Decimal(1)
    year_multipliers: tuple[tuple[int, int, Decimal], ...] = ()
    indicators: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    sum_over: tuple[Filter, ...] = ()
    skip: frozenset[str] = frozenset()
    repairs: frozenset[str] = frozenset()
    no_unit_check: frozenset[str] = frozenset()

    @property
    def has_one_value_column(self) -> bool:
        return len(self.values) == 1


def parse(
    columns: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    layout: Layout | None = None,
) -> Spec:
    """The checked mapping; raises MappingError."""
    columns, options = _object(columns, "columns"), _object(options or {}, "options")
    _known(columns, {"territory", "indicator", "period", "unit", "values"}, "columns")
    _known(options, _OPTIONS, "options")
    territory = _object(columns.get("territory") or {}, "territory")
    indicator = _object(columns.get("indicator") or {}, "indicator")
    period = _object(columns.get("period") or {}, "period")
    unit = _object(columns.get("unit") or {}, "unit")
    spec = Spec(
        layout=layout or Layout(),
        territory=_text(territory.get("column")),
        system=_text(territory.get("system")) or OKTMO,
        system_column=_text(territory.get("system_column")),
        fill_down=territory.get("fill_down") is True,
        indicator=_text(indicator.get("column")),
        indicator_code=_text(indicator.get("code")),
        period=_text(period.get("column")),
        year=_year(period.get("year")),
        shift=_whole(period.get("shift") or 0, "сдвиг года", -5, 5),
        unit=_text(unit.get("column")),
        units={_text(k): _number(v) for k, v in _object(unit.get("multipliers") or {}, "").items()},
        values=tuple(_value(item) for item in _list(columns.get("values"))),
        decimal=_one_of(options.get("decimal"), ("", ",", "."), "десятичный знак"),
        thousands=_one_of(options.get("thousands"), ("", ",", ".", "'"), "разделитель групп"),
        multiplier=_number(options.get("multiplier", 1)),
        year_multipliers=tuple(_years(row) for row in _list(options.get("year_multipliers"))),
        indicators={
            _text(k): _text(v) for k, v in _object(options.get("indicators") or {}, "").items()
        },
        filters=tuple(_filter(item) for item in _list(options.get("filters"))),
        sum_over=tuple(_filter(item) for item in _list(options.get("sum_over"))),
        skip=_words(options.get("skip"), SKIPS, "пропуск"),
        repairs=_words(options.get("repairs"), REPAIRS, "исправление"),
        no_unit_check=frozenset(_text(item) for item in _list(options.get("no_unit_check"))),
    )
    _check(spec)
    return spec


_OPTIONS = {
    "decimal", "thousands", "multiplier", "year_multipliers", "indicators", "filters", "sum_over",
    "skip", "repairs", "no_unit_check",
}  # fmt: skip


def _check(spec: Spec) -> None:
    if not spec.territory:
        raise MappingError("Укажите столбец с кодом территории.")
    if not spec.values:
        raise MappingError("Укажите хотя бы один столбец со значениями.")
    for column in spec.values:
        if not (column.indicator or spec.indicator or spec.indicator_code):
            raise MappingError(f"Столбец «{column.column}»: не сказано, какой это показатель.")
        if not (column.year or spec.period or spec.year):
            raise MappingError(f"Столбец «{column.column}»: не сказано, за какой год значения.")
    if spec.unit and not spec.units:
        raise MappingError("Для столбца с единицей перечислите единицы и их множители.")
    if spec.decimal and spec.decimal == spec.thousands:
        raise MappingError("Десятичный знак и разделитель групп не могут совпадать.")
    used = [spec.territory, *(column.column for column in spec.values)]
    doubled = {name for name in used if used.count(name) > 1}
    if doubled:
        raise MappingError(f"Столбец «{doubled.pop()}» указан дважды.")


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MappingError(f"Часть «{name}» сопоставления должна быть объектом в скобках {{}}.")
    return value


def _list(value: Any) -> Sequence[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise MappingError("В сопоставлении ожидается список в скобках [].")
    return value


def _known(value: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise MappingError(f"В «{where}» неизвестная часть «{unknown[0]}».")


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _whole(value: Any, name: str, least: int, most: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        raise MappingError(f"«{value}»: {name} — целое число.")
    if not least <= number <= most:
        raise MappingError(f"«{value}»: {name} — от {least} до {most}.")
    return number


def _year(value: Any) -> int | None:
    return None if value in (None, "") else _whole(value, "год", 1990, 2100)


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value).replace(",", "."))
    except InvalidOperation:
        raise MappingError(f"«{value}»: множитель — число больше нуля, например 0,001.")
    if not (number.is_finite() and Decimal("1e-9") <= number <= Decimal("1e9")):
        raise MappingError(f"«{value}»: множитель — число больше нуля, например 0,001.")
    return number


def _one_of(value: Any, allowed: Sequence[str], name: str) -> str:
    text = "" if value is None else str(value).strip()
    if text not in allowed:
        signs = ", ".join(f"«{sign}»" for sign in allowed if sign)
        raise MappingError(f"«{text}»: {name} — {signs} или пусто.")
    return text


def _words(value: Any, allowed: Mapping[str, str], name: str) -> frozenset[str]:
    words = [_text(item) for item in _list(value)]
    for word in words:
        if word not in allowed:
            raise MappingError(f"«{word}»: {name} — одно из: {', '.join(allowed)}.")
    return frozenset(words)


def _value(item: Any) -> ValueColumn:
    found = _object(item, "values")
    _known(found, {"column", "indicator", "year", "multiplier"}, "values")
    if not _text(found.get("column")):
        raise MappingError("Укажите столбец со значениями.")
    return ValueColumn(
        column=_text(found["column"]),
        indicator=_text(found.get("indicator")),
        year=_year(found.get("year")),
        multiplier=_number(found.get("multiplier") or 1),
    )


def _filter(item: Any) -> Filter:
    found = _object(item, "filters")
    _known(found, {"column", "values", "mode"}, "filters")
    values = tuple(_text(value) for value in _list(found.get("values")))
    if not _text(found.get("column")) or not values:
        raise MappingError("Отбору и сумме нужны столбец и список его значений.")
    return Filter(
        _text(found["column"]),
        tuple(dict.fromkeys(values)),
        _one_of(found.get("mode") or "only", ("only", "except"), "вид отбора"),
    )


def _years(item: Any) -> tuple[int, int, Decimal]:
    found = _object(item, "year_multipliers")
    first, last = _year(found.get("from")) or 1990, _year(found.get("to")) or 2100
    return first, last, _number(found.get("multiplier"))


# --- files that need no mapping ------------------------------------------------------------------

#: Names under which the long form's columns are known.
_LONG = {
    "oktmo": ("oktmo", "октмо", "код октмо", "код по октмо"),
    "territory": ("territory", "территория", "код территории", "territory_id"),
    "system": ("code_system", "system", "система кодов"),
    "indicator": ("indicator", "показатель", "код показателя"),
    "period": ("period", "year", "год", "период"),
    "value": ("value", "значение"),
}


def find_long_form(headers: Sequence[str]) -> dict[str, Any]:
    """``columns`` of a file in the long form, by its headers; empty where it is another one."""
    known = {" ".join(name.split()).casefold(): name for name in headers if name}
    found = {
        role: next((known[name] for name in names if name in known), "")
        for role, names in _LONG.items()
    }
    by_system = bool(found["territory"] and found["system"])
    if not (found["indicator"] and found["period"] and found["value"]):
        return {}
    if not (found["oktmo"] or by_system):
        return {}
    territory = {"column": found["oktmo"] or found["territory"]}
    if not found["oktmo"]:
        territory["system_column"] = found["system"]
    return {
        "territory": territory,
        "indicator": {"column": found["indicator"]},
        "period": {"column": found["period"]},
        "values": [{"column": found["value"]}],
    }


def long_form(headers: Sequence[str], **options: Any) -> Spec:
    """The mapping of a file in the long form; raises ReadError for another layout."""
    columns = find_long_form(headers)
    if not columns:
        raise ReadError(
            "Строение файла не опознано. Без сопоставления нужны столбцы oktmo (или territory и "
            "code_system), indicator, period, value; здесь: "
            f"{', '.join(name for name in headers if name) or 'ни одного'}. "
            "Для другого строения выберите сопоставление."
        )
    return parse(columns, options)
