"""The page of a series with transformations, in the browser: accessible at both widths."""

from datetime import date

import pytest

from tests.annual_report.test_series_pages import Reports, merge
from tests.factories import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_series_and_history_are_accessible(page, live_server, check_page, migrated_data):
    reports = Reports()
    one, two = (people.MunicipalityFactory(oktmo=f"2961{n}000", name=f"Район {n}") for n in (1, 2))
    reports.publish(2022, {one: {"C01": 10, "C02": 5}, two: {"C01": 100, "C02": 90}})
    reports.publish(2023, {one: {"C01": 12}, two: {"C01": 98}})
    okrug = merge(one, two, day=date(2024, 6, 1))
    reports.publish(2024, {okrug: {"C01": 105, "C02": 84}})
    for path in (
        "report/municipalities/29511000/C01/", "report/municipalities/29511000/C07/",
        "report/municipalities/29511000/series/", "report/series/kind/municipal_okrug/C01/",
        "report/series/region/40/C01/", "territory/municipality/29511000/",
        "territory/municipality/29611000/",
    ):  # fmt: skip
        assert page.goto(f"{live_server.url}/{path}").status == 200, path
        check_page(page)
