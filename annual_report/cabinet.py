"""What the cabinet and the search show of the annual report."""

from django.db.models import Count, Q
from django.urls import reverse

from annual_report.enums import (
    DONE_STATES,
    EDITABLE_STATES,
    CampaignState,
    CorrectionState,
    SubmissionState,
)
from annual_report.models import Campaign, Correction, Indicator, Report, Submission
from annual_report.permissions import certifies_submission
from annual_report.selectors import my_submissions
from annual_report.services.reminders import council_due
from okmo_portal.core.registry import CabinetTask
from okmo_portal.core.text import counted
from okmo_portal.organisations.permissions import (
    is_auditor,
    is_congress_staff,
    is_council_member,
    is_municipality_editor,
)


def tasks(request):
    """What the active role owes to the open campaign."""
    user = request.user
    if is_municipality_editor(user):
        yield from _municipality_tasks(user)
        return
    if is_council_member(user):
        yield from _council_tasks(user)
    elif is_congress_staff(user):
        yield from _staff_tasks()


def _municipality_tasks(user):
    """The forms of open campaigns that wait for this person: to be filled, mended or signed."""
    open_forms = my_submissions(user).filter(campaign__state=CampaignState.OPEN)
    for submission in open_forms.order_by("-campaign__is_main", "campaign__year"):
        if submission.state == SubmissionState.PREPARED:
            if certifies_submission.test(user, submission):
                yield _signing_task(submission)
        elif submission.state in EDITABLE_STATES:
            yield _filling_task(submission)


def _form_name(submission):
    campaign = submission.campaign
    extra = "" if campaign.is_main else f" ({campaign.title})"
    return f"форму за {campaign.year} год{extra}"


def _signing_task(submission):
    return CabinetTask(
        title=f"Подписать {_form_name(submission)}",
        text="Исполнитель заполнил её и передал Вам. После подписи она уйдёт в совет.",
        url=reverse("annual_report:submission-certify", args=[submission.pk]),
        action="Подписать",
        due=submission.due,
    )


def _filling_task(submission):
    returned = submission.state == SubmissionState.RETURNED
    return CabinetTask(
        title=(
            f"Исправить {_form_name(submission)}: совет вернул её"
            if returned
            else f"Заполнить {_form_name(submission)}"
        ),
        text=(
            submission.return_comment[:200]
            if returned
            else f"Заполнено {submission.filled} из {submission.required}"
        ),
        url=submission.get_absolute_url(),
        action="Исправить" if returned else "Заполнить",
        due=submission.due,
    )


def _council_tasks(user):
    """What waits in each open campaign, and corrections of approved data whatever the year."""
    rows = Submission.objects.visible_to(user).filter(campaign__state=CampaignState.OPEN)
    counts = (
        rows.order_by()
        .values("campaign")
        .annotate(
            waiting=Count("pk", filter=Q(state=SubmissionState.SUBMITTED)),
            missing=Count("pk", filter=~Q(state__in=DONE_STATES)),
        )
    )
    campaigns = Campaign.objects.in_bulk([item["campaign"] for item in counts])
    region = user.active_membership.organisation.region_id
    for item in counts:
        campaign = campaigns[item["campaign"]]
        yield from _review_tasks(
            campaign, item["waiting"], item["missing"], council_due(campaign, region)
        )
    corrections = Correction.objects.visible_to(user).filter(state=CorrectionState.PROPOSED).count()
    if corrections:
        yield CabinetTask(
            title=f"Решить об исправлениях: {counted(corrections, 'ждёт решения,ждут решения,ждут решения')}",
            text="Муниципалитеты просят изменить утверждённые данные.",
            url=f"{reverse('annual_report:correction-list')}?state=proposed",
            action="Решить",
        )


def _review_tasks(campaign, waiting, missing, due):
    extra = "" if campaign.is_main else f" ({campaign.title})"
    if waiting:
        yield CabinetTask(
            title=f"Проверить формы за {campaign.year} год{extra}: {counted(waiting, 'форма ждёт,формы ждут,форм ждут')}",
            url=f"{reverse('annual_report:review-list')}?campaign={campaign.pk}&state=submitted",
            action="Проверить",
            due=due,
        )
    if missing:
        yield CabinetTask(
            title=f"Напомнить тем, кто не сдал{extra}: {counted(missing, 'муниципалитет,муниципалитета,муниципалитетов')}",
            url=f"{reverse('annual_report:missing-list')}?campaign={campaign.pk}",
            action="Посмотреть",
            due=campaign.municipality_deadline,
        )


def _staff_tasks():
    for campaign in Campaign.objects.open():
        yield from _campaign_tasks(campaign)


def _campaign_tasks(campaign):
    extra = "" if campaign.is_main else f" ({campaign.title})"
    yield CabinetTask(
        title=f"Следить за сбором форм за {campaign.year} год{extra}",
        url=f"{reverse('annual_report:board')}?campaign={campaign.pk}",
        action="Открыть доску",
        due=campaign.council_deadline,
    )
    approved = campaign.submissions.filter(state=SubmissionState.APPROVED).count()
    if approved:
        yield CabinetTask(
            title=f"Принять утверждённые формы{extra}: {counted(approved, 'форма ждёт,формы ждут,форм ждут')}",
            url=f"{reverse('annual_report:acceptance')}?campaign={campaign.pk}",
            action="Принять",
            due=campaign.congress_deadline,
        )
    if campaign.is_main and not Report.objects.filter(campaign=campaign).exists():
        yield CabinetTask(
            title=f"Подготовить доклад за {campaign.year} год",
            url=reverse("annual_report:report-manage", args=[campaign.year]),
            action="Начать",
            due=campaign.congress_deadline,
        )


def section(request):
    """Links that the active role uses."""
    user = request.user
    links = []
    if is_municipality_editor(user):
        links.append(("Формы по годам", reverse("annual_report:submission-list")))
    if is_council_member(user) or is_congress_staff(user) or is_auditor(user):
        links.append(("Проверка форм", reverse("annual_report:review-list")))
        links.append(("Нагрузка формы", reverse("annual_report:burden")))
        links.append(("Контрольные соотношения", reverse("annual_report:rule-list")))
    if is_council_member(user) or is_congress_staff(user):
        links.append(("Книги Excel", reverse("annual_report:workbook-list")))
    if is_congress_staff(user) or is_auditor(user):
        links.append(("Доска сбора", reverse("annual_report:board")))
        links.append(("Кампании", reverse("annual_report:campaign-list")))
        links.append(("Исправления", reverse("annual_report:correction-list")))
        links.append(("Внешние данные", reverse("annual_report:observation-list")))
        links.append(("Подготовка докладов", reverse("annual_report:report-manage-list")))
    if is_municipality_editor(user) or links:
        links.append(("Предложения в доклад", reverse("annual_report:proposal-list")))
    if not links:
        return None
    return {"template": "annual_report/_cabinet_section.html", "links": links}


def indicator_rows():
    for row in Indicator.objects.in_force():
        text = f"{row.code} {row.definition} {row.title_en}"
        yield row.code, row.title, text, "report:indicator-detail", (row.code,)


def report_rows():
    for row in Report.objects.published().select_related("campaign"):
        text = f"{row.summary} {row.title_en}"
        yield str(row.pk), row.title, text, "report:report-detail", (row.campaign.year,)
