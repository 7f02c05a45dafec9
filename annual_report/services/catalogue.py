"""Loading the catalogue that the project ships: sections, indicators, versions, law, forms, rules."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from annual_report.enums import Prefill
from annual_report.models import (
    ControlRule,
    Form,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
    Section,
)
from annual_report.models.catalogue import TEXTS
from annual_report.rules import parse

DATA = Path(__file__).resolve().parents[1] / "data"
FORM_CODE = "okmo-1"
#: Before any report: the first version holds from the beginning.
FIRST_YEAR = 2000

#: Columns of indicators.csv that are copied as they stand.
PLAIN = (
    "title", "title_en", "unit", "unit_en", "value_type", "direction", "formula", "source",
    "source_en", "owner", "owner_en", "federal_form", "legal_base", "definition", "definition_en",
    "hint",
)  # fmt: skip
#: What an indicator of an earlier release gets when it has no English definition yet.
ADDED = ("definition_en", "source_en", "owner_en", "federal_form", "includes_settlements")


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


@transaction.atomic
def load_catalogue() -> dict[str, int]:
    """Create what is missing of the shipped catalogue; what staff have changed stays as it is.

    An indicator of an earlier release gets the descriptions that came later. A locked form keeps
    its fields and rules. Returns counts by kind of row; a second run changes nothing.
    """
    for row in _rows("sections.csv"):
        Section.objects.update_or_create(code=row.pop("code"), defaults=row)
    _load_indicators(list(_rows("indicators.csv")))
    _load_versions()
    _load_legal_bases()
    for row in _rows("forms.csv"):
        form, _created = Form.objects.get_or_create(code=row.pop("code"), defaults=row)
        if not form.is_locked:
            _load_form(form)
    return {
        "sections": Section.objects.count(),
        "indicators": Indicator.objects.count(),
        "rules": ControlRule.objects.count(),
    }


def _load_indicators(rows: list[dict[str, str]]) -> None:
    sections = {section.code: section for section in Section.objects.all()}
    known = {indicator.code: indicator for indicator in Indicator.objects.all()}
    for order, row in enumerate(rows, start=1):
        fields = _indicator_fields(row) | {"order": order, "section": sections[row["code"][0]]}
        indicator = known.get(row["code"])
        if indicator is None:
            known[row["code"]] = Indicator.objects.create(code=row["code"], **fields)
        elif not indicator.definition_en:
            for name in ADDED:
                setattr(indicator, name, fields[name])
            indicator.order = order
            indicator.save()
    _link_ratios(rows, known)


def _indicator_fields(row: dict[str, str]) -> dict[str, Any]:
    if row["formula"]:
        parse(row["formula"])
    return {
        **{name: row[name] for name in PLAIN},
        "decimals": int(row["decimals"]),
        # A ratio needs its parts, which may not exist yet; see _link_ratios.
        "aggregation": "sum" if row["aggregation"] == "ratio" else row["aggregation"],
        "scale": Decimal(row["scale"]),
        "includes_settlements": row["includes_settlements"] == "1",
        "applicable_kinds": [kind for kind in row["applicable_kinds"].split(",") if kind],
        "min_value": _number(row["min_value"]),
        "max_value": _number(row["max_value"]),
        "choices": json.loads(row["choices"] or "[]"),
        "choices_en": json.loads(row["choices_en"] or "[]"),
    }


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _link_ratios(rows: list[dict[str, str]], known: dict[str, Indicator]) -> None:
    for row in rows:
        indicator = known[row["code"]]
        if row["aggregation"] == "ratio" and indicator.numerator_id is None:
            indicator.numerator = known[row["numerator"]]
            indicator.denominator = known[row["denominator"]]
            indicator.aggregation = "ratio"
            indicator.save()


def ensure_first_version(*, indicator: Indicator) -> None:
    """Every indicator has a version to which its earliest answers belong."""
    if not indicator.versions.exists():
        texts = {name: getattr(indicator, name) for name in TEXTS}
        IndicatorVersion.objects.create(indicator=indicator, from_year=FIRST_YEAR, **texts)


def _load_versions() -> None:
    """A version says only what it has of its own; for the rest it stands as the indicator does."""
    known = {row.code: row for row in Indicator.objects.prefetch_related("versions")}
    numbers = {code: {v.number for v in row.versions.all()} for code, row in known.items()}
    for row in _rows("versions.csv"):
        indicator, number = known[row["indicator"]], int(row["number"])
        if numbers[indicator.code] and max(numbers[indicator.code]) >= number:
            continue
        texts = {name: row[name] or getattr(indicator, name) for name in TEXTS}
        IndicatorVersion.objects.create(
            indicator=indicator,
            number=number,
            from_year=int(row["from_year"]),
            conversion=_number(row["conversion"]),
            note=row["note"],
            note_en=row["note_en"],
            **texts,
        )
        numbers[indicator.code].add(number)
    for code, indicator in known.items():
        if not numbers[code]:
            ensure_first_version(indicator=indicator)


def _load_legal_bases() -> None:
    """An indicator that has any legal basis already keeps what staff made of it."""
    bare = {row.code: row for row in Indicator.objects.filter(legal_bases__isnull=True)}
    LegalBasis.objects.bulk_create(
        LegalBasis(
            indicator=bare[row["indicator"]],
            kinds=[kind for kind in row["kinds"].split(",") if kind],
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            to_verify=row["to_verify"] == "1",
            **{name: row[name] for name in ("act", "act_en", "article", "wording", "wording_en")},
        )
        for row in _rows("legal_bases.csv")
        if row["indicator"] in bare
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _load_form(form: Form) -> None:
    """Fields and rules that the form lacks; those it has stay as staff left them."""
    known = {indicator.code: indicator for indicator in Indicator.objects.all()}
    asked = set(form.fields.values_list("indicator__code", flat=True))
    FormField.objects.bulk_create(
        FormField(
            form=form,
            indicator=known[row["indicator"]],
            order=order,
            is_required=row["required"] == "1",
            prefill=row["prefill"] or Prefill.NONE,
            asks_plan=row["asks_plan"] == "1",
        )
        for order, row in enumerate(_rows("fields.csv"), start=1)
        if row["form"] == form.code and row["indicator"] not in asked
    )
    for rule in _rows("rules.csv"):
        if rule.pop("form") == form.code:
            parse(rule["expression"])
            ControlRule.objects.get_or_create(form=form, code=rule.pop("code"), defaults=rule)
