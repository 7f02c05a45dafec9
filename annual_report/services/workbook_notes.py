"""What the answer to a workbook shows: section by section, and as a copy with notes at the cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from annual_report.filled_form import FilledForm
from annual_report.form_spec import SectionSpec
from annual_report.models import Form, WorkbookUpload
from annual_report.services import workbooks
from annual_report.services.checks import Problem
from annual_report.services.workbook_compare import (
    RULES,
    Comparison,
    ExplanationRow,
    Row,
    compare,
)
from annual_report.workbooks.content import EXPLANATION, PLANS, Slot, make_slots
from annual_report.workbooks.diff import State
from annual_report.workbooks.layout import CHECKS, Layout
from annual_report.workbooks.reader import Uploaded, WorkbookRefused
from annual_report.workbooks.values import clean
from annual_report.workbooks.writer import write_workbook


@dataclass
class Part:
    """One section of the answer page, or the explanations."""

    code: str
    title: str
    changed: list[Row] = field(default_factory=list)
    conflicts: list[Row] = field(default_factory=list)
    wrong: list[Row] = field(default_factory=list)
    same: int = 0
    problems: list[tuple[Problem, list[str]]] = field(default_factory=list)
    #: Places of required cells that would still be empty.
    missing: list[str] = field(default_factory=list)
    explanations: list[ExplanationRow] = field(default_factory=list)

    @property
    def acceptable(self) -> int:
        """How many cells a click would save without a further question."""
        return len(self.changed) + sum(
            not row.disputed and not row.error for row in self.explanations
        )

    @property
    def has_conflicts(self) -> bool:
        return bool(self.conflicts) or any(row.disputed for row in self.explanations)

    @property
    def is_quiet(self) -> bool:
        return not (self.acceptable or self.has_conflicts or self.wrong or self.problems)


def describe_parts(comparison: Comparison) -> list[Part]:
    """Sections in the form's order, the explanations last."""
    parts = {
        section.code: Part(section.code, section.title)
        for section, _fields in comparison.form.spec.sections
    }
    for row in comparison.rows.values():
        part = parts[row.section.code]
        if row.state == State.SAME:
            part.same += 1
        else:
            {
                State.CHANGED: part.changed,
                State.CONFLICT: part.conflicts,
                State.ERROR: part.wrong,
            }[row.state].append(row)
    sections = {code: cell.indicator.section for code, cell in comparison.form.cells.items()}
    wrong = {row.code for row in comparison.wrong}
    for problem in comparison.problems:
        _put_problem(parts, sections, comparison, problem, wrong)
    if comparison.explanations:
        parts[RULES] = Part(RULES, "Пояснения", explanations=comparison.explanations)
    return list(parts.values())


def _put_problem(
    parts: dict[str, Part],
    sections: dict[str, SectionSpec],
    comparison: Comparison,
    problem: Problem,
    wrong: set[str],
) -> None:
    """Under the section of its first indicator; cells that are wrong already are not told twice."""
    if not problem.codes or problem.codes[0] not in sections:
        return
    part = parts[sections[problem.codes[0]].code]
    places = [place for code in problem.codes if (place := comparison.place_of(code))]
    if problem.code.startswith("M-"):
        if problem.codes[0] not in wrong:
            part.missing += places
        return
    part.problems.append((problem, places))


# --- the copy with notes -------------------------------------------------------------------------------


def annotate_upload(upload: WorkbookUpload, form: FilledForm) -> bytes:
    """The uploaded values as they are, with a note at each cell where something is wrong.

    It is a workbook of the portal like the first, with the same base: mended, it is taken back.
    Raises ValidationError when the upload no longer fits its form.
    """
    uploaded = workbooks.read_upload(upload)
    try:
        comparison = compare(form, uploaded)
    except WorkbookRefused as refusal:
        raise ValidationError(str(refusal)) from refusal
    meta = uploaded.meta
    layout = workbooks.get_layout(Form.objects.get(code=meta.form), meta.kind, meta.year)
    known = workbooks.get_content(form)
    content = replace(
        known,
        campaign=meta.campaign,
        oktmo=meta.oktmo,
        municipality=meta.municipality,
        made_at=meta.made_at,
        saved={code: saved for code, saved in meta.base.items() if code in layout.rows},
        previous={code: value for code, value in meta.previous.items() if value is not None},
        explained=meta.explained,
        typed=typed_slots(layout, uploaded),
    )
    return write_workbook(layout, make_slots(layout, content), make_notes(layout, comparison))


def typed_slots(layout: Layout, uploaded: Uploaded) -> dict[str, Slot]:
    """What stands in the cells that the clerk may fill, by «sheet!cell»."""
    slots: dict[str, Slot] = {}
    for code, row in layout.rows.items():
        raw = uploaded.rows.get(code)
        if raw is None or row.field.formula:
            continue
        for key in ("value", *PLANS, "reason", "note"):
            if key in raw.cells and row.takes(key):
                slots[row.place(key)] = as_slot(raw.cells[key])
    for rule in layout.rules:
        if rule.takes_explanation and rule.code in uploaded.explanations:
            line = layout.rule_rows[rule.code]
            slots[f"{CHECKS}!{EXPLANATION}{line}"] = uploaded.explanations[rule.code] or None
    return slots


def as_slot(raw: Any) -> Slot:
    if isinstance(raw, (bool, datetime, date, time, timedelta)):
        return clean(raw)
    if isinstance(raw, (int, float)):
        return float(raw)
    return raw or None


def make_notes(layout: Layout, comparison: Comparison) -> dict[str, str]:
    """Notes by «sheet!cell»: errors at their own cells, broken rules at their first indicator."""
    notes: dict[str, list[str]] = {}
    for row in comparison.rows.values():
        for error in row.errors:
            notes.setdefault(error.place, []).append(
                f"Стоит {error.found}. {error.expected} {error.hint}"
            )
        for notice in row.notices:
            notes.setdefault(row.place, []).append(notice)
    wrong = {row.code for row in comparison.wrong}
    for problem in comparison.problems:
        place = comparison.place_of(problem.codes[0]) if problem.codes else ""
        if place and problem.codes[0] not in wrong:
            words = f"{str(problem.severity.label).capitalize()}. {problem.message} {problem.hint}"
            notes.setdefault(place, []).append(words)
    return {place: "\n\n".join(texts) for place, texts in notes.items()}
