"""CSV, XLSX and Parquet as one shape: columns of text or numbers, each row with its line."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import python_calamine as calamine

SEPARATORS = (";", "\t", ",", "|")
#: A workbook unpacks in memory; beyond this it is a bomb or belongs into CSV or Parquet.
MAX_UNPACKED = 2 * 2**30
MAX_RATIO = 300
MAX_CELLS = 40_000_000
MAX_COLUMNS = 2_000
#: Rows of a preview.
SHOWN = 25

LINE, RAGGED = "line", "ragged"


class ReadError(ValueError):
    """The file as a whole cannot be read; the message says why and what to do, in Russian."""


@dataclass(frozen=True)
class Layout:
    """Where the header stands; rows count from one, as spreadsheets show them."""

    sheet: str = ""
    header_row: int = 1
    header_rows: int = 1

    @property
    def first_data_row(self) -> int:
        return self.header_row + self.header_rows


@dataclass(frozen=True)
class Table:
    """``frame`` has the columns ``c0`` … named by ``headers``, and ``line`` (row in the file).

    ``ragged`` is true for lines of a CSV whose number of cells is not the header's.
    """

    kind: str
    headers: list[str]
    frame: pl.DataFrame
    sheets: list[str] = field(default_factory=list)

    def column(self, header: str) -> str:
        """Name in the frame of the column with this header; raises ReadError."""
        wanted = _plain(header)
        for number, found in enumerate(self.headers):
            if _plain(found) == wanted:
                return f"c{number}"
        raise ReadError(
            f"В файле нет столбца «{header}». Есть: {', '.join(h for h in self.headers if h)}."
        )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def read(path: Path, layout: Layout | None = None) -> Table:
    """The whole file; raises ReadError."""
    layout = layout or Layout()
    kind = kind_of(path)
    if kind == "parquet":
        return _read_parquet(path)
    if kind == "xlsx":
        return _read_workbook(path, layout)
    return _read_text(path.read_bytes(), layout)


def preview(path: Path, sheet: str = "") -> tuple[list[str], list[list[str]]]:
    """Names of the sheets, and the first rows as they stand, header and all."""
    kind = kind_of(path)
    if kind == "parquet":
        frame = _parquet(path, rows=SHOWN)
        rows = [list(frame.columns), *([_shown(c) for c in row] for row in frame.rows())]
        return [], rows
    if kind == "xlsx":
        book = _workbook(path)
        cells = _sheet(book, sheet).to_python(skip_empty_area=False, nrows=SHOWN)
        return list(book.sheet_names), [[_shown(cell) for cell in row] for row in cells]
    with path.open("rb") as handle:
        head = handle.read(2**20)
    text = decode(head, is_part=True)
    separator = find_separator(text)
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    return [], [row for row, _ in zip(_surely(rows), range(SHOWN), strict=False)]


def _surely(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


def kind_of(path: Path) -> str:
    """By content: ``parquet``, ``xlsx`` or ``csv``; raises ReadError for anything else."""
    try:
        with path.open("rb") as handle:
            head = handle.read(4096)
    except OSError as error:
        raise ReadError(f"Файл {path.name} не открывается: {error.strerror}.") from error
    if not head.strip():
        raise ReadError("Файл пуст. Нужна таблица в формате CSV, XLSX или Parquet.")
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] == b"PK\x03\x04":
        _check_archive(path)
        return "xlsx"
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise ReadError("Это старый формат Excel (XLS). Сохраните книгу как XLSX.")
    if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise ReadError("Это не таблица. Нужен файл CSV, XLSX или Parquet.")
    return "csv"


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise ReadError("Файл повреждён. Сохраните его заново.") from error
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos) or 1
    if unpacked > MAX_UNPACKED or unpacked > packed * MAX_RATIO:
        raise ReadError("Книга слишком велика. Сохраните лист как CSV.")
    if "xl/workbook.xml" not in {info.filename for info in infos}:
        raise ReadError("Это архив, а не книга Excel. Нужен файл CSV, XLSX или Parquet.")


# --- text ----------------------------------------------------------------------------------------


def decode(content: bytes, *, is_part: bool = False) -> str:
    """UTF-8, UTF-16 by its mark, else windows-1251, in which Rosstat publishes."""
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The cut of a preview may fall inside a letter.
        if is_part and error.start > len(content) - 4:
            return content[: error.start].decode("utf-8-sig")
        return content.decode("windows-1251", errors="replace")


def find_separator(text: str) -> str:
    """The sign that splits the header, or the usual line below it, into the most cells."""
    lines = [line for line in text[:20000].splitlines() if line.strip()][:20]
    if not lines:
        raise ReadError("Файл пуст. Нужна таблица в формате CSV, XLSX или Parquet.")
    best, most = SEPARATORS[0], 0
    for separator in SEPARATORS:
        widths = [len(row) for row in _surely(csv.reader(lines, delimiter=separator))] or [0]
        # The usual width too: above the header may stand a title.
        width = max(widths[0], sorted(widths)[len(widths) // 2])
        if width > most:
            best, most = separator, width
    return best


def _read_text(content: bytes, layout: Layout) -> Table:
    content = _as_utf8(content)
    separator = find_separator(content[:40_000].decode("utf-8", "replace"))
    body, header = _cut_header(content, separator, layout)
    schema = {f"c{number}": pl.String for number in range(len(header))}
    frame = _fast(body, separator, schema)
    if frame is None:
        frame = _careful(body.decode("utf-8", "replace"), separator, len(header))
    return _finish("csv", header, frame, layout.first_data_row)


def _as_utf8(content: bytes) -> bytes:
    """Without the mark; a file that is UTF-8 already is not copied."""
    if content[:3] == codecs.BOM_UTF8:
        content = content[3:]
    try:
        # Checked in parts: a decoded copy of the whole would double the memory.
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, len(content), 2**20):
            decoder.decode(content[start : start + 2**20])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return decode(content).encode()
    return content


def _cut_header(content: bytes, separator: str, layout: Layout) -> tuple[bytes, list[str]]:
    """What stands below the header, and the names of the columns."""
    position, lines = 0, []
    for _ in range(layout.first_data_row - 1):
        end = content.find(b"\n", position)
        end = len(content) if end < 0 else end + 1
        lines.append(content[position:end].decode().rstrip("\r\n"))
        position = end
    wanted = lines[layout.header_row - 1 :]
    rows = [next(_surely(csv.reader([line], delimiter=separator)), []) for line in wanted]
    if not any(cell.strip() for row in rows for cell in row):
        raise ReadError(f"В строке {layout.header_row} нет заголовка таблицы.")
    return content[position:], join_header(rows)


def _fast(body: bytes, separator: str, schema: dict[str, Any]) -> pl.DataFrame | None:
    """None where the parser stumbles, or where a line break inside quotes shifts the lines."""
    if not body:
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(body, separator=separator, has_header=False, schema=schema)
    except pl.exceptions.PolarsError:
        return None
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    return frame if frame.height == lines else None


def _careful(body: str, separator: str, width: int) -> pl.DataFrame:
    """Line by line: a damaged line is marked and the others are kept."""
    rows: list[Sequence[Any]] = []
    for line, cells in _records(body, separator, width):
        if any(cell.strip() for cell in cells):
            padded = [*cells[:width], *([None] * (width - len(cells)))]
            rows.append([*padded, line, len(cells) != width])
    schema = {f"c{number}": pl.String for number in range(width)}
    return pl.DataFrame(
        rows, schema=schema | {LINE: pl.UInt32, RAGGED: pl.Boolean}, orient="row", strict=False
    )


def _records(body: str, separator: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Numbered from one. A quote that is never closed must not swallow the lines below it."""
    lines = body.splitlines()
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator)
    first = 0
    while first < len(lines):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        last = max(reader.line_num, first + 1)
        swallowed = any("\n" in cell and separator in cell for cell in cells)
        if last - first > 1 and (swallowed or len(cells) != width):
            for number in range(first, last):
                yield number + 1, lines[number].split(separator)
        else:
            yield first + 1, [cell.rstrip("\n") for cell in cells]
        first = last


# --- workbooks -----------------------------------------------------------------------------------


def _workbook(path: Path) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.CalamineError as error:
        raise ReadError("Книга повреждена. Откройте её в Excel и сохраните заново.") from error


def _sheet(book: calamine.CalamineWorkbook, name: str) -> calamine.CalamineSheet:
    names = book.sheet_names
    if not names:
        raise ReadError("В книге нет листов.")
    if name and name not in names:
        raise ReadError(f"В книге нет листа «{name}». Есть: {', '.join(names)}.")
    try:
        sheet = book.get_sheet_by_name(name or names[0])
    except calamine.CalamineError as error:
        raise ReadError("Лист не читается. Откройте книгу в Excel и сохраните заново.") from error
    if sheet.total_height * sheet.total_width > MAX_CELLS or sheet.total_width > MAX_COLUMNS:
        raise ReadError("Лист слишком велик. Сохраните его как CSV.")
    return sheet


def _read_workbook(path: Path, layout: Layout) -> Table:
    book = _workbook(path)
    rows = _sheet(book, layout.sheet).to_python(skip_empty_area=False)
    above = [[_shown(cell) for cell in row] for row in rows[: layout.first_data_row - 1]]
    named = above[layout.header_row - 1 :]
    if not any(cell.strip() for row in named for cell in row):
        raise ReadError(f"В строке {layout.header_row} листа нет заголовка таблицы.")
    header = join_header(named)
    data = rows[layout.first_data_row - 1 :]
    columns = zip(*data, strict=False) if data else [()] * len(header)
    frame = pl.DataFrame({f"c{n}": _series(cells) for n, cells in enumerate(columns)})
    return _finish("xlsx", header, frame, layout.first_data_row, list(book.sheet_names))


def _series(cells: Iterable[Any]) -> pl.Series:
    """Numbers stay numbers where the whole column is; otherwise everything is text."""
    values = [None if cell == "" else cell for cell in cells]
    if all(value is None or type(value) in (int, float) for value in values):
        return pl.Series(values, dtype=pl.Float64)
    return pl.Series(
        [None if value is None else _shown(value) for value in values], dtype=pl.String
    )


def _shown(cell: Any) -> str:
    """A cell as the spreadsheet shows it: whole numbers without «.0»."""
    if cell is None:
        return ""
    if type(cell) is float and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


# --- Parquet -------------------------------------------------------------------------------------


def _parquet(path: Path, rows: int | None = None) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, n_rows=rows)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReadError("Файл Parquet не читается. Сохраните его заново.") from error


def _read_parquet(path: Path) -> Table:
    found = _parquet(path)
    for name, kind in found.schema.items():
        if kind.is_nested() or kind == pl.Binary:
            raise ReadError(f"Столбец «{name}» не таблица: нужны текст или числа.")
    simple = found.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String), pl.col(pl.Decimal).cast(pl.String)
    )
    renamed = simple.rename({name: f"c{number}" for number, name in enumerate(found.columns)})
    return _finish("parquet", list(found.columns), renamed, 1)


# --- common --------------------------------------------------------------------------------------


def join_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name per column out of one or more rows: «2023 / Доходы».

    A merged cell holds its text in the first column only, so the upper rows are filled to the
    right; names that repeat get a number.
    """
    width = max(len(row) for row in rows)
    if width > MAX_COLUMNS:
        raise ReadError(f"Столбцов {width}, а можно не больше {MAX_COLUMNS}.")
    levels = []
    for number, row in enumerate(rows):
        cells = [" ".join(cell.split()) for cell in row] + [""] * (width - len(row))
        levels.append(cells if number == len(rows) - 1 else _fill_right(cells))
    names, seen = [], dict[str, int]()
    for parts in zip(*levels, strict=True):
        name = " / ".join(dict.fromkeys(part for part in parts if part))
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return names


def _fill_right(cells: Sequence[str]) -> list[str]:
    filled, last = [], ""
    for cell in cells:
        last = cell or last
        filled.append(last)
    return filled


def _finish(
    kind: str,
    headers: Sequence[str],
    frame: pl.DataFrame,
    first_line: int,
    sheets: Sequence[str] = (),
) -> Table:
    """Number the lines, drop those that are empty throughout."""
    if LINE in frame.columns:
        frame = frame.with_columns(pl.col(LINE) + (first_line - 1))
    else:
        frame = frame.with_row_index(LINE, offset=first_line)
        frame = frame.with_columns(pl.lit(False).alias(RAGGED))
    names = [f"c{number}" for number in range(len(headers))]
    missing = [name for name in names if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    blank = pl.all_horizontal(pl.col(name).is_null() for name in names)
    frame = frame.filter(~blank).select(*names, LINE, RAGGED)
    return Table(kind, list(headers), frame, list(sheets))
