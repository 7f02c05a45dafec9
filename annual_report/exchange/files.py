"""CSV and XLSX for django-import-export; the libraries it uses itself are not needed here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import python_calamine
import tablib
import xlsxwriter
from import_export.formats.base_formats import Format

from okmo_portal.core.downloads import FORMULA_STARTS, safe_cell

#: The catalogue has a few thousand rows in all; whatever is much larger is another file.
MAX_BYTES = 5 * 1024 * 1024
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UnreadableFile(ValueError):
    """The file is not a table that can be read; the message says what was expected, in Russian."""


def text_of(cell: Any) -> str:
    """A cell as it was typed: whole numbers without «.0», no stray spaces."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).replace("\u00a0", " ").replace("\ufeff", "").strip()
    # What csv and xlsx writers put before text that looks like a formula.
    if text.startswith("'") and text[1:].startswith(FORMULA_STARTS):
        return text[1:]
    return text


def make_dataset(rows: Iterable[Sequence[Any]], title: str = "") -> tablib.Dataset:
    """A table of texts; the first row that is not empty holds the names of the columns."""
    cleaned = [[text_of(cell) for cell in row] for row in rows]
    filled = [row for row in cleaned if any(row)]
    if not filled:
        raise UnreadableFile("В таблице нет строк. Нужна строка с названиями столбцов.")
    header = filled[0]
    while header and not header[-1]:
        header.pop()
    if not all(header) or len(set(header)) != len(header):
        raise UnreadableFile(
            "В первой строке должны стоять названия столбцов: без пропусков и без повторов."
        )
    width = len(header)
    body = [(row + [""] * width)[:width] for row in filled[1:]]
    dataset = tablib.Dataset(*body, headers=header)
    dataset.title = title
    return dataset


def read_csv(content: bytes) -> tablib.Dataset:
    """Semicolons, commas or tabs; UTF-8 or the Windows encoding of Russian spreadsheets."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile("Файл больше 5 МБ: это не каталог показателей.")
    if b"\x00" in content:
        raise UnreadableFile("Это не текстовый файл. Сохраните таблицу как CSV или XLSX.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        return make_dataset(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile(
            "Файл не читается как CSV. Откройте его в таблице и сохраните снова."
        ) from error


def read_xlsx(content: bytes) -> dict[str, tablib.Dataset]:
    """Every sheet that has a header, by name."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile("Файл больше 5 МБ: это не каталог показателей.")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(
            "Файл не читается как книга Excel. Нужен файл .xlsx, выгруженный из каталога."
        ) from error
    return {
        name: make_dataset(rows, name)
        for name, rows in sheets.items()
        if any(any(text_of(cell) for cell in row) for row in rows)
    }


def write_xlsx(datasets: Iterable[tablib.Dataset]) -> bytes:
    """One sheet per table, all cells as text, so that codes and formulas stay as they are."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False,
                                        "strings_to_urls": False})  # fmt: skip
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    for dataset in datasets:
        sheet = book.add_worksheet((dataset.title or "Таблица")[:31])
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(dataset.headers or []):
            sheet.write_string(0, column, str(name), head)
            longest = max((len(str(row[column])) for row in dataset), default=0)
            sheet.set_column(column, column, min(60, max(10, longest * 0.9, len(str(name)) * 0.7)))
        for number, row in enumerate(dataset, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, "" if cell is None else str(cell), plain)
        sheet.autofilter(0, 0, len(dataset), max(0, len(dataset.headers or []) - 1))
    book.close()
    return target.getvalue()


class CsvFormat(Format):
    """The portal's CSV: a mark, semicolons, nothing that runs as a formula."""

    def get_title(self):
        return "csv"

    def get_extension(self):
        return "csv"

    def get_content_type(self):
        return "text/csv; charset=utf-8"

    def can_import(self):
        return True

    def can_export(self):
        return True

    def create_dataset(self, in_stream, **kwargs):
        content = in_stream.encode() if isinstance(in_stream, str) else in_stream
        return read_csv(content)

    def export_data(self, dataset, **kwargs):
        target = io.StringIO(newline="")
        writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
        writer.writerow(dataset.headers)
        writer.writerows([safe_cell(cell) for cell in row] for row in dataset)
        return ("\ufeff" + target.getvalue()).encode()


class XlsxFormat(CsvFormat):
    """The first sheet of a workbook."""

    def get_title(self):
        return "xlsx"

    def get_extension(self):
        return "xlsx"

    def get_content_type(self):
        return XLSX_TYPE

    def create_dataset(self, in_stream, **kwargs):
        sheets = read_xlsx(in_stream)
        if not sheets:
            raise UnreadableFile("В книге нет заполненных листов.")
        return next(iter(sheets.values()))

    def export_data(self, dataset, **kwargs):
        return write_xlsx([dataset])


FORMATS = [XlsxFormat, CsvFormat]
