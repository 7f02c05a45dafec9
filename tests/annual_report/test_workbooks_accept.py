"""Uploading a form's workbook: refusing it by name, comparing, accepting section by section."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from annual_report.enums import SubmissionState
from annual_report.filled_form import get_filled_form
from annual_report.models import (
    Answer,
    Explanation,
    FieldMove,
    Form,
    FormField,
    Indicator,
    Section,
    WorkbookAcceptance,
    WorkbookUpload,
)
from annual_report.services import workbooks
from annual_report.services.answers import CellInput, save_answers
from annual_report.services.campaigns import close_campaign
from annual_report.services.submissions import submit_submission
from annual_report.services.workbook_compare import MINE, RULES, THEIRS, Decision
from annual_report.workbooks.diff import State
from okmo_portal.documents.models import Document
from tests.annual_report.workbook_files import edit
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db

SHEET = "Служба"


@pytest.fixture
def submission():
    here = people.MunicipalityFactory()
    return make_campaign(make_form()).submissions.get(municipality=here)


@pytest.fixture
def head(submission):
    return people.municipality_head(submission.municipality)


@pytest.fixture
def colleague(submission):
    return people.municipality_specialist(submission.municipality)


def change(submission, by, **values):
    """Somebody who sees what stands there types something else."""
    cells = {code: CellInput(Decimal(value), overwrite=True) for code, value in values.items()}
    assert save_answers(submission=submission, cells=cells, by=by).saved == list(cells)


def upload(submission, by, changes=None, content=None):
    """A copy made now, some cells typed over, taken back."""
    content = content or workbooks.make_workbook(submission)
    return workbooks.take_workbook(
        submission=submission, content=edit(content, changes or {}), name="книга.xlsx", by=by
    )


def accept(found, by, parts=("C",), **decisions):
    return workbooks.accept_upload(upload=found, parts=parts, decisions=decisions, by=by)


def values(submission):
    rows = Answer.objects.filter(submission=submission).order_by("indicator__code")
    return dict(rows.values_list("indicator__code", "value"))


def cell(code, column="E"):
    return f"{SHEET}!{column}{ {'C01': 5, 'C02': 6, 'C04': 7}[code] }"


# --- comparing -----------------------------------------------------------------------------------------


def test_nothing_is_saved_before_it_is_accepted(submission, head):
    fill(submission, head, C01=10)
    found = upload(submission, head, {cell("C01"): 12.0, cell("C02"): 5.0})
    comparison = workbooks.compare_upload(found)
    assert [(row.code, row.parts[0].before, row.parts[0].after) for row in comparison.changed] == [
        ("C01", "10,0", "12,0"),
        ("C02", "пусто", "5,0"),
    ]
    assert (found.changed, found.wrong, found.is_proposal) == (2, 0, False)
    assert values(submission) == {"C01": 10}


def test_a_file_that_failed_is_kept_nowhere(submission, head):
    for content in (b"PK\x03\x04 nothing", b"", b"%PDF-1.4"):
        with pytest.raises(ValidationError):
            workbooks.take_workbook(
                submission=submission, content=content, name="книга.xlsx", by=head
            )
    assert (WorkbookUpload.objects.count(), Document.objects.count()) == (0, 0)


def test_checks_speak_of_the_form_as_it_would_be(submission, head):
    found = upload(submission, head, {cell("C01"): 5.0, cell("C02"): 8.0, cell("C04"): 1.0})
    comparison = workbooks.compare_upload(found)
    assert [(p.code, p.message) for p in comparison.problems] == [
        ("K1", "Замещено 8,0 больше, чем должностей 5,0.")
    ]
    assert comparison.place_of("C02") == "Служба!E6"


def test_limits_are_errors_at_the_cell_and_the_rest_goes_on(submission, head):
    found = upload(submission, head, {cell("C01"): 2000.0, cell("C02"): "много", cell("C04"): 3.0})
    comparison = workbooks.compare_upload(found)
    assert [
        (e.place, e.found, e.expected, e.hint) for row in comparison.wrong for e in row.errors
    ] == [
        (
            "Служба!E5", "2 000,0".replace(" ", "\u00a0"),
            "Нужно число от 0,0 до 1\u00a0000,0. Единица: ед.",
            "Значение не может быть больше 1\u00a0000,0 ед. Проверьте его и единицу измерения.",
        ),
        (
            "Служба!E6", "«много»", "Нужно число от 0,0 до 1\u00a0000,0. Единица: ед.",
            "«много» — не число. Введите цифры, например 1234 или 12,5.",
        ),
    ]  # fmt: skip
    result = accept(found, head)
    assert (result.saved, result.wrong) == (["C04"], ["C01", "C02"])
    assert values(submission) == {"C04": 3}


def test_growth_is_against_last_year(submission, head):
    form = submission.campaign.form
    close_campaign(campaign=submission.campaign, by=None)
    fill_last = submission
    Answer.objects.create(
        submission=fill_last, indicator=Indicator.objects.get(code="C02"), value=8
    )
    type(fill_last).objects.filter(pk=fill_last.pk).update(
        state=SubmissionState.SUBMITTED, submitted_at="2026-01-01T00:00Z", submitted_by=head
    )
    new = make_campaign(form, 2026).submissions.get(municipality=submission.municipality)
    row = workbooks.compare_upload(upload(new, head, {cell("C02"): 10.0})).rows["C02"]
    assert (row.cell.shown_previous, row.growth) == ("8,0", Decimal("0.25"))


# --- accepting -----------------------------------------------------------------------------------------


def test_accepting_saves_and_says_what(submission, head):
    found = upload(submission, head, {cell("C01"): 12.5, cell("C02", "G"): "уточним"})
    result = accept(found, head)
    assert (result.saved, result.open, result.wrong, result.refused) == (["C01", "C02"], [], [], {})
    answer = Answer.objects.get(submission=submission, indicator__code="C01")
    assert (answer.value, answer.source, answer.updated_by) == (Decimal("12.5"), "workbook", head)
    log = WorkbookAcceptance.objects.get()
    assert (log.upload, log.part, log.codes, log.by) == (found, "C", ["C01", "C02"], head)


def test_accepting_twice_changes_nothing(submission, head):
    found = upload(submission, head, {cell("C01"): 12.5})
    accept(found, head)
    before = Answer.objects.get(submission=submission).updated_at
    assert accept(found, head).saved == []
    assert Answer.objects.get(submission=submission).updated_at == before
    assert WorkbookAcceptance.objects.count() == 1


def test_what_was_typed_online_after_accepting_is_not_overwritten(submission, head):
    found = upload(submission, head, {cell("C01"): 12.5})
    accept(found, head)
    fill(submission, head, C01=13)
    assert accept(found, head).open == ["C01"]
    assert values(submission) == {"C01": 13}


def test_untouched_cells_follow_the_portal(submission, head, colleague):
    fill(submission, head, C01=10, C02=5)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C02=6)
    found = upload(submission, head, {cell("C01"): 11.0}, content)
    assert accept(found, head).saved == ["C01"]
    assert values(submission) == {"C01": 11, "C02": 6}


def test_cleared_cells_become_empty(submission, head):
    fill(submission, head, C01=10)
    found = upload(submission, head, {cell("C01"): None})
    assert workbooks.compare_upload(found).changed[0].parts[0].after == "пусто"
    accept(found, head)
    assert values(submission) == {"C01": None}


def test_different_parts_of_a_cell_are_no_conflict(submission, head, colleague):
    fill(submission, head, C01=10)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11)
    found = upload(submission, head, {cell("C01", "G"): "по штатному расписанию"}, content)
    accept(found, head)
    answer = Answer.objects.get(submission=submission)
    assert (answer.value, answer.note) == (11, "по штатному расписанию")


def test_conflict_names_both_values_who_and_when(submission, head, colleague):
    fill(submission, head, C01=10)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11)
    found = upload(submission, head, {cell("C01"): 12.0}, content)
    (row,) = workbooks.compare_upload(found).conflicts
    assert (row.parts[0].before, row.parts[0].after, row.changed_by) == (
        "11,0", "12,0", str(colleague),
    )  # fmt: skip
    assert row.changed_at == Answer.objects.get().updated_at
    assert accept(found, head).open == ["C01"]
    assert values(submission) == {"C01": 11}


@pytest.mark.parametrize(("choice", "left"), [(MINE, 12), (THEIRS, 11)])
def test_conflict_is_decided_by_the_person(submission, head, colleague, choice, left):
    fill(submission, head, C01=10)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11)
    found = upload(submission, head, {cell("C01"): 12.0}, content)
    seen = workbooks.compare_upload(found).conflicts[0].seen
    accept(found, head, C01=Decision(choice, seen))
    assert values(submission) == {"C01": left}


def test_decision_about_an_older_value_does_not_count(submission, head, colleague):
    fill(submission, head, C01=10)
    content = workbooks.make_workbook(submission)
    change(submission, colleague, C01=11)
    found = upload(submission, head, {cell("C01"): 12.0}, content)
    seen = workbooks.compare_upload(found).conflicts[0].seen
    change(submission, colleague, C01=13)
    assert accept(found, head, C01=Decision(MINE, seen)).open == ["C01"]
    assert values(submission) == {"C01": 13}


def test_sections_are_accepted_one_by_one(submission, head):
    section = Section.objects.create(code="D", title="Бюджет", title_en="Budget", order=2)
    income = Indicator.objects.create(
        code="D01", section=section, title="Доходы", title_en="Income", unit="тыс. руб.",
        unit_en="thousand roubles", value_type="decimal", decimals=1, aggregation="sum",
        definition="Доходы.", source="учёт", owner="отдел",
    )  # fmt: skip
    FormField.objects.create(form=submission.campaign.form, indicator=income, asks_plan=True)
    found = upload(submission, head, {cell("C01"): 1.0, "Бюджет!E5": 2.0, "Бюджет!H5": 3.5})
    assert accept(found, head, parts=("D",)).saved == ["D01"]
    answer = Answer.objects.get(submission=submission)
    assert (answer.value, answer.plan_1, answer.plan_2, answer.plan_3) == (
        2,
        None,
        None,
        Decimal("3.5"),
    )
    assert accept(found, head, parts=("C", "D", RULES)).saved == ["C01"]


def test_explanations_travel_too(submission, head):
    fill(submission, head, C01=9, C02=5, C04=7)
    found = upload(submission, head, {"Проверка!G6": "Двое учились дважды"})
    comparison = workbooks.compare_upload(found)
    assert [(row.code, row.typed) for row in comparison.explanations] == [
        ("K2", "Двое учились дважды")
    ]
    assert accept(found, head, parts=(RULES,)).explained == ["K2"]
    assert Explanation.objects.get().text == "Двое учились дважды"
    again = upload(submission, head)
    assert workbooks.compare_upload(again).explanations == []


# --- who and when --------------------------------------------------------------------------------------


def test_only_the_municipality_accepts(submission, head):
    found = upload(submission, head, {cell("C01"): 1.0})
    director = people.council_director(submission.region)
    with pytest.raises(PermissionDenied):
        accept(found, director)
    assert values(submission) == {}


def test_a_form_at_the_council_is_checked_and_not_changed(submission, head):
    fill(submission, head, C01=9, C02=5, C04=2)
    submit_submission(submission=submission, by=head, certified=True)
    found = upload(submission, head, {cell("C01"): 10.0})
    assert workbooks.compare_upload(found).rows["C01"].state == State.CHANGED
    with pytest.raises(ValidationError, match="на проверке в совете"):
        accept(found, head)


# --- refusals by name ----------------------------------------------------------------------------------


def refuse(submission, content, by):
    with pytest.raises(ValidationError) as caught:
        workbooks.take_workbook(submission=submission, content=content, name="x.xlsx", by=by)
    return caught.value.messages[0]


def test_another_municipalitys_or_years_workbook_is_refused_by_name(submission, head):
    there = people.MunicipalityFactory()
    close_campaign(campaign=submission.campaign, by=None)
    campaign = make_campaign(submission.campaign.form, 2026)
    this_year = campaign.submissions.get(municipality=submission.municipality)
    elsewhere = campaign.submissions.get(municipality=there)
    here, other = submission.municipality.name, there.name
    assert refuse(this_year, workbooks.make_workbook(submission), head).startswith(
        "Это книга за 2025 год, а здесь форма за 2026 год."
    )
    assert refuse(this_year, workbooks.make_workbook(elsewhere), head).startswith(
        f"Это книга муниципалитета «{other}», а здесь «{here}»."
    )
    assert refuse(submission, workbooks.make_workbook(elsewhere), head).startswith(
        f"Это книга муниципалитета «{other}» за 2026 год, а здесь «{here}» за 2025 год."
    )


@pytest.fixture
def next_version(submission):
    """The campaign goes on with version 2: C01 became N01 in hundreds, C04 is asked no more."""
    old = submission.campaign.form
    new = Form.objects.create(code="test-2", title="Форма", family="test", version=2)
    first, second, third, share = Indicator.objects.filter(code__startswith="C").order_by("code")
    posts = Indicator.objects.get(pk=first.pk)
    posts.pk, posts.code = None, "N01"
    posts.save()
    for indicator in (second, posts):
        FormField.objects.create(form=new, indicator=indicator)
    FieldMove.objects.create(form=new, source=first, target=posts, factor=Decimal("0.01"))
    FieldMove.objects.create(form=new, source=third, target=None)
    return old, new


def test_older_form_version_goes_through_the_moves(submission, head, next_version):
    old, new = next_version
    content = edit(workbooks.make_workbook(submission), {cell("C01"): 250.0, cell("C02"): 4.0})
    submission.campaign.form = new
    submission.campaign.save()
    found = upload(submission, head, content=content)
    comparison = workbooks.compare_upload(found)
    assert comparison.left_over == ["C04"]
    assert comparison.rows["N01"].place == "Служба!E5"
    accept(found, head)
    assert values(submission) == {"C02": 4, "N01": Decimal("2.5")}


def test_older_version_with_nowhere_to_go_is_refused_by_name(submission, head, next_version):
    _old, new = next_version
    content = edit(workbooks.make_workbook(submission), {cell("C01"): 250.0})
    FieldMove.objects.filter(source__code="C01").delete()
    submission.campaign.form = new
    submission.campaign.save()
    assert refuse(submission, content, head).startswith(
        "Книга сделана по версии 1 формы, а сейчас действует версия 2: для показателя C01"
    )


def test_newer_version_and_other_forms_are_refused_by_name(submission, head, next_version):
    old, new = next_version
    submission.campaign.form = new
    content = workbooks.make_workbook(submission)
    submission.campaign.form = old
    assert refuse(submission, content, head).startswith("Книга сделана по версии 2 формы")
    Form.objects.filter(pk=new.pk).update(family="other", title="Паспорт")
    assert refuse(submission, content, head).startswith("Это книга формы «Паспорт»")


def test_form_reads_the_same_queries_whatever_it_asks(submission, head, django_assert_num_queries):
    content = workbooks.make_workbook(submission)
    found = upload(submission, head, {cell("C01"): 1.0}, content)
    workbooks.compare_upload(found)
    found = WorkbookUpload.objects.select_related(
        "submission__campaign__form", "submission__municipality", "document"
    ).get()
    with django_assert_num_queries(3):
        workbooks.compare_upload(found)


def test_cells_that_were_sent_back_are_the_only_ones_to_change(submission, head):
    fill(submission, head, C01=9, C02=5, C04=2)
    submit_submission(submission=submission, by=head, certified=True)
    director = people.council_director(submission.region)
    from annual_report.services.review import return_submission

    return_submission(submission=submission, by=director, comment="Проверьте C04")
    submission.refresh_from_db()
    submission.cell_returns.create(
        indicator=Indicator.objects.get(code="C04"), comment="Проверьте", by=director
    )
    found = upload(submission, head, {cell("C01"): 10.0, cell("C04"): 1.0})
    result = accept(found, head)
    assert (result.saved, list(result.refused)) == (["C04"], ["C01"])
    assert get_filled_form(submission).values["C01"] == 9
