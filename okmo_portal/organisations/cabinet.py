"""What the cabinet, the search and other pages show of this app."""

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from okmo_portal.core.registry import CabinetTask
from okmo_portal.core.text import counted
from okmo_portal.organisations.enums import MembershipState, MunicipalityKind, Role
from okmo_portal.organisations.models import Membership, Municipality, Region
from okmo_portal.organisations.services import handover

CHANGES = "преобразование,преобразования,преобразований"
COUNTS_KEY, COUNTS_SECONDS = "organisations:counts", 600


def home_card(request):
    """How many municipalities of which kind there are, and the way to one's own."""
    counts = cache.get(COUNTS_KEY)
    if counts is None:
        rows = Municipality.objects.current().exclude(status="abolished").order_by()
        counts = dict(rows.values_list("kind").annotate(Count("pk")))
        cache.set(COUNTS_KEY, counts, COUNTS_SECONDS)
    if not counts:
        return None
    kinds = [(kind.label, counts[kind]) for kind in MunicipalityKind if counts.get(kind)]
    return {
        "template": "organisations/_home_card.html",
        "total": sum(counts.values()),
        "kinds": sorted(kinds, key=lambda pair: -pair[1]),
    }


def tasks(request):
    """Requests to decide on, and the first step of somebody without a role."""
    user = request.user
    if user.active_membership is None:
        yield _first_step(user)
        return
    waiting = (
        Membership.objects.confirmable_by(user)
        .filter(state=MembershipState.REQUESTED)
        .exclude(user=user)
        .count()
    )
    if waiting:
        yield CabinetTask(
            title=f"Проверить полномочия: {counted(waiting, 'запрос,запроса,запросов')}",
            url=reverse("organisations:membership-list"),
            action="Проверить",
        )
    changes = handover.waiting_for(user).count()
    if changes:
        yield CabinetTask(
            title=f"Передать людей преемникам: {counted(changes, CHANGES)}",
            text="Муниципалитеты упразднены, а полномочия их людей ещё действуют.",
            url=reverse("organisations:handover-list"),
            action="Решить",
        )


def _first_step(user):
    if Membership.objects.filter(user=user, state=MembershipState.REQUESTED).exists():
        return CabinetTask(
            title="Запрос полномочия на проверке",
            text="Решение придёт письмом. До него данные организации закрыты.",
            url=reverse("organisations:membership-mine"),
            action="Посмотреть",
        )
    return CabinetTask(
        title="Запросите полномочие",
        text="Портал должен знать, какую организацию Вы представляете.",
        url=reverse("organisations:membership-search"),
        action="Запросить",
    )


def organisation_section(request):
    active = request.user.active_membership
    if active is None:
        return None
    return {
        "template": "organisations/_cabinet_section.html",
        "membership": active,
        "may_invite": active.role in (Role.HEAD, Role.CONGRESS_STAFF) or active.is_council,
        "hands_over": active.role == Role.CONGRESS_STAFF or active.is_council,
        "reads_references": active.role in (Role.CONGRESS_STAFF, Role.AUDITOR),
        "decides": active.role in (Role.HEAD, Role.CONGRESS_STAFF) or active.is_council,
    }


def region_rows():
    for region in Region.objects.select_related("federal_district"):
        text = (
            f"{region.federal_district.name} {region.code} {region.oktmo_prefix} {region.name_en}"
        )
        yield region.code, region.name, text, "territory:region-detail", (region.code,)


def municipality_rows():
    """Those that exist, and those that ended, each under its own number: codes pass on."""
    rows = Municipality.objects.exclude(status="review").select_related("region")
    today = timezone.localdate()
    for row in rows.iterator(chunk_size=2000):
        text = f"{row.get_kind_display()} {row.region.name} {row.oktmo} {row.centre}"
        if row.valid_to is None:
            yield row.oktmo, row.name, text, "territory:municipality-detail", (row.oktmo,)
            continue
        word = "упразднено" if row.valid_to <= today else "действует до"
        title = f"{row.name} ({word} {row.valid_to:%d.%m.%Y})"
        args = (row.oktmo, row.pk)
        yield f"{row.oktmo}-{row.pk}", title, text, "territory:municipality-record", args


def can_read_mandate(user, membership_id):
    """The person himself and those who decide on the membership."""
    return Membership.objects.visible_to(user).filter(pk=membership_id).exists()


def personal_memberships(user):
    """For the person's own data file."""
    rows = Membership.objects.filter(user=user).with_organisation()
    return [
        {
            "role": row.role,
            "organisation": row.organisation.name,
            "position_title": row.position_title,
            "valid_from": str(row.valid_from),
            "valid_to": row.valid_to and str(row.valid_to),
            "state": row.state,
        }
        for row in rows
    ]
