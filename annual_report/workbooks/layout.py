"""What stands in which cell of a form's workbook; writer, reader and messages share it.

A sheet per section, so that departments can share the work; the same columns on each. Two more
sheets speak to the clerk: ``GUIDE`` (how to fill, what is left) and ``CHECKS`` (control rules).
Three are hidden: ``CALC`` holds the formulas behind the checks, ``KNOWN`` figures from elsewhere
that rules compare with, ``META`` what the portal needs to take the workbook back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from annual_report.enums import Prefill, Severity, ValueType
from annual_report.form_spec import FieldSpec as Field
from annual_report.rules import Expression
from annual_report.rules.tree import split_key

GUIDE, CHECKS = "Как заполнить", "Проверка"
CALC, KNOWN, META = "_calc", "_known", "_okmo"
MARK = "okmo-workbook"
#: Counts up when the reader must tell a new arrangement from the old one.
TEMPLATE = 1
#: Rows of a section's sheet, counted from 1: heading, whose, what is left, columns' heads.
HEAD_ROW, FIRST_ROW = 4, 5
#: A cell of Excel holds 32,767 characters.
CHUNK, CHUNKS = 30_000, 20
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
MAX_SHEET_NAME = 31


@dataclass(frozen=True)
class Column:
    key: str
    title: str
    width: int


@dataclass(frozen=True)
class Rule:
    """A control rule in the workbook, as ``form_rules.FormRule`` has it.

    ``codes`` are the indicators of the workbook that it concerns, ``shown`` the keys that its
    message names.
    """

    code: str
    severity: str
    expression: Expression
    message: str
    hint: str
    codes: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def takes_explanation(self) -> bool:
        return self.severity == Severity.EXPLAIN

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self.expression.keys)


@dataclass(frozen=True)
class Row:
    """One indicator's line; ``number`` counts from 1 as Excel does."""

    field: Field
    sheet: Sheet
    number: int

    def place(self, key: str) -> str:
        """«Бюджет!E14», as a person finds it."""
        return f"{self.sheet.name}!{self.letter(key)}{self.number}"

    def ref(self, key: str) -> str:
        """The same in a formula."""
        return f"{quoted(self.sheet.name)}!${self.letter(key)}${self.number}"

    def letter(self, key: str) -> str:
        return letters(self.sheet.columns[key])

    def takes(self, key: str) -> bool:
        """Whether the clerk types into that cell."""
        if self.field.formula:
            return False
        return not key.startswith("plan") or self.field.asks_plan


@dataclass(frozen=True)
class Sheet:
    """A section's sheet; ``heads`` are its columns from A on."""

    name: str
    code: str
    title: str
    heads: tuple[Column, ...]
    fields: tuple[Field, ...]

    @cached_property
    def columns(self) -> dict[str, int]:
        """Number of each column, from 0."""
        return {column.key: number for number, column in enumerate(self.heads)}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(field, self, number) for number, field in enumerate(self.fields, FIRST_ROW)
        )


@dataclass(frozen=True)
class Layout:
    """The workbook of one form, kind of municipality and year, without anybody's values."""

    form: str
    version: int
    title: str
    year: int
    kind: str
    sheets: tuple[Sheet, ...]
    rules: tuple[Rule, ...]

    @cached_property
    def rows(self) -> dict[str, Row]:
        return {row.field.code: row for sheet in self.sheets for row in sheet.rows}

    @cached_property
    def calc_rows(self) -> dict[str, int]:
        """Each indicator's line on the calculating sheet, from 1."""
        return {code: number for number, code in enumerate(self.rows, 2)}

    @cached_property
    def rule_rows(self) -> dict[str, int]:
        """Each rule's line on the sheet of checks, from 1."""
        return {rule.code: number for number, rule in enumerate(self.rules, FIRST_ROW)}

    @cached_property
    def federal(self) -> tuple[Row, ...]:
        """Indicators that federal data fill beforehand: another value needs a note."""
        return tuple(
            row
            for row in self.rows.values()
            if row.field.prefill == Prefill.FEDERAL and not row.field.formula
        )

    @cached_property
    def known_keys(self) -> dict[str, int]:
        """Operands of rules that stand in no visible cell, with their line on the hidden sheet."""
        keys = [key for rule in self.rules for key in (*rule.expression.keys, *rule.shown)]
        keys += [f"outside:{row.field.code}" for row in self.federal]
        elsewhere = (key for key in dict.fromkeys(keys) if split_key(key)[0] not in ("", "prev"))
        return {key: number for number, key in enumerate(elsewhere, 1)}

    @cached_property
    def static_meta(self) -> str:
        """What the reader needs of the arrangement, the same in every copy."""
        return to_json(
            {
                "template": TEMPLATE,
                "form": self.form,
                "version": self.version,
                "year": self.year,
                "kind": self.kind,
                "sheets": [
                    {
                        "name": sheet.name,
                        "section": sheet.code,
                        "columns": sheet.columns,
                        "rows": [[f.code, f.title, f.unit] for f in sheet.fields],
                    }
                    for sheet in self.sheets
                ],
                "rules": [rule.code for rule in self.rules],
            }
        )

    @cached_property
    def fingerprint(self) -> str:
        """Changes with anything that a copy shows or checks."""
        fields = [
            (
                f.code, f.hint, f.value_type, f.decimals, f.formula, list(f.offered_choices),
                str(f.min_value), str(f.max_value), f.is_required, f.asks_plan, f.prefill,
            )
            for sheet in self.sheets
            for f in sheet.fields
        ]  # fmt: skip
        rules = [
            (r.code, r.severity, repr(r.expression.tree), r.message, r.hint, r.codes)
            for r in self.rules
        ]
        parts = [self.static_meta, self.title, fields, rules]
        return hashlib.sha256(to_json(parts).encode()).hexdigest()


def make_layout(
    *,
    form: str,
    version: int,
    title: str,
    year: int,
    kind: str,
    fields: Iterable[Field],
    rules: Sequence[Rule] = (),
) -> Layout:
    """Arrange ``fields``, which come in the form's order, section by section."""
    sections: dict[str, list[Field]] = {}
    titles: dict[str, str] = {}
    for field in fields:
        sections.setdefault(field.section.code, []).append(field)
        titles[field.section.code] = field.section.title
    names = sheet_names(titles)
    return Layout(
        form=form,
        version=version,
        title=title,
        year=year,
        kind=kind,
        sheets=tuple(
            Sheet(names[code], code, titles[code], columns_for(found, year), tuple(found))
            for code, found in sections.items()
        ),
        rules=tuple(rules),
    )


def columns_for(fields: Sequence[Field], year: int) -> tuple[Column, ...]:
    """Plan columns stand only where some indicator of the section asks for a plan."""
    plans = [Column(f"plan_{n}", f"План на {year + n} год", 14) for n in (1, 2, 3)]
    return (
        Column("code", "Код", 7),
        Column("title", "Показатель", 46),
        Column("unit", "Единица", 12),
        Column("previous", f"{year - 1} год", 15),
        Column("value", f"{year} год", 16),
        *(plans if any(field.asks_plan for field in fields) else ()),
        Column("reason", "Нет данных, потому что", 30),
        Column("note", "Примечание", 30),
        Column("check", "Проверка", 64),
    )


def sheet_names(titles: dict[str, str]) -> dict[str, str]:
    """A name that Excel takes for each section, by its code; no two alike."""
    names: dict[str, str] = {}
    taken = {name.casefold() for name in (GUIDE, CHECKS, CALC, KNOWN, META, "history")}
    for code, title in titles.items():
        name = _FORBIDDEN.sub(" ", title).strip("' ") or code
        if len(name) > MAX_SHEET_NAME:
            # Cut after a whole word.
            name = name[: MAX_SHEET_NAME + 1].rsplit(" ", 1)[0][:MAX_SHEET_NAME]
        if name.casefold() in taken:
            name = f"{code} {name}"[:MAX_SHEET_NAME]
        names[code] = name
        taken.add(name.casefold())
    return names


def letters(column: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def choice_labels(field: Field) -> list[str]:
    """The words that a cell of this indicator takes; none for numbers."""
    if field.value_type == ValueType.BOOLEAN:
        return ["да", "нет"]
    if field.value_type == ValueType.CHOICE:
        return [str(label) for _code, label in field.offered_choices]
    return []
