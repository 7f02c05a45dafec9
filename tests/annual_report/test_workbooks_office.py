"""The shipped form as a workbook in LibreOffice: it opens, computes, and says what the portal says."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from annual_report.demo.values import make_values
from annual_report.enums import SubmissionState
from annual_report.filled_form import get_filled_form
from annual_report.models import Answer, Dataset, Form, Indicator, Observation, Submission
from annual_report.services import workbooks
from annual_report.services.catalogue import FORM_CODE, load_catalogue
from annual_report.services.checks import broken_rules, check_form, rules_of
from annual_report.workbooks.checks import WORDS
from annual_report.workbooks.content import make_slots
from annual_report.workbooks.layout import CHECKS, FIRST_ROW
from annual_report.workbooks.reader import read_workbook
from annual_report.workbooks.writer import write_workbook
from tests.annual_report.office import recalculate, require_office
from tests.annual_report.workbook_files import read_cells
from tests.factories import people
from tests.factories.report import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
KINDS = ("municipal_district", "urban_okrug", "rural_settlement")


@pytest.fixture
def submissions():
    """A district with a settlement and an okrug, last year's forms approved, this year's begun."""
    require_office()
    load_catalogue()
    form = Form.objects.get(code=FORM_CODE)
    district = people.MunicipalityFactory(kind=KINDS[0])
    places = [district, people.MunicipalityFactory(kind=KINDS[1])]
    places.append(people.MunicipalityFactory(kind=KINDS[2], parent=district))
    last = make_campaign(form, 2024)
    fill_by_demo(last, places, wrong=False)
    Submission.objects.filter(campaign=last).update(
        state=SubmissionState.APPROVED, submitted_at="2025-02-01T00:00Z", decided_at="2025-02-02T00:00Z",
        submitted_by=people.UserFactory(), decided_by=people.UserFactory(),
    )  # fmt: skip
    type(last).objects.filter(pk=last.pk).update(state="closed")
    now = make_campaign(form, 2025)
    fill_by_demo(now, places, wrong=True)
    add_federal_values(places)
    found = Submission.objects.filter(campaign=now).select_related(
        "campaign__form", "municipality", "region"
    )
    return list(found.order_by("pk"))


def fill_by_demo(campaign, places, *, wrong):
    """Plausible values; with ``wrong`` every sixth is many times too large, every ninth missing."""
    Answer.objects.filter(submission__campaign=campaign).delete()
    kinds = pd.Series([place.kind for place in places], index=[place.pk for place in places])
    values = make_values(kinds, campaign.year)
    random = np.random.default_rng(7)
    rows = []
    for indicator in Indicator.objects.filter(code__in=values.columns):
        for place in places:
            if not indicator.applies_to(place.kind, campaign.year):
                continue
            value = Decimal(str(round(values.at[place.pk, indicator.code], indicator.decimals)))
            fate = random.integers(0, 18) if wrong else 1
            if fate in (0, 9):
                continue
            if fate in (3, 6, 12) and indicator.value_type in ("integer", "decimal"):
                value *= 40
            submission = campaign.submissions.get(municipality=place)
            rows.append(Answer(submission=submission, indicator=indicator, value=value))
    Answer.objects.bulk_create(rows)


def add_federal_values(places):
    source = Dataset.objects.create(
        code="fed", title="Казначейство", source="Казначейство", is_federal=True
    )
    for code in ("A05", "D01", "D05"):
        for place in places:
            Observation.objects.create(
                dataset=source, municipality=place, indicator=Indicator.objects.get(code=code),
                year=2025, value=Decimal(1000),
            )  # fmt: skip


def verdicts(cells, layout):
    """What the computed workbook says: rules by code, missing cells, cells wrong by themselves."""
    lines = cells[CHECKS][FIRST_ROW - 1 :]
    broken = {
        line[0]: line[3] for line in lines if line[2] in {word.lower() for word in WORDS.values()}
    }
    calc = {row[0]: row for row in cells["_calc"] if row[0]}
    return {
        "rules": broken,
        "missing": {code for code in layout.rows if calc[code][3] == 1},
        "wrong": {code for code in layout.rows if calc[code][4] != ""},
        "federal": {row.field.code for row in layout.federal if calc[row.field.code][6] != ""},
    }


def test_workbook_says_what_the_portal_says(submissions, tmp_path):
    seen = set()
    for number, submission in enumerate(submissions):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(workbooks.make_workbook(submission))
        cells = read_cells(recalculate(path, tmp_path).read_bytes())
        layout = workbooks.get_layout(
            submission.campaign.form, submission.municipality.kind, submission.campaign.year
        )
        found = verdicts(cells, layout)
        form = get_filled_form(submission)
        problems = check_form(form)
        told = {problem.code: problem for problem in problems}
        rules = {rule.code for rule in rules_of(form).rules}
        assert set(found["rules"]) == told.keys() & rules
        for code, mark in (("missing", "M-"), ("wrong", "L-"), ("federal", "F-")):
            assert found[code] == {p.codes[0] for p in problems if p.code.startswith(mark)}, code
        for code, message in found["rules"].items():
            assert in_russian(message) == told[code].message.replace("\u00a0", ""), code
        seen |= set(found["rules"])
        assert len(broken_rules(form, rules_of(form))) >= len(found["rules"])
        left = dict(row[:2] for row in cells["Как заполнить"] if len(row) > 1)
        assert left["Осталось заполнить показателей"] == len(found["missing"])
    assert len(seen) > 15


def in_russian(message):
    """Numbers as a Russian Excel shows them; here the program counts in English."""
    import re

    def turn(match):
        return match.group().replace(",", "").replace(".", ",").replace("-", "\u2212")

    return re.sub(r"-?\d{1,3}(?:,\d{3})*(?:\.\d+)?(?!\d)", turn, message.replace("\u00a0", ""))


def test_workbook_saved_by_office_is_read_back_unchanged(submissions, tmp_path):
    submission = submissions[0]
    path = tmp_path / "книга.xlsx"
    path.write_bytes(workbooks.make_workbook(submission))
    content = recalculate(path, tmp_path).read_bytes()
    head = people.municipality_head(submission.municipality)
    found = workbooks.take_workbook(
        submission=submission, content=content, name="книга.xlsx", by=head
    )
    assert (found.changed, found.wrong) == (0, 0)


def test_copy_and_full_write_are_the_same_in_office(submissions, tmp_path):
    submission = submissions[1]
    layout = workbooks.get_layout(submission.campaign.form, submission.municipality.kind, 2025)
    content = workbooks.get_content(get_filled_form(submission))
    full = write_workbook(layout, make_slots(layout, content))
    (tmp_path / "copy.xlsx").write_bytes(workbooks.get_template(layout).copy(content))
    (tmp_path / "full.xlsx").write_bytes(full)
    one, other = (
        read_cells(recalculate(tmp_path / name, tmp_path).read_bytes())
        for name in ("copy.xlsx", "full.xlsx")
    )
    assert one == other
    assert read_workbook(full).meta.oktmo == submission.municipality.oktmo
