"""A workbook beside the form as it is saved now: cell by cell, and what the checks would say after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from annual_report.enums import AnswerSource
from annual_report.filled_form import Cell, FilledForm, SavedAnswer, show_value
from annual_report.form_spec import SectionSpec, get_form_spec
from annual_report.models import ControlRule, Explanation, FieldMove, Form
from annual_report.services.checks import Problem, check_form, limit_message
from annual_report.workbooks.content import EMPTY, Saved
from annual_report.workbooks.diff import ANSWER, NOTE, Merge, State, merge, part_of
from annual_report.workbooks.layout import CHECKS
from annual_report.workbooks.reader import Uploaded, WorkbookRefused
from annual_report.workbooks.texts import wanted
from annual_report.workbooks.values import CellError, Typed, read_row
from okmo_portal.accounts.models import User
from okmo_portal.core.text import format_number

#: The part of a workbook that holds explanations, beside the sections' codes.
RULES = "rules"
MAX_EXPLANATION = 1000
MINE, THEIRS = "mine", "theirs"


class Decision(NamedTuple):
    """Whose value stays; ``seen`` is when the portal's side was last changed, as the page had it."""

    choice: str
    seen: str = ""


@dataclass(frozen=True)
class PartChange:
    """One thing that changes in a cell, in words."""

    title: str
    before: str
    after: str
    disputed: bool


@dataclass
class Row:
    """One indicator: what stands in the portal, what the workbook says."""

    cell: Cell
    typed: Typed
    merge: Merge
    place: str
    places: dict[str, str]
    now: Saved
    #: Who changed the portal's side meanwhile; filled for conflicts.
    changed_by: str = ""
    changed_at: datetime | None = None

    @property
    def code(self) -> str:
        return self.cell.code

    @property
    def section(self) -> SectionSpec:
        return self.cell.indicator.section

    @property
    def errors(self) -> tuple[CellError, ...]:
        return self.typed.errors

    @property
    def notices(self) -> tuple[str, ...]:
        return self.typed.notices

    @property
    def state(self) -> State:
        return State.ERROR if self.errors else self.merge.state

    @property
    def seen(self) -> str:
        return self.now.at

    def changes(self, saved: Saved) -> bool:
        return any(part_of(saved, name) != part_of(self.now, name) for name in self.merge.touched)

    def decide(self, decision: Decision | None) -> Saved | None:
        """What is to be saved; None while a conflict waits for a decision."""
        if not self.merge.disputed:
            return self.merge.mine
        if decision is None or decision.choice not in (MINE, THEIRS) or decision.seen != self.seen:
            return None
        return self.merge.mine if decision.choice == MINE else self.merge.theirs

    @property
    def parts(self) -> list[PartChange]:
        return [
            PartChange(
                self._title(name),
                self._show(self.now, name),
                self._show(self.typed.saved, name),
                name in self.merge.disputed,
            )
            for name in self.merge.touched
        ]

    def _title(self, name: str) -> str:
        return {ANSWER: "Значение", NOTE: "Примечание"}.get(name) or f"План, {name[-1]}-й год"

    def _show(self, saved: Saved, name: str) -> str:
        if name == NOTE:
            return saved.note or "пусто"
        if name != ANSWER:
            return show_value(self.cell.indicator, saved.plans[int(name[-1]) - 1])
        if saved.reason:
            return f"нет данных: {saved.reason}"
        return "пусто" if saved.value is None else show_exact(self.cell, saved.value)

    @property
    def growth(self) -> Decimal | None:
        """Against last year, as a share."""
        value, before = self.typed.saved.value, self.cell.previous
        if value is None or not before or self.cell.indicator.is_words:
            return None
        return (value - before) / abs(before)


def show_exact(cell: Cell, value: Decimal) -> str:
    """All digits: two values that differ must look different."""
    decimals = max(cell.indicator.decimals, -int(value.normalize().as_tuple().exponent))
    if cell.indicator.is_words or decimals == cell.indicator.decimals:
        return show_value(cell.indicator, value)
    return format_number(value, decimals)


@dataclass
class ExplanationRow:
    """An explanation to a rule, three-way like the cells."""

    rule_id: int
    code: str
    message: str
    now: str
    typed: str
    disputed: bool
    seen: str
    by: str = ""
    at: datetime | None = None
    error: str = ""

    def decide(self, decision: Decision | None) -> str | None:
        if not self.disputed:
            return self.typed
        if decision is None or decision.choice not in (MINE, THEIRS) or decision.seen != self.seen:
            return None
        return self.typed if decision.choice == MINE else self.now


@dataclass
class Comparison:
    """Everything that the answer page says."""

    form: FilledForm
    uploaded: Uploaded
    rows: dict[str, Row]
    explanations: list[ExplanationRow]
    #: Codes of the workbook that this form does not ask of this municipality.
    left_over: list[str]
    #: What the checks would find once everything is accepted.
    problems: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state == State.CHANGED]

    @property
    def conflicts(self) -> list[Row]:
        return [row for row in self.rows.values() if row.state == State.CONFLICT]

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows.values() if row.errors]

    @property
    def is_empty(self) -> bool:
        """Nothing in the workbook differs from the portal."""
        return not self.explanations and all(r.state == State.SAME for r in self.rows.values())

    def rows_of(self, parts: Sequence[str]) -> Iterator[Row]:
        chosen = set(parts)
        return (row for row in self.rows.values() if row.section.code in chosen)

    def place_of(self, code: str) -> str:
        row = self.rows.get(code)
        return row.place if row else ""


def compare(form: FilledForm, uploaded: Uploaded, *, check: bool = True) -> Comparison:
    """Three-way, see ``workbooks.diff``. With ``check``, what the rules would say afterwards, too:
    ``form`` is then left as it would be after accepting everything.

    Raises WorkbookRefused when an older workbook has values that no move brings into this form.
    """
    given, left_over = read_all(form, uploaded)
    rows = {}
    for code, (typed, base, places) in given.items():
        cell = form.cells[code]
        now = saved_of(cell)
        found = merge(base, now, typed.saved)
        typed = with_limits(cell, typed, found, places)
        rows[code] = Row(cell, typed, found, places["value"], places, now)
    name_authors(rows.values())
    comparison = Comparison(form, uploaded, rows, compare_explanations(form, uploaded), left_over)
    if not check:
        return comparison
    form.put_answers(after(row) for row in rows.values() if row.merge.touched and not row.errors)
    comparison.problems = check_form(form)
    return comparison


def saved_of(cell: Cell) -> Saved:
    answer = cell.answer
    if answer is None:
        return EMPTY
    at = answer.updated_at.isoformat()
    return Saved(answer.value, answer.no_data_reason, answer.note, answer.plans, at)


def with_limits(cell: Cell, typed: Typed, found: Merge, places: dict[str, str]) -> Typed:
    """Values beyond the indicator's own limits are errors at the cell, as in the browser."""
    value = typed.saved.value
    if value is None or ANSWER not in found.touched or typed.errors:
        return typed
    text = limit_message(cell.indicator, value)
    if not text:
        return typed
    error = CellError(
        places["value"],
        show_exact(cell, value),
        wanted(cell.indicator),
        # A unit such as «ед.» ends the sentence itself.
        f"Значение {text.replace('..', '.')} Проверьте его и единицу измерения.",
    )
    return Typed(typed.saved, (error,), typed.notices)


def after(row: Row) -> SavedAnswer:
    saved, before = row.merge.mine, row.cell.answer
    first, second, third = saved.plans
    return SavedAnswer(
        row.cell.indicator.pk, saved.value, saved.reason, saved.note, first, second, third,
        AnswerSource.WORKBOOK, before.revision if before else 1,
        before.updated_by_id if before else None, before.updated_at if before else datetime.min,
    )  # fmt: skip


def name_authors(rows: Iterable[Row]) -> None:
    """Say who changed the portal's side of each conflict; one query for all."""
    disputed = [row for row in rows if row.state == State.CONFLICT and row.cell.answer]
    if not disputed:
        return
    ids = {row.cell.answer.updated_by_id for row in disputed if row.cell.answer}
    names = User.objects.in_bulk(ids - {None})
    for row in disputed:
        answer = row.cell.answer
        if answer is not None:
            person = names.get(answer.updated_by_id)
            row.changed_by = str(person) if person else "портал"
            row.changed_at = answer.updated_at


# --- what the workbook says, in this form's indicators -------------------------------------------------

Given = dict[str, tuple[Typed, Saved, dict[str, str]]]


def read_all(form: FilledForm, uploaded: Uploaded) -> tuple[Given, list[str]]:
    """Each asked indicator with its base and places, and the codes that have nowhere to go."""
    meta, current = uploaded.meta, form.submission.campaign.form
    spec, route = form.spec, None
    if meta.form != current.code:
        old = Form.objects.get(code=meta.form)
        spec, route = get_form_spec(old.pk, meta.kind, meta.year), Route(old, current)
    given: Given = {}
    left_over = []
    for code, raw in uploaded.rows.items():
        field_ = spec.by_code.get(code)
        if field_ is None or field_.formula:
            if field_ is None:
                left_over.append(code)
            continue
        base = meta.base.get(code, EMPTY)
        typed = read_row(field_, raw, base, meta.previous.get(code))
        target, factor = route.of(code, typed, base) if route else (code, Decimal(1))
        if target is None or target not in form.cells or form.cells[target].indicator.formula:
            left_over.append(code)
            continue
        places = {key: raw.place(key) for key in raw.columns}
        given[target] = (
            Typed(scaled(typed.saved, factor), typed.errors, typed.notices),
            scaled(base, factor),
            places,
        )
    return given, left_over


def scaled(saved: Saved, factor: Decimal) -> Saved:
    """The same in another unit."""
    if factor == 1:
        return saved
    value, first, second, third = (
        None if item is None else round(item * factor, 6) for item in (saved.value, *saved.plans)
    )
    return Saved(value, saved.reason, saved.note, (first, second, third), saved.at)


class Route:
    """How answers of an older version of a form come into the present one, by the forms' moves."""

    def __init__(self, old: Form, current: Form):
        self.old, self.current = old, current
        versions = Form.objects.filter(
            family=current.family, version__gt=old.version, version__lte=current.version
        ).order_by("version")
        self.steps: list[dict[str, tuple[str | None, Decimal]]] = []
        for form in versions:
            moves = FieldMove.objects.filter(form=form).select_related("source", "target")
            self.steps.append(
                {
                    move.source.code: (move.target.code if move.target else None, move.factor)
                    for move in moves
                }
            )
        self.asked = set(current.fields.values_list("indicator__code", flat=True))

    def of(self, code: str, typed: Typed, base: Saved) -> tuple[str | None, Decimal]:
        """Where the indicator's answer goes and what it is multiplied by; None: nowhere any more."""
        target: str | None = code
        factor = Decimal(1)
        for step in self.steps:
            if target in step:
                target, by = step[target]
                factor *= by
        if target is not None and target not in self.asked:
            if typed.saved == base:
                return None, factor
            raise WorkbookRefused(
                f"Книга сделана по версии {self.old.version} формы, а сейчас действует версия "
                f"{self.current.version}: для показателя {code} в ней нет места. Скачайте новую "
                "книгу и перенесите в неё свои значения.",
                "version",
            )
        return target, factor


# --- explanations --------------------------------------------------------------------------------------


def compare_explanations(form: FilledForm, uploaded: Uploaded) -> list[ExplanationRow]:
    """Explanations that the clerk wrote or changed on the sheet of checks."""
    before = uploaded.meta.explained
    given = {
        code: text for code, text in uploaded.explanations.items() if text != before.get(code, "")
    }
    if not given or uploaded.meta.form != form.submission.campaign.form.code:
        # Another version's rules may say other things under the same code.
        return []
    rules = ControlRule.objects.filter(
        form_id=form.submission.campaign.form_id, code__in=given, severity="explain"
    )
    saved = {
        item.rule_id: item
        for item in Explanation.objects.filter(
            submission=form.submission, rule__in=rules
        ).select_related("by")
    }
    rows = []
    for rule in rules:
        found, text = saved.get(rule.pk), given[rule.code]
        now = found.text if found else ""
        if text == now:
            continue
        disputed = now != before.get(rule.code, "")
        rows.append(
            ExplanationRow(
                rule.pk,
                rule.code,
                f"Лист «{CHECKS}», {rule.code}",
                now,
                text,
                disputed,
                found.at.isoformat() if found else "",
                str(found.by) if found else "",
                found.at if found else None,
                f"Сократите до {MAX_EXPLANATION} знаков." if len(text) > MAX_EXPLANATION else "",
            )
        )
    return rows
