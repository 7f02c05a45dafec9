"""What the rule language reads, what it refuses and in which words; inlining of formulas."""

from decimal import Decimal

import pytest

from annual_report.rules import (
    RuleSyntaxError,
    check_codes,
    parse,
    parse_condition,
    parse_formula,
    server,
)
from annual_report.rules.excel import FormulaTooLong, to_formula
from annual_report.rules.tree import inline


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("A05 <= A06", ("A05", "A06")),
        ('prev("A05") + prev("A05", 2) + prev("A05", 3) > 0', ("prev:A05", "prev2:A05", "prev3:A05")),
        ('outside("A05") == other("D01")', ("outside:A05", "other:D01")),
        ('children("A05") == A05', ("children:A05", "A05")),
        ('filled(prev("A05", 2)) or filled("B01")', ("prev2:A05", "B01")),
        ("A05 ≤ A06 and A05 ≠ 1 − A06", ("A05", "A06")),
        ("F101 > 0", ("F101",)),
    ],
)  # fmt: skip
def test_operands_are_keys_of_one_flat_map(text, keys):
    assert parse_condition(text).keys == keys


def test_only_values_that_are_compared_are_needed():
    expression = parse_condition('filled("A01") or A02 > prev("A02")')
    assert expression.needs == {"A02", "prev:A02"}
    assert expression.codes == ("A01", "A02")


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("А05 > 1", "В коде «А05» русская буква. Наберите латинскую: A05.", 0),
        ("A01 > a05", "Код пишется заглавной буквой: A05, а не a05.", 6),
        ("A01 = 5", "Знак «=» (место 5) не подходит. Равенство пишется двумя знаками: A01 == A02.", 4),
        ("A01 =< 5", "Знак «=» (место 5) не подходит. «Не больше» пишется <=, «не меньше» — >=.", 4),
        ("A01 <=", "Условие обрывается: дальше ожидается число, код показателя или скобка. Пример: C02 <= C01.", 6),
        ("(A01 > 1", "Условие обрывается: дальше ожидается закрывающая скобка. Пример: C02 <= C01.", 8),
        ("A01 A02", "Здесь ожидается знак действия или конец условия, а стоит «A02» (место 5). Пример: C02 <= C01.", 4),
        ("A01 and A02 > 1", "Слово and соединяет условия, а «A01» — число. Сравните его с чем-нибудь: A01 > 0.", 0),
        ("(A01 > 1) + 1 > 0", "Рядом с «+» нужно число, а «(A01 > 1)» — условие.", 0),
        ('prev("A05", 5) > 1', 'Второе значение prev — сколько лет назад, от 1 до 3: prev("A05", 2).', 12),
        ("prev(A05) > 1", 'В prev нужен код показателя в кавычках: prev("A05").', 5),
        ("A01 > 10 %", "Знак «%» (место 10) не подходит. Процент пишется числом: 10 % — это 0.1.", 9),
        ("sqrt(A01) > 1", "Функции «sqrt» нет. Есть: abs, min, max, sum, round, prev, outside, other, children, filled, kind_in.", 0),
        ("round(A01, 9) > 1", "Второе значение round — число знаков после запятой, от 0 до 6.", 11),
        ("filled(“A05”)", 'Знак «“» (место 8) не подходит. Кавычки нужны прямые и парные: prev("A05").', 7),
        ("1234567890123456 > A01", "В числе «1234567890123456…» больше 15 цифр.", 0),
        ("(" * 60, "Слишком много вложенных скобок. Упростите условие.", None),
        ("A01 > " + "1" * 500, "Условие длиннее 500 знаков.", None),
    ],
)  # fmt: skip
def test_refusal_names_the_place_and_the_remedy(text, message, position):
    with pytest.raises(RuleSyntaxError) as refused:
        parse(text)
    assert (str(refused.value), refused.value.position) == (message, position)


def test_kinds_are_those_of_the_register():
    with pytest.raises(RuleSyntaxError, match="rural_settlement"):
        parse('kind_in("село")')


def test_rule_is_a_condition_and_formula_a_number():
    with pytest.raises(RuleSyntaxError, match="Правилу нужно условие"):
        parse_condition("A01 + A02")
    with pytest.raises(RuleSyntaxError, match="Формуле нужно число"):
        parse_formula("A01 < A02")


def test_unknown_codes_are_named():
    check_codes(("A01",), ("A01", "A02"))
    with pytest.raises(RuleSyntaxError, match="Показателей B01, Z99 нет в форме"):
        check_codes(("Z99", "A01", "B01"), ("A01",))


def tree(text):
    return parse(text).tree


def test_computed_indicators_are_replaced_by_their_formulas():
    formulas = {"A13": tree("A12 / A11 * 100"), "D10": tree("D09 / D01"), "D09": tree("D02 + D03")}
    for text, inlined in [
        ("A13 <= 100", "A12 / A11 * 100 <= 100"),
        ('prev("A13") < A13', 'prev("A12") / prev("A11") * 100 < A12 / A11 * 100'),
        ('prev("D10", 2) > 0', '(prev("D02", 2) + prev("D03", 2)) / prev("D01", 2) > 0'),
        # Ratios over settlements are recomputed from sums, never added up.
        ('children("A13") == A13', 'children("A12") / children("A11") * 100 == A12 / A11 * 100'),
        # An outside source publishes the figure itself.
        ('outside("A13") == A13', 'outside("A13") == A12 / A11 * 100'),
        ("round(D10, 1) < 1", "round((D02 + D03) / D01, 1) < 1"),
    ]:
        assert inline(tree(text), formulas) == tree(inlined)


def test_formula_of_last_year_inside_last_year_looks_two_years_back():
    formulas = {"A14": tree('A05 - prev("A05")')}
    assert inline(tree('prev("A14") > 0'), formulas) == tree('prev("A05") - prev("A05", 2) > 0')
    with pytest.raises(RuleSyntaxError, match="не вычисляется"):
        inline(tree('prev("A14", 3) > 0'), formulas)
    with pytest.raises(RuleSyntaxError, match="не вычисляется"):
        inline(tree('children("A14") > 0'), formulas)


def test_formulas_in_a_circle_and_overlong_ones_are_refused():
    with pytest.raises(RuleSyntaxError, match="сама на себя"):
        inline(tree("A01 > 0"), {"A01": tree("A02 + 1"), "A02": tree("A01 + 1")})
    doubling = {f"A{n:02d}": tree(f"A{n + 1:02d} * A{n + 1:02d}") for n in range(1, 60)}
    with pytest.raises(RuleSyntaxError, match="слишком длинное"):
        inline(tree("A01 > 0"), doubling)


def test_filled_of_a_computed_indicator_asks_whether_it_can_be_told():
    expression = parse_condition('filled("A13")').inlined({"A13": tree("A12 / A11")})
    for values, verdict in [
        ({"A12": 1, "A11": 2}, True), ({"A12": 1, "A11": 0}, False), ({"A12": 1}, False),
    ]:  # fmt: skip
        assert expression.verdict(server.floats(values)) is verdict


def test_number_of_a_formula_is_exact():
    values = {"A01": Decimal("0.1"), "A02": Decimal("0.2")}
    assert parse_formula("A01 + A02").number(values) == Decimal("0.3")
    assert parse_formula("round(A01 / 3, 2)").number(values) == Decimal("0.03")
    assert parse_formula("A01 / (A02 - 0.2)").number(values) is None


def test_formula_of_excel_names_cells_and_constants():
    rule = parse_condition('abs(A05 - prev("A05")) <= 0.1 * prev("A05")')
    assert to_formula(rule.tree, {"A05": "F7", "prev:A05": Decimal("118")}) == (
        '=IF(ISNUMBER(F7),IFERROR((ABS(F7-118)-0.1*118<='
        'MAX(0.0005003,1.0006E-12*MAX(ABS(F7),ABS(118),ABS(0.1*118)))),""),"")'
    )  # fmt: skip
    assert to_formula(rule.tree, {"A05": "F7"}) == '=""'
    only = parse_condition('kind_in("rural_settlement")')
    assert to_formula(only.tree, {}, "rural_settlement") == '=IFERROR(TRUE,"")'


def test_formula_that_excel_would_not_take_is_refused_by_name():
    long = parse_condition(" + ".join(["A05"] * 60) + " > 0")
    with pytest.raises(FormulaTooLong):
        to_formula(long.tree, {"A05": "'Очень длинное название листа с данными формы'!$F$7" * 4})
