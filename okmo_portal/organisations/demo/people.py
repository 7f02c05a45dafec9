"""The Congress, the councils, a body and a head for each municipality, and the sign-ins."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from okmo_portal.accounts.models import Consent, ConsentPurpose, ConsentText, User
from okmo_portal.core.pdf import render_pdf
from okmo_portal.core.text import sort_key
from okmo_portal.organisations.demo import names
from okmo_portal.organisations.demo.accounts import (
    ACCOUNTS,
    ADMIN_EMAIL,
    DEMO_DOMAIN,
    NEWCOMER_EMAIL,
    PASSWORD,
)
from okmo_portal.organisations.enums import MembershipState, OrganisationKind, Role
from okmo_portal.organisations.models import (
    Competence,
    Expert,
    Membership,
    Municipality,
    Organisation,
    Region,
)
from okmo_portal.organisations.services.memberships import request_membership
from okmo_portal.organisations.services.staff import sync_staff_access

#: The region in which the demo's sign-ins work.
SHOWCASE_REGION = "40"


def load_people() -> None:
    """Organisations first, then their people; everything in bulk."""
    congress = _organisation(OrganisationKind.CONGRESS, "Конгресс муниципальных образований (демо)")
    councils = [
        _organisation(
            OrganisationKind.COUNCIL,
            f"Совет муниципальных образований, {region.short_name}",
            region=region,
            email=f"sovet-{region.code}{DEMO_DOMAIN}",
            phone=f"+7 (000) 100-{region.code}-00",
        )
        for region in Region.objects.order_by("code")
    ]
    bodies = [
        _organisation(
            OrganisationKind.MUNICIPALITY_BODY,
            f"Администрация: {municipality.name}",
            region=municipality.region,
            municipality=municipality,
            email=f"mo-{municipality.oktmo}{DEMO_DOMAIN}",
            phone=f"+7 (000) {municipality.oktmo[:3]}-{municipality.oktmo[3:5]}-{municipality.oktmo[6:]}",
        )
        for municipality in Municipality.objects.select_related("region").order_by("oktmo")
    ]
    Organisation.objects.bulk_create([congress, *councils, *bodies], batch_size=2000)
    _load_heads(bodies)
    _load_directors(councils)
    _load_accounts(congress)


def _organisation(kind, name, **fields):
    return Organisation(kind=kind, name=name, sort_key=sort_key(name), **fields)


def _user(email, number, **fields):
    last_name, first_name, patronymic = names.person(number)
    return User(
        email=email,
        last_name=last_name,
        first_name=first_name,
        patronymic=patronymic,
        **fields,
    )


def _membership(user, organisation, role, position):
    return Membership(
        user=user,
        organisation=organisation,
        role=role,
        position_title=position,
        valid_from=date(2023, 1, 1),
        state=MembershipState.ACTIVE,
        decided_at=timezone.now(),
    )


def _load_heads(bodies):
    """A head for each municipality, who cannot sign in: the demo's accounts are apart."""
    unusable = make_password(None)
    heads = [
        _user(
            f"glava-{body.municipality.oktmo}{DEMO_DOMAIN}",
            number,
            password=unusable,
            phone=body.phone,
            time_zone=body.region.time_zone,
        )
        for number, body in enumerate(bodies)
    ]
    User.objects.bulk_create(heads, batch_size=2000)
    Membership.objects.bulk_create(
        [
            _membership(user, body, Role.HEAD, "Глава муниципального образования")
            for user, body in zip(heads, bodies, strict=True)
        ],
        batch_size=2000,
    )


def _load_directors(councils):
    unusable = make_password(None)
    directors = [
        _user(f"direktor-{council.region.code}{DEMO_DOMAIN}", number + 500, password=unusable)
        for number, council in enumerate(councils)
    ]
    User.objects.bulk_create(directors)
    Membership.objects.bulk_create(
        [
            _membership(user, council, Role.COUNCIL_DIRECTOR, "Исполнительный директор")
            for user, council in zip(directors, councils, strict=True)
        ]
    )


def _load_accounts(congress):
    region = Region.objects.get(code=SHOWCASE_REGION)
    municipality = (
        Municipality.objects.filter(region=region, kind="municipal_district")
        .order_by("oktmo")
        .first()
    )
    places = {
        "congress": congress,
        "council": Organisation.objects.get(kind=OrganisationKind.COUNCIL, region=region),
        "municipality": municipality.organisations.get(),
    }
    password = make_password(PASSWORD)
    for number, account in enumerate(ACCOUNTS):
        user = _create_account(account.email, number + 900, password)
        membership = _membership(user, places[account.place], account.role, account.position)
        membership.save()
        sync_staff_access(user=user)
        if account.role == Role.COUNCIL_DIRECTOR:
            _second_membership(user, municipality)
    _create_account(NEWCOMER_EMAIL, 950, password)
    _create_account(ADMIN_EMAIL, 951, password, is_staff=True, is_superuser=True)
    _load_request(municipality)
    _load_expert(congress)


def _second_membership(user, municipality):
    """One person with two roles shows the switch in the header."""
    body = municipality.organisations.get()
    _membership(user, body, Role.DEPUTY, "Депутат районного совета").save()


def _create_account(email, number, password, **fields):
    user = _user(email, number, password=password, **fields)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    text = ConsentText.objects.filter(purpose=ConsentPurpose.PERSONAL_DATA).first()
    Consent.objects.create(user=user, text=text)
    return user


def _load_request(municipality):
    """A request that waits for the council's decision."""
    child = municipality.children.order_by("oktmo").first()
    user = _create_account(f"zayavitel{DEMO_DOMAIN}", 960, make_password(None))
    request_membership(
        by=user,
        organisation=child.organisations.get(),
        role=Role.SPECIALIST,
        position_title="Специалист администрации",
        valid_from=timezone.localdate() - timedelta(days=2),
        mandate=SimpleUploadedFile("Приказ о приёме (образец).pdf", _sample_order()),
    )


def _sample_order() -> bytes:
    """An invented order of one page, so that the council has a document to open."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "order.pdf"
        html = (
            '<html lang="ru"><head><title>Приказ</title></head><body><h1>Приказ № 1-к</h1>'
            "<p>Принять на должность специалиста администрации заявителя, указанного в запросе.</p>"
            "<p>Образец для демонстрации портала, не документ.</p></body></html>"
        )
        render_pdf(html, path, stylesheets=("okmo/css/report.css",))
        return path.read_bytes()


def _load_expert(congress):
    finance, _ = Competence.objects.get_or_create(name="Муниципальные финансы")
    user = _create_account(f"ekspert{DEMO_DOMAIN}", 970, make_password(None))
    _membership(user, congress, Role.EXPERT, "Эксперт по муниципальным финансам").save()
    expert = Expert.objects.create(user=user, capacity=4)
    expert.competences.add(finance)
