from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from annual_report.enums import SubmissionState
from annual_report.models import Answer, Submission
from annual_report.selectors import get_filled_form
from annual_report.services import review
from annual_report.services import submissions as services
from annual_report.services.answers import CellInput, explain_problems, save_answers
from annual_report.services.campaigns import close_campaign
from okmo_portal.organisations.models import Region
from okmo_portal.workflow.models import StateChange
from okmo_portal.workflow.transitions import TransitionNotAllowed
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form


@pytest.fixture
def municipality(db):
    return people.MunicipalityFactory()


@pytest.fixture
def submission(municipality):
    people.MunicipalityFactory()
    return make_campaign(make_form()).submissions.get(municipality=municipality)


def test_opening_makes_one_form_for_each_municipality(submission):
    assert submission.campaign.submissions.count() == 2
    assert (submission.state, submission.required, submission.filled) == ("not_started", 3, 0)


def test_first_answer_makes_a_draft_and_counts(submission):
    head = people.municipality_head(submission.municipality)
    result = fill(submission, head, C01="10.5", C02=8)
    submission.refresh_from_db()
    assert (submission.state, submission.filled) == (SubmissionState.DRAFT, 2)
    assert result.form.cells["C07"].value == Decimal("76.2")
    assert [p.code for p in result.problems] == ["M-C04"]
    assert StateChange.objects.of(submission).get().transition == "start"


def test_answers_denied_to_another_municipality(submission):
    stranger = people.municipality_head(people.MunicipalityFactory())
    with pytest.raises(PermissionDenied):
        fill(submission, stranger, C01=1)
    assert not Answer.objects.filter(submission=submission).exists()


def test_rule_blocks_and_names_the_numbers(submission):
    head = people.municipality_head(submission.municipality)
    result = fill(submission, head, C01=5, C02=8, C04=1)
    assert [p.message for p in result.problems] == ["Замещено 8,0 больше, чем должностей 5,0."]
    with pytest.raises(ValidationError):
        services.submit_submission(submission=submission, by=head, certified=True)


def test_explain_rule_passes_with_an_explanation(submission):
    head = people.municipality_head(submission.municipality)
    result = fill(submission, head, C01=9, C02=5, C04=7)
    with pytest.raises(ValidationError):
        services.submit_submission(submission=submission, by=head, certified=True)
    explain_problems(
        submission=submission, texts={result.problems[0].rule_id: "Двое учились дважды"}, by=head
    )
    sent = services.submit_submission(submission=submission, by=head, certified=True)
    assert (sent.state, sent.submitted_by) == (SubmissionState.SUBMITTED, head)


def test_conflict_is_told_and_nothing_is_overwritten(submission):
    first = people.municipality_head(submission.municipality)
    second = people.municipality_specialist(submission.municipality)
    seen = fill(submission, second, C01=1).form.cells["C01"].answer.updated_at
    newer = CellInput(Decimal(7), seen_at=seen)
    save_answers(submission=submission, cells={"C01": newer}, by=first)
    cell = CellInput(Decimal(9), seen_at=seen)
    result = save_answers(
        submission=submission, cells={"C01": cell, "C02": CellInput(Decimal(4))}, by=second
    )
    assert [(c.code, c.value) for c in result.conflicts] == [("C01", "7,0")]
    assert result.saved == ["C02"]
    assert Answer.objects.get(submission=submission, indicator__code="C01").value == 7


def test_prefill_comes_from_last_years_approved_form(municipality):
    form = make_form()
    last = make_campaign(form, 2024)
    submission = last.submissions.get(municipality=municipality)
    head = people.municipality_head(municipality)
    fill(submission, head, C01=12, C02=10, C04=3)
    services.submit_submission(submission=submission, by=head, certified=True)
    director = people.council_director(municipality.region)
    review.approve_submission(submission=submission, by=director)
    close_campaign(campaign=last, by=None)
    new = make_campaign(form, 2025).submissions.get(municipality=municipality)
    assert list(new.answers.values_list("indicator__code", "value", "source")) == [
        ("C01", Decimal(12), "last_year")
    ]
    assert new.filled == 1


def submitted(submission):
    head = people.municipality_head(submission.municipality)
    fill(submission, head, C01=9, C02=5, C04=2)
    return services.submit_submission(submission=submission, by=head, certified=True), head


def test_council_returns_with_a_comment_and_the_form_is_editable_again(submission):
    sent, head = submitted(submission)
    director = people.council_director(submission.region)
    with pytest.raises(ValidationError):
        review.return_submission(submission=sent, by=director, comment=" ")
    back = review.return_submission(submission=sent, by=director, comment="Проверьте C04")
    assert (back.state, back.return_comment) == (SubmissionState.RETURNED, "Проверьте C04")
    fill(back, head, C04=1)
    again = services.submit_submission(submission=back, by=head, certified=True)
    assert review.approve_submission(submission=again, by=director).state == "approved"


def test_review_denied_to_another_regions_council(submission):
    sent, _head = submitted(submission)
    with pytest.raises(PermissionDenied):
        review.approve_submission(
            submission=sent, by=people.council_director(Region.objects.get(code="77"))
        )
    assert Submission.objects.get(pk=sent.pk).state == SubmissionState.SUBMITTED


def test_form_at_the_council_names_why_it_is_closed(submission):
    sent, head = submitted(submission)
    with pytest.raises(ValidationError, match="на проверке в совете"):
        fill(sent, head, C01=1)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_clicks_submit_once(migrated_data):
    municipality = people.MunicipalityFactory()
    submission = make_campaign(make_form()).submissions.get()
    head = people.municipality_head(municipality)
    fill(submission, head, C01=9, C02=5, C04=2)

    def click(_):
        try:
            services.submit_submission(submission=submission, by=head, certified=True)
        except TransitionNotAllowed:
            return "refused"
        finally:
            connection.close()
        return "submitted"

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(click, range(6)))
    assert results == ["refused"] * 5 + ["submitted"]
    assert StateChange.objects.of(submission).filter(transition="submit").count() == 1


@pytest.fixture
def form_of_two_years(municipality):
    """4 of 10 posts filled in 2024, 5 of 10 in 2025."""
    form, head = make_form(), people.municipality_head(municipality)
    director = people.council_director(municipality.region)
    first = make_campaign(form, year=2024)
    submission = first.submissions.get(municipality=municipality)
    fill(submission, head, C01=10, C02=4, C04=1)
    services.submit_submission(submission=submission, by=head, certified=True)
    review.approve_submission(submission=submission, by=director)
    close_campaign(campaign=first, by=None)
    second = make_campaign(form, year=2025).submissions.get(municipality=municipality)
    fill(second, head, C01=10, C02=5, C04=1)
    return second


def test_computed_indicator_shows_last_year_and_its_change(form_of_two_years):
    cell = get_filled_form(form_of_two_years).cells["C07"]
    assert (cell.shown, cell.shown_previous) == ("50,0", "40,0")
    assert cell.change == Decimal("0.25")


def test_answers_in_words_have_no_change(form_of_two_years):
    cell = get_filled_form(form_of_two_years).cells["C01"]
    assert cell.change == 0
    cell.indicator = replace(cell.indicator, value_type="boolean")
    assert cell.change is None
