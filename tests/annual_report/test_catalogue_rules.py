"""The shipped control rules: each is tried with data that keeps it and with data that breaks it."""

import csv
import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from annual_report.demo.values import POPULATION, SETTLEMENT_KINDS, make_plans, make_values
from annual_report.models.form import rule_kind
from annual_report.rules import parse_condition, parse_formula, split_key
from annual_report.services.catalogue import DATA


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


RULES = rows("rules.csv")
EXAMPLES = json.loads((Path(__file__).parent / "rule_examples.json").read_text(encoding="utf-8"))
INDICATORS = {row["code"]: row for row in rows("indicators.csv")}
FORMULAS = {
    code: parse_formula(row["formula"]).tree for code, row in INDICATORS.items() if row["formula"]
}
ASKED = {(row["form"], row["indicator"]) for row in rows("fields.csv")}


def verdict(rule, example):
    values = {key: Decimal(str(value)) for key, value in example.items() if key != "kind"}
    return parse_condition(rule["expression"]).evaluate(values, kind=example["kind"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["code"])
def test_rule_holds_over_right_data_and_fails_over_wrong(rule):
    example = EXAMPLES[rule["code"]]
    assert verdict(rule, example["keeps"]) is True
    assert verdict(rule, example["breaks"]) is False


def test_there_are_enough_rules_of_every_kind_and_severity():
    assert len(RULES) >= 150
    kinds = Counter(rule_kind(rule["expression"]) for rule in RULES)
    assert min(kinds[name] for name in ("years", "source", "consolidation")) >= 15
    assert kinds["forms"] >= 5
    assert {rule["severity"] for rule in RULES} == {"critical", "explain", "notice"}
    assert len({rule["code"] for rule in RULES}) == len(RULES)
    assert len({(rule["form"], rule["expression"]) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["code"])
def test_rule_names_what_its_form_or_another_asks(rule):
    """A rule over an indicator that nobody is asked for would never give a verdict."""
    forms = {form for form, _ in ASKED}
    for key in parse_condition(rule["expression"]).keys:
        prefix, code = split_key(key)
        if prefix == "outside":
            assert code in INDICATORS
        elif prefix == "other":
            assert any((form, code) in ASKED for form in forms - {rule["form"]}), key
        else:
            assert (rule["form"], code) in ASKED, key
        if prefix == "children":
            assert INDICATORS[code]["includes_settlements"], key


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["code"])
def test_rule_says_what_is_wrong_and_how_to_mend_it(rule):
    assert rule["message"].endswith("."), rule["message"]
    assert rule["hint"].endswith((".", "?")) or rule["code"] <= "K32", rule["hint"]
    keys = parse_condition(rule["expression"]).keys
    for prefix, code in re.findall(r"\{(?:(\w+) )?([A-Z]\d\d)\}", rule["message"]):
        assert (f"{prefix}:{code}" if prefix else code) in keys, rule["message"]


@pytest.fixture(scope="module")
def country():
    """A small invented country over three years, districts with their settlements."""
    generator = np.random.default_rng(5)
    kinds = pd.Series(generator.choice(list(POPULATION), 400))
    districts = kinds.index[kinds == "municipal_district"]
    parents = pd.Series(np.nan, kinds.index)
    settlements = kinds.isin(SETTLEMENT_KINDS)
    parents[settlements] = generator.choice(districts, settlements.sum())
    decimals = {code: int(row["decimals"]) for code, row in INDICATORS.items()}
    years = [make_values(kinds, 2025 - back, parents).round(decimals) for back in range(3)]
    return kinds, parents, years


def all_values(country, row):
    kinds, parents, (now, last, before) = country
    kind, children = kinds[row], now[parents == row]
    values = {}
    for code in now.columns:
        applicable = INDICATORS[code]["applicable_kinds"]
        if applicable and kind not in applicable.split(","):
            continue
        value = float(now.at[row, code])
        values |= {code: value, f"other:{code}": value, f"outside:{code}": value}
        values[f"prev:{code}"] = float(last.at[row, code])
        values[f"prev2:{code}"] = float(before.at[row, code])
        if len(children):
            values[f"children:{code}"] = float(children[code].sum())
    people = values["A05"]
    return values | {"outside:A19": people // 2, "outside:A20": people - people // 2}


def test_no_rule_contradicts_another(country):
    """In each kind somebody holds all rules at once, so that they can all be held."""
    kinds = country[0]
    expressions = [parse_condition(rule["expression"]).inlined(FORMULAS) for rule in RULES]
    clean = dict.fromkeys(POPULATION, 0)
    given = Counter()
    for row, kind in kinds.items():
        values = all_values(country, row)
        verdicts = [expression.verdict(values, kind) for expression in expressions]
        clean[kind] += False not in verdicts
        given.update(
            rule["code"] for rule, found in zip(RULES, verdicts, strict=True) if found is not None
        )
    assert min(clean.values()) > 0, clean
    assert {rule["code"] for rule in RULES} == set(given), "every rule was tried"


def test_demo_values_hold_all_critical_rules_and_the_limits(country):
    kinds, _parents, (now, *_earlier) = country
    critical = [
        parse_condition(rule["expression"]) for rule in RULES if rule["severity"] == "critical"
    ]
    for row, kind in kinds.items():
        values = all_values(country, row)
        broken = [item.text for item in critical if item.verdict(values, kind) is False]
        assert not broken
    for code in now.columns:
        low, high = INDICATORS[code]["min_value"], INDICATORS[code]["max_value"]
        assert not low or now[code].min() >= float(low), code
        assert not high or now[code].max() <= float(high), code


def test_demo_values_are_made_for_whatever_is_asked(country):
    now = country[2][0]
    asked = {code for _form, code in ASKED if not INDICATORS[code]["formula"]}
    assert set(now.columns) == asked
    assert not now.isna().any().any()
    planned = [row["indicator"] for row in rows("fields.csv") if row["asks_plan"]]
    plans = make_plans(now, planned, 2025)
    assert sorted(plans) == [1, 2, 3]
    assert list(plans[3].columns) == planned
    assert (plans[1]["D01"] > now["D01"]).mean() > 0.9


def test_districts_count_their_settlements(country):
    _kinds, parents, (now, *_earlier) = country
    sums = now["A05"].groupby(parents).sum()
    assert (now["A05"].loc[sums.index] == sums).all()
