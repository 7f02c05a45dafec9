"""Unusual answers: found, worded, and within the budget."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annual_report.statistics.outliers import (
    LIMIT,
    MAX_FLAGS,
    RATE,
    Data,
    Finding,
    find,
    fit,
    from_table,
    scale_for,
    to_table,
)
from annual_report.statistics.wording import describe, times
from benchmarks.census import make_register, make_values


@pytest.fixture(scope="module")
def country():
    """3,000 municipalities, two years: money and counts a resident, pays, percentages."""
    generator = np.random.default_rng(11)
    register = make_register(generator, 3_000, 20)
    base = make_values(generator, register)
    people, count = register["population"].to_numpy(), len(register)
    index = pd.Index(register["oktmo"])
    revenue, pay = base["revenue"].to_numpy(), base["pay"].to_numpy()
    events = people * 0.004 * np.exp(0.4 * generator.standard_normal(count))
    percent = 100 * generator.beta(4, 3, count)

    def year(spread):
        noise = {name: np.exp(spread * generator.standard_t(5, count)) for name in ("a", "b")}
        return pd.DataFrame(
            {
                "D01": revenue * noise["a"],
                "C05": pay * noise["b"],
                "I09": generator.poisson(events).astype(float),
                "F07": np.clip(percent + generator.normal(0, 2, count), 0, 100),
            },
            index=index,
        )

    return register, year(0.05), year(0.0)


SCALES = {"D01": "rate", "C05": "log", "I09": "count", "F07": "logit"}


def check(country, **changes):
    """Findings of one code by OKTMO after ``changes`` to single cells, by a model of clean data."""
    register, values, previous = country
    model = fit(Data(values, register, previous), SCALES)
    values = values.copy()
    for code, (place, value) in changes.items():
        values.iloc[place, values.columns.get_loc(code)] = value
    data = Data(values, register, previous)
    oktmo = [values.index[place] for place, _ in changes.values()]
    return [item for item in find(model, data) if item.oktmo in oktmo]


@pytest.mark.parametrize(
    ("value_type", "unit", "aggregation", "scale"),
    [
        ("integer", "ед.", "sum", "count"),
        ("decimal", "тыс. руб.", "sum", "rate"),
        ("integer", "руб. в месяц", "median", "log"),
        ("decimal", "%", "ratio", "logit"),
        ("decimal", "руб.", "ratio", "log"),
        ("boolean", "да/нет", "share", ""),
        ("choice", "код", "choice", ""),
    ],
)
def test_scale_follows_from_type_unit_and_aggregation(value_type, unit, aggregation, scale):
    assert scale_for(value_type, unit, aggregation) == scale


def test_clean_data_keep_to_the_budget(country):
    register, values, previous = country
    data = Data(values, register, previous)
    found = find(fit(data, SCALES), data)
    by_check = pd.Series([item.check for item in found]).value_counts()
    for number in by_check:
        assert number <= RATE * values.notna().to_numpy().sum()
    assert pd.Series([item.oktmo for item in found]).value_counts().max() <= MAX_FLAGS


def test_limits_never_fall_below_the_usual_one(country):
    register, values, previous = country
    model = fit(Data(values, register, previous), SCALES)
    limits = [item.limit for item in (*model.peers.values(), *model.years.values())]
    assert min(limits) >= LIMIT


def test_thousands_typed_as_units_are_found_and_named(country):
    _, values, _ = country
    places = range(0, 3_000, 100)
    for place in places:
        (finding,) = check(country, D01=(place, values["D01"].iloc[place] * 1_000))
        assert finding.code == "D01"
        assert "Похоже на другую единицу" in describe(finding, "тыс. руб.", 1)


def test_many_wrong_answers_give_five_flags():
    generator = np.random.default_rng(1)
    register = make_register(generator, 400, 4)
    people = register["population"].to_numpy()[:, None]
    values = pd.DataFrame(
        people * np.exp(0.3 * generator.standard_normal((400, 12))),
        columns=[f"D{number:02d}" for number in range(12)],
        index=register["oktmo"],
    )
    model = fit(Data(values, register), dict.fromkeys(values.columns, "rate"))
    wrong = values.copy()
    wrong.iloc[7] *= [10.0 ** (2 + 2 * number) for number in range(12)]
    found = [item for item in find(model, Data(wrong, register)) if item.oktmo == "00000007"]
    assert {item.code for item in found} == {"D11", "D10", "D09", "D08", "D07"}


def test_what_was_as_unusual_last_year_is_not_asked_again(country):
    register, values, previous = country
    strange = {"D01": (10, values["D01"].iloc[10] * 40)}
    assert [item.code for item in check(country, **strange)] == ["D01"]
    before = previous.copy()
    before.iloc[10, before.columns.get_loc("D01")] = previous["D01"].iloc[10] * 40
    assert check((register, values, before), **strange) == []


def test_rare_zero_is_found_and_common_zero_is_not():
    generator = np.random.default_rng(2)
    register = make_register(generator, 3_000, 8)
    register = register[register["kind"] == "rural_settlement"].reset_index(drop=True)
    people = register["population"].to_numpy()
    rare = people * np.exp(0.2 * generator.standard_normal(len(people)))
    common = np.where(generator.random(len(people)) < 0.5, 0.0, rare)
    rare[3] = 0.0
    values = pd.DataFrame({"D01": rare, "I07": common}, index=register["oktmo"])
    data = Data(values, register)
    found = find(fit(data, {"D01": "rate", "I07": "rate"}, rate=0.05), data)
    zeros = [item for item in found if item.value == 0]
    assert [(item.oktmo, item.code) for item in zeros] == [(register["oktmo"][3], "D01")]
    assert describe(zeros[0], "тыс. руб.", 1) == (
        "Ноль, хотя у 100\u00a0% похожих муниципалитетов значение больше нуля."
    )


def test_equal_answers_do_not_make_every_other_one_unusual():
    """More than half answer the same: the median deviation is zero."""
    register = make_register(np.random.default_rng(3), 500, 3)
    values = pd.DataFrame({"C05": np.full(500, 40_000.0)}, index=register["oktmo"])
    values.iloc[::7] = 43_000.0
    values.iloc[5] = 400_000.0
    data = Data(values, register)
    found = find(fit(data, {"C05": "log"}), data)
    assert [item.oktmo for item in found] == [register["oktmo"][5]]


def test_few_events_vary_by_chance():
    """Two instead of one is twice as many and nothing to ask about."""
    register = make_register(np.random.default_rng(4), 2_000, 5)
    people = register["population"].to_numpy()
    generator = np.random.default_rng(5)
    values = pd.DataFrame(
        {"I09": generator.poisson(people / 1_000).astype(float)}, index=register["oktmo"]
    )
    previous = pd.DataFrame(
        {"I09": generator.poisson(people / 1_000).astype(float)}, index=register["oktmo"]
    )
    data = Data(values, register, previous)
    found = find(fit(data, {"I09": "count"}), data)
    assert [item for item in found if 0 < item.value <= 3] == []


def test_balances_of_either_sign_are_compared():
    generator = np.random.default_rng(6)
    register = make_register(generator, 1_000, 5)
    people = register["population"].to_numpy()
    values = pd.DataFrame({"D23": people * generator.normal(0, 1, 1_000)}, index=register["oktmo"])
    values.iloc[9] = -1_000 * people[9]
    data = Data(values, register)
    found = find(fit(data, {"D23": "rate"}), data)
    assert found[0].oktmo == register["oktmo"][9]
    assert "намного ниже" in describe(found[0], "тыс. руб.", 1)


def test_gaps_and_unknown_residents_are_left_alone(country):
    register, values, previous = country
    register = register.assign(population=np.nan)
    data = Data(values * np.nan, register, previous)
    assert find(fit(data, SCALES), data) == []


def test_model_survives_its_table(country):
    register, values, previous = country
    data = Data(values, register, previous)
    model = fit(data, SCALES)
    assert find(from_table(to_table(model)), data) == find(model, data)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1.5, "в полтора раза"), (2.2, "вдвое"), (3, "втрое"), (4, "вчетверо"),
     (5, "в\u00a05\u00a0раз"), (22, "в\u00a022\u00a0раза"), (1_040, "в\u00a01\u00a0000\u00a0раз")],
)  # fmt: skip
def test_times_in_words(ratio, words):
    assert times(ratio) == words


def test_finding_in_words():
    finding = Finding("40000000", "D11", "peer", "rate", 4_500.0, 5.1, 1_500.0, 800.0, 2_000.0, 57)
    assert describe(finding, "руб.", 0).replace("\u00a0", " ") == (
        "4 500 руб. — втрое выше, чем у похожих при том же числе жителей (обычно 1 500 руб.): "
        "95 % из них от 800 до 2 000 руб."
    )
    finding = Finding(
        "40000000", "F07", "year", "logit", 20.0, -6.0, 60.0, 55.0, 66.0, 57, previous=61.0
    )
    assert describe(finding, "%", 1).replace("\u00a0", " ") == (
        "Было 61,0 %, стало 20,0 %: на 40,0 п. п. ниже, чем дало бы обычное для похожих изменение; "
        "95 % из них за год пришли бы к значению от 55,0 до 66,0 %."
    )


@given(
    value=st.floats(0.001, 1e9),
    usual=st.floats(0.001, 1e9),
    check=st.sampled_from(["peer", "year"]),
    scale=st.sampled_from(["rate", "count", "log", "logit", "signed"]),
)
def test_every_finding_can_be_worded(value, usual, check, scale):
    sign = 1.0 if value > usual else -1.0
    finding = Finding(
        "1", "A01", check, scale, value, 5 * sign, usual, usual / 2, usual * 2, 30, usual
    )
    text = describe(finding, "тыс. руб.", 1)
    assert text.endswith(".")
    assert ("выше" in text) == (sign > 0)
    assert "nan" not in text
