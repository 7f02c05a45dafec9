"""The people of abolished municipalities pass to the heirs, or their mandates end, in one step."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from okmo_portal.audit.models import AuditEvent
from okmo_portal.notifications.models import Notification
from okmo_portal.organisations.enums import OrganisationKind, Role
from okmo_portal.organisations.models import Invitation, Membership, Organisation
from okmo_portal.organisations.services import handover
from okmo_portal.organisations.services.handover import Decision, hand_over, offers_of
from okmo_portal.organisations.services.transformations import end_due_municipalities
from tests.factories import people
from tests.organisations.test_transformations import LAW, first_level, new, transform

pytestmark = pytest.mark.django_db


class Merged:
    """Two districts with a head each and a specialist, merged yesterday; their council."""

    def __init__(self, days=1):
        self.one, self.two = first_level(41, "Первый"), first_level(42, "Второй")
        self.heads = [people.municipality_head(place) for place in (self.one, self.two)]
        self.specialist = people.municipality_specialist(self.one)
        self.director = people.council_director(self.one.region)
        self.change = transform(
            "merge", [self.one, self.two], [new("29541000")],
            day=timezone.localdate() - timedelta(days=days),
        )  # fmt: skip
        self.heir = self.change.successors.get()

    def offer(self, user):
        return offers_of(self.change).get(user=user)

    def decide(self, by=None, **roles):
        """By name of a person: a role at the heir, or None for the end."""
        people_by = {"first": self.heads[0], "second": self.heads[1], "specialist": self.specialist}
        decisions = {
            self.offer(people_by[name]).pk: Decision(role and self.heir, role or "")
            for name, role in roles.items()
        }
        return hand_over(change=self.change, decisions=decisions, by=by or self.director)


@pytest.fixture
def merged():
    return Merged()


def roles_of(user):
    rows = Membership.objects.valid().filter(user=user, organisation__municipality__isnull=False)
    return {(row.organisation.municipality.name, row.role, row.state) for row in rows}


def test_mandates_pass_to_the_heir_or_end_in_one_step(merged):
    result = merged.decide(first=Role.HEAD, second=None, specialist=Role.SPECIALIST)
    assert (result.passed, result.ended) == (2, 1)
    today = timezone.localdate()
    first = Membership.objects.get(user=merged.heads[0], organisation__municipality=merged.heir)
    assert (first.role, first.state, first.valid_from, first.position_title) == (
        "head", "active", today, "Должность",
    )  # fmt: skip
    assert first.decided_by == merged.director
    former = Membership.objects.get(user=merged.heads[0], organisation__municipality=merged.one)
    assert (former.state, former.valid_to) == ("ended", today)
    assert former.decision_comment.startswith(
        f"Передано преемнику «Новый муниципальный округ»: {merged.change}, {LAW}"
    )
    ended = Membership.objects.get(user=merged.heads[1])
    assert (ended.state, ended.decision_comment) == (
        "ended", f"Муниципалитет преобразован: {merged.change}, {LAW}",
    )  # fmt: skip
    assert not offers_of(merged.change).exists()
    assert not Organisation.objects.filter(municipality=merged.one, is_active=True).exists()


def test_trail_names_the_former_mandate_and_the_change(merged):
    former = merged.offer(merged.specialist).pk
    merged.decide(specialist=Role.SPECIALIST)
    event = AuditEvent.objects.get(action="organisations.membership_handed_over")
    assert event.data == {"former": former, "change": merged.change.pk}
    assert event.actor == merged.director
    whole = AuditEvent.objects.get(action="organisations.people_handed_over")
    assert whole.data == {"passed": 1, "ended": 0}
    assert AuditEvent.objects.filter(action="organisations.end", subject_id=str(former)).exists()


def test_each_person_and_the_council_are_told(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        merged = Merged()
    colleague = people.council_director(merged.one.region)
    waits = Notification.objects.get(user=merged.director)
    assert waits.title == "Решите, кто переходит к преемнику: 3\xa0полномочия"
    assert waits.url == f"/organisations/handover/{merged.change.pk}/"
    with django_capture_on_commit_callbacks(execute=True):
        merged.decide(first=Role.HEAD, second=None)
    told = {
        row.user: (row.title, row.body)
        for row in Notification.objects.filter(kind="organisations.handover").exclude(pk=waits.pk)
    }
    assert told[merged.heads[0]][0] == "Ваше полномочие перешло: Администрация: " + merged.heir.name
    assert told[merged.heads[0]][1].endswith("Теперь Вы: глава.")
    assert told[merged.heads[1]][0] == "Полномочие прекращено"
    assert LAW in told[merged.heads[1]][1]
    assert told[colleague][0] == "Люди переданы преемникам: 1\xa0полномочие"
    assert set(told) == {*merged.heads, colleague}


def test_an_heir_never_gets_two_heads(merged):
    with pytest.raises(ValidationError, match="главой выбраны 2 человека"):
        merged.decide(first=Role.HEAD, second=Role.HEAD)
    assert offers_of(merged.change).count() == 3
    merged.decide(first=Role.HEAD)
    with pytest.raises(ValidationError, match="уже есть глава"):
        merged.decide(second=Role.HEAD)
    merged.decide(second=Role.DEPUTY)
    assert roles_of(merged.heads[1]) == {(merged.heir.name, "deputy", "active")}


def test_who_works_at_the_heir_already_goes_on_there(merged):
    body = people.organisation(OrganisationKind.MUNICIPALITY_BODY, municipality=merged.heir)
    known = Membership.objects.create(
        user=merged.specialist, organisation=body, role="specialist", position_title="Там",
        valid_from=merged.change.date, state="active", decided_at=timezone.now(),
    )  # fmt: skip
    merged.decide(specialist=Role.SPECIALIST)
    assert list(Membership.objects.valid().filter(user=merged.specialist)) == [known]


def test_decided_twice_is_refused(merged):
    offer = merged.offer(merged.specialist).pk
    merged.decide(specialist=None)
    with pytest.raises(ValidationError, match="уже решено"):
        hand_over(
            change=merged.change,
            decisions={offer: Decision(merged.heir, "specialist")},
            by=merged.director,
        )


def test_nothing_is_offered_before_the_day_and_the_council_hears_on_it(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        merged = Merged(days=-1)
    assert not offers_of(merged.change).exists()
    assert not handover.waiting_for(merged.director).exists()
    assert not Notification.objects.exists()
    merged.change.date = timezone.localdate()
    merged.change.save()
    merged.change.predecessors.update(valid_to=merged.change.date)
    end_due_municipalities()
    assert Notification.objects.get().user == merged.director
    assert handover.waiting_for(merged.director).get() == merged.change


def test_invitations_into_an_empty_body_are_withdrawn(merged):
    body = Organisation.objects.get(municipality=merged.two)
    invitation = Invitation.objects.create(
        email="x@demo.example", organisation=body, role="specialist", token_hash="a" * 64,
        invited_by=merged.heads[1], expires_at=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    merged.decide(second=None)
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


# --- pages -------------------------------------------------------------------------------------------


@pytest.fixture
def no_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def test_council_hands_over_on_one_page(client, merged, no_factor):
    people.sign_in(client, merged.director)
    path = f"/organisations/handover/{merged.change.pk}/"
    assert path in client.get("/organisations/handover/").content.decode()
    assert "Передать людей преемникам: 1\xa0преобразование" in client.get(
        "/cabinet/"
    ).content.decode()  # fmt: skip
    page = client.get(path).content.decode()
    heads = [merged.offer(head).pk for head in merged.heads]
    specialist = merged.offer(merged.specialist).pk
    assert f'<option value="{merged.heir.pk}:specialist" selected>' in page
    # Which of two heads stays is for people to say.
    assert page.count("selected") == 1 + 2
    data = {f"m{heads[0]}": f"{merged.heir.pk}:head", f"m{heads[1]}": f"{merged.heir.pk}:head"}
    answer = client.post(path, data)
    assert "главой выбраны 2 человека" in answer.content.decode()
    data = {
        f"m{heads[0]}": f"{merged.heir.pk}:head", f"m{heads[1]}": "end",
        f"m{specialist}": f"{merged.heir.pk}:specialist",
    }  # fmt: skip
    answer = client.post(path, data, follow=True).content.decode()
    assert "передано: 2\xa0полномочия, прекращено: 1\xa0полномочие" in answer
    assert "Обо всех людях решено" in answer
    assert roles_of(merged.specialist) == {(merged.heir.name, "specialist", "active")}


def test_empty_and_foreign_choices_are_refused(client, merged, no_factor):
    people.sign_in(client, merged.director)
    path = f"/organisations/handover/{merged.change.pk}/"
    assert "Выберите хотя бы для одного" in client.post(path, {}).content.decode()
    stranger = first_level(49)
    field = f"m{merged.offer(merged.specialist).pk}"
    answer = client.post(path, {field: f"{stranger.pk}:head"})
    assert "error-summary" in answer.content.decode()
    assert offers_of(merged.change).count() == 3


def test_page_costs_the_same_with_more_people(
    client, merged, no_factor, django_assert_max_num_queries
):
    people.sign_in(client, merged.director)
    path = f"/organisations/handover/{merged.change.pk}/"
    client.get(path)
    for _ in range(5):
        people.municipality_specialist(merged.two)
    with django_assert_max_num_queries(22):
        client.get(path)
