"""The structure of OKTMO (ОК 033-2013): check digits, kinds, parents, and both file layouts.

Pure functions over text; the register's service decides what to do with the rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from okmo_portal.core.text import normalise_name
from okmo_portal.organisations.enums import MunicipalityKind as Kind


class Layout(StrEnum):
    ROSSTAT = "rosstat"
    FLAT = "flat"


class OktmoFileError(ValueError):
    """The file as a whole cannot be read; the message says what was expected, in Russian."""


@dataclass(frozen=True)
class Row:
    """One line of the register as it stands in the file; ``line`` counts from one."""

    line: int
    code: str
    check_digit: str
    name: str
    centre: str = ""
    valid_from: date | None = None


@dataclass(frozen=True)
class Unit:
    """A municipality read from a row; ``parent`` is the code of its district or okrug."""

    code: str
    check_digit: str
    name: str
    kind: Kind
    parent: str
    centre: str
    line: int
    valid_from: date | None = None


@dataclass(frozen=True)
class Remark:
    """A row that was refused, or taken with a correction, and why."""

    line: int
    code: str
    text: str


@dataclass(frozen=True)
class Register:
    units: list[Unit]
    refused: list[Remark]
    corrected: list[Remark]
    #: Rows left out by rule: headings and inter-settlement areas.
    headings: int
    inter_settlement: int


def check_digit(code: str) -> str:
    """Check digit of an OKTMO code, as the classifier's introduction defines it.

    Digits weighted 1, 2, 3 … modulo 11; where that gives 10, weighted 3, 4, 5 …; where it gives 10
    again, 0.
    """
    for start in (1, 3):
        weights = [(start - 1 + position) % 10 + 1 for position in range(len(code))]
        rest = sum(int(digit) * weight for digit, weight in zip(code, weights, strict=True)) % 11
        if rest < 10:
            return str(rest)
    return "0"


def is_heading(code: str) -> bool:
    """Codes that end in zeros at a level group the rows below them and name no municipality."""
    first, second = code[2:5], code[5:8]
    if second != "000":
        return second in {"100", "300", "400", "700"}
    if first in {"000", "300", "500", "600", "700", "800", "900"}:
        return True
    # Inside an autonomous okrug 810 and 850 group districts and urban okrugs; in the federal
    # cities 910 is an ordinary territory.
    return first in {"810", "850", "910", "950"} and code[:2] not in FEDERAL_CITIES


#: Moscow, Saint Petersburg, Sevastopol: their first level consists of intracity territories.
FEDERAL_CITIES = {"45", "40", "67"}


def is_inter_settlement(code: str) -> bool:
    return code[5] == "7"


def first_level_kind(code: str) -> Kind | None:
    """Kind of a first-level code by the classifier's third digit; None when it has no meaning."""
    if code[:2] in FEDERAL_CITIES:
        return Kind.INTRACITY_TERRITORY if code[2] in "389" else None
    known = {"5": Kind.MUNICIPAL_OKRUG, "6": Kind.MUNICIPAL_DISTRICT, "7": Kind.URBAN_OKRUG}
    if code[2] in "89":
        # Inside an autonomous okrug: 8 1–4 districts, 8 5–9 urban okrugs.
        return Kind.MUNICIPAL_DISTRICT if code[3] in "1234" else Kind.URBAN_OKRUG
    return known.get(code[2])


def second_level_kind(code: str) -> Kind | None:
    return {
        "1": Kind.URBAN_SETTLEMENT,
        "2": Kind.URBAN_SETTLEMENT,
        "3": Kind.INTRACITY_DISTRICT,
        "4": Kind.RURAL_SETTLEMENT,
    }.get(code[5])


def by_name(kind: Kind, name: str) -> Kind:
    """The name goes before the digit where an okrug was renamed without a new code."""
    lowered = name.lower()
    if kind in (Kind.MUNICIPAL_DISTRICT, Kind.URBAN_OKRUG) and "муниципальный округ" in lowered:
        return Kind.MUNICIPAL_OKRUG
    if kind == Kind.MUNICIPAL_DISTRICT and lowered.startswith("городской округ"):
        return Kind.URBAN_OKRUG
    return kind


def classify(rows: Iterable[Row]) -> Register:
    """Sort the rows of section 1 into municipalities, what is left out, and what is refused."""
    units: dict[str, Unit] = {}
    refused: list[Remark] = []
    corrected: list[Remark] = []
    headings = inter_settlement = 0
    for row in rows:
        problem = _problem(row, units)
        if problem:
            refused.append(Remark(row.line, row.code, problem))
        elif is_heading(row.code):
            headings += 1
        elif is_inter_settlement(row.code):
            inter_settlement += 1
        else:
            unit, remark = _unit(row)
            if unit is None:
                refused.append(remark)
                continue
            units[unit.code] = unit
            if remark is not None:
                corrected.append(remark)
    return Register(_with_intracity_division(units), refused, corrected, headings, inter_settlement)


def _problem(row: Row, seen: dict[str, Unit]) -> str:
    if len(row.code) != 8 or not row.code.isdigit():
        return (
            "код должен состоять из 8 цифр; если пропал ноль в начале, откройте столбец как текст"
        )
    if not row.name:
        return "нет названия"
    if row.code in seen:
        first = seen[row.code]
        return f"код уже встречался в строке {first.line} («{first.name}»)"
    return ""


def _unit(row: Row) -> tuple[Unit | None, Remark | None]:
    second = row.code[5:8] != "000"
    kind = second_level_kind(row.code) if second else first_level_kind(row.code)
    if kind is None:
        return None, Remark(row.line, row.code, "по коду нельзя определить вид муниципалитета")
    right = check_digit(row.code)
    remark = None
    if row.check_digit != right:
        remark = Remark(
            row.line,
            row.code,
            f"контрольное число {row.check_digit or 'не указано'}, должно быть {right}; "
            "строка принята с верным числом",
        )
    unit = Unit(
        code=row.code,
        check_digit=right,
        name=row.name,
        kind=by_name(kind, row.name) if not second else kind,
        parent=f"{row.code[:5]}000" if second else "",
        centre=row.centre,
        line=row.line,
        valid_from=row.valid_from,
    )
    return unit, remark


def _with_intracity_division(units: dict[str, Unit]) -> list[Unit]:
    """An urban okrug that holds intracity districts is one with intracity division."""
    divided = {unit.parent for unit in units.values() if unit.kind == Kind.INTRACITY_DISTRICT}
    return [
        Unit(**{**vars(unit), "kind": Kind.URBAN_OKRUG_WITH_DISTRICTS})
        if unit.code in divided and unit.kind == Kind.URBAN_OKRUG
        else unit
        for unit in units.values()
    ]


# --- files ---------------------------------------------------------------------------------------


def decode(content: bytes) -> str:
    """UTF-8, with or without a mark, else windows-1251, in which Rosstat publishes."""
    if not content.strip():
        raise OktmoFileError("Файл пуст. Нужен файл ОКТМО в формате CSV.")
    if b"\0" in content[:4096] or content[:2] == b"PK":
        raise OktmoFileError(
            "Это не текстовый файл. Сохраните таблицу как CSV (разделитель — точка с запятой)."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("windows-1251", errors="replace")


def detect_layout(text: str) -> Layout:
    first = text.split("\n", 1)[0]
    if first.count(";") >= 6:
        return Layout.ROSSTAT
    if first.replace(" ", "").lower().startswith("code,"):
        return Layout.FLAT
    raise OktmoFileError(
        "Строение файла не опознано. Ожидается открытый набор Росстата (столбцы через «;»: "
        "ter, kod1, kod2, kod3, kc, razdel, name1, …) или список code,check_digit,name,kind."
    )


def read(path: Path, layout: Layout | None = None) -> Iterator[Row]:
    """Rows of section 1 of a register file; raises OktmoFileError for a file that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OktmoFileError(f"Файл {path} не открывается: {error.strerror}.") from error
    text = decode(content)
    chosen = layout or detect_layout(text)
    yield from (_read_rosstat if chosen == Layout.ROSSTAT else _read_flat)(text)


def _read_rosstat(text: str) -> Iterator[Row]:
    found = False
    for line, cells in enumerate(csv.reader(io.StringIO(text), delimiter=";"), start=1):
        if not any(cells):
            continue
        if len(cells) < 7:
            raise OktmoFileError(
                f"Строка {line}: столбцов {len(cells)}, а в наборе Росстата их не меньше 7. "
                "Проверьте, что разделитель — точка с запятой."
            )
        if cells[0].strip().lower() == "ter":
            continue
        found = True
        section, settlement = cells[5].strip(), cells[3].strip() or "000"
        if section == "1" and settlement == "000":
            yield _rosstat_row(line, cells)
    if not found:
        raise OktmoFileError("В файле нет ни одной строки ОКТМО.")


def _rosstat_row(line: int, cells: Sequence[str]) -> Row:
    code = cells[0].strip().zfill(2) + "".join(
        (cells[index].strip() or "000").zfill(3) for index in (1, 2)
    )
    return Row(
        line=line,
        code=code,
        check_digit=cells[4].strip(),
        name=normalise_name(cells[6]),
        centre=normalise_name(cells[7]) if len(cells) > 7 else "",
        valid_from=_date(cells[12]) if len(cells) > 12 else None,
    )


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%d.%m.%Y").date()
    except ValueError:
        return None


def _read_flat(text: str) -> Iterator[Row]:
    """``code,check_digit,name,kind``; names hold commas that are not always quoted, and the last
    column is derived, so it is only cut off."""
    lines = csv.reader(io.StringIO(text))
    header = [cell.strip().lower() for cell in next(lines)]
    if header[:3] != ["code", "check_digit", "name"]:
        raise OktmoFileError("Ожидаются столбцы code, check_digit, name (и kind, если есть).")
    tail = len(header) - 3
    for line, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        if len(cells) < 3:
            raise OktmoFileError(
                f"Строка {line}: нужно не меньше трёх столбцов, есть {len(cells)}."
            )
        names = cells[2 : len(cells) - tail] if len(cells) > 3 else cells[2:3]
        yield Row(
            line=line,
            code=cells[0].strip(),
            check_digit=cells[1].strip(),
            name=normalise_name(",".join(names)),
        )
