"""Who is told what about forms; plain texts that are fit for a letter."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from annual_report.enums import BulkKind, CorrectionState, SubmissionState
from annual_report.models import BulkRun, Campaign, Correction, Extension, Submission
from annual_report.permissions import CERTIFYING_ROLES
from okmo_portal.accounts.models import User
from okmo_portal.core.text import counted, format_date
from okmo_portal.notifications.models import EmailState, Notification
from okmo_portal.notifications.services import Message, notify, notify_many
from okmo_portal.organisations.enums import COUNCIL_ROLES, MUNICIPALITY_EDITOR_ROLES, Role
from okmo_portal.organisations.models import Membership, Region
from okmo_portal.workflow.models import StateChange

REMINDER = "annual_report.reminder"
TELL_COUNCILS = "annual_report.tell_councils"
#: Seconds in which forms that come in are gathered for one round of messages.
TELL_AFTER = 2
MUNICIPALITIES = "муниципалитет,муниципалитета,муниципалитетов"
#: Names that a letter spells out; the rest is counted.
NAMED = 30


def council_people(region: Region | int) -> QuerySet[User]:
    members = Membership.objects.valid().filter(
        organisation__region=region, organisation__kind="council", role__in=COUNCIL_ROLES
    )
    return User.objects.filter(pk__in=members.values("user"))


def municipality_people(*municipalities: int) -> QuerySet[User]:
    members = Membership.objects.valid().filter(
        organisation__municipality__in=municipalities, role__in=MUNICIPALITY_EDITOR_ROLES
    )
    return User.objects.filter(pk__in=members.values("user"))


def certifiers(*municipalities: int) -> QuerySet[User]:
    """Who may sign a form that these municipalities keep."""
    members = Membership.objects.valid().filter(
        organisation__municipality__in=municipalities, role__in=CERTIFYING_ROLES
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
        recipients=certifiers(*submission.keepers),
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


def queue_tell_councils() -> None:
    """Have a worker tell the councils soon; forms sent meanwhile go into the same round."""
    if cache.add(TELL_COUNCILS, 1, timeout=60):
        current_app.send_task(TELL_COUNCILS, countdown=TELL_AFTER, ignore_result=True)


def tell_councils(*, limit: int = 500) -> int:
    """Tell the councils of forms that were sent and of which they do not know yet.

    Returns how many forms there were. What was told is marked in the transaction that writes the
    messages, so that a killed process neither loses nor repeats one.
    """
    with transaction.atomic():
        rows = list(
            Submission.objects.untold()
            .with_territory()
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("submitted_at")[:limit]
        )
        if not rows:
            return 0
        forget_reminders(rows)
        people = people_by_region({row.region_id for row in rows})
        notify_many(
            kind="annual_report.submitted",
            messages=[
                Message(
                    people.get(row.region_id, ()),
                    f"annual_report:{row.pk}:submitted:{row.version}",
                    f"Проверьте форму до {format_date(row.due)}: {row.municipality}",
                    f"Муниципалитет отправил форму за {row.campaign.year} год.",
                    reverse("annual_report:review-detail", args=[row.pk]),
                )
                for row in rows
            ],
        )
        Submission.objects.filter(pk__in=[row.pk for row in rows]).update(
            council_told_at=timezone.now()
        )
    return len(rows)


def people_by_region(regions: Collection[int]) -> dict[int, list[User]]:
    """Who decides on forms in each council of ``regions``, nobody twice."""
    members = (
        Membership.objects.valid()
        .filter(
            organisation__region__in=regions,
            organisation__kind="council",
            role__in=COUNCIL_ROLES,
        )
        .select_related("user", "organisation")
    )
    found: dict[int, dict[int, User]] = {}
    for member in members:
        found.setdefault(member.organisation.region_id, {})[member.user_id] = member.user
    return {region: list(users.values()) for region, users in found.items()}


def tell_council_why(*, submission_id: int) -> None:
    """The Congress has sent an approved form back to its council."""
    submission = Submission.objects.with_territory().filter(pk=submission_id).first()
    if submission is None:
        return
    change = StateChange.objects.of(submission).first()
    notify(
        kind="annual_report.submitted",
        recipients=council_people(submission.region_id),
        key=f"annual_report:{submission.pk}:sent_back:{change.pk if change else 0}",
        title=f"Конгресс вернул форму на проверку: {submission.municipality}",
        body=submission.congress_comment,
        url=reverse("annual_report:review-detail", args=[submission.pk]),
    )


def tell_municipality(*, submission_id: int) -> None:
    submission = Submission.objects.with_territory().filter(pk=submission_id).first()
    if submission is None:
        return
    year, state = submission.campaign.year, submission.state
    if state == SubmissionState.RETURNED:
        due = format_date(submission.municipality_due)
        title = f"Исправьте форму за {year} год до {due}"
        body = f"Совет вернул форму: {submission.return_comment}"
    else:
        title, body = f"Форма за {year} год утверждена", "Совет проверил и утвердил данные."
    notify(
        kind="annual_report.decided",
        recipients=municipality_people(*submission.keepers),
        key=f"annual_report:{submission.pk}:{state}:{submission.decided_at:%Y%m%d%H%M%S%f}",
        title=title,
        body=body,
        url=submission.get_absolute_url(),
    )


def tell_correction(*, correction_id: int) -> None:
    """A change of approved data waits for the council, or for the Congress where nobody else is."""
    correction = (
        Correction.objects.select_related("submission__municipality", "submission__campaign", "by")
        .filter(pk=correction_id)
        .first()
    )
    if correction is None:
        return
    submission = correction.submission
    deciders = council_people(submission.region_id).exclude(pk=correction.by_id)
    if not deciders.exists():
        deciders = congress_people().exclude(pk=correction.by_id)
    notify(
        kind="annual_report.submitted",
        recipients=deciders,
        key=f"annual_report:correction:{correction.pk}:proposed",
        title=f"Решите об исправлении: {submission.municipality}",
        body=f"Утверждённые данные за {submission.campaign.year} год. Причина: {correction.reason}",
        url=reverse("annual_report:correction-detail", args=[correction.pk]),
    )


def tell_correction_decided(*, correction_id: int) -> None:
    """Applied or refused: the municipality, and whoever proposed it."""
    correction = (
        Correction.objects.select_related("submission__municipality", "submission__campaign", "by")
        .filter(pk=correction_id)
        .first()
    )
    if correction is None:
        return
    submission = correction.submission
    applied = correction.state == CorrectionState.APPLIED
    people = {*municipality_people(*submission.keepers), correction.by}
    notify(
        kind="annual_report.decided",
        recipients=people,
        key=f"annual_report:correction:{correction.pk}:{correction.state}",
        title=(
            f"Исправление {correction.number} {'внесено' if applied else 'отклонено'}: "
            f"{submission.campaign.year} год"
        ),
        body=correction.decision_comment,
        url=reverse("annual_report:correction-detail", args=[correction.pk]),
    )


def tell_decided(*, run_id: int, numbers: list[int]) -> int:
    """Tell the people of forms that were approved or returned together."""
    run = BulkRun.objects.select_related("campaign").get(pk=run_id)
    year = run.campaign.year
    returned = run.kind == BulkKind.RETURN
    return notify(
        kind="annual_report.decided",
        recipients=people_of_forms(numbers),
        key=f"annual_report:bulk:{run.pk}",
        title=f"Исправьте форму за {year} год" if returned else f"Форма за {year} год утверждена",
        body=(
            f"Совет вернул форму: {run.comment}"
            if returned
            else "Совет проверил и утвердил данные."
        ),
        url=reverse("annual_report:submission-list"),
    )


def tell_councils_of_run(*, run_id: int, numbers: list[int]) -> int:
    """Tell each council how many of its forms the Congress has sent back, and why."""
    run = BulkRun.objects.get(pk=run_id)
    counts = (
        Submission.objects.filter(pk__in=numbers)
        .order_by("region")
        .values_list("region")
        .annotate(Count("pk"))
    )
    return sum(
        notify(
            kind="annual_report.submitted",
            recipients=council_people(region),
            # A batch is not a region: the next one of the same run tells of the others.
            key=f"annual_report:bulk:{run.pk}:{min(numbers)}",
            title=f"Конгресс вернул на проверку {counted(number, 'форму,формы,форм')}",
            body=run.comment,
            url=f"{reverse('annual_report:review-list')}?campaign={run.campaign_id}&state=sent_back",
        )
        for region, number in counts
    )


def remind_chosen(*, run_id: int, numbers: list[int]) -> int:
    """A reminder by hand; a second one on the same day is not sent."""
    run = BulkRun.objects.select_related("campaign", "by").get(pk=run_id)
    today = timezone.localdate()
    body = f"{run.campaign.title}. Форма Вашего муниципалитета ещё не отправлена в совет."
    return notify(
        kind=REMINDER,
        recipients=people_of_forms(numbers),
        key=f"annual_report:{run.campaign_id}:remind:municipality:hand:{today:%Y%m%d}",
        title=f"Отправьте форму за {run.campaign.year} год",
        body=f"{body} {run.comment}".strip(),
        url=reverse("annual_report:submission-list"),
    )


def people_of_forms(numbers: list[int]) -> QuerySet[User]:
    members = Membership.objects.valid().filter(
        Q(organisation__municipality__submissions__in=numbers)
        | Q(organisation__municipality__inherited_forms__in=numbers),
        role__in=MUNICIPALITY_EDITOR_ROLES,
    )
    return User.objects.filter(pk__in=members.values("user"))


def tell_extended(*, campaign_id: int, numbers: list[int], until: date) -> int:
    """Tell the people of the forms ``numbers`` of their new last day."""
    campaign = Campaign.objects.get(pk=campaign_id)
    return notify(
        kind="annual_report.decided",
        recipients=people_of_forms(numbers),
        key=f"annual_report:{campaign.pk}:extended:{until:%Y%m%d}:{min(numbers)}",
        title=f"Срок формы за {campaign.year} год продлён до {format_date(until)}",
        body=campaign.title,
        url=reverse("annual_report:submission-list"),
    )


def tell_council_extended(*, extension_id: int) -> int:
    extension = Extension.objects.select_related("campaign").filter(pk=extension_id).first()
    if extension is None or extension.region_id is None:
        return 0
    return notify(
        kind="annual_report.decided",
        recipients=council_people(extension.region_id),
        key=f"annual_report:extension:{extension.pk}",
        title=f"Срок проверки форм продлён до {format_date(extension.until)}",
        body=f"{extension.campaign.title}. {extension.reason}",
        url=f"{reverse('annual_report:review-list')}?campaign={extension.campaign_id}",
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


def remind_municipalities(
    *, campaign: Campaign, municipalities: QuerySet[Submission], due: date, key: str
) -> int:
    """Tell the people of forms that are not filed; ``due`` is their own last day."""
    members = Membership.objects.valid().filter(
        Q(organisation__municipality__in=municipalities.values("municipality"))
        | Q(organisation__municipality__in=municipalities.values("custodian")),
        role__in=MUNICIPALITY_EDITOR_ROLES,
    )
    days = (due - timezone.localdate()).days
    when, year = format_date(due), campaign.year
    if days > 0:
        words = counted(days, "день,дня,дней")
        title = f"До срока {words}: форма за {year} год ждёт до {when}"
    elif days == 0:
        title = f"Сегодня последний день: отправьте форму за {year} год"
    else:
        title = f"Срок прошёл {when}: отправьте форму за {year} год"
    return notify(
        kind=REMINDER,
        recipients=User.objects.filter(pk__in=members.values("user")),
        key=key,
        title=title,
        body=f"{campaign.title}. Форма Вашего муниципалитета ещё не отправлена в совет.",
        url=reverse("annual_report:submission-list"),
    )


def remind_council(*, campaign: Campaign, region: Region, missing: list[str], key: str) -> int:
    """Tell a council which of its municipalities have not filed."""
    return notify(
        kind=REMINDER,
        recipients=council_people(region),
        key=key,
        title=f"Не сдали форму: {counted(len(missing), MUNICIPALITIES)}",
        body=(
            f"{campaign.title}, срок для муниципалитетов — "
            f"{format_date(campaign.municipality_deadline)}. Не сдали: {list_names(missing)}. "
            "По ссылке — телефоны."
        ),
        url=f"{reverse('annual_report:missing-list')}?campaign={campaign.pk}",
    )


def remind_congress(*, campaign: Campaign, behind: list[tuple[str, int]], key: str) -> int:
    """Tell the Congress's staff which regions are behind: name and how many forms are not approved."""
    names = [f"{name} ({number})" for name, number in behind]
    return notify(
        kind=REMINDER,
        recipients=congress_people(),
        key=key,
        title=f"Не всё утвердили: {counted(len(behind), 'субъект РФ,субъекта РФ,субъектов РФ')}",
        body=f"{campaign.title}. Сколько форм не утверждено: {list_names(names)}.",
        url=f"{reverse('annual_report:board')}?campaign={campaign.pk}&order=missing",
    )


def tell_damaged(*, what: str, day: date) -> int:
    """A snapshot's file is not what was frozen; once a day for each thing that is wrong."""
    return notify(
        kind="annual_report.damaged",
        recipients=congress_people(),
        key=f"annual_report:damaged:{day:%Y%m%d}:{hashlib.sha256(what.encode()).hexdigest()[:16]}",
        title="Снимок данных доклада повреждён",
        body=(
            f"{what} Страницы с этими числами закрыты. Восстановите каталог snapshots из резервной "
            "копии; чтобы сверить, запустите manage.py rebuild_report_tables."
        ),
        url=reverse("annual_report:report-manage-list"),
    )


def congress_people() -> QuerySet[User]:
    members = Membership.objects.valid().filter(role=Role.CONGRESS_STAFF)
    return User.objects.filter(pk__in=members.values("user"))


def list_names(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    left = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" и ещё {left}" if left > 0 else "")


def forget_reminders(submissions: Sequence[Submission]) -> None:
    """Letters that still wait for the morning would remind of what has been done meanwhile."""
    for campaign, rows in groupby(
        sorted(submissions, key=lambda row: row.campaign_id), key=lambda row: row.campaign_id
    ):
        keepers = {keeper for row in rows for keeper in row.keepers}
        Notification.objects.filter(
            kind=REMINDER,
            email_state=EmailState.WAITING,
            key__startswith=f"annual_report:{campaign}:remind:municipality:",
            user__in=municipality_people(*keepers),
        ).update(email_state=EmailState.NONE)
