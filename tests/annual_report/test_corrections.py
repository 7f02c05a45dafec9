"""Changes of approved data, beside what was frozen and published before them."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from annual_report import workflow
from annual_report.enums import CorrectionState, SubmissionState
from annual_report.history import Trail
from annual_report.models import Answer, AnswerRevision, Correction, Report
from annual_report.services import corrections, reports, review, submissions
from annual_report.services.campaigns import close_campaign
from annual_report.services.corrections import NewContent
from annual_report.services.snapshots import create_snapshot, load_snapshot
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.models import Region
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def municipality():
    return people.MunicipalityFactory()


@pytest.fixture
def head(municipality):
    return people.municipality_head(municipality)


@pytest.fixture
def director(municipality):
    return people.council_director(municipality.region)


@pytest.fixture
def approved(municipality, head, director):
    """9 posts, 5 filled, 2 trained; approved, and the campaign is closed."""
    campaign = make_campaign(make_form())
    submission = campaign.submissions.get()
    fill(submission, head, C01=9, C02=5, C04=2)
    submissions.submit_submission(submission=submission, by=head, certified=True)
    approved = review.approve_submission(submission=submission, by=director)
    close_campaign(campaign=campaign, by=None)
    return type(approved).objects.get(pk=approved.pk)


def new(value=None, reason=""):
    return NewContent(None if value is None else Decimal(value), reason)


def propose(submission, by, reason="Опечатка", **given):
    cells = {code: new(value) for code, value in given.items()}
    return corrections.propose_correction(submission=submission, given=cells, reason=reason, by=by)


def test_applied_correction_is_the_next_revision_of_the_touched_cells(approved, head, director):
    correction = propose(approved, head, C02=6, C04=2)
    assert [(item.indicator.code, item.old_value, item.new_value) for item in
            correction.cells.all()] == [("C02", 5, 6)]  # fmt: skip
    corrections.apply_correction(correction=correction, by=director)
    answers = dict(
        Answer.objects.filter(submission=approved).values_list("indicator__code", "revision")
    )
    assert answers == {"C01": 1, "C02": 2, "C04": 1}
    changed = Answer.objects.get(submission=approved, indicator__code="C02")
    assert (changed.value, changed.source, changed.updated_by) == (6, "correction", head)
    (former,) = AnswerRevision.objects.all()
    assert (former.revision, former.value, former.replaced_by) == (1, 5, correction)
    approved.refresh_from_db()
    assert (approved.state, approved.revision) == (SubmissionState.APPROVED, 2)
    entry = next(item for item in Trail(approved)[0:20] if item.kind == "cell")
    assert (entry.old, entry.new) == ("5,0 ед.", "6,0 ед.")
    assert entry.text == "Опечатка; исправлено после утверждения"


def test_unchanged_correction_is_refused(approved, head):
    with pytest.raises(ValidationError, match="ничего не изменили"):
        propose(approved, head, C02="5.000")
    assert not Correction.objects.exists()


def test_one_proposal_at_a_time_and_a_reason(approved, head):
    with pytest.raises(ValidationError, match="причину"):
        propose(approved, head, reason=" ", C02=6)
    propose(approved, head, C02=6)
    with pytest.raises(ValidationError, match="Исправление 1 ещё ждёт"):
        propose(approved, head, C04=1)


def test_correction_that_breaks_a_rule_is_refused(approved, head):
    with pytest.raises(ValidationError, match="больше, чем должностей"):
        propose(approved, head, C02=10)
    with pytest.raises(ValidationError, match="Не заполнено"):
        corrections.propose_correction(
            submission=approved, given={"C02": new()}, reason="а", by=head
        )


def test_value_becomes_an_explained_gap(approved, head, director):
    correction = corrections.propose_correction(
        submission=approved, given={"C04": new(None, "Учёт утрачен")}, reason="Пожар", by=director
    )
    colleague = people.council_director(approved.region)
    corrections.apply_correction(correction=correction, by=colleague)
    answer = Answer.objects.get(submission=approved, indicator__code="C04")
    assert (answer.value, answer.no_data_reason, answer.revision) == (None, "Учёт утрачен", 2)


def test_who_may_propose_and_decide(approved, head, director):
    stranger = people.municipality_head(people.MunicipalityFactory())
    foreign = people.council_director(Region.objects.get(code="77"))
    for by in (stranger, foreign, people.congress_staff()):
        with pytest.raises(PermissionDenied):
            propose(approved, by, C02=6)
    correction = propose(approved, head, C02=6)
    for by in (head, stranger, foreign):
        with pytest.raises(PermissionDenied):
            corrections.apply_correction(correction=correction, by=by)
    assert Answer.objects.get(submission=approved, indicator__code="C02").value == 5


def test_nobody_applies_the_correction_that_he_proposed(client, approved, director):
    correction = propose(approved, director, C02=6)
    with pytest.raises(PermissionDenied):
        corrections.apply_correction(correction=correction, by=director)
    people.sign_in(client, director)
    address = f"/cabinet/corrections/{correction.pk}/"
    page = client.get(address)
    assert (page.context["can_apply"], page.context["can_refuse"]) == (False, True)
    assert "Внести его может другой сотрудник совета или Конгресс" in page.content.decode()
    answer = client.post(f"{address}apply/", {"comment": "Сверено"}, follow=True)
    assert "Это исправление предложили Вы." in answer.content.decode()
    assert Answer.objects.get(submission=approved, indicator__code="C02").value == 5
    colleague = people.council_director(approved.region)
    assert workflow.APPLY_CORRECTION.is_open_to(colleague, correction)
    client.post(f"{address}refuse/", {"comment": "Ошибся строкой"})
    correction.refresh_from_db()
    assert correction.state == CorrectionState.REFUSED


def test_congress_is_told_where_the_council_has_nobody_else(
    approved, director, django_capture_on_commit_callbacks
):
    staff = people.congress_staff()
    with django_capture_on_commit_callbacks(execute=True):
        propose(approved, director, C02=6)
    told = Notification.objects.filter(key__contains=":correction:").values_list("user", flat=True)
    assert list(told) == [staff.pk]


def test_form_that_is_not_approved_is_corrected_in_itself(municipality, head):
    submission = make_campaign(make_form()).submissions.get()
    fill(submission, head, C01=9)
    with pytest.raises(ValidationError, match="ещё не утверждена"):
        propose(submission, head, C01=8)


def test_refusal_leaves_the_data_and_says_why(approved, head, director):
    correction = propose(approved, head, C02=6)
    with pytest.raises(ValidationError):
        corrections.refuse_correction(correction=correction, by=director, comment=" ")
    refused = corrections.refuse_correction(correction=correction, by=director, comment="Нет акта")
    assert (refused.state, refused.decision_comment) == (CorrectionState.REFUSED, "Нет акта")
    approved.refresh_from_db()
    assert approved.revision == 1
    assert propose(approved, head, C02=7).number == 2


def test_proposal_over_a_value_that_moved_meanwhile_is_not_applied(approved, head, director):
    correction = propose(approved, head, C02=6)
    Answer.objects.filter(submission=approved, indicator__code="C02").update(value=4)
    with pytest.raises(ValidationError, match="изменился после того"):
        corrections.apply_correction(correction=correction, by=director)
    correction.refresh_from_db()
    assert correction.state == CorrectionState.PROPOSED
    assert not AnswerRevision.objects.exists()


def test_former_values_cannot_be_rewritten(approved, head, director):
    corrections.apply_correction(correction=propose(approved, head, C02=6), by=director)
    with pytest.raises((InternalError, IntegrityError, ProgrammingError)), transaction.atomic():
        AnswerRevision.objects.update(value=0)


def test_published_snapshot_and_figures_stay_as_they_were(approved, head, director, monkeypatch):
    """A real snapshot: its file keeps revision 1, a new one has revision 2, both verify."""
    staff = people.congress_staff()
    campaign = approved.campaign
    report = reports.prepare_report(campaign=campaign, by=staff)
    reports.take_snapshot(report=report, by=staff)
    report = publish(report)
    frozen = report.snapshot
    before = value_in(frozen, "C02")
    correction = propose(approved, head, C02=6)
    assert [item.pk for item in corrections.affected_reports([correction])[correction.pk]] == [
        report.pk
    ]
    corrections.apply_correction(correction=correction, by=director)
    assert value_in(frozen, "C02") == before == 5
    fresh = create_snapshot(campaign=campaign, by=staff)
    assert fresh.sha256 != frozen.sha256
    assert value_in(fresh, "C02") == 6
    applied = Correction.objects.select_related("submission").get(pk=correction.pk)
    assert corrections.affected_reports([applied])[applied.pk] == [report]
    Report.objects.filter(pk=report.pk).update(snapshot=fresh)
    assert corrections.affected_reports([applied])[applied.pk] == []


def value_in(snapshot, code):
    frame = load_snapshot(snapshot)
    return float(frame.loc[frame["indicator"] == code, "value"].iloc[0])


def publish(report):
    from django.utils import timezone

    from okmo_portal.documents.services import store_bytes

    pdf = store_bytes(
        content=b"%PDF-1.4", name="r.pdf", content_type="application/pdf",
        by=people.congress_staff(), subject=report,
    )  # fmt: skip
    Report.objects.filter(pk=report.pk).update(
        state="published", published_at=timezone.now(), pdf=pdf
    )
    return Report.objects.select_related("snapshot").get(pk=report.pk)


def test_pages_lead_from_the_proposal_to_the_decision(client, approved, head, director):
    address = f"/cabinet/forms/{approved.pk}/correct/"
    people.sign_in(client, head)
    fields = {"value-C01": "9", "value-C02": "6", "value-C04": "2", "reason": "Опечатка"}
    wrong = client.post(address, fields | {"value-C02": "шесть"})
    assert "не число" in wrong.content.decode()
    same = client.post(address, fields | {"value-C02": "5,0"})
    assert "ничего не изменили" in same.content.decode()
    check = client.post(address, fields)
    assert check.context["changes"] == [
        {"code": "C02", "title": "Замещено", "was": "5,0 ед.", "becomes": "6,0 ед."}
    ]
    answer = client.post(
        address, dict(check.context["hidden"]) | {"reason": "Опечатка", "confirmed": "1"}
    )
    correction = Correction.objects.get()
    assert answer["Location"] == f"/cabinet/corrections/{correction.pk}/"
    assert client.post(f"/cabinet/corrections/{correction.pk}/apply/").status_code == 404
    people.sign_in(client, director)
    assert client.get(f"/cabinet/corrections/{correction.pk}/").context["can_apply"]
    client.post(f"/cabinet/corrections/{correction.pk}/apply/", {"comment": "Сверено"})
    correction.refresh_from_db()
    assert (correction.state, correction.decision_comment) == ("applied", "Сверено")


def test_congress_sees_which_reports_a_late_correction_touches(client, approved, head):
    staff = people.congress_staff()
    report = reports.prepare_report(campaign=approved.campaign, by=staff)
    reports.take_snapshot(report=report, by=staff)
    publish(report)
    propose(approved, head, C02=6)
    people.sign_in(client, staff)
    page = client.get("/cabinet/corrections/")
    ((row, touched),) = page.context["rows"]
    assert [item.pk for item in touched] == [report.pk]
    people.sign_in(client, people.council_director(Region.objects.get(code="77")))
    assert client.get("/cabinet/corrections/").context["rows"] == []
