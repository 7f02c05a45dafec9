"""Changing cells of a finished workbook, as a clerk's spreadsheet program would."""

import io
import re
import zipfile
from datetime import date
from xml.sax.saxutils import escape, unescape

from python_calamine import load_workbook

EPOCH = date(1899, 12, 30)


def sheet_part(archive, name):
    sheets = re.findall(
        r'<sheet name="([^"]*)" sheetId="(\d+)"', archive.read("xl/workbook.xml").decode()
    )
    number = next(number for title, number in sheets if unescape(title) == name)
    return f"xl/worksheets/sheet{number}.xml"


def cell_xml(address, style, value):
    if value is None:
        return f'<c r="{address}"{style}/>'
    if isinstance(value, bool):
        return f'<c r="{address}"{style} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str) and value.startswith("#"):
        return f'<c r="{address}"{style} t="e"><v>{escape(value)}</v></c>'
    if isinstance(value, str):
        text = f'<is><t xml:space="preserve">{escape(value)}</t></is>'
        return f'<c r="{address}"{style} t="inlineStr">{text}</c>'
    if isinstance(value, date):
        # ISO dates, as LibreOffice and others may write them.
        return f'<c r="{address}"{style} t="d"><v>{value.isoformat()}</v></c>'
    return f'<c r="{address}"{style}><v>{value!r}</v></c>'


def edit(content, changes):
    """The workbook with other values in some cells; ``changes``: «sheet!cell» → value."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    by_part = {}
    for place, value in changes.items():
        name, _mark, address = place.rpartition("!")
        by_part.setdefault(sheet_part(source, name), {})[address] = value
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            text = source.read(name).decode()
            for address, value in by_part.get(name, {}).items():
                pattern = rf'<c r="{address}"( s="\d+")?(?: t="\w+")?(?:/>|>.*?</c>)'
                text, count = re.subn(
                    pattern,
                    lambda m, a=address, v=value: cell_xml(a, m.group(1) or "", v),
                    text,
                    count=1,
                )
                assert count == 1, f"no cell {address} in {name}"
            archive.writestr(name, text)
    return target.getvalue()


def rename_sheet(content, old, new):
    return replace_part(
        content, "xl/workbook.xml", f'name="{escape(old)}"', f'name="{escape(new)}"'
    )


def replace_part(content, part, old, new):
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == part:
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            archive.writestr(name, data)
    return target.getvalue()


def read_cells(content):
    """Sheet → rows of values, as calamine sees them."""
    with load_workbook(io.BytesIO(content)) as book:
        return {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
