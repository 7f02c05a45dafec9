"""What the catalogue refuses, whoever asks: the admin, an import or a service."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db.models import Max

from annual_report.enums import CampaignState, ValueType
from annual_report.models import Answer, ControlRule, FormField, Indicator, Observation
from annual_report.rules import RuleSyntaxError, check_codes, parse_condition, parse_formula
from annual_report.rules.messages import check_message

CODE = re.compile(r"^[A-Z]\d{2}$")
#: A change of these gives old answers another meaning: it needs a version.
MEANING = ("unit", "definition", "formula", "value_type", "aggregation")


def last_filed_year(indicator: Indicator) -> int | None:
    """The newest reporting year for which a value of ``indicator`` exists or is being asked."""
    answers = Answer.objects.filter(indicator=indicator).aggregate(
        year=Max("submission__campaign__year")
    )["year"]
    observed = Observation.objects.filter(indicator=indicator).aggregate(year=Max("year"))["year"]
    asked = (
        FormField.objects.filter(indicator=indicator)
        .exclude(form__campaigns__state=CampaignState.DRAFT)
        .aggregate(year=Max("form__campaigns__year"))["year"]
    )
    return max((year for year in (answers, observed, asked) if year is not None), default=None)


def check_indicator(indicator: Indicator) -> None:
    """Raises ValidationError by field for an entry that must not be saved as it is."""
    errors: dict[str, str] = {}
    if not CODE.match(indicator.code):
        errors["code"] = "Код состоит из буквы раздела и двух цифр, например A05."
    elif indicator.section_id and indicator.section.code != indicator.code[0]:
        errors["section"] = (
            f"Показатель {indicator.code} относится к разделу {indicator.code[0]}: код начинается "
            "с буквы раздела."
        )
    try:
        check_formula(indicator.formula)
    except ValidationError as error:
        errors["formula"] = error.messages[0]
    if message := _choices_message(indicator):
        errors["choices"] = message
    if indicator.pk:
        _check_against_saved(indicator, errors)
    if errors:
        raise ValidationError(errors)


def _check_against_saved(indicator: Indicator, errors: dict[str, str]) -> None:
    saved = Indicator.objects.get(pk=indicator.pk)
    if saved.code != indicator.code:
        errors["code"] = "Код не меняется: на нём стоят значения, формулы и правила."
    changed = {name for name in MEANING if getattr(saved, name) != getattr(indicator, name)}
    if message := changes_meaning(saved, changed):
        errors[next(name for name in MEANING if name in changed)] = message
    if "choices" not in errors and (gone := missing_choices(saved, indicator.choices)):
        numbers = ", ".join(str(number) for number in gone)
        errors["choices"] = (
            f"На вариантах {numbers} стоят ответы: их нельзя убрать из списка. Впишите их номера в "
            "поле «варианты, которых больше нет в форме»."
        )


def _choices_message(indicator: Indicator) -> str:
    pairs = indicator.choices
    if not isinstance(pairs, list) or not all(
        isinstance(pair, (list, tuple)) and len(pair) == 2
        and isinstance(pair[0], int) and isinstance(pair[1], str)
        for pair in pairs
    ):  # fmt: skip
        return 'Нужен список пар из номера и варианта, например [[1, "выборы"], [2, "сход"]].'
    numbers = [number for number, _label in pairs]
    if len(set(numbers)) != len(numbers):
        return "Номера вариантов повторяются. У каждого варианта свой номер."
    if indicator.value_type == ValueType.CHOICE and not pairs:
        return "Для выбора из списка нужны варианты."
    if not set(indicator.retired_choices or []) <= set(numbers):
        return "Среди вариантов, которых больше нет в форме, есть номер не из списка."
    return ""


def check_rule(rule: ControlRule) -> None:
    """Raises ValidationError for a text that is no condition or names an unknown indicator."""
    known = Indicator.objects.values_list("code", flat=True)
    try:
        expression = parse_condition(rule.expression)
        check_codes(expression.codes, set(known), where="каталоге")
    except RuleSyntaxError as error:
        raise ValidationError({"expression": str(error)}) from error
    try:
        check_message(rule.message)
    except RuleSyntaxError as error:
        raise ValidationError({"message": str(error)}) from error


def check_formula(text: str) -> None:
    """Raises ValidationError with the reason when ``text`` is not of the rule language."""
    if text:
        try:
            parse_formula(text)
        except RuleSyntaxError as error:
            raise ValidationError(str(error)) from error


def changes_meaning(indicator: Indicator, changed: set[str]) -> str:
    """Why ``changed`` fields of a catalogue entry cannot simply be saved; empty if they can."""
    touched = changed & set(MEANING)
    if not touched or last_filed_year(indicator) is None:
        return ""
    titles = {field.name: field.verbose_name for field in indicator._meta.concrete_fields}
    names = ", ".join(f"«{titles[name]}»" for name in MEANING if name in touched)
    return (
        f"По показателю {indicator.code} уже есть значения. Поля {names} меняют их смысл: добавьте "
        "новую версию с года, за который ещё ничего не собрано."
    )


def missing_choices(indicator: Indicator, choices: list) -> list[int]:
    """Numbers of answered options that ``choices`` no longer holds."""
    kept = {number for number, _label in choices}
    gone = [number for number, _label in indicator.choices if number not in kept]
    used = Answer.objects.filter(indicator=indicator, value__in=gone).values_list(
        "value", flat=True
    )
    return sorted({int(value) for value in used if value is not None})
