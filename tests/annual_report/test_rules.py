import operator
import re
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


numbers = st.decimals(min_value=-(10**6), max_value=10**6, places=2, allow_nan=False)


def code(name):
    return name, lambda values: values[name]


def constant(number):
    return str(number), lambda values: Decimal(number)


def binary(left, sign, right):
    operate = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign]
    return f"({left[0]} {sign} {right[0]})", lambda values: operate(
        left[1](values), right[1](values)
    )


def call(name, function, *parts):
    text = ", ".join(part[0] for part in parts)
    return f"{name}({text})", lambda values: function(*[part[1](values) for part in parts])


#: Pairs of an expression's text and what it must give.
expressions = st.recursive(
    st.sampled_from(["A01", "A02", "A03"]).map(code) | st.integers(0, 1000).map(constant),
    lambda inner: st.one_of(
        st.builds(binary, inner, st.sampled_from("+-*"), inner),
        st.builds(lambda part: call("abs", abs, part), inner),
        st.builds(lambda one, two: call("max", max, one, two), inner, inner),
    ),
    max_leaves=8,
)


@given(expressions, numbers, numbers, numbers)
def test_arithmetic_is_exactly_that_of_decimals(expression, one, two, three):
    text, expected = expression
    values = {"A01": one, "A02": two, "A03": three}
    assert parse(text).evaluate(values) == expected(values)


@given(expressions, st.sampled_from(["A01", "A02", "A03"]))
def test_any_missing_value_gives_no_verdict(expression, missing):
    text = expression[0]
    values = {code: Decimal(1) for code in ("A01", "A02", "A03") if code != missing}
    assert (parse(text).evaluate(values) is None) == (missing in text)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(text):
    message = None
    try:
        parse(text)
    except RuleSyntaxError as error:
        message = str(error)
    # Either it was read, or the refusal is a sentence in Russian.
    assert message is None or re.search("[а-я]", message)
