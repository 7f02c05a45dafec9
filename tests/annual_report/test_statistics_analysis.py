"""Figures of a snapshot, weighted to its register."""

import numpy as np
import pandas as pd
import pytest

from annual_report.analysis import METHODS, WITHHELD, Analysis, IndicatorInfo
from annual_report.enums import Scope

INFOS = [
    IndicatorInfo("A05", "sum", 0, "чел."),
    IndicatorInfo("D02", "sum", 1, "тыс. руб."),
    IndicatorInfo("D03", "sum", 1, "тыс. руб."),
    IndicatorInfo("D09", "sum", 1, "тыс. руб.", formula="D02 + D03"),
    IndicatorInfo("D10", "ratio", 1, "руб.", "D09", "A05", 1000.0),
    IndicatorInfo("D12", "sum", 1, "тыс. руб.", formula='D09 - prev("D02")'),
    IndicatorInfo("B06", "share", 0, "да/нет"),
    IndicatorInfo("B07", "choice", 0, "код"),
    IndicatorInfo("C05", "median", 0, "руб."),
    IndicatorInfo("R01", "sum", 0, "ед.", kinds=("rural_settlement",)),
]


def make_register(villages=40, cities=10):
    """Villages of region 40 and cities of region 71, of one district."""
    rows = [(f"29{n:06d}", "rural_settlement", "40", "ЦФО", 500.0 + n) for n in range(villages)] + [
        (f"70{n:06d}", "urban_okrug", "71", "ЦФО", 60_000.0 + n) for n in range(cities)
    ]
    return pd.DataFrame(rows, columns=["oktmo", "kind", "region", "district", "population"])


def answers(register, year=2025, **columns):
    """Long rows; each column is a number for all or one number per municipality, NaN a gap."""
    places = register[["oktmo", "kind", "region", "district"]]
    parts = [
        places.assign(year=year, indicator=code, value=np.broadcast_to(values, len(register)))
        for code, values in columns.items()
    ]
    return pd.concat(parts).dropna(subset="value")


def analyse(frame, register, **options):
    return Analysis(frame, register, INFOS, 2025, **options)


def test_missing_villages_do_not_make_the_country_a_city():
    register = make_register()
    filed = pd.concat([register[:10], register[40:]])
    money = np.where(filed["kind"] == "urban_okrug", 9_000.0, 100.0)
    figure = analyse(answers(filed, D02=money), register).value("D02")
    assert figure.value == pytest.approx(40 * 100 + 10 * 9_000)
    assert figure.unweighted == 10 * 100 + 10 * 9_000
    assert (figure.count, figure.expected, figure.method) == (20, 50, "sum")


def test_share_and_median_are_weighted_too():
    register = make_register()
    filed = pd.concat([register[:20], register[40:]])
    city = (filed["kind"] == "urban_okrug").to_numpy()
    pay = np.where(city, 90_000.0, 30_000.0)
    analysis = analyse(answers(filed, B06=city.astype(float), C05=pay), register)
    share, median = analysis.value("B06"), analysis.value("C05")
    assert share.value == pytest.approx(20.0)
    assert share.unweighted == pytest.approx(100 / 3)
    assert share.low <= 20 <= share.high
    assert median.value == median.unweighted == 30_000


def test_full_coverage_is_exactly_what_was_answered():
    register, generator = make_register(), np.random.default_rng(5)
    money, pay = generator.lognormal(8, 1, 50), generator.lognormal(10, 0.3, 50)
    frame = answers(register, D02=money, C05=pay, A05=register["population"].to_numpy())
    analysis = analyse(frame, register)
    for code in ("D02", "C05"):
        for scope in Scope:
            for figure in analysis.figures(code, scope).values():
                assert figure.value == figure.unweighted == figure.low == figure.high
                assert figure.method == "full"
                assert figure.is_exact
    assert analysis.value("C05").value == np.median(pay)
    assert analysis.value("D02").value == pytest.approx(money.sum(), rel=1e-12)


def test_regions_sum_to_the_country():
    register = make_register()
    frame = answers(register[::2], D02=np.arange(25) + 1.0)
    analysis = analyse(frame, register)
    for scope in (Scope.REGION, Scope.DISTRICT, Scope.KIND, Scope.SIZE):
        parts = [figure.value for figure in analysis.figures("D02", scope).values()]
        assert sum(parts) == pytest.approx(analysis.value("D02").value)
    assert set(analysis.figures("D02", Scope.SIZE)) == {"to_1k", "50k_250k"}


def test_removed_stratum_withholds_what_rested_on_it():
    """N1: nobody of the larger part of the country answered, however well the rest did."""
    register = make_register(villages=18, cities=15)
    kept = analyse(answers(register, D02=5.0), register)
    removed = analyse(answers(register[18:], D02=5.0), register)
    assert kept.value("D02").value == 5 * 33
    figure = removed.value("D02")
    assert (figure.value, figure.low, figure.unweighted) == (None, None, None)
    assert figure.coverage > 0.3
    assert figure.represented == pytest.approx(15 / 33)
    panel = removed.coverage_by_stratum("D02").set_index("kind")["status"].to_dict()
    assert panel == {"rural_settlement": "empty", "urban_okrug": "full"}


def test_computed_indicators_come_from_their_formulas():
    register = make_register()
    people = register["population"].to_numpy()
    frame = pd.concat(
        [
            answers(register, D02=7.0, D03=3.0, A05=people),
            answers(register, year=2024, D02=6.0),
        ]
    )
    analysis = analyse(frame, register)
    assert analysis.value("D09").value == 50 * 10
    assert analysis.value("D10").value == pytest.approx(50 * 10 / people.sum() * 1000)
    assert analysis.value("D12").value == 50 * (10 - 6)
    assert analysis.value("D12", 2024).value is None


def test_formula_that_names_itself_gives_nothing():
    infos = [IndicatorInfo("D09", "sum", 0, "ед.", formula="D09 + D02")]
    register = make_register()
    figure = Analysis(answers(register, D02=1.0), register, infos, 2025).value("D09")
    assert (figure.value, figure.count) == (None, 0)


def test_question_for_some_kinds_is_expected_of_them_only():
    register = make_register()
    analysis = analyse(answers(register, R01=2.0), register)
    figure = analysis.value("R01")
    assert (figure.value, figure.count, figure.expected) == (80, 40, 40)
    assert set(analysis.figures("R01", Scope.REGION)) == {"40"}


def test_options_are_shares_that_sum_to_the_whole():
    register = make_register()
    filed = pd.concat([register[:20], register[40:]])
    option = np.where(filed["kind"] == "urban_okrug", 2.0, 1.0)
    analysis = analyse(answers(filed, B07=option), register)
    assert analysis.options("B07") == [1.0, 2.0]
    shares = [figure.value for figure in analysis.choices("B07", Scope.NATION)[""]]
    assert shares == [pytest.approx(80), pytest.approx(20)]
    assert analysis.value("B07").value is None
    assert analysis.value("B07").count == 30


def test_earlier_year_stands_on_its_own_register():
    """A village that has been abolished since counts in its own year, and in no later one."""
    register = make_register()
    then = pd.concat([register, make_register(45, 0)[40:]])
    registers = {2024: then, 2025: register}
    frames = {
        2024: answers(then[then["oktmo"] != "29000044"], year=2024, D02=1.0),
        2025: answers(register, D02=2.0),
    }
    asked = []

    def load(year):
        asked.append(year)
        return frames[year]

    analysis = analyse(
        None, register, years=frames, load=load, load_register=lambda year: registers[year]
    )
    assert analysis.years == [2024, 2025]
    assert analysis.value("D02").value == 100
    assert asked == [2025], "a year is read when it is asked for"
    figure = analysis.value("D02", 2024)
    assert (figure.count, figure.expected) == (54, 55)
    assert figure.value == pytest.approx(55)
    assert analysis.matched_change("D02") == pytest.approx(1.0)


def test_earlier_year_without_a_register_keeps_who_answered_then():
    register = make_register()
    then = pd.concat([register, make_register(45, 0)[40:]])
    frame = pd.concat([answers(then, year=2024, D02=1.0), answers(register, D02=2.0)])
    figure = analyse(frame, register).value("D02", 2024)
    assert (figure.value, figure.count, figure.expected) == (55, 55, 55)


def test_another_years_unit_is_converted_and_a_break_is_a_gap():
    register = make_register()
    frame = pd.concat(
        [answers(register, year=2024, D02=5_000.0, D03=4.0), answers(register, D02=6.0, D03=4.0)]
    )
    factors = {2024: {"D02": 0.001, "D03": float("nan")}}
    analysis = analyse(frame, register, factors=factors)
    assert analysis.value("D02", 2024).value == pytest.approx(250)
    assert analysis.matched_change("D02") == pytest.approx(0.2)
    assert analysis.value("D03", 2024).value is None
    assert analysis.matched_change("D03") is None


def test_unknown_population_of_the_silent_is_borne_by_their_kind():
    """Who never answered has no population: the class cannot be told, the kind and region can."""
    register = make_register()
    register.loc[20:39, "population"] = np.nan
    filed = pd.concat([register[:20], register[40:]])
    money = np.where(filed["kind"] == "urban_okrug", 9_000.0, 100.0)
    figure = analyse(answers(filed, D02=money), register).value("D02")
    assert figure.value == pytest.approx(40 * 100 + 10 * 9_000)


def test_every_method_is_worded():
    register = make_register()
    frame = answers(register[::2], D02=1.0, D03=1.0, A05=5.0, B06=1.0, C05=1.0)
    analysis = analyse(frame, register)
    found = {analysis.value(code).method for code in ("D02", "D10", "B06", "C05")}
    assert found | {"full"} == set(METHODS)


def test_figure_of_two_municipalities_is_withheld_with_its_complement():
    """N12: two okrugs make a kind; with the smallest other kind shown one could subtract them."""
    register = make_register(villages=20, cities=10)
    register.loc[28:29, "kind"] = "urban_okrug_with_districts"
    analysis = analyse(answers(register, D02=np.arange(30) + 1.0, C05=5.0), register)
    by_kind = analysis.figures("D02", Scope.KIND)
    assert {name: figure.withheld for name, figure in by_kind.items()} == {
        "urban_okrug_with_districts": "few",
        "urban_okrug": "complement",
        "rural_settlement": "",
    }
    assert by_kind["urban_okrug"].value is None
    assert analysis.value("D02").value == 30 * 31 / 2
    medians = analysis.figures("C05", Scope.KIND)
    assert medians["urban_okrug"].value == 5, "a median cannot be subtracted"
    assert medians["urban_okrug_with_districts"].withheld == "few"


def test_region_of_one_municipality_hides_a_neighbour_in_its_district():
    register = make_register(villages=20, cities=10)
    register = pd.concat(
        [register, register[:1].assign(oktmo="11000000", region="83", kind="urban_okrug")],
        ignore_index=True,
    )
    figures = analyse(answers(register, D02=1.0), register).figures("D02", Scope.REGION)
    assert {name: figure.withheld for name, figure in figures.items()} == {
        "83": "few", "71": "complement", "40": "",
    }  # fmt: skip


def test_reasons_of_withholding_are_worded():
    register = make_register()
    thin = analyse(answers(register[:2], D02=1.0), register).value("D02")
    assert thin.withheld == "coverage"
    assert set(WITHHELD) == {"coverage", "represented", "few", "complement"}


def test_ratio_whose_own_answers_divide_by_nothing_has_no_unweighted_value():
    """Bug: "not a number" stood beside the weighted value, and the report's figures were not stored."""
    register = make_register(villages=12, cities=20)
    register.loc[12:19, "region"] = "40"  # eight silent cities beside twelve villages
    filed = pd.concat([register[:8], register[20:]])
    here = (filed["region"] == "40").to_numpy()
    people, money = np.where(here, 0.0, 100.0), np.where(here, 0.0, 500.0)
    analysis = analyse(answers(filed, A05=people, D02=money, D03=money * 0), register)
    figure = analysis.figures("D10", Scope.REGION)["40"]
    assert figure.value == pytest.approx(5000)
    assert figure.unweighted is None
    for scope in Scope:
        for found in analysis.figures("D10", scope).values():
            numbers = (found.value, found.low, found.high, found.unweighted)
            assert not any(number is not None and np.isnan(number) for number in numbers)
