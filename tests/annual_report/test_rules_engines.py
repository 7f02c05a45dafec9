"""One rule text, four engines: on the same values they give the same verdicts."""

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
import xlsxwriter
from django.templatetags.static import static
from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from annual_report.rules import server
from annual_report.rules.browser import tree_payload
from annual_report.rules.excel import to_formula
from annual_report.rules.frame import verdicts
from annual_report.rules.tree import (
    RELATIVE_TOLERANCE,
    SMALLEST_DIVISOR,
    TOLERANCE,
    keys_of,
    needs_of,
)
from tests.annual_report.office import recalculate, require_office
from tests.annual_report.rule_cases import BOUNDARY, CASES, collect

#: Rules that LibreOffice and Chromium take in one go, beside the boundary cases.
GENERATED = 400
AS_INT = {True: 1, False: 0, None: -1}


def on_server(case):
    known = server.floats(case.values)
    if not set(needs_of(case.tree)) <= known.keys():
        return None
    try:
        return server.compile_condition(case.tree)(known, case.kind)
    except ArithmeticError:
        return None


def in_decimals(case):
    """The same tree on exact decimals of 28 digits."""
    known = {key: value for key, value in case.values.items() if value is not None}
    if not set(needs_of(case.tree)) <= known.keys():
        return None
    try:
        return server._Compiler(Decimal).condition(case.tree)(known, case.kind)
    except ArithmeticError:
        return None


def in_frame(cases, tree):
    frame = pd.DataFrame([case.values for case in cases], dtype=float)
    frame["kind"] = [case.kind for case in cases]
    return verdicts([tree], frame)[:, 0].tolist()


def with_boundary(test):
    for case in BOUNDARY:
        test = example(case)(test)
    return test


@with_boundary
@settings(max_examples=300)
@given(CASES)
def test_binary_numbers_decide_as_exact_decimals_would(case):
    assert on_server(case) == in_decimals(case)


@settings(max_examples=300)
@given(CASES, st.lists(CASES, max_size=4))
def test_frame_gives_the_verdict_of_the_server(case, others):
    """One rule over several municipalities at once."""
    rows = [case, *(replace(other, text=case.text) for other in others)]
    assert in_frame(rows, case.tree) == [AS_INT[on_server(row)] for row in rows]


def test_frame_decides_on_the_boundary_as_the_server_does():
    for case in BOUNDARY:
        assert in_frame([case], case.tree) == [AS_INT[on_server(case)]], case


@pytest.fixture(scope="module")
def cases():
    return collect(GENERATED)


def differences(cases, found):
    """What a failed comparison shows: the rule, its values, and both verdicts."""
    return [
        (case.text, {key: case.values[key] for key in keys_of(case.tree)}, case.kind, mine, theirs)
        for case, theirs in zip(cases, found, strict=True)
        if (mine := on_server(case)) is not theirs
    ]


@pytest.mark.slow
def test_workbook_gives_the_verdict_of_the_server(cases, tmp_path):
    """Each case is a row: its values, then the rule's formula, computed by LibreOffice."""
    require_office()
    path = tmp_path / "rules.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, case in enumerate(cases):
            refs = {}
            for column, (key, value) in enumerate(case.values.items(), start=1):
                if value is not None:
                    sheet.write_number(row, column, value)
                refs[key] = xl_rowcol_to_cell(row, column)
            sheet.write_formula(row, 0, to_formula(case.tree, refs, case.kind))
    computed = CalamineWorkbook.from_path(recalculate(path, tmp_path)).get_sheet_by_index(0)
    rows = computed.to_python(skip_empty_area=False)
    found = [{True: True, False: False, "": None}[row[0]] for row in rows]
    assert differences(cases, found) == []


@pytest.mark.slow
def test_workbook_with_last_years_numbers_inside_the_formula_says_the_same(cases, tmp_path):
    """Values that the workbook does not show are written into the formula as numbers."""
    require_office()
    path = tmp_path / "rules.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, case in enumerate(cases):
            sheet.write_formula(row, 0, to_formula(case.tree, case.values, case.kind))
    computed = CalamineWorkbook.from_path(recalculate(path, tmp_path)).get_sheet_by_index(0)
    rows = computed.to_python(skip_empty_area=False)
    found = [{True: True, False: False, "": None}[row[0]] for row in rows]
    assert differences(cases, found) == []


EVALUATE = """async ([address, cases]) => {
    const rules = await import(address);
    return cases.map(([tree, values, kind]) => rules.evaluate(tree, values, kind));
}"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_browser_gives_the_verdict_of_the_server(cases, page, live_server):
    """The shipped module in Chromium, on a page with the portal's own security policy."""
    page.goto(f"{live_server.url}/accessibility/")
    given = [
        [
            tree_payload(case.tree),
            {key: None if value is None else float(value) for key, value in case.values.items()},
            case.kind,
        ]
        for case in cases
    ]
    found = page.evaluate(EVALUATE, [live_server.url + static("annual_report/rules.js"), given])
    assert differences(cases, found) == []


API = """async (address) => {
    const rules = await import(address);
    const rule = (id, severity, tree, keys) => ({ id, severity, tree, keys, codes: keys });
    const found = rules.check([
        rule(1, "notice", ["<", "A01", 5], ["A01"]),
        rule(2, "explain", ["<", "A01", ["*", 2, "prev:A01"]], ["A01", "prev:A01"]),
        rule(3, "critical", ["<", "A01", ["*", 9, "prev:A01"]], ["A01", "prev:A01"]),
        rule(4, "critical", ["<", "A02", 1], ["A02"]),
        rule(5, "critical", ["<", "A01", 100], ["A01"]),
    ], { A01: 90, "prev:A01": 2, A02: null }, "rural_settlement");
    const shown = { A01: "90,0", "prev2:A01": "2,0" };
    return {
        found: found.map((item) => item.rule.id),
        words: rules.fillMessage("Стало {A01}, было {prev2 A01}, {prev A01}.", (key) => shown[key] ?? "—"),
        number: rules.compute(["/", ["+", "A01", 1], "prev:A01"], { A01: 3, "prev:A01": 8 }),
        nothing: rules.compute(["/", "A01", 0], { A01: 3 }),
        constants: [rules.TOLERANCE, rules.RELATIVE_TOLERANCE, rules.SMALLEST_DIVISOR],
    };
}"""


@pytest.mark.django_db(transaction=True)
def test_browser_finds_fills_and_computes(page, live_server):
    page.goto(f"{live_server.url}/accessibility/")
    assert page.evaluate(API, live_server.url + static("annual_report/rules.js")) == {
        # What the graver rule 3 says of the same values silences rule 2.
        "found": [3, 1],
        "words": "Стало 90,0, было 2,0, —.",
        "number": 0.5,
        "nothing": None,
        "constants": [float(TOLERANCE), float(RELATIVE_TOLERANCE), float(SMALLEST_DIVISOR)],
    }
