"""What happens around forms, by the same services as people's clicks, in the region of the demo's council.

An extension, single indicators returned, a form that waits for its head, forms accepted by the Congress
at once, corrections of last year's data that wait, were applied and refused; a campaign about ТОС beside
the main one; and a draft of the next report in which later approvals have moved numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError

from annual_report.enums import BulkKind, Severity, SubmissionState
from annual_report.filled_form import get_filled_form
from annual_report.models import Answer, Campaign, Form, Report, Submission
from annual_report.services import bulk, chapters, corrections, extensions, reports, review
from annual_report.services import submissions as services
from annual_report.services.answers import explain_problems
from annual_report.services.checks import check_form
from annual_report.services.corrections import NewContent
from okmo_portal.accounts.models import User
from okmo_portal.core.workdays import next_working
from okmo_portal.organisations.enums import Role
from okmo_portal.organisations.models import Membership

TOS_FORM = "okmo-t"
#: So many forms of a region are approved after the draft's first snapshot.
LATER = 3


def load(campaign: Campaign, director: User, staff: User) -> None:
    """``campaign`` is under way; ``director`` decides for the region that is shown."""
    region = director.active_membership.organisation.region
    forms = campaign.submissions.filter(region=region).order_by("pk")
    _extend(forms, director)
    _return_indicators(forms, director)
    _wait_for_the_head(forms)
    _correct_last_year(campaign, director)
    report = _draft_report(campaign, staff)
    _approve_later(report, staff)
    _accept_regions(campaign, region, staff)


def _extend(forms, director: User) -> None:
    form = forms.filter(state=SubmissionState.NOT_STARTED).first()
    if form is not None:
        extensions.extend_submission(
            submission=form,
            until=next_working(form.campaign.municipality_deadline + timedelta(days=4)),
            reason="Паводок: администрация занята расселением жителей.",
            by=director,
        )


def _return_indicators(forms, director: User) -> None:
    form = forms.filter(state=SubmissionState.SUBMITTED).first()
    if form is None:
        return
    codes = list(
        Answer.objects.filter(submission=form, value__isnull=False, indicator__formula="")
        .order_by("indicator__section__order", "indicator__order")
        .values_list("indicator__code", flat=True)[3:5]
    )
    comments = ("Сверьте с бюджетным отчётом.", "В прошлом году было вдвое меньше: проверьте.")
    review.return_submission(
        submission=form,
        by=director,
        comment="Уточните отмеченные показатели, остальное верно.",
        cells=dict(zip(codes, comments, strict=False)),
    )


def _wait_for_the_head(forms) -> None:
    """A form that was sent is withdrawn, explained, and handed to the head again."""
    for form, head in _with_heads(forms.filter(state=SubmissionState.SUBMITTED)):
        problems = check_form(get_filled_form(form))
        if any(problem.severity == Severity.CRITICAL for problem in problems):
            continue
        services.withdraw_submission(submission=form, by=head)
        draft = Submission.objects.get(pk=form.pk)
        explain_problems(
            submission=draft,
            texts={p.rule_id: "Сверено с первичными документами." for p in problems if p.rule_id},
            by=head,
        )
        services.prepare_submission(submission=draft, by=head)
        return


def _with_heads(forms) -> Iterator[tuple[Submission, User]]:
    """Forms with the person who signs them."""
    for form in forms.select_related("campaign", "municipality").iterator(chunk_size=50):
        row = (
            Membership.objects.valid()
            .filter(organisation__municipality=form.municipality, role=Role.HEAD)
            .select_related("user", "organisation")
            .first()
        )
        if row is None:
            continue
        head = row.user
        head.active_membership = row
        yield form, head


def _correct_last_year(campaign: Campaign, director: User) -> None:
    region = director.active_membership.organisation.region
    last = Campaign.objects.main().get(year=campaign.year - 1)
    approved = last.submissions.filter(region=region, state=SubmissionState.APPROVED)
    code = "I01"
    done = 0
    for form, head in _with_heads(approved.order_by("pk")):
        value = Answer.objects.filter(
            submission=form, indicator__code=code, value__isnull=False
        ).first()
        if value is None:
            continue
        try:
            correction = corrections.propose_correction(
                submission=form,
                given={code: NewContent(value.value + Decimal(1), "")},
                reason="Одно ТОС зарегистрировано в декабре и не попало в форму.",
                by=head,
            )
        except ValidationError:  # a rule binds the number to others in this invented form
            continue
        if done == 0:
            corrections.apply_correction(correction=correction, by=director, comment="Сверено.")
        elif done == 1:
            corrections.refuse_correction(
                correction=correction, by=director, comment="Устав ТОС зарегистрирован в январе."
            )
        done += 1
        if done == 3:
            return


def _draft_report(campaign: Campaign, staff: User) -> Report:
    report = reports.prepare_report(campaign=campaign, by=staff)
    reports.take_snapshot(report=report, by=staff)
    report = Report.objects.get(pk=report.pk)
    chapters.compute_chapters(report)
    chapters.confirm_chapters(chapters=report.chapters.all(), by=staff)
    return report


def _approve_later(report: Report, staff: User) -> None:
    """Numbers of the draft move, so that its sentences ask to be looked at again."""
    sent = report.campaign.submissions.filter(state=SubmissionState.SUBMITTED)
    director = (
        Membership.objects.valid()
        .with_organisation()
        .filter(role=Role.COUNCIL_DIRECTOR, organisation__region__in=sent.values("region"))
        .select_related("user")
        .order_by("organisation__region__code")
        .first()
    )
    if director is None:
        return
    by = director.user
    by.active_membership = director
    here = sent.filter(region=director.organisation.region).order_by("pk")
    bulk.start_bulk(
        campaign=report.campaign,
        kind=BulkKind.APPROVE,
        submissions=Submission.objects.filter(
            pk__in=list(here.values_list("pk", flat=True)[:LATER])
        ),
        by=by,
    )
    reports.take_snapshot(report=report, by=staff)
    chapters.compute_chapters(Report.objects.get(pk=report.pk))


def _accept_regions(campaign: Campaign, region, staff: User) -> None:
    approved = campaign.submissions.filter(region=region, state=SubmissionState.APPROVED)
    numbers = list(approved.order_by("pk").values_list("pk", flat=True)[: bulk.AT_ONCE])
    if numbers:
        bulk.start_bulk(
            campaign=campaign,
            kind=BulkKind.ACCEPT,
            submissions=Submission.objects.filter(pk__in=numbers),
            by=staff,
        )


def tos_campaign(main: Campaign) -> Campaign:
    """The additional form's campaign, of the same year and the same days; still to be opened."""
    return Campaign.objects.create(
        form=Form.objects.get(code=TOS_FORM),
        year=main.year,
        is_main=False,
        title=f"Территориальное общественное самоуправление за {main.year} год",
        register_date=main.register_date,
        opens_on=main.opens_on,
        municipality_deadline=main.municipality_deadline,
        council_deadline=main.council_deadline,
        congress_deadline=main.congress_deadline,
    )
