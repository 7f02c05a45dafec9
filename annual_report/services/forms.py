"""The next version of a questionnaire: a clone, what differs, and where old answers go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from annual_report.models import ControlRule, FieldMove, Form, FormField
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.core.text import counted

FIELD_PARTS = ("is_required", "prefill", "asks_plan")
RULE_PARTS = ("severity", "expression", "message", "hint", "is_active")


@dataclass(frozen=True)
class Change:
    """One field or rule that two versions have in different words: part, before, after."""

    code: str
    title: str
    parts: list[tuple[str, str, str]]


@dataclass
class FormDiff:
    """What ``new`` has that ``old`` has not, and the other way round."""

    old: Form | None
    new: Form
    added: list[FormField] = field(default_factory=list)
    removed: list[FormField] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    rules_added: list[ControlRule] = field(default_factory=list)
    rules_removed: list[ControlRule] = field(default_factory=list)
    rules_changed: list[Change] = field(default_factory=list)
    moves: list[FieldMove] = field(default_factory=list)

    @property
    def unmoved(self) -> list[FormField]:
        """Dropped fields for which nobody has said where their answers go."""
        said = {move.source_id for move in self.moves}
        return [
            item
            for item in self.removed
            if item.indicator_id not in said and not item.indicator.formula
        ]

    @property
    def is_empty(self) -> bool:
        return not (
            self.added or self.removed or self.changed
            or self.rules_added or self.rules_removed or self.rules_changed
        )  # fmt: skip


def previous_version(form: Form) -> Form | None:
    return (
        Form.objects.filter(family=form.family, version__lt=form.version)
        .order_by("-version")
        .first()
    )


def diff_forms(old: Form | None, new: Form) -> FormDiff:
    """Fields by indicator and rules by code, in six queries whatever their number."""
    before, after = _fields(old), _fields(new)
    diff = FormDiff(old, new, moves=list(new.moves.select_related("source", "target")))
    diff.added = [item for key, item in after.items() if key not in before]
    diff.removed = [item for key, item in before.items() if key not in after]
    diff.changed = [
        Change(after[key].indicator.code, after[key].indicator.title, parts)
        for key in after
        if key in before and (parts := _parts(before[key], after[key], FIELD_PARTS))
    ]
    rules_before, rules_after = _rules(old), _rules(new)
    diff.rules_added = [item for key, item in rules_after.items() if key not in rules_before]
    diff.rules_removed = [item for key, item in rules_before.items() if key not in rules_after]
    diff.rules_changed = [
        Change(key, item.message, parts)
        for key, item in rules_after.items()
        if key in rules_before and (parts := _parts(rules_before[key], item, RULE_PARTS))
    ]
    return diff


def _fields(form: Form | None) -> dict[int, FormField]:
    if form is None:
        return {}
    return {item.indicator_id: item for item in form.fields.select_related("indicator__section")}


def _rules(form: Form | None) -> dict[str, ControlRule]:
    return {} if form is None else {rule.code: rule for rule in form.control_rules.all()}


def _parts(old: Any, new: Any, names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [
        (str(new._meta.get_field(name).verbose_name), _shown(old, name), _shown(new, name))
        for name in names
        if getattr(old, name) != getattr(new, name)
    ]


def _shown(item: Any, name: str) -> str:
    value = getattr(item, name)
    if isinstance(value, bool):
        return "да" if value else "нет"
    display = getattr(item, f"get_{name}_display", None)
    return str(display() if display else value)


@transaction.atomic
def clone_form(*, form: Form, by: User | None, notes: str = "") -> Form:
    """The next version of the form's family, with the same fields and rules, open to changes.

    The clone starts from ``form``, whichever version that is; its number follows the newest. Raises
    ValidationError when a version that is still open to changes is there already.
    """
    family = Form.objects.select_for_update().filter(family=form.family)
    opened = family.filter(is_locked=False).first()
    if opened is not None:
        raise ValidationError(
            f"Версия {opened.version} этой формы ещё не закрыта для правки. Измените её."
        )
    number = (family.aggregate(number=Max("version"))["number"] or 0) + 1
    clone = Form.objects.create(
        code=f"{form.family}-v{number}"[:30],
        title=form.title,
        family=form.family,
        version=number,
        notes=notes.strip(),
    )
    FormField.objects.bulk_create(
        FormField(
            form=clone,
            indicator_id=item.indicator_id,
            order=item.order,
            **{name: getattr(item, name) for name in FIELD_PARTS},
        )
        for item in form.fields.all()
    )
    ControlRule.objects.bulk_create(
        ControlRule(
            form=clone,
            code=rule.code,
            kind=rule.kind,
            **{name: getattr(rule, name) for name in RULE_PARTS},
        )
        for rule in form.control_rules.all()
    )
    record(action="annual_report.form_cloned", by=by, subject=clone, source=form.pk)
    return clone


def check_form_version(form: Form) -> None:
    """Raises ValidationError, naming the indicators, when a version may not be opened yet.

    A field that the version before asked and this one does not must say where its answers go, and
    a target must be asked here.
    """
    diff = diff_forms(previous_version(form), form)
    if diff.unmoved:
        codes = ", ".join(item.indicator.code for item in diff.unmoved)
        raise ValidationError(
            f"Форма больше не спрашивает {counted(len(diff.unmoved), 'показатель,показателя,показателей')}: "
            f"{codes}. Укажите для каждого, в какой показатель переходят ответы, или что ряд закончен."
        )
    asked = set(form.fields.values_list("indicator_id", flat=True))
    lost = [move for move in diff.moves if move.target_id and move.target_id not in asked]
    if lost:
        codes = ", ".join(move.target.code for move in lost if move.target)
        raise ValidationError(
            f"Ответы переходят в показатели, которых в форме нет: {codes}. Добавьте их в форму."
        )


def why_locked(form: Form) -> str:
    """Why the form's fields and rules cannot be changed; empty if they can."""
    if not form.is_locked:
        return ""
    return (
        f"Форма «{form}» закрыта для правки: по ней уже открыт сбор. Сделайте следующую версию "
        "действием «Следующая версия»."
    )
