"""Loading the catalogue that the project ships: sections, indicators, form, control rules."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from annual_report.enums import Prefill
from annual_report.models import (
    ControlRule,
    Form,
    FormField,
    Indicator,
    IndicatorVersion,
    Section,
)
from annual_report.models.catalogue import TEXTS
from annual_report.rules import parse

DATA = Path(__file__).resolve().parents[1] / "data"
FORM_CODE = "okmo-1"


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


@transaction.atomic
def load_catalogue() -> dict[str, int]:
    """Create or refresh the shipped catalogue; a locked form's fields and rules stay as they are.

    Returns counts by kind of row. A second run changes nothing.
    """
    for row in _rows("sections.csv"):
        Section.objects.update_or_create(code=row.pop("code"), defaults=row)
    rows = list(_rows("indicators.csv"))
    for order, row in enumerate(rows, start=1):
        _load_indicator(order, row)
    _link_ratios(rows)
    form, _created = Form.objects.get_or_create(
        code=FORM_CODE, defaults={"title": "Форма ОКМО-1: состояние местного самоуправления"}
    )
    if not form.is_locked:
        _load_form(form, rows)
    return {
        "sections": Section.objects.count(),
        "indicators": Indicator.objects.count(),
        "rules": ControlRule.objects.filter(form=form).count(),
    }


def _load_indicator(order: int, row: dict[str, str]) -> None:
    if row["formula"]:
        parse(row["formula"])
    indicator, _created = Indicator.objects.update_or_create(
        code=row["code"],
        defaults={
            "section": Section.objects.get(code=row["code"][0]),
            "order": order,
            "title": row["title"],
            "title_en": row["title_en"],
            "definition": row["definition"],
            "hint": row["hint"],
            "unit": row["unit"],
            "unit_en": row["unit_en"],
            "value_type": row["value_type"],
            "decimals": int(row["decimals"]),
            "direction": row["direction"],
            # A ratio needs its parts, which may not exist yet; see _link_ratios.
            "aggregation": "sum" if row["aggregation"] == "ratio" else row["aggregation"],
            "scale": Decimal(row["scale"]),
            "formula": row["formula"],
            "source": row["source"],
            "owner": "Аналитический отдел Конгресса",
            "legal_base": row["legal_base"],
            "applicable_kinds": [kind for kind in row["applicable_kinds"].split(",") if kind],
            "min_value": _number(row["min_value"]),
            "max_value": _number(row["max_value"]),
        },
    )
    ensure_first_version(indicator=indicator)


#: Before any report: the first version holds from the beginning.
FIRST_YEAR = 2000


def ensure_first_version(*, indicator: Indicator) -> None:
    """Every indicator has a version to which its earliest answers belong."""
    if not indicator.versions.exists():
        texts = {name: getattr(indicator, name) for name in TEXTS}
        IndicatorVersion.objects.create(indicator=indicator, from_year=FIRST_YEAR, **texts)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _link_ratios(rows: list[dict[str, str]]) -> None:
    known = {indicator.code: indicator for indicator in Indicator.objects.all()}
    for row in rows:
        if row["aggregation"] == "ratio":
            indicator = known[row["code"]]
            indicator.numerator = known[row["numerator"]]
            indicator.denominator = known[row["denominator"]]
            indicator.aggregation = "ratio"
            indicator.save()


def _load_form(form: Form, rows: list[dict[str, str]]) -> None:
    known = {indicator.code: indicator for indicator in Indicator.objects.all()}
    for order, row in enumerate(rows, start=1):
        FormField.objects.update_or_create(
            form=form,
            indicator=known[row["code"]],
            defaults={
                "order": order,
                "is_required": row["required"] == "1",
                "prefill": Prefill.LAST_YEAR if row["prefill"] == "1" else Prefill.NONE,
            },
        )
    for rule in _rows("rules.csv"):
        parse(rule["expression"])
        ControlRule.objects.update_or_create(form=form, code=rule.pop("code"), defaults=rule)
