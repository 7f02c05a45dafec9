"""Cross-model reads: a form as the pages need it, and the boards' counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet

from annual_report.enums import COUNTED_STATES, FILED_STATES, SubmissionState, ValueType
from annual_report.models import Answer, FormField, Indicator, Section, Submission
from annual_report.rules import parse
from okmo_portal.core.text import format_number


@dataclass
class Cell:
    """One indicator of one form: this year's answer and last year's value."""

    indicator: Indicator
    is_required: bool
    answer: Answer | None = None
    previous: Decimal | None = None
    computed: Decimal | None = None

    @property
    def value(self) -> Decimal | None:
        if self.indicator.formula:
            return self.computed
        return self.answer.value if self.answer else None

    @property
    def no_data_reason(self) -> str:
        return self.answer.no_data_reason if self.answer else ""

    @property
    def is_filled(self) -> bool:
        return self.value is not None or bool(self.no_data_reason)

    @property
    def change(self) -> Decimal | None:
        """Growth against last year as a share; None without a base, and for answers in words."""
        if self.value is None or not self.previous:
            return None
        if self.indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
            return None
        return (self.value - self.previous) / abs(self.previous)

    @property
    def shown(self) -> str:
        return show_value(self.indicator, self.value)

    @property
    def shown_previous(self) -> str:
        return show_value(self.indicator, self.previous)

    @property
    def typed(self) -> str:
        """The value as it stands in an input: no group spaces, a comma, no trailing zeros."""
        if self.value is None:
            return ""
        if self.indicator.value_type == ValueType.BOOLEAN:
            return str(int(self.value))
        text = f"{self.value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def show_value(indicator: Indicator, value: Decimal | None) -> str:
    """A value in words of its kind: «да», a choice's label, a grouped number."""
    if value is None:
        return "—"
    if indicator.value_type == ValueType.BOOLEAN:
        return "да" if value else "нет"
    if indicator.value_type == ValueType.CHOICE:
        return next((str(label) for code, label in indicator.choices if code == value), str(value))
    return format_number(value, indicator.decimals)


@dataclass
class FormSection:
    section: Section
    cells: list[Cell] = field(default_factory=list)

    @property
    def asked(self) -> list[Cell]:
        return [cell for cell in self.cells if not cell.indicator.formula]

    @property
    def filled(self) -> int:
        return sum(cell.is_filled for cell in self.asked if cell.is_required)

    @property
    def required(self) -> int:
        return sum(cell.is_required for cell in self.asked)

    @property
    def codes(self) -> set[str]:
        return {cell.indicator.code for cell in self.cells}


@dataclass
class FilledForm:
    """A submission with its cells by section; the input of pages and checks."""

    submission: Submission
    sections: list[FormSection]

    def refresh_answers(self) -> None:
        """Read the answers again after a write; fields and last year's values stay."""
        answers = answers_of(self.submission)
        cells = list(self.cells.values())
        for cell in cells:
            cell.answer = answers.get(cell.indicator.pk)
        compute_formulas(cells, self.submission.municipality.kind)

    @property
    def cells(self) -> dict[str, Cell]:
        return {cell.indicator.code: cell for part in self.sections for cell in part.cells}

    @property
    def values(self) -> dict[str, Decimal | None]:
        return {code: cell.value for code, cell in self.cells.items()}

    @property
    def previous(self) -> dict[str, Decimal | None]:
        return {code: cell.previous for code, cell in self.cells.items()}

    def section(self, code: str) -> FormSection | None:
        return next((part for part in self.sections if part.section.code == code), None)


def get_filled_form(submission: Submission) -> FilledForm:
    """Cells of ``submission`` that apply to its municipality, in four queries."""
    kind, year = submission.municipality.kind, submission.campaign.year
    fields = (
        FormField.objects.filter(form_id=submission.campaign.form_id)
        .select_related("indicator__section")
        .prefetch_related("indicator__legal_bases")
    )
    answers = answers_of(submission)
    previous = previous_values(submission)
    cells = [
        Cell(
            indicator=item.indicator,
            is_required=item.is_required and not item.indicator.formula,
            answer=answers.get(item.indicator_id),
            previous=previous.get(item.indicator_id),
        )
        for item in fields
        if item.indicator.applies_to(kind, year)
    ]
    compute_formulas(cells, kind)
    return FilledForm(submission, _by_section(cells))


def answers_of(submission: Submission) -> dict[int, Answer]:
    """The saved cells by indicator."""
    rows = Answer.objects.filter(submission=submission).select_related("updated_by")
    return {answer.indicator_id: answer for answer in rows}


def get_asked_cell(submission: Submission, code: str) -> Cell | None:
    """One field that the form asks of this municipality, without its answer."""
    item = (
        FormField.objects.filter(form_id=submission.campaign.form_id, indicator__code=code)
        .select_related("indicator")
        .first()
    )
    if item is None or item.indicator.formula:
        return None
    if not item.indicator.applies_to(submission.municipality.kind, submission.campaign.year):
        return None
    return Cell(item.indicator, item.is_required)


def _by_section(cells: Iterable[Cell]) -> list[FormSection]:
    return [
        FormSection(section, list(group))
        for section, group in groupby(cells, key=lambda cell: cell.indicator.section)
    ]


def compute_formulas(cells: list[Cell], kind: str) -> None:
    """Fill this and last year's values of computed indicators; a formula may use only asked ones."""
    asked = [cell for cell in cells if not cell.indicator.formula]
    now = {cell.indicator.code: cell.value for cell in asked}
    then = {cell.indicator.code: cell.previous for cell in asked}
    for cell in cells:
        if cell.indicator.formula:
            cell.computed = compute(cell.indicator, now, kind)
            cell.previous = compute(cell.indicator, then, kind)


def compute(indicator: Indicator, values: dict[str, Decimal | None], kind: str) -> Decimal | None:
    number = parse(indicator.formula).evaluate(values, kind=kind)
    if number is None:
        return None
    return number.quantize(Decimal(1).scaleb(-max(indicator.decimals, 1)))


def previous_values(submission: Submission) -> dict[int, Decimal]:
    """Last year's filed values of the same municipality by indicator."""
    return dict(
        Answer.objects.filter(
            submission__municipality_id=submission.municipality_id,
            submission__campaign__year=submission.campaign.year - 1,
            submission__state__in=FILED_STATES,
            submission__campaign__is_main=submission.campaign.is_main,
            value__isnull=False,
        ).values_list("indicator_id", "value")
    )


def my_submissions(user: Any) -> QuerySet[Submission]:
    """The active municipality's forms, the newest year first."""
    active = user.active_membership
    if active is None or not active.organisation.municipality_id:
        return Submission.objects.none()
    return (
        Submission.objects.visible_to(user)
        .filter(municipality_id=active.organisation.municipality_id)
        .with_territory()
        .order_by("-campaign__year")
    )


COUNTS = {
    "expected": Count("pk"),
    "not_started": Count("pk", filter=Q(state=SubmissionState.NOT_STARTED)),
    "working": Count(
        "pk",
        filter=Q(
            state__in=[SubmissionState.DRAFT, SubmissionState.PREPARED, SubmissionState.RETURNED]
        ),
    ),
    "submitted": Count("pk", filter=Q(state=SubmissionState.SUBMITTED)),
    "approved": Count("pk", filter=Q(state__in=COUNTED_STATES)),
}


@dataclass(frozen=True)
class Progress:
    """Counts of forms by where they stand; ``late`` were filed after the deadline."""

    expected: int
    not_started: int
    working: int
    submitted: int
    approved: int
    late: int = 0

    @property
    def filed(self) -> int:
        return self.submitted + self.approved

    @property
    def not_filed(self) -> int:
        return self.expected - self.filed

    @property
    def share(self) -> float:
        return self.filed / self.expected if self.expected else 0.0

    @property
    def approved_share(self) -> float:
        return self.approved / self.expected if self.expected else 0.0

    @property
    def timely_share(self) -> float:
        return (self.filed - self.late) / self.expected if self.expected else 0.0


def progress(submissions: QuerySet[Submission], deadline: date) -> Progress:
    return Progress(**submissions.aggregate(**COUNTS, late=_late(deadline)))


def progress_by(submissions: QuerySet[Submission], key: str, deadline: date) -> dict[Any, Progress]:
    """Progress of each group in one query; ``key`` is a field path."""
    rows = submissions.order_by().values(key).annotate(**COUNTS, late=_late(deadline))
    return {row.pop(key): Progress(**row) for row in rows}


def _late(deadline: date) -> Count:
    return Count(
        "pk",
        filter=Q(state__in=FILED_STATES) & Q(filed_at__date__gt=deadline),
    )
