"""One municipality's values, and the cell in which each of them stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from annual_report.enums import ValueType
from annual_report.workbooks.layout import (
    CHECKS,
    CHUNK,
    CHUNKS,
    GUIDE,
    KNOWN,
    META,
    Field,
    Layout,
    Row,
    to_json,
)
from okmo_portal.core.text import format_date, format_datetime

PLANS = ("plan_1", "plan_2", "plan_3")
#: What a cell of the workbook may hold; None leaves it empty.
Slot = float | str | None
#: Sheet → cell, such as "E14" → what stands there.
Slots = dict[str, dict[str, Slot]]
#: The column of explanations on the sheet of checks.
EXPLANATION = "G"


@dataclass(frozen=True, slots=True)
class Saved:
    """One indicator as the portal holds it; ``at`` is when it was last changed."""

    value: Decimal | None = None
    reason: str = ""
    note: str = ""
    plans: tuple[Decimal | None, ...] = (None, None, None)
    at: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Saved(at=self.at)


EMPTY = Saved()


@dataclass(frozen=True)
class Content:
    """Whose workbook it is and what it is filled with."""

    campaign: int
    oktmo: str
    municipality: str
    region: str
    due: date
    made_at: datetime
    saved: Mapping[str, Saved] = field(default_factory=dict)
    previous: Mapping[str, Decimal] = field(default_factory=dict)
    explained: Mapping[str, str] = field(default_factory=dict)
    #: Operands of rules from other forms, years and sources, by key.
    known: Mapping[str, Decimal] = field(default_factory=dict)
    #: Raw contents of cells that stand in place of what is saved, by «sheet!cell».
    typed: Mapping[str, Slot] = field(default_factory=dict)


def make_slots(layout: Layout, content: Content) -> Slots:
    """Every cell that differs from copy to copy, whether filled or left empty."""
    slots: Slots = {GUIDE: _guide(layout, content)}
    for sheet in layout.sheets:
        cells = {"A2": f"{content.municipality}, {layout.year} год. {content.region}"}
        for row in sheet.rows:
            cells.update(_cells_of(row, content))
        slots[sheet.name] = cells
    if layout.rules:
        slots[CHECKS] = {
            f"{EXPLANATION}{layout.rule_rows[rule.code]}": content.explained.get(rule.code) or None
            for rule in layout.rules
            if rule.takes_explanation
        }
    if layout.known_keys:
        slots[KNOWN] = {
            f"B{number}": number_of(content.known.get(key))
            for key, number in layout.known_keys.items()
        }
    for place, value in content.typed.items():
        name, _mark, cell = place.rpartition("!")
        slots[name][cell] = value
    slots[META] = _meta(layout, content)
    return slots


def _guide(layout: Layout, content: Content) -> dict[str, Slot]:
    return {
        "A1": f"{content.municipality}: форма за {layout.year} год",
        "A2": f"{content.region}. {layout.title}, версия {layout.version}.",
        "A3": (
            f"Сдайте форму до {format_date(content.due)}. В книге то, что сохранено в портале "
            f"{format_datetime(content.made_at)}."
        ),
    }


def _cells_of(row: Row, content: Content) -> Iterator[tuple[str, Slot]]:
    field_, number = row.field, row.number
    saved = content.saved.get(field_.code, EMPTY)
    yield (
        f"{row.letter('previous')}{number}",
        show(field_, content.previous.get(field_.code)),
    )
    if field_.formula:
        return
    yield f"{row.letter('value')}{number}", show(field_, saved.value)
    if field_.asks_plan:
        for key, plan in zip(PLANS, saved.plans, strict=True):
            yield f"{row.letter(key)}{number}", show(field_, plan)
    yield f"{row.letter('reason')}{number}", saved.reason or None
    yield f"{row.letter('note')}{number}", saved.note or None


def show(field_: Field, value: Decimal | None) -> Slot:
    """A value as its cell holds it: a number, or the words of a choice."""
    if value is None:
        return None
    if field_.value_type == ValueType.BOOLEAN:
        return "да" if value else "нет"
    if field_.value_type == ValueType.CHOICE:
        return next((str(label) for code, label in field_.choices if code == value), None)
    return float(value)


def number_of(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _meta(layout: Layout, content: Content) -> dict[str, Slot]:
    """The hidden sheet: checksum in C1, the copy's own part from B2 down."""
    text = to_json(dynamic_meta(layout, content))
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    if len(chunks) > CHUNKS:
        raise ValueError("the notes of one form do not fit into its hidden sheet")
    cells: dict[str, Slot] = {"C1": checksum(layout.static_meta, text)}
    for number in range(CHUNKS):
        cells[f"B{number + 2}"] = chunks[number] if number < len(chunks) else None
    return cells


def dynamic_meta(layout: Layout, content: Content) -> dict[str, Any]:
    """What was in the cells when the copy was made, exactly, with the time of each."""
    cells = {}
    for code in layout.rows:
        saved, previous = content.saved.get(code, EMPTY), content.previous.get(code)
        if not saved.is_empty or saved.at or previous is not None:
            cells[code] = [
                plain(saved.value),
                plain(previous),
                saved.reason,
                saved.note,
                [plain(plan) for plan in saved.plans],
                saved.at,
            ]
    return {
        "campaign": content.campaign,
        "oktmo": content.oktmo,
        "municipality": content.municipality,
        "made_at": content.made_at.isoformat(),
        "cells": cells,
        "explained": {code: text for code, text in content.explained.items() if text},
    }


def plain(value: Decimal | None) -> str | None:
    """Digits without an exponent or trailing zeros; what ``Decimal`` reads back as equal."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def checksum(static: str, dynamic: str) -> str:
    return hashlib.sha256(f"{static}\n{dynamic}".encode()).hexdigest()
