"""The rows of the form's grid: what stands in each input, and what is said beside it."""

from collections import defaultdict
from dataclasses import dataclass, field

from annual_report.enums import AnswerSource, ValueType
from annual_report.filled_form import show_value
from annual_report.forms import PLANS

#: Predecessors whose names a cell spells out.
NAMED = 3
#: How a message looks at a cell and above the form.
LOOKS = {"critical": "error", "explain": "warning", "notice": "info"}


@dataclass(slots=True)
class Row:
    """One indicator as the template shows it."""

    cell: object
    code: str
    value: str
    reason: str
    note: str
    plans: list
    can_edit: bool
    options: list
    origin: str = ""
    error: str = ""
    conflict: object = None
    problems: list = field(default_factory=list)

    @property
    def indicator(self):
        return self.cell.indicator

    @property
    def is_known(self):
        """Shown apart: federal data hold the value and it stands as they have it."""
        answer = self.cell.answer
        return answer is not None and answer.source == AnswerSource.FEDERAL


@dataclass(slots=True)
class PlanInput:
    name: str
    year: int
    value: str


def build_rows(form, cells, *, can_edit, posted, conflicts=(), problems=()):
    """Rows of ``cells``: the typed text where it was refused, else what is saved."""
    by_code = {conflict.code: conflict for conflict in conflicts}
    said = problems_by_code(problems)
    return [
        build_row(form, cell, can_edit, posted, by_code.get(cell.code), said.get(cell.code, []))
        for cell in cells
    ]


def problems_by_code(problems):
    """Messages under the first cell that each of them names."""
    found = defaultdict(list)
    for problem in problems:
        if problem.codes and not problem.code.startswith("M-"):
            found[problem.codes[0]].append(problem)
    return found


def build_row(form, cell, can_edit, posted, conflict, problems):
    code, spec = cell.code, cell.indicator
    error = posted.errors.get(code, "")
    typed = posted.typed.get(code, {}) if error or conflict else {}
    return Row(
        cell=cell,
        code=code,
        value=typed.get("value", cell.typed),
        reason=typed.get("reason", cell.no_data_reason),
        note=typed.get("note", cell.note),
        plans=plan_inputs(form, cell, typed),
        can_edit=can_edit and (bool(cell.returned) or not form.returned),
        options=options_of(spec),
        origin=describe_origin(cell),
        error=error,
        conflict=conflict,
        problems=problems,
    )


def plan_inputs(form, cell, typed):
    if not cell.indicator.asks_plan:
        return []
    return [
        PlanInput(name, form.spec.year + ahead, typed.get(name, value))
        for ahead, (name, value) in enumerate(zip(PLANS, cell.typed_plans, strict=True), start=1)
    ]


def options_of(spec):
    """What can be chosen, as texts; empty where a number is typed."""
    if spec.value_type == ValueType.BOOLEAN:
        return [("1", "Да"), ("0", "Нет")]
    if spec.value_type == ValueType.CHOICE:
        return [(str(code), label) for code, label in spec.offered_choices]
    return []


def describe_origin(cell):
    """Where the value comes from, when nobody has typed it."""
    answer = cell.answer
    if cell.differs_from_federal:
        return f"в федеральных данных {shown_federal(cell)}: {cell.federal}"
    if answer is None:
        return ""
    if answer.source == AnswerSource.FEDERAL:
        return str(cell.federal) if cell.federal else "из федеральных данных"
    if answer.source == AnswerSource.LAST_YEAR:
        return describe_last_year(cell, answer)
    if answer.source == AnswerSource.WORKBOOK:
        return "из книги Excel"
    return ""


def describe_last_year(cell, answer):
    """Whose value was carried over: the municipality's own, a former one's, or a sum of several."""
    names = cell.previous_from
    if not names:
        return "как в прошлом году" if answer.is_confirmed else "с прошлого года, проверьте"
    if len(names) == 1:
        text = f"с прошлого года, из формы: {names[0]}"
    else:
        text = f"сумма прошлого года: {', '.join(names[:NAMED])}"
        text += f" и ещё {len(names) - NAMED}" if len(names) > NAMED else ""
    return text if answer.is_confirmed else f"{text}; проверьте"


def shown_federal(cell):
    return f"{show_value(cell.indicator, cell.federal.value)} {cell.indicator.unit}"
