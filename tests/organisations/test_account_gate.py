import pytest
from django.urls import reverse

from okmo_portal.accounts.models import Consent
from tests.factories import people

pytestmark = pytest.mark.django_db


def test_cabinet_asks_for_consent_first(client):
    user = people.municipality_head(people.MunicipalityFactory())
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/cabinet/")
    assert answer.url == f"{reverse('profile:consent')}?next=/cabinet/"
    answer = client.post(reverse("profile:consent"), {"next": "/cabinet/"})
    assert answer.status_code == 200
    assert not Consent.objects.filter(user=user).exists()
    answer = client.post(reverse("profile:consent"), {"agree": "on", "next": "/cabinet/"})
    assert answer.url == "/cabinet/"
    assert Consent.objects.get(user=user).text.version == 1
    assert client.get("/cabinet/").status_code == 200


def test_council_people_must_have_a_second_factor(client):
    people.sign_in(client, people.council_director(people.MunicipalityFactory().region))
    assert client.get("/cabinet/").url == reverse("mfa_index")


def test_municipality_people_need_no_second_factor(client):
    people.sign_in(client, people.municipality_head(people.MunicipalityFactory()))
    assert client.get("/cabinet/").status_code == 200


def test_idle_session_ends(client):
    people.sign_in(client, people.municipality_head(people.MunicipalityFactory()))
    client.get("/cabinet/")
    session = client.session
    session["last_seen"] -= 3 * 3600
    session.save()
    assert client.get("/cabinet/").url.startswith("/accounts/login/")


def test_csp_allows_only_ourselves(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
