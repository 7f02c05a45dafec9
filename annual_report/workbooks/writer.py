"""Writing the whole file with xlsxwriter: once per form and kind, and in full where it must be.

``stamp`` fills the copies; a test holds both to the same content.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_cell_to_rowcol

from annual_report.enums import NO_DATA_REASONS, ValueType
from annual_report.workbooks import checks
from annual_report.workbooks.content import EXPLANATION, Slots
from annual_report.workbooks.layout import (
    CALC,
    CHECKS,
    CHUNK,
    FIRST_ROW,
    GUIDE,
    HEAD_ROW,
    KNOWN,
    MARK,
    META,
    TEMPLATE,
    Layout,
    Row,
    Sheet,
    choice_labels,
    letters,
    quoted,
)
from annual_report.workbooks.texts import STEPS, input_message, wanted

#: The same bytes for the same content: a copy does not tell when its template was made.
CREATED = datetime(2025, 1, 1)
LARGEST = 1e17
INK, LINE, SOFT, INPUT, BAD, WARN = "#1b1d22", "#c9ccd3", "#f1f2f4", "#fff8e1", "#b3261e", "#8a5a00"
BASE = {"font_name": "Calibri", "font_size": 11, "font_color": INK, "valign": "vcenter"}
FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 15},
    "text": {"text_wrap": True, "valign": "top"},
    "muted": {"font_color": "#555b66"},
    "head": {"bold": True, "text_wrap": True, "bg_color": SOFT, "border": 1, "border_color": LINE},
    "cell": {"text_wrap": True, "border": 1, "border_color": LINE},
    "link": {"text_wrap": True, "border": 1, "border_color": LINE, "font_color": "#0b4f9e",
             "underline": 1},
    "count": {"border": 1, "border_color": LINE, "num_format": "#,##0", "bold": True},
    "check": {"text_wrap": True, "border": 1, "border_color": LINE, "font_size": 10},
    "words": {"text_wrap": True, "border": 1, "border_color": LINE, "locked": False,
              "bg_color": INPUT, "num_format": "@"},
    "closed": {"border": 1, "border_color": LINE, "bg_color": SOFT},
    "bad": {"font_color": BAD, "bold": True},
    "warn": {"font_color": WARN},
    "ok": {"font_color": "#1f6b3a"},
}  # fmt: skip


class Book:
    """One workbook being written; ``slots`` fill the cells that differ from copy to copy."""

    def __init__(self, layout: Layout, slots: Slots, comments: Mapping[str, str] | None = None):
        self.layout, self.slots = layout, slots
        self.comments = dict(comments or {})
        self.target = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.target, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        )
        self.book.set_properties({"title": layout.title, "created": CREATED})
        self.formats: dict[str, Any] = {}
        self.calc = checks.build_calc(layout)

    def format(self, name: str, **changes: Any) -> Any:
        key = f"{name}{sorted(changes.items())}"
        if key not in self.formats:
            self.formats[key] = self.book.add_format({**BASE, **FORMATS[name], **changes})
        return self.formats[key]

    def slot(self, sheet: Any, name: str, cell: str, style: Any) -> None:
        """A cell that differs from copy to copy; an empty one keeps its format."""
        value = self.slots.get(name, {}).get(cell)
        if value is None:
            sheet.write_blank(cell, None, style)
        elif isinstance(value, str):
            sheet.write_string(cell, value, style)
        else:
            sheet.write_number(cell, value, style)
        if comment := self.comments.get(f"{name}!{cell}"):
            sheet.write_comment(cell, comment, {"x_scale": 3, "y_scale": 1.6})

    def write(self) -> bytes:
        with warnings.catch_warnings():
            # A message too long for Excel would be dropped with a warning: it must not be.
            warnings.simplefilter("error")
            guide = self.book.add_worksheet(GUIDE)
            sheets = [self.book.add_worksheet(sheet.name) for sheet in self.layout.sheets]
            self.write_guide(guide)
            for sheet, target in zip(self.layout.sheets, sheets, strict=True):
                self.write_section(target, sheet)
            if self.layout.rules:
                self.write_checks(self.book.add_worksheet(CHECKS))
            self.write_hidden()
            self.book.close()
        return self.target.getvalue()

    # --- the first sheet ---------------------------------------------------------------------------

    def write_guide(self, sheet: Any) -> None:
        sheet.set_column(0, 0, 56)
        sheet.set_column(1, 2, 20)
        for cell, style in (("A1", "title"), ("A2", "muted"), ("A3", "muted")):
            self.slot(sheet, GUIDE, cell, self.format(style))
        sheet.write_row("A5", ["Что осталось", "Сейчас"], self.format("head"))
        line = 6
        for title, formula in checks.totals(self.layout).items():
            sheet.write_string(f"A{line}", title, self.format("cell"))
            sheet.write_formula(f"B{line}", formula, self.format("count"), "")
            line += 1
        line = self.write_sections_table(sheet, line + 1)
        sheet.write_string(f"A{line}", "Как заполнить", self.format("title"))
        for step in STEPS:
            line += 1
            sheet.merge_range(f"A{line}:C{line}", step, self.format("text"))
            sheet.set_row(line - 1, 15 * (1 + len(step) // 100) + 4)
        self.finish(sheet, landscape=False)

    def write_sections_table(self, sheet: Any, line: int) -> int:
        heads = ["Лист (нажмите, чтобы перейти)", "Осталось заполнить", "Ошибок в ячейках"]
        sheet.write_row(f"A{line}", heads, self.format("head"))
        for part in self.layout.sheets:
            line += 1
            lines = [self.layout.calc_rows[field.code] for field in part.fields]
            span = f"{min(lines)}:${{}}${max(lines)}"
            missing, wrong = (
                f"{quoted(CALC)}!${column}${span.format(column)}" for column in ("D", "E")
            )
            sheet.write_url(
                f"A{line}",
                f"internal:{quoted(part.name)}!A1",
                self.format("link"),
                string=part.title[:200],
            )
            sheet.write_formula(f"B{line}", f"=SUM({missing})", self.format("count"), "")
            sheet.write_formula(
                f"C{line}", f'=SUMPRODUCT(--({wrong}<>""))', self.format("count"), ""
            )
        return line + 2

    # --- sections ----------------------------------------------------------------------------------

    def write_section(self, sheet: Any, part: Sheet) -> None:
        for column in part.heads:
            number = part.columns[column.key]
            sheet.set_column(number, number, column.width)
        sheet.write_string("A1", part.title, self.format("title"))
        self.slot(sheet, part.name, "A2", self.format("muted"))
        lines = [self.layout.calc_rows[field.code] for field in part.fields]
        missing = f"{quoted(CALC)}!$D${min(lines)}:$D${max(lines)}"
        sheet.write_formula(
            "A3", f'="Осталось заполнить на этом листе: "&SUM({missing})', self.format("muted"), ""
        )
        sheet.write_row(f"A{HEAD_ROW}", [c.title for c in part.heads], self.format("head"))
        sheet.set_row(HEAD_ROW - 1, 32)
        for row in part.rows:
            self.write_row(sheet, row)
        self.mark_checks(sheet, part)
        sheet.freeze_panes(HEAD_ROW, 2)
        last = letters(part.columns["check"] - 1)
        sheet.print_area(f"A1:{last}{part.rows[-1].number}")
        sheet.repeat_rows(HEAD_ROW - 1)
        self.finish(sheet)

    def write_row(self, sheet: Any, row: Row) -> None:
        field, line = row.field, row.number
        cell = self.format("cell")
        sheet.set_row(line - 1, 15 * max(2, 1 + len(field.title) // 42))
        for key, text in (("code", field.code), ("title", field.title), ("unit", field.unit)):
            sheet.write_string(f"{row.letter(key)}{line}", text, cell)
        # Every cell of the line has a format of its own, so that a copy's values keep it.
        number = number_format(row)
        self.slot_of(sheet, row, "previous", self.format("cell", num_format=number))
        if field.formula:
            formula = checks.computed_formula(self.layout, row)
            sheet.write_formula(
                f"{row.letter('value')}{line}",
                formula,
                self.format("closed", num_format=number, italic=True),
                "",
            )
        else:
            self.write_inputs(sheet, row, number)
        for key in ("plan_1", "plan_2", "plan_3", "reason", "note"):
            if key in row.sheet.columns and not row.takes(key):
                sheet.write_blank(f"{row.letter(key)}{line}", None, self.format("closed"))
        ref = checks.calc_ref("F", self.layout.calc_rows[field.code])
        sheet.write_formula(f"{row.letter('check')}{line}", f"={ref}", self.format("check"), "")

    def write_inputs(self, sheet: Any, row: Row, number: str) -> None:
        typed = self.format("words", num_format=number)
        keys = ("value", "plan_1", "plan_2", "plan_3") if row.field.asks_plan else ("value",)
        for key in keys:
            self.slot_of(sheet, row, key, typed)
            sheet.data_validation(f"{row.letter(key)}{row.number}", self.validation(row, key))
        for key in ("reason", "note"):
            self.slot_of(sheet, row, key, self.format("words"))
        sheet.data_validation(
            f"{row.letter('reason')}{row.number}",
            {
                "validate": "list",
                "source": list(NO_DATA_REASONS),
                "show_error": False,
                "input_title": "Нет данных",
                "input_message": "Выберите причину или напишите свою. Если есть значение, "
                "оставьте пустым.",
            },
        )

    def slot_of(self, sheet: Any, row: Row, key: str, style: Any) -> None:
        self.slot(sheet, row.sheet.name, f"{row.letter(key)}{row.number}", style)

    def validation(self, row: Row, key: str) -> dict[str, Any]:
        field = row.field
        options: dict[str, Any] = {
            "input_title": f"{field.code}, {field.unit}"[:32],
            "input_message": input_message(field, plan=key != "value"),
            "error_title": "Так не подойдёт",
            "error_message": wanted(field)[:255],
        }
        if field.value_type == ValueType.BOOLEAN:
            return options | {"validate": "list", "source": choice_labels(field)}
        if field.value_type == ValueType.CHOICE:
            source = checks.offered_range(self.calc, row)
            return options | {"validate": "list", "source": source}
        whole = field.value_type == ValueType.INTEGER
        least = -LARGEST if field.min_value is None else float(field.min_value)
        greatest = LARGEST if field.max_value is None else float(field.max_value)
        return options | {
            "validate": "integer" if whole else "decimal",
            "criteria": "between",
            "minimum": int(least) if whole else least,
            "maximum": int(greatest) if whole else greatest,
        }

    def mark_checks(self, sheet: Any, part: Sheet) -> None:
        """Colour follows the words; it never stands without them."""
        column = letters(part.columns["check"])
        area = f"{column}{FIRST_ROW}:{column}{part.rows[-1].number}"
        for start, style in (
            ("Ошибка", "bad"),
            ("Нельзя", "bad"),
            ("Нужно", "warn"),
            ("Обратите", "warn"),
        ):
            sheet.conditional_format(
                area,
                {
                    "type": "text",
                    "criteria": "begins with",
                    "value": start,
                    "format": self.book.add_format(FORMATS[style]),
                },
            )

    # --- rules -------------------------------------------------------------------------------------

    def write_checks(self, sheet: Any) -> None:
        heads = (
            ("Код", 8), ("Важность", 20), ("Сейчас", 24), ("Что не так", 60),
            ("Как исправить", 50), ("Где", 24), ("Пояснение", 50),
        )  # fmt: skip
        for number, (_title, width) in enumerate(heads):
            sheet.set_column(number, number, width)
        sheet.write_string("A1", "Контрольные соотношения", self.format("title"))
        sheet.write_string(
            "A2",
            "Пояснение пишите там, где сверка не сходится по уважительной причине. "
            "Без значений сверка молчит.",
            self.format("muted"),
        )
        sheet.write_row(f"A{HEAD_ROW}", [title for title, _width in heads], self.format("head"))
        for rule in self.layout.rules:
            self.write_rule(sheet, rule)
        area = f"C{FIRST_ROW}:C{max(self.layout.rule_rows.values())}"
        for words, style in (
            ("нельзя отправить", "bad"),
            ("нужно пояснение", "warn"),
            ("обратите внимание", "warn"),
            ("выполнено", "ok"),
            ("пояснено", "ok"),
        ):
            sheet.conditional_format(
                area,
                {
                    "type": "cell",
                    "criteria": "==",
                    "value": f'"{words}"',
                    "format": self.book.add_format(FORMATS[style]),
                },
            )
        sheet.freeze_panes(HEAD_ROW, 1)
        sheet.repeat_rows(HEAD_ROW - 1)
        self.finish(sheet)

    def write_rule(self, sheet: Any, rule: Any) -> None:
        line, cell = self.layout.rule_rows[rule.code], self.format("cell")
        sheet.set_row(line - 1, 46)
        sheet.write_string(f"A{line}", rule.code, cell)
        sheet.write_string(f"B{line}", checks.WORDS[rule.severity], cell)
        result = checks.result_formula(self.layout, rule)
        sheet.write_formula(f"C{line}", result, cell, "")
        sheet.write_formula(f"D{line}", f"={checks.calc_ref('J', line)}", cell, "")
        sheet.write_string(f"E{line}", rule.hint, cell)
        first = self.layout.rows.get(rule.codes[0]) if rule.codes else None
        places = [self.layout.rows[c].place("value") for c in rule.codes if c in self.layout.rows]
        if first is not None:
            sheet.write_url(
                f"F{line}",
                f"internal:{first.ref('value').replace('$', '')}",
                self.format("link"),
                string="\n".join(places)[:500],
            )
        else:
            sheet.write_string(f"F{line}", "", cell)
        if rule.takes_explanation:
            self.slot(sheet, CHECKS, f"{EXPLANATION}{line}", self.format("words"))
        else:
            sheet.write_blank(f"{EXPLANATION}{line}", None, self.format("closed"))

    # --- hidden ------------------------------------------------------------------------------------

    def write_hidden(self) -> None:
        calc = self.book.add_worksheet(CALC)
        for cell, value in self.calc.cells.items():
            if isinstance(value, str) and value.startswith("="):
                calc.write_formula(cell, value, None, "")
            elif isinstance(value, str):
                calc.write_string(cell, value)
            else:
                calc.write_number(cell, value)
        calc.very_hidden()
        style = self.format("muted")
        if self.layout.known_keys:
            known = self.book.add_worksheet(KNOWN)
            for key, number in self.layout.known_keys.items():
                known.write_string(f"A{number}", key)
                self.slot(known, KNOWN, f"B{number}", style)
            known.very_hidden()
        meta = self.book.add_worksheet(META)
        meta.write_string("A1", MARK)
        meta.write_number("B1", TEMPLATE)
        text = self.layout.static_meta
        for number, start in enumerate(range(0, len(text), CHUNK), 2):
            meta.write_string(f"A{number}", text[start : start + CHUNK])
        for cell in sorted(self.slots.get(META, META_CELLS), key=xl_cell_to_rowcol):
            self.slot(meta, META, cell, style)
        meta.very_hidden()

    def finish(self, sheet: Any, *, landscape: bool = True) -> None:
        """Print set-up and protection: without a password, so that it stops slips, not people."""
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer(f"&L{self.layout.title[:100].replace('&', '&&')}&R&A, стр. &P из &N")
        sheet.hide_gridlines(2)
        sheet.protect(
            "", {"format_columns": True, "format_rows": True, "select_locked_cells": True}
        )


META_CELLS = ("C1", *(f"B{number + 2}" for number in range(20)))


def number_format(row: Row) -> str:
    """All digits that were typed are shown, the indicator's own at least."""
    if row.field.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
        return "@"
    if row.field.value_type == ValueType.INTEGER or row.field.decimals == 0:
        return "#,##0" if row.field.value_type == ValueType.INTEGER else "#,##0.######"
    return "#,##0." + "0" * row.field.decimals + "#" * (6 - row.field.decimals)


def write_workbook(
    layout: Layout, slots: Slots, comments: Mapping[str, str] | None = None
) -> bytes:
    """The whole file; ``comments`` are notes at cells, by «sheet!cell»."""
    return Book(layout, slots, comments).write()
