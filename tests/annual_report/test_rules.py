from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annual_report.rules import RuleSyntaxError, parse

NUMBERS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@given(NUMBERS, NUMBERS)
def test_comparison_gives_the_verdict_of_the_numbers(a, b):
    assert parse("A01 <= A02").evaluate({"A01": a, "A02": b}) is (a <= b)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_sums_are_exact(a, b, c):
    values = {"A01": a, "A02": b, "A03": c, "A04": a + b + c}
    assert parse("A01 + A02 + A03 == A04").evaluate(values) is True


def test_missing_value_gives_no_verdict():
    assert parse("A01 <= A02").evaluate({"A01": Decimal(1)}) is None
    assert parse("A01 / A02").evaluate({"A01": Decimal(1), "A02": Decimal(0)}) is None


def test_previous_year_filled_and_kind():
    rule = parse('abs(A01 - prev("A01")) <= 0.1 * prev("A01")')
    assert rule.evaluate({"A01": Decimal(109)}, {"A01": Decimal(100)}) is True
    assert rule.evaluate({"A01": Decimal(111)}, {"A01": Decimal(100)}) is False
    assert parse('not filled("A01")').evaluate({"A01": None}) is True
    assert parse('kind_in("rural_settlement")').evaluate({}, {}, "rural_settlement") is True


@pytest.mark.parametrize(
    "text",
    ["", "A01 <=", "__import__('os')", "A01.real", "x + 1", "open('f')", "[A01]", "A01 ** 9",
     "lambda: 1", "prev(A01)", 'prev("тест")', "True", "1" * 600],
)  # fmt: skip
def test_anything_else_is_refused_in_russian(text):
    with pytest.raises(RuleSyntaxError, match="[а-я]"):
        parse(text)
