"""Taking an uploaded file apart: is it a workbook of the portal, whose, and what stands in its cells.

Anything else is refused in a sentence that says what to do. Values stay as the file holds them;
``values`` reads them.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook, load_workbook

from annual_report.workbooks.content import Saved, checksum
from annual_report.workbooks.layout import (
    CHECKS,
    CHUNKS,
    FIRST_ROW,
    MARK,
    META,
    TEMPLATE,
    letters,
)

#: A filled workbook weighs some 60 KB; a picture pasted into it may weigh more.
MAX_SIZE = 5 * 2**20
MAX_UNPACKED, MAX_ENTRIES = 60 * 2**20, 300
#: Further out no cell of ours stands; the reader of the file would fill all the way with blanks.
MAX_ROW, MAX_COLUMN = 5000, 200
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_FULL_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]+)([0-9]+)[\"'][^>]*(?<!/)>")
_ERROR_CELL = re.compile(
    rb"<c\s[^>]*?\br=\"([A-Z]+[0-9]+)\"[^>]*?\bt=\"e\"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>"
)
_ADDRESS = re.compile(r"^([A-Z]{1,2})([0-9]{1,5})$")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SPACES = re.compile(r"\s+")
#: Sheet (at first its part) → address → the error that stands there.
FaultyCells = dict[str, dict[str, str]]
AGAIN = "Скачайте новую книгу на странице формы и перенесите в неё свои значения."


class WorkbookRefused(ValueError):
    """The file is not taken; the message says in Russian why and what to do."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class RawRow:
    """One indicator's cells as they stand in the file, by column."""

    sheet: str
    number: int
    columns: dict[str, int]
    cells: dict[str, Any]

    def place(self, key: str) -> str:
        return f"{self.sheet}!{letters(self.columns[key])}{self.number}"


@dataclass(frozen=True)
class Meta:
    """What the hidden sheet says of the copy."""

    form: str
    version: int
    year: int
    kind: str
    campaign: int
    oktmo: str
    municipality: str
    made_at: datetime
    sheets: list[dict[str, Any]]
    rules: list[str]
    #: What stood in the portal when the copy was made.
    base: dict[str, Saved]
    previous: dict[str, Decimal | None]
    explained: dict[str, str]


@dataclass(frozen=True)
class Uploaded:
    """A workbook of the portal, read."""

    meta: Meta
    rows: dict[str, RawRow] = field(default_factory=dict)
    #: Texts of the explanations' column by rule.
    explanations: dict[str, str] = field(default_factory=dict)


def read_workbook(content: bytes) -> Uploaded:
    """Raises WorkbookRefused for everything that is not a whole workbook of the portal."""
    faulty = check_archive(content)
    try:
        with load_workbook(io.BytesIO(content)) as book:
            return _read(book, faulty)
    except WorkbookRefused:
        raise
    except (CalamineError, OSError, ValueError) as error:
        raise _broken() from error
    except BaseException as error:
        # The library is written in Rust: what its authors did not foresee arrives so.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken() from error


def _broken() -> WorkbookRefused:
    return WorkbookRefused(
        "Файл повреждён и не читается. Откройте его в Excel, сохраните заново и загрузите.",
        "broken",
    )


def check_archive(content: bytes) -> FaultyCells:
    """The file as a container: kind, size, and nothing that would fill the memory.

    Returns the cells whose formulas gave errors.
    """
    if not content:
        raise WorkbookRefused("Файл пуст. Выберите книгу, скачанную с портала.", "empty")
    if len(content) > MAX_SIZE:
        raise WorkbookRefused(
            "Файл больше 5 МБ. Уберите из книги картинки и посторонние листы.", "size"
        )
    if content.startswith(_OLD_EXCEL):
        raise WorkbookRefused(
            "Книга сохранена в старом формате XLS или закрыта паролем. Сохраните её без пароля как "
            "«Книга Excel (.xlsx)» и загрузите снова.",
            "old",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _check_parts(archive)
    except WorkbookRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise (_broken() if content.startswith(b"PK") else _not_excel()) from error


def _not_excel() -> WorkbookRefused:
    return WorkbookRefused(
        "Это не книга Excel. Загрузите файл .xlsx, скачанный с портала и заполненный.", "kind"
    )


def _check_parts(archive: zipfile.ZipFile) -> FaultyCells:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if "xl/workbook.xml" not in names:
        if "content.xml" in names:
            raise WorkbookRefused(
                "Книга сохранена в формате ODS. Сохраните её как «Книга Excel (.xlsx)» и загрузите "
                "снова.",
                "ods",
            )
        raise _not_excel()
    if len(infos) > MAX_ENTRIES or sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise WorkbookRefused("Файл устроен подозрительно и не принят.", "bomb")
    faulty: dict[str, dict[str, str]] = {}
    for info in infos:
        # Read all the same: a part that is larger than it says ends here.
        xml = archive.read(info)
        if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml"):
            _check_reach(xml)
            if cells := _find_errors(xml):
                faulty[info.filename] = cells
    return _by_sheet(archive, faulty) if faulty else {}


def _check_reach(xml: bytes) -> None:
    """A stray value in the last row of Excel would cost gigabytes."""
    for column, number in _FULL_CELL.findall(xml):
        if int(number) > MAX_ROW or len(column) > 2:
            place = f"{column.decode().upper()}{int(number)}"
            raise WorkbookRefused(
                f"Далеко за таблицей, в ячейке {place}, что-то стоит. Удалите лишнее справа и снизу "
                "от таблицы, сохраните книгу и загрузите снова.",
                "reach",
            )


def _find_errors(xml: bytes) -> dict[str, str]:
    """Cells whose formula gave an error: the library shows them as empty, which they are not."""
    return {
        address.decode(): text.decode("utf-8", "replace")
        for address, text in _ERROR_CELL.findall(xml)
    }


def _parse(xml: bytes) -> ElementTree.Element:
    # Entities, by which XML attacks its readers, are declared in a DOCTYPE; spreadsheets have none.
    if b"<!DOCTYPE" in xml:
        raise _broken()
    return ElementTree.fromstring(xml)  # noqa: S314


def _by_sheet(archive: zipfile.ZipFile, faulty: FaultyCells) -> FaultyCells:
    """Parts by the names of their sheets."""
    try:
        book = _parse(archive.read("xl/workbook.xml"))
        links = _parse(archive.read("xl/_rels/workbook.xml.rels"))
    except (ElementTree.ParseError, KeyError) as error:
        raise _broken() from error
    targets = {
        link.get("Id"): "xl/" + link.get("Target", "").removeprefix("/xl/") for link in links
    }
    found = {}
    for item in book.iter():
        part = targets.get(item.get(_RELATION))
        if part in faulty:
            found[item.get("name", "")] = faulty[part]
    return found


def _read(book: CalamineWorkbook, faulty: FaultyCells) -> Uploaded:
    names = set(book.sheet_names)
    if META not in names:
        raise _not_ours()
    meta = read_meta(book.get_sheet_by_name(META).to_python(skip_empty_area=False))
    rows: dict[str, RawRow] = {}
    for sheet in meta.sheets:
        if sheet["name"] not in names:
            raise WorkbookRefused(
                f"В книге нет листа «{sheet['name']}»: его удалили или переименовали. {AGAIN}",
                "sheet",
            )
        lines = book.get_sheet_by_name(sheet["name"]).to_python(skip_empty_area=False)
        put_errors(lines, faulty.get(sheet["name"], {}))
        rows.update(_read_sheet(sheet, lines, meta))
    explanations = {}
    if meta.rules and CHECKS in names:
        lines = book.get_sheet_by_name(CHECKS).to_python(skip_empty_area=False)
        explanations = _read_explanations(meta.rules, lines)
    return Uploaded(meta, rows, explanations)


def put_errors(lines: list[list[Any]], cells: dict[str, str]) -> None:
    for address, text in cells.items():
        match = _ADDRESS.match(address)
        row, column = (int(match[2]) - 1, column_number(match[1])) if match else (-1, -1)
        if 0 <= row < len(lines) and 0 <= column < len(lines[row]):
            lines[row][column] = text


def column_number(text: str) -> int:
    """0 for A; the inverse of ``letters``."""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _not_ours() -> WorkbookRefused:
    return WorkbookRefused(
        "Это не книга портала: в ней нет служебного листа. Скачайте книгу на странице формы и "
        "заполните её.",
        "foreign",
    )


# --- the hidden sheet --------------------------------------------------------------------------------


def read_meta(lines: list[list[Any]]) -> Meta:
    if _at(lines, 0, 0) != MARK:
        raise _not_ours()
    if _at(lines, 0, 1) != TEMPLATE:
        raise WorkbookRefused(f"Книга старого образца. {AGAIN}", "template")
    static, dynamic = (
        "".join(str(_at(lines, number, column)) for number in range(1, CHUNKS + 1))
        for column in (0, 1)
    )
    if _at(lines, 0, 2) != checksum(static, dynamic):
        raise _meta_changed()
    try:
        return _make_meta(json.loads(static), json.loads(dynamic))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, RecursionError):
        raise _meta_changed() from None


def _meta_changed() -> WorkbookRefused:
    return WorkbookRefused(f"Служебный лист книги изменён. {AGAIN}", "meta")


def _make_meta(static: dict[str, Any], dynamic: dict[str, Any]) -> Meta:
    base, previous = {}, {}
    for code, (value, before, reason, note, plans, at) in dynamic["cells"].items():
        first, second, third = (_decimal(plan) for plan in plans)
        base[code] = Saved(_decimal(value), str(reason), str(note), (first, second, third), str(at))
        previous[code] = _decimal(before)
    made_at = datetime.fromisoformat(dynamic["made_at"])
    if made_at.tzinfo is None:
        raise ValueError("made_at")
    return Meta(
        form=str(static["form"]),
        version=int(static["version"]),
        year=int(static["year"]),
        kind=str(static["kind"]),
        campaign=int(dynamic["campaign"]),
        oktmo=str(dynamic["oktmo"]),
        municipality=str(dynamic["municipality"]),
        made_at=made_at,
        sheets=[_make_sheet(sheet) for sheet in static["sheets"]],
        rules=[str(code) for code in static["rules"]],
        base=base,
        previous=previous,
        explained={str(key): str(text) for key, text in dynamic["explained"].items()},
    )


def _make_sheet(sheet: dict[str, Any]) -> dict[str, Any]:
    columns = {str(key): int(number) for key, number in sheet["columns"].items()}
    if not all(0 <= number < MAX_COLUMN for number in columns.values()):
        raise ValueError("columns")
    for key in ("code", "title", "unit", "previous", "value", "reason", "note"):
        columns[key]
    rows = [(str(code), str(title), str(unit)) for code, title, unit in sheet["rows"]]
    return {"name": str(sheet["name"]), "columns": columns, "rows": rows}


def _decimal(text: str | None) -> Decimal | None:
    if text is None:
        return None
    number = Decimal(text)
    if not number.is_finite() or abs(number) >= Decimal("1e18"):
        raise ValueError(text)
    return number


def _at(lines: list[list[Any]], row: int, column: int) -> Any:
    return lines[row][column] if row < len(lines) and column < len(lines[row]) else ""


# --- sheets ------------------------------------------------------------------------------------------


def _read_sheet(sheet: dict[str, Any], lines: list[list[Any]], meta: Meta) -> dict[str, RawRow]:
    columns, rows = sheet["columns"], {}
    for number, (code, title, unit) in enumerate(sheet["rows"], FIRST_ROW):
        cells = {key: _at(lines, number - 1, column) for key, column in columns.items()}
        row = RawRow(sheet["name"], number, columns, cells)
        for key, wanted in (("code", code), ("title", title), ("unit", unit)):
            _check_locked(row, key, wanted)
        _check_previous(row, meta.previous.get(code))
        rows[code] = row
    return rows


def _check_locked(row: RawRow, key: str, wanted: str) -> None:
    found = plain_text(row.cells[key])
    if found != plain_text(wanted):
        raise _moved(row.place(key), wanted, found or "пусто")


def _check_previous(row: RawRow, wanted: Decimal | None) -> None:
    """Last year's figure is locked, too; words of a choice are not compared."""
    found = row.cells["previous"]
    if isinstance(found, str) and found.strip():
        return
    number = float(found) if isinstance(found, (int, float)) else None
    if not same_number(number, None if wanted is None else float(wanted)):
        raise _moved(row.place("previous"), wanted, "пусто" if number is None else found)


def _moved(place: str, wanted: Any, found: Any) -> WorkbookRefused:
    return WorkbookRefused(
        f"В ячейке «{place}» должно стоять «{wanted}», а стоит «{str(found)[:60]}». Похоже, с листа "
        f"сняли защиту и переставили строки. {AGAIN}",
        "locked",
    )


def same_number(one: float | None, other: float | None) -> bool:
    """Equal to the fifteen digits that spreadsheets keep."""
    if one is None or other is None:
        return one is other
    return f"{one:.14e}" == f"{other:.14e}" or abs(one - other) <= 1e-14 * abs(other)


def plain_text(value: Any) -> str:
    """One line with single spaces, no-break and invisible ones among them."""
    text = str(value) if not isinstance(value, float) else f"{value:.15g}"
    text = text.replace("\u00ad", "").replace("\u200b", "").replace("\ufeff", "")
    return _SPACES.sub(" ", text).strip()


def _read_explanations(rules: list[str], lines: list[list[Any]]) -> dict[str, str]:
    """By the code in the first column: rules have no other place of their own."""
    known, found = set(rules), {}
    for line in lines[FIRST_ROW - 1 :]:
        code = plain_text(line[0]) if line else ""
        if code in known:
            found[code] = plain_text(line[6]) if len(line) > 6 else ""
    return found
