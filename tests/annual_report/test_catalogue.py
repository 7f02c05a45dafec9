"""The catalogue that ships with the portal."""

import re

import pytest

from annual_report.models import ControlRule, Form, Indicator, Section
from annual_report.rules import parse
from annual_report.services.catalogue import FORM_CODE, load_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue():
    load_catalogue()


def test_indicators_of_ten_sections_are_described():
    assert list(Section.objects.values_list("code", flat=True)) == list("ABCDEFGHIJ")
    assert Indicator.objects.filter(formula="").count() >= 100
    for indicator in Indicator.objects.all():
        for name in ("title", "title_en", "unit", "unit_en", "definition", "definition_en",
                     "source", "source_en", "owner", "owner_en"):  # fmt: skip
            assert getattr(indicator, name), f"{indicator.code} has no {name}"
        assert len(indicator.choices) == len(indicator.choices_en)
        assert bool(indicator.choices) == (indicator.value_type == "choice"), indicator.code


def test_second_load_changes_nothing():
    before = list(Indicator.objects.order_by("pk").values())
    load_catalogue()
    assert list(Indicator.objects.order_by("pk").values()) == before
    assert Form.objects.filter(code=FORM_CODE).count() == 1


def test_catalogue_rules_parse_and_name_known_indicators():
    codes = set(Indicator.objects.values_list("code", flat=True))
    assert ControlRule.objects.count() >= 30
    for rule in ControlRule.objects.all():
        parse(rule.expression)
        named = set(re.findall(r"[A-Z]\d{2}", rule.expression + rule.message))
        assert named <= codes, rule.code
        assert rule.message.endswith((".", "?")), rule.code
        assert rule.hint, rule.code


def test_ratios_have_both_parts_and_formulas_use_asked_indicators():
    asked = set(Indicator.objects.filter(formula="").values_list("code", flat=True))
    for indicator in Indicator.objects.exclude(formula=""):
        assert set(re.findall(r"[A-Z]\d{2}", indicator.formula)) <= asked, indicator.code
    for indicator in Indicator.objects.filter(aggregation="ratio"):
        assert indicator.numerator, indicator.code
        assert indicator.denominator, indicator.code
