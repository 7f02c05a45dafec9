import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from tests.factories import people

pytestmark = pytest.mark.django_db
PASSWORD = "верный-конь-батарея-7"


@pytest.fixture
def user():
    user = people.give_consent(people.UserFactory())
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client, user, password, path="/accounts/login/"):
    return client.post(path, {"login": user.email, "password": password})


def test_right_password_opens_the_cabinet(client, user):
    assert sign_in(client, user, PASSWORD).url == "/cabinet/"


@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/"])
def test_guessing_is_stopped_even_with_the_right_password(client, user, path):
    """The admin's login goes through the same door."""
    for _ in range(5):
        client.post("/accounts/login/", {"login": user.email, "password": "мимо"})
    answer = client.post(path, {"login": user.email, "password": PASSWORD}, follow=True)
    assert not answer.wsgi_request.user.is_authenticated


def test_wrong_password_and_unknown_address_look_the_same(client, user):
    known = sign_in(client, user, "мимо").content.decode()
    unknown = client.post("/accounts/login/", {"login": "no@demo.example", "password": "мимо"})
    assert "пароль неверны" in known
    assert known.count("error") == unknown.content.decode().count("error")


def test_sign_up_of_a_known_address_tells_nothing(client, user, mailoutbox):
    form = {"email": user.email, "password1": PASSWORD, "password2": PASSWORD,
            "last_name": "Иной", "first_name": "Пётр"}  # fmt: skip
    known = client.post("/accounts/signup/", form)
    fresh = client.post("/accounts/signup/", form | {"email": "fresh@demo.example"})
    assert (known.status_code, known.url) == (fresh.status_code, fresh.url)
    assert [letter.to for letter in mailoutbox] == [[user.email], ["fresh@demo.example"]]


def test_sign_up_is_limited_by_address(client):
    answers = [
        client.post("/accounts/signup/", {"email": f"robot{n}@demo.example"}).status_code
        for n in range(22)
    ]
    assert answers[0] == 200
    assert answers[-1] == 429


@pytest.mark.parametrize("password", ["123456789012", "короткий", "okmo-okmo-okmo"])
def test_weak_passwords_are_refused(client, password):
    form = {"email": "new@demo.example", "password1": password, "password2": password,
            "last_name": "Новый", "first_name": "Пётр"}  # fmt: skip
    answer = client.post("/accounts/signup/", form)
    assert answer.status_code == 200
    assert "password1" in answer.context["form"].errors


def test_second_factor_set_up_opens_the_cabinet_of_a_council(client):
    from allauth.mfa.totp.internal import auth as totp

    director = people.council_director(people.MunicipalityFactory().region)
    director.set_password(PASSWORD)
    director.save()
    EmailAddress.objects.create(user=director, email=director.email, verified=True, primary=True)
    people.give_consent(director)
    sign_in(client, director, PASSWORD)
    assert client.get("/cabinet/").url == reverse("mfa_index")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    assert client.get("/cabinet/").status_code == 200
    client.post(reverse("account_logout"))
    answer = sign_in(client, director, PASSWORD)
    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert client.get("/cabinet/").url.startswith("/accounts/login/")
