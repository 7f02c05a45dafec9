"""A first visit weighs at most 100 KB compressed and asks no foreign host for anything."""

import gzip
import re

import pytest
from django.contrib.staticfiles import finders

from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db
LIMIT = 100 * 1024


def weigh(html):
    """Compressed bytes of the page with its styles, scripts and pictures."""
    total = len(gzip.compress(html.encode()))
    assets = re.findall(r'(?:src|href)="/static/([^"]+\.(?:css|js|svg|png))"', html)
    seen = set()
    while assets:
        name = assets.pop()
        if name in seen:
            continue
        seen.add(name)
        path = finders.find(name)
        assert path, name
        with open(path, "rb") as file:
            content = file.read()
        total += len(gzip.compress(content))
        if name.endswith(".css"):
            folder = name.rsplit("/", 1)[0]
            assets += [f"{folder}/{item}" for item in re.findall(rb'@import "([^"]+)"', content)]
    assert seen
    return total


def foreign(html):
    """Addresses that a browser would fetch by itself from another host."""
    return re.findall(
        r'<(?:script|link|img|iframe|source)[^>]+(?:src|href)="(?:https?:)?//[^"]+"', html
    )


@pytest.mark.parametrize("path", ["/", "/en/", "/territory/", "/territory/40/", "/report/indicators/",
                                  "/accounts/login/", "/components/"])  # fmt: skip
def test_public_pages_are_light(client, path):
    html = client.get(path).content.decode()
    assert weigh(html) <= LIMIT
    assert foreign(html) == []


def test_form_is_light(client):
    municipality = people.MunicipalityFactory()
    submission = make_campaign(make_form()).submissions.get()
    people.sign_in(client, people.municipality_head(municipality))
    html = client.get(f"/cabinet/forms/{submission.pk}/section/C/").content.decode()
    assert weigh(html) <= LIMIT
    assert foreign(html) == []
