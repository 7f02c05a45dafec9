"""A submission with its cells, as pages, checks, workbooks and letters read it.

The fields come from the process's ``form_spec``; a request asks for the saved answers, last year's
values and, where the form has such fields, what federal data say and what was sent back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone

from annual_report.earlier import EarlierValue, earlier_values
from annual_report.enums import AnswerSource, ValueType
from annual_report.form_spec import FieldSpec, FormSpec, SectionSpec, get_form_spec
from annual_report.models import Answer, CellReturn, Observation, Submission
from annual_report.rules import parse
from okmo_portal.core.text import format_date, format_number


class SavedAnswer(NamedTuple):
    """What stands in a cell; the names of ``Answer``. Nobody has confirmed it without a person."""

    indicator_id: int
    value: Decimal | None
    no_data_reason: str
    note: str
    plan_1: Decimal | None
    plan_2: Decimal | None
    plan_3: Decimal | None
    source: str
    revision: int
    updated_by_id: int | None
    updated_at: datetime

    @property
    def plans(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        return self.plan_1, self.plan_2, self.plan_3

    @property
    def is_filled(self) -> bool:
        return self.value is not None or bool(self.no_data_reason)

    @property
    def is_prefilled(self) -> bool:
        """The value is still the one that stood here beforehand."""
        return self.source in (AnswerSource.LAST_YEAR, AnswerSource.FEDERAL)

    @property
    def is_confirmed(self) -> bool:
        return self.updated_by_id is not None


class FederalValue(NamedTuple):
    """What a federal data set says of one cell: its value, whose it is, when it was taken in."""

    value: Decimal
    dataset: str
    source: str
    taken_on: date | None

    def __str__(self) -> str:
        when = f", получено {format_date(self.taken_on)}" if self.taken_on else ""
        return f"{self.source}{when}"


@dataclass(slots=True)
class Cell:
    """One indicator of one form: this year's answer and what to compare it with."""

    indicator: FieldSpec
    is_required: bool
    answer: SavedAnswer | None = None
    previous: Decimal | None = None
    computed: Decimal | None = None
    federal: FederalValue | None = None
    #: The comment with which the council sent the cell back, while that is open.
    returned: str = ""
    #: Whose last year's value ``previous`` is, where the municipality came of others.
    previous_from: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def value(self) -> Decimal | None:
        if self.indicator.formula:
            return self.computed
        return self.answer.value if self.answer else None

    @property
    def no_data_reason(self) -> str:
        return self.answer.no_data_reason if self.answer else ""

    @property
    def note(self) -> str:
        return self.answer.note if self.answer else ""

    @property
    def plans(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        return self.answer.plans if self.answer else (None, None, None)

    @property
    def is_filled(self) -> bool:
        return self.value is not None or bool(self.no_data_reason)

    @property
    def is_known(self) -> bool:
        """Federal data hold the value and nobody has changed or confirmed it yet."""
        return (
            self.answer is not None
            and self.answer.source == AnswerSource.FEDERAL
            and not self.answer.is_confirmed
        )

    @property
    def differs_from_federal(self) -> bool:
        return (
            self.federal is not None
            and self.answer is not None
            and self.answer.is_filled
            and self.answer.value != self.federal.value
        )

    @property
    def change(self) -> Decimal | None:
        """Growth against last year as a share; None without a base, and for answers in words."""
        value = self.value
        if value is None or not self.previous or self.indicator.is_words:
            return None
        return (value - self.previous) / abs(self.previous)

    @property
    def shown(self) -> str:
        return show_value(self.indicator, self.value)

    @property
    def shown_previous(self) -> str:
        return show_value(self.indicator, self.previous)

    @property
    def shown_plans(self) -> list[str]:
        return [show_value(self.indicator, plan) for plan in self.plans]

    @property
    def typed(self) -> str:
        return type_value(self.indicator, self.value)

    @property
    def typed_plans(self) -> list[str]:
        return [type_value(self.indicator, plan) for plan in self.plans]


def show_value(indicator: Any, value: Decimal | None) -> str:
    """A value in words of its kind: «да», a choice's label, a grouped number."""
    if value is None:
        return "—"
    if indicator.value_type == ValueType.BOOLEAN:
        return "да" if value else "нет"
    if indicator.value_type == ValueType.CHOICE:
        return next((str(label) for code, label in indicator.choices if code == value), str(value))
    return format_number(value, indicator.decimals)


def type_value(indicator: Any, value: Decimal | None) -> str:
    """A value as it stands in an input: no group spaces, a comma, no trailing zeros."""
    if value is None:
        return ""
    if indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
        return str(int(value))
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


@dataclass
class FormSection:
    section: SectionSpec
    cells: list[Cell]

    @cached_property
    def asked(self) -> list[Cell]:
        return [cell for cell in self.cells if not cell.indicator.formula]

    @property
    def filled(self) -> int:
        return sum(cell.is_filled for cell in self.asked if cell.is_required)

    @property
    def required(self) -> int:
        return sum(cell.is_required for cell in self.asked)

    @cached_property
    def codes(self) -> set[str]:
        return {cell.indicator.code for cell in self.cells}


@dataclass
class FilledForm:
    """A submission with its cells by section; the input of pages and checks."""

    submission: Submission
    spec: FormSpec
    cells: dict[str, Cell]
    #: Saved answers that the form no longer asks of this municipality.
    leftovers: dict[int, SavedAnswer]
    #: Values that only control rules read, once they have been asked for; see ``operands``.
    operands: dict[str, Decimal] | None = None

    @cached_property
    def sections(self) -> list[FormSection]:
        return [
            FormSection(section, [self.cells[item.code] for item in fields])
            for section, fields in self.spec.sections
        ]

    @property
    def asked(self) -> list[Cell]:
        return [self.cells[item.code] for item in self.spec.asked]

    @property
    def values(self) -> dict[str, Decimal | None]:
        return {code: cell.value for code, cell in self.cells.items()}

    @property
    def previous(self) -> dict[str, Decimal | None]:
        return {code: cell.previous for code, cell in self.cells.items()}

    @property
    def filled(self) -> int:
        return sum(cell.is_filled for cell in self.cells.values() if cell.is_required)

    @property
    def kept(self) -> int:
        """Cells that were filled beforehand and still hold that value."""
        return sum(cell.answer is not None and cell.answer.is_prefilled for cell in self.asked)

    @property
    def answered(self) -> int:
        """Asked cells with a value or a reason, whether they must be filled or not."""
        return sum(cell.is_filled for cell in self.asked)

    @property
    def returned(self) -> list[Cell]:
        """Cells that were sent back; while there are any, only they can be changed."""
        return [cell for cell in self.cells.values() if cell.returned]

    @property
    def known(self) -> list[Cell]:
        """What federal data hold and nobody needs to be asked for."""
        return [cell for cell in self.asked if cell.is_known]

    @property
    def known_otherwise(self) -> list[Cell]:
        """Cells whose values federal data hold, whatever stands in them."""
        return [cell for cell in self.cells.values() if cell.federal is not None]

    def section(self, code: str) -> FormSection | None:
        return next((part for part in self.sections if part.section.code == code), None)

    def put_answers(self, answers: Iterable[SavedAnswer]) -> None:
        """Set what stands in the cells after a write, and compute again."""
        by_indicator = {cell.indicator.pk: cell for cell in self.cells.values()}
        for answer in answers:
            if cell := by_indicator.get(answer.indicator_id):
                cell.answer = answer
        compute_formulas(self)


#: In place of a value of last year.
NOTHING = EarlierValue(None)


def get_filled_form(submission: Submission) -> FilledForm:
    """The cells of ``submission`` that apply to its municipality, in four queries at most."""
    campaign, municipality = submission.campaign, submission.municipality
    stamp = getattr(submission, "catalogue_stamp", None)
    spec = get_form_spec(campaign.form_id, municipality.kind, campaign.year, stamp)
    answers = answers_of(submission)
    previous = previous_values(submission, spec)
    federal = federal_values(submission, spec.federal)
    returned = open_returns(submission)
    cells = {
        item.code: Cell(
            item,
            item.is_required,
            answers.pop(item.pk, None),
            previous.get(item.pk, NOTHING).value,
            None,
            federal.get(item.pk),
            returned.get(item.pk, ""),
            previous.get(item.pk, NOTHING).names,
        )
        for item in spec.fields
    }
    form = FilledForm(submission, spec, cells, answers)
    compute_formulas(form)
    return form


def answers_of(submission: Submission) -> dict[int, SavedAnswer]:
    """The saved cells by indicator."""
    rows = Answer.objects.filter(submission=submission).values_list(*SavedAnswer._fields)
    return {row[0]: SavedAnswer(*row) for row in rows}


def previous_values(submission: Submission, spec: FormSpec) -> dict[int, EarlierValue]:
    """Last year's filed values by indicator, in this year's units, of this municipality or of those
    that it came of (see ``earlier``).

    An indicator that replaced another goes on with the other's value; none comes over a break.
    """
    heirs = getattr(submission, "has_origins", True)
    found = earlier_values(submission.campaign, [submission.pk], heirs=heirs)
    return carry_over(spec, found.get(submission.pk, {}))


def carry_over(spec: FormSpec, found: Mapping[int, EarlierValue]) -> dict[int, EarlierValue]:
    """``found`` under the asked indicators that go on with it."""
    values: dict[int, EarlierValue] = {}
    for item in spec.asked:
        for source, factor in item.before:
            if factor is not None and source in found:
                value, names = found[source]
                values[item.pk] = EarlierValue(value if factor == 1 else value * factor, names)
                break
    return values


def federal_values(
    submission: Submission, fields: Sequence[FieldSpec], year: int | None = None
) -> dict[int, FederalValue]:
    """What federal data sets say of ``fields`` in the reported year, by indicator."""
    if not fields:
        return {}
    rows = (
        Observation.objects.federal()
        .filter(
            municipality_id=submission.municipality_id,
            indicator_id__in=[item.pk for item in fields],
            year=year or submission.campaign.year,
        )
        .preferred()
        .values_list(
            "indicator_id", "value", "dataset__title", "dataset__source", "taken_from__finished_at"
        )
    )
    return {
        indicator: FederalValue(value, title, source, moment and timezone.localdate(moment))
        for indicator, value, title, source, moment in rows
    }


def open_returns(submission: Submission) -> dict[int, str]:
    """Comments of the cells that were sent back and not sent again yet, by indicator."""
    if submission.decided_at is None:
        return {}
    return dict(
        CellReturn.objects.filter(submission=submission, resolved_at__isnull=True).values_list(
            "indicator_id", "comment"
        )
    )


def compute_formulas(form: FilledForm) -> None:
    """Fill this and last year's values of computed indicators; a formula may use only asked ones."""
    if not form.spec.computed:
        return
    asked = form.asked
    now = {cell.indicator.code: cell.value for cell in asked}
    then = {cell.indicator.code: cell.previous for cell in asked}
    for item in form.spec.computed:
        cell = form.cells[item.code]
        cell.computed = compute(item, now, form.spec.kind)
        cell.previous = compute(item, then, form.spec.kind)


def compute(indicator: Any, values: dict[str, Decimal | None], kind: str) -> Decimal | None:
    number = parse(indicator.formula).evaluate(values, kind=kind)
    if number is None:
        return None
    return number.quantize(Decimal(1).scaleb(-max(indicator.decimals, 1)))
