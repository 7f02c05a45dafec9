"""Findings on one form: which cells, in which words, and none that contradicts another."""

import pytest

from annual_report.models import Answer, Dataset, Indicator, Observation
from annual_report.rules import RuleSyntaxError
from annual_report.rules.messages import check_message
from annual_report.selectors import get_filled_form
from annual_report.services.checks import browser_rules, check_form, rules_of
from tests.annual_report.test_rules_values import District, add_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return District()


def problems(world, **values):
    world.fill(world.district, **values)
    return check_form(get_filled_form(world.submission()))


def test_finding_leads_to_the_asked_cells_in_the_order_of_the_rule(world):
    add_rule(world.form, "R1", 'C07 <= 50 or C04 < prev("C01")', message="Доля {C07} %.")
    found = next(problem for problem in problems(world, C04=100) if problem.code == "R1")
    # The share is computed from C02 and C01; the cell that shows it comes last.
    assert found.codes == ("C02", "C01", "C04", "C07")
    assert found.others("C04") == ("C02", "C01", "C07")
    assert found.message == "Доля 81,8 %."


def test_words_hold_values_of_other_years_and_sources(world):
    dataset = Dataset.objects.create(
        code="f", title="f", publisher="—", source="—", is_federal=True
    )
    Observation.objects.create(
        dataset=dataset, municipality=world.district, year=2025, value=1200,
        indicator=Indicator.objects.get(code="C01"),
    )  # fmt: skip
    message = "В форме {C01}, год назад {prev C01}, по данным Росстата {outside C01}, два года назад {prev2 C01}."
    add_rule(world.form, "R1", 'C01 == outside("C01")', message=message)
    found = next(problem for problem in problems(world) if problem.code == "R1")
    assert found.message == (
        "В форме 110,0, год назад 100,0, по данным Росстата 1\u00a0200,0, два года назад —."
    )


def test_graver_rule_silences_a_milder_one_about_the_same_values(world):
    add_rule(world.form, "R1", 'C01 < 2 * prev("C01")', severity="explain")
    add_rule(world.form, "R2", 'C01 < 5 * prev("C01")', severity="critical")
    add_rule(world.form, "R3", "C01 < 200", severity="notice")
    assert [p.code for p in problems(world, C01=300)] == ["R1", "R3"]
    assert [p.code for p in problems(world, C01=600)] == ["R2", "R3"]


def test_value_that_its_limits_refuse_is_in_no_rules_finding(world):
    add_rule(world.form, "R1", 'C01 < 5 * prev("C01")', severity="critical")
    add_rule(world.form, "R2", "C04 > 90", severity="critical")
    assert [p.code for p in problems(world, C01=5000)] == ["L-C01", "R2"]


def test_difference_from_federal_data_is_asked_about_once(world):
    indicator = Indicator.objects.get(code="C01")
    world.form.fields.filter(indicator=indicator).update(prefill="federal")
    dataset = Dataset.objects.create(
        code="f", title="f", publisher="—", source="—", is_federal=True
    )
    Observation.objects.create(
        dataset=dataset, municipality=world.district, year=2025, value=100, indicator=indicator
    )
    assert [p.code for p in problems(world, C01=140)] == ["F-C01"]
    add_rule(world.form, "R1", 'abs(C01 - outside("C01")) <= 0.05 * outside("C01")')
    assert [p.code for p in problems(world, C01=140)] == ["R1"]
    assert [p.code for p in problems(world, C01=101)] == ["F-C01"]


def test_missing_value_is_told_once_and_gives_no_verdict(world):
    add_rule(world.form, "R1", "C04 > 900", severity="critical")
    Answer.objects.filter(submission=world.submission(), indicator__code="C04").delete()
    assert [p.code for p in check_form(get_filled_form(world.submission()))] == ["M-C04"]


def test_unreadable_rule_stops_nobody(world):
    rule = add_rule(world.form, "R1", "C01 > 900", severity="critical")
    type(rule).objects.filter(pk=rule.pk).update(expression="C01 >")
    other = add_rule(world.form, "R2", "C01 > 900", severity="critical")
    type(other).objects.filter(pk=other.pk).update(expression="Z99 > 1")
    assert problems(world) == []
    form = get_filled_form(world.submission())
    assert dict(rules_of(form).unreadable) == {
        "R1": "Условие обрывается: дальше ожидается число, код показателя или скобка. "
        "Пример: C02 <= C01.",
        "R2": "Показателя Z99 нет в форме. Проверьте код.",
    }


def test_changed_rule_and_formula_are_in_force_at_once(world):
    rule = add_rule(world.form, "R1", "C07 <= 50", severity="critical")
    assert [p.code for p in problems(world)] == ["R1"]
    Indicator.objects.filter(code="C07").update(formula="C02 / C01")
    assert problems(world) == []
    type(rule).objects.filter(pk=rule.pk).update(expression="C07 > 50")
    assert [p.code for p in problems(world)] == ["R1"]


def test_page_gets_rules_and_the_values_that_do_not_change_on_it(world):
    rule = add_rule(world.form, "R1", 'C01 < 2 * prev("C01")', message="Было {prev C01}.")
    given = browser_rules(get_filled_form(world.submission()))
    assert given["kind"] == "municipal_district"
    assert given["known"] == {"prev:C01": 100.0}
    assert given["shown"] == {"prev:C01": "100,0"}
    assert given["rules"][-1] == {
        "id": rule.pk, "code": "R1", "severity": "explain", "message": "Было {prev C01}.",
        "hint": "", "codes": ["C01"], "needs": ["C01", "prev:C01"], "keys": ["C01", "prev:C01"],
        "tree": ["<", "C01", ["*", 2, "prev:C01"]],
    }  # fmt: skip


def test_braces_that_would_be_shown_as_they_stand_are_refused():
    check_message("Было {prev A05}, стало {A05}; {prev2 A05}, {outside A05}, {children A05}.")
    for message in ("{a05}", "{A05", "{ A05}", "{previous A05}", "{}"):
        with pytest.raises(RuleSyntaxError, match="Обозначение"):
            check_message(message)
