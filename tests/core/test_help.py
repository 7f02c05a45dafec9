import re

import pytest
from django.contrib.staticfiles import finders

from okmo_portal.views.guides import SLUGS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", SLUGS)
def test_guide_is_shown_with_its_pictures(client, slug):
    page = client.get(f"/help/{slug}/")
    assert page.status_code == 200
    html = page.content.decode()
    pictures = re.findall(r'src="/static/(guide/[^"]+)"', html)
    assert all(finders.find(name) for name in pictures)
    assert html.count("<h1>") == 1
    assert "](" not in html


def test_guides_are_reached_from_every_footer_and_before_consent(client):
    from tests.factories import people

    client.force_login(people.UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert 'href="/help/"' in client.get("/").content.decode()
    assert client.get("/help/newcomer/").status_code == 200


@pytest.mark.parametrize("slug", ["operator", "README", "nope"])
def test_other_files_are_no_pages(client, slug):
    assert client.get(f"/help/{slug}/").status_code == 404
