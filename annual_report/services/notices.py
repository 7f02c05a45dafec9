"""Who is told what about forms; plain texts that are fit for a letter."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from annual_report.enums import FILED_STATES, SubmissionState
from annual_report.models import Campaign, Submission
from annual_report.permissions import CERTIFYING_ROLES
from okmo_portal.accounts.models import User
from okmo_portal.core.text import counted, format_date
from okmo_portal.notifications.services import notify
from okmo_portal.organisations.enums import COUNCIL_ROLES, MUNICIPALITY_EDITOR_ROLES
from okmo_portal.organisations.models import Membership, Region

#: Days before the deadline on which those who have not filed are reminded.
REMIND_DAYS = (14, 7, 3, 1)


def council_people(region: Region | int) -> QuerySet[User]:
    members = Membership.objects.valid().filter(
        organisation__region=region, organisation__kind="council", role__in=COUNCIL_ROLES
    )
    return User.objects.filter(pk__in=members.values("user"))


def municipality_people(municipality_id: int) -> QuerySet[User]:
    members = Membership.objects.valid().filter(
        organisation__municipality=municipality_id, role__in=MUNICIPALITY_EDITOR_ROLES
    )
    return User.objects.filter(pk__in=members.values("user"))


def certifiers(municipality_id: int) -> QuerySet[User]:
    """Who may sign the municipality's form."""
    members = Membership.objects.valid().filter(
        organisation__municipality=municipality_id, role__in=CERTIFYING_ROLES
    )
    return User.objects.filter(pk__in=members.values("user"))


def tell_head(*, submission_id: int) -> None:
    """The form waits for the head's signature."""
    submission = _find(submission_id)
    if submission is None or submission.prepared_at is None:
        return
    due = format_date(submission.due)
    notify(
        kind="annual_report.prepared",
        recipients=certifiers(submission.municipality_id),
        key=f"annual_report:{submission.pk}:prepared:{submission.prepared_at:%Y%m%d%H%M%S%f}",
        title=f"Подпишите форму за {submission.campaign.year} год до {due}",
        body=f"Форму подготовил(а) {submission.prepared_by}. Проверьте значения и отправьте её в совет.",
        url=reverse("annual_report:submission-certify", args=[submission.pk]),
    )


def tell_preparer(*, submission_id: int, comment: str) -> None:
    """The head did not sign and says what to mend."""
    submission = _find(submission_id)
    if submission is None or submission.prepared_by is None:
        return
    notify(
        kind="annual_report.prepared",
        recipients=[submission.prepared_by],
        key=f"annual_report:{submission.pk}:taken_back:{timezone.now():%Y%m%d%H%M%S%f}",
        title=f"Глава вернул форму за {submission.campaign.year} год на доработку",
        body=comment,
        url=submission.get_absolute_url(),
    )


def _find(submission_id: int) -> Submission | None:
    rows = Submission.objects.with_territory().select_related("prepared_by")
    return rows.filter(pk=submission_id).first()


def tell_council(*, submission_id: int) -> None:
    submission = Submission.objects.with_territory().filter(pk=submission_id).first()
    if submission is None:
        return
    due = format_date(submission.campaign.council_deadline)
    notify(
        kind="annual_report.submitted",
        recipients=council_people(submission.region_id),
        key=f"annual_report:{submission.pk}:submitted:{submission.version}",
        title=f"Проверьте форму до {due}: {submission.municipality}",
        body=f"Муниципалитет отправил форму за {submission.campaign.year} год.",
        url=reverse("annual_report:review-detail", args=[submission.pk]),
    )


def tell_municipality(*, submission_id: int) -> None:
    submission = Submission.objects.with_territory().filter(pk=submission_id).first()
    if submission is None:
        return
    year, state = submission.campaign.year, submission.state
    if state == SubmissionState.RETURNED:
        due = format_date(submission.campaign.municipality_deadline)
        title = f"Исправьте форму за {year} год до {due}"
        body = f"Совет вернул форму: {submission.return_comment}"
    else:
        title, body = f"Форма за {year} год утверждена", "Совет проверил и утвердил данные."
    notify(
        kind="annual_report.decided",
        recipients=municipality_people(submission.municipality_id),
        key=f"annual_report:{submission.pk}:{state}:{submission.decided_at:%Y%m%d%H%M%S%f}",
        title=title,
        body=body,
        url=submission.get_absolute_url(),
    )


def announce_campaign(*, campaign: Campaign) -> int:
    """Tell the heads and specialists of all municipalities of the campaign that it is open."""
    members = Membership.objects.valid().filter(
        role__in=MUNICIPALITY_EDITOR_ROLES,
        organisation__municipality__submissions__campaign=campaign,
    )
    due = format_date(campaign.municipality_deadline)
    return notify(
        kind="annual_report.opened",
        recipients=User.objects.filter(pk__in=members.values("user")),
        key=f"annual_report:{campaign.pk}:opened",
        title=f"Заполните форму за {campaign.year} год до {due}",
        body="Часть показателей перенесена с прошлого года: проверьте их.",
        url=reverse("cabinet"),
    )


def remind_of_deadlines() -> int:
    """Remind municipalities and tell councils who has not filed; harmless when repeated."""
    today, sent = timezone.localdate(), 0
    for campaign in Campaign.objects.open():
        days = (campaign.municipality_deadline - today).days
        if days in REMIND_DAYS or days == -1:
            sent += _remind_municipalities(campaign, days)
            sent += _remind_councils(campaign, days)
    return sent


def _remind_municipalities(campaign: Campaign, days: int) -> int:
    members = Membership.objects.valid().filter(
        role__in=MUNICIPALITY_EDITOR_ROLES,
        organisation__municipality__in=Submission.objects.not_filed()
        .filter(campaign=campaign)
        .values("municipality"),
    )
    when = format_date(campaign.municipality_deadline)
    words = counted(days, "день,дня,дней") if days > 0 else ""
    return notify(
        kind="annual_report.reminder",
        recipients=User.objects.filter(pk__in=members.values("user")),
        key=f"annual_report:{campaign.pk}:remind:{days}",
        title=(
            f"До срока {words}: форма за {campaign.year} год ждёт до {when}"
            if days > 0
            else f"Срок прошёл {when}: отправьте форму за {campaign.year} год"
        ),
        body="Форма Вашего муниципалитета ещё не отправлена.",
        url=reverse("cabinet"),
    )


def _remind_councils(campaign: Campaign, days: int) -> int:
    regions = Region.objects.annotate(
        missing=Count(
            "submissions",
            filter=Q(submissions__campaign=campaign) & ~Q(submissions__state__in=FILED_STATES),
        )
    ).filter(missing__gt=0)
    return sum(
        notify(
            kind="annual_report.reminder",
            recipients=council_people(region),
            key=f"annual_report:{campaign.pk}:missing:{days}",
            title=f"Не сдали форму: {counted(region.missing, 'муниципалитет,муниципалитета,муниципалитетов')}",
            body=f"Срок для муниципалитетов — {format_date(campaign.municipality_deadline)}.",
            url=f"{reverse('annual_report:review-list')}?state=not_filed",
        )
        for region in regions
    )
