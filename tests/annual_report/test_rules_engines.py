"""One rule text, four engines: on the same values they give the same verdicts."""

from decimal import Decimal

import pandas as pd
import pytest
import xlsxwriter
from django.templatetags.static import static
from hypothesis import example, given, settings
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

from annual_report.rules import server
from annual_report.rules.browser import tree_payload
from annual_report.rules.excel import to_formula
from annual_report.rules.frame import verdicts
from annual_report.rules.tree import keys_of, needs_of
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


@with_boundary
@settings(max_examples=300)
@given(CASES)
def test_frame_gives_the_verdict_of_the_server(case):
    assert in_frame([case], case.tree) == [AS_INT[on_server(case)]]


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
