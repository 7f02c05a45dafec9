"""A report's files beside the PDF: DOCX, tables as Excel, open data as CSV and Parquet.

The same snapshot gives the same bytes (the DOCX but for its date), so that anybody can make the
published tables again: ``manage.py rebuild_report_tables``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from django.conf import settings
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt

from annual_report.analysis import Analysis
from annual_report.blocks import Block
from annual_report.enums import Aggregation
from annual_report.models import Indicator, Report, Snapshot
from annual_report.services.reports import figure_rows
from annual_report.services.snapshots import read_file, read_manifest
from okmo_portal.core.text import parse_number_ru

TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
CSV_HEADER = [
    "indicator", "title", "unit", "scope", "code", "value", "low", "high", "unweighted", "method",
    "count", "expected", "option",
]  # fmt: skip
Context = dict[str, Any]


def make_files(
    report: Report, analysis: Analysis, contexts: Sequence[Context]
) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file; ``contexts`` are the built chapters in order."""
    yield "report.docx", make_docx(report, contexts)
    yield from make_tables(report, analysis, contexts)


def make_tables(
    report: Report, analysis: Analysis, contexts: Sequence[Context]
) -> Iterator[tuple[str, bytes]]:
    """The files that must come out the same, byte for byte, whenever they are made."""
    yield "report.xlsx", make_xlsx(report, contexts)
    yield "report.csv", make_csv(analysis)
    yield "report.parquet", snapshot_values(report)


def frozen(report: Report) -> Snapshot:
    if report.snapshot is None:
        raise ValueError("a report without a snapshot has no values")
    return report.snapshot


def snapshot_values(report: Report) -> bytes:
    snapshot = frozen(report)
    manifest = read_manifest(snapshot.path, snapshot.sha256)
    return read_file(snapshot.path, "values.parquet", manifest)


def make_csv(analysis: Analysis) -> bytes:
    """Every published figure with its interval and what it rests on; UTF-8, commas."""
    titles = dict(Indicator.objects.values_list("code", "title"))
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for code, scope, key, figure, option in figure_rows(analysis):
        info = analysis.indicators[code]
        unit = "%" if info.aggregation == Aggregation.SHARE or option is not None else info.unit
        numbers = [_plain(x) for x in (figure.value, figure.low, figure.high, figure.unweighted)]
        row = [code, titles[code], unit, str(scope), key, *numbers]
        counts = [figure.count, figure.expected]
        writer.writerow([*row, figure.method, *counts, "" if option is None else option])
    return buffer.getvalue().encode()


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6f}".rstrip("0").rstrip(".")


# --- Excel -----------------------------------------------------------------------------------------


def tables_of(contexts: Iterable[Context]) -> Iterator[tuple[str, str, Any, str]]:
    """(chapter, title, table or chart, note) of everything that has rows."""
    for context in contexts:
        for block in context["blocks"]:
            table = block.table or block.chart
            if table is not None:
                yield context["chapter"].title, block.title, table, block.note


def make_xlsx(report: Report, contexts: Sequence[Context]) -> bytes:
    """A contents sheet, then a sheet for each table and chart."""
    buffer, snapshot = io.BytesIO(), frozen(report)
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        moment = snapshot.created_at.replace(tzinfo=None, microsecond=0)
        workbook.set_properties({"title": report.title, "created": moment})
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        contents = workbook.add_worksheet("Содержание")
        contents.write_row(0, 0, ["Лист", "Глава", "Таблица"], bold)
        contents.set_column(1, 2, 60)
        for number, (chapter, title, table, note) in enumerate(tables_of(contexts), start=1):
            sheet = workbook.add_worksheet(f"Т{number}")
            contents.write_url(number, 0, f"internal:'Т{number}'!A1", string=f"Т{number}")
            contents.write_row(number, 1, [chapter, title])
            _write_sheet(sheet, title, table, note, bold)
    return buffer.getvalue()


def _write_sheet(sheet, title, table, note, bold) -> None:
    sheet.write(0, 0, title, bold)
    sheet.write_row(1, 0, table.headers, bold)
    sheet.freeze_panes(2, 1)
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, max(len(table.headers) - 1, 1), 18)
    row = 2
    for row, cells in enumerate(table.rows, start=2):
        sheet.write(row, 0, cells[0])
        for column, cell in enumerate(cells[1:], start=1):
            sheet.write(row, column, as_number(cell))
    sheet.write(row + 2, 0, note)


def as_number(cell: str) -> float | str:
    """What the page shows as a number becomes one; words, percents and dashes stay text."""
    try:
        return float(parse_number_ru(cell))
    except ValueError:
        return cell


# --- DOCX ------------------------------------------------------------------------------------------


def make_docx(report: Report, contexts: Sequence[Context]) -> bytes:
    """Headings, paragraphs and tables with repeated heads; a chart comes as its table twin."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "PT Serif", Pt(11)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(MARGIN)
    properties = document.core_properties
    properties.title, properties.language = report.title, "ru-RU"
    properties.author = settings.ORGANISATION_NAME
    document.add_heading(report.title, 0)
    document.add_paragraph(report.summary)
    for context in contexts:
        document.add_heading(context["chapter"].title, 1)
        for paragraph in context["paragraphs"]:
            document.add_paragraph(paragraph)
        for block in context["blocks"]:
            _add_block(document, block)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _add_block(document, block: Block) -> None:
    if block.items is not None:
        for name, value, unit in block.items:
            document.add_paragraph(f"{name}: {value} {unit}".strip(), style="List Bullet")
        return
    table = block.table or block.chart
    if table is None:
        return
    document.add_heading(block.title, 2)
    document.element.body.insert(-1, parse_xml(_table_xml(table.headers, table.rows)))
    document.add_paragraph(f"{block.note} Источник: {block.source}.".strip())


#: Centimetres at each side of an A4 page, and twentieths of a point in one.
MARGIN, TWIPS = 1.8, 567
#: The first column holds names: so many times as wide as one of numbers.
NAMES = 2.5
#: Beyond so many columns the letters are small.
MANY_COLUMNS = 5


def _table_xml(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as WordprocessingML: cell by cell through the library takes seconds a page."""
    size = 15 if len(headers) > MANY_COLUMNS else 18
    head = "".join(_cell_xml(text, size, bold=True) for text in headers)
    body = "".join(
        "<w:tr>"
        f"{''.join(_cell_xml(cell, size, right=place > 0) for place, cell in enumerate(row))}</w:tr>"
        for row in rows
    )
    unit = (21 - 2 * MARGIN) * TWIPS / (NAMES + len(headers) - 1)
    widths = [unit * NAMES, *[unit] * (len(headers) - 1)]
    grid = "".join(f'<w:gridCol w:w="{width:.0f}"/>' for width in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblStyle w:val="TableGrid"/>'
        '<w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr><w:trPr><w:tblHeader/></w:trPr>{head}</w:tr>{body}</w:tbl>"
    )


def _cell_xml(text: str, size: int, *, bold: bool = False, right: bool = False) -> str:
    """``size`` in half points."""
    weight = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{size}"/></w:rPr>'
    side = '<w:pPr><w:jc w:val="right"/></w:pPr>' if right else ""
    return f'<w:tc><w:p>{side}<w:r>{weight}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
