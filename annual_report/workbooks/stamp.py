"""One template per form and kind of municipality; a copy is made by filling its empty cells.

xlsxwriter writes a template with every varying cell empty. Its parts are cut at those cells once;
a copy joins the pieces with its own values between, and takes the parts without varying cells as
they were packed. A copy costs a few milliseconds where a full write costs a hundred.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from annual_report.workbooks import archive
from annual_report.workbooks.content import Content, Slot, Slots, make_slots
from annual_report.workbooks.layout import Layout
from annual_report.workbooks.writer import write_workbook

_EMPTY_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")/>')
#: Excel's own way to write what XML cannot hold, and to write such a text itself.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"(_x[0-9a-fA-F]{4}_)")
_SHEET_NAME = re.compile(r'<sheet name="([^"]*)" sheetId="(\d+)"')
#: A formula without a stored result is computed by whoever opens the file.
_NO_RESULT = re.compile(rb"(</f>)<v></v>")


@dataclass(frozen=True)
class CutPart:
    """A sheet's XML cut at its varying cells: ``pieces`` is longer than ``cells`` by one."""

    name: str
    sheet: str
    pieces: tuple[bytes, ...]
    #: Address of each varying cell, and its opening tag up to the format.
    cells: tuple[tuple[str, bytes], ...]

    def fill(self, values: dict[str, Slot]) -> bytes:
        parts = [self.pieces[0]]
        for (address, opening), piece in zip(self.cells, self.pieces[1:], strict=True):
            parts.append(cell_xml(opening, values[address]))
            parts.append(piece)
        return b"".join(parts)


@dataclass(frozen=True)
class Template:
    """A form's workbook without anybody's values."""

    layout: Layout
    #: In the order of the file: packed once, or cut to be filled.
    parts: tuple[archive.Member | CutPart, ...]

    def fill(self, slots: Slots) -> bytes:
        members = [
            part
            if isinstance(part, archive.Member)
            else archive.pack(part.name, part.fill(slots[part.sheet]))
            for part in self.parts
        ]
        return archive.join(members)

    def copy(self, content: Content) -> bytes:
        """The workbook of one municipality."""
        return self.fill(make_slots(self.layout, content))


#: Templates of this process by fingerprint, the oldest first.
_templates: dict[str, Template] = {}
MAX_TEMPLATES = 32


def get_template(layout: Layout) -> Template:
    """Kept in the process until the form, its rules or the catalogue change."""
    template = _templates.pop(layout.fingerprint, None) or make_template(layout)
    _templates[layout.fingerprint] = template
    if len(_templates) > MAX_TEMPLATES:
        del _templates[next(iter(_templates))]
    return template


def make_template(layout: Layout) -> Template:
    with zipfile.ZipFile(io.BytesIO(write_workbook(layout, {}))) as file:
        sheets = _sheets_by_part(file)
        slots = make_slots(layout, _nobody(layout))
        parts = [
            _make_part(name, file.read(name), sheets.get(name, ""), slots)
            for name in file.namelist()
        ]
    return Template(layout, tuple(parts))


def _make_part(name: str, content: bytes, sheet: str, slots: Slots) -> archive.Member | CutPart:
    if sheet:
        content = _NO_RESULT.sub(rb"\1", content)
    if sheet not in slots:
        return archive.pack(name, content, 9)
    return cut(name, sheet, content, slots[sheet])


def _sheets_by_part(file: zipfile.ZipFile) -> dict[str, str]:
    """xlsxwriter numbers the parts in the order of the sheets."""
    names = _SHEET_NAME.findall(file.read("xl/workbook.xml").decode())
    return {f"xl/worksheets/sheet{number}.xml": _unescape(name) for name, number in names}


def _unescape(text: str) -> str:
    return (
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    )


def cut(name: str, sheet: str, content: bytes, slots: dict[str, Slot]) -> CutPart:
    """Raises ValueError when a varying cell is not there to be filled."""
    pieces, cells, position = [], [], 0
    for match in _EMPTY_CELL.finditer(content):
        address = match.group(1).decode()
        if address in slots:
            pieces.append(content[position : match.start()])
            cells.append((address, b'<c r="%s"%s' % match.groups()))
            position = match.end()
    pieces.append(content[position:])
    if missing := slots.keys() - {address for address, _opening in cells}:
        raise ValueError(f"no empty cell at {sheet}!{', '.join(sorted(missing))}")
    return CutPart(name, sheet, tuple(pieces), tuple(cells))


def cell_xml(opening: bytes, value: Slot) -> bytes:
    """A cell with a number, with a text of its own, or empty."""
    if value is None:
        return opening + b"/>"
    if isinstance(value, str):
        text = escape_text(value).encode()
        return b'%s t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>' % (opening, text)
    # As xlsxwriter writes numbers.
    return opening + f"><v>{value:.16G}</v></c>".encode()


def escape_text(text: str) -> str:
    text = _ESCAPED.sub(r"_x005F\1", text)
    text = _CONTROL.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    return escape(text).replace("\r", "_x000D_")


def _nobody(layout: Layout) -> Content:
    """Only to ask which cells vary."""
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    return Content(0, "", "", "", moment.date(), moment)
