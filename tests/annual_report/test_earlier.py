"""Last year's values follow a municipality through renaming, merging, joining and division."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from annual_report.earlier import find_origins
from annual_report.form_rules import get_form_rules
from annual_report.models import Campaign, FormOrigin, Indicator
from annual_report.operands import load_values
from annual_report.selectors import get_filled_form
from annual_report.services.checks import rules_of, values_of
from annual_report.services.workbook_sets import read_contents
from annual_report.services.workbooks import get_content
from annual_report.views.grid import describe_origin
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.services.transformations import NewMunicipality
from tests.annual_report.test_rules_values import add_rule, file_form
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form
from tests.organisations.test_transformations import first_level, new, settlement, transform

pytestmark = pytest.mark.django_db
DAY = date(2025, 6, 1)


class Past:
    """A campaign of 2024 with filed forms; then transformations, then the campaign of 2025."""

    def __init__(self, **values):
        """``values``: by municipality's name, its C01, C02, C04."""
        self.form = make_form()
        self.before = make_campaign(self.form, 2024)
        for row in self.before.submissions.select_related("municipality"):
            given = values.get(row.municipality.name)
            if given is None:
                continue
            head = people.municipality_head(row.municipality)
            fill(row, head, **dict(zip(("C01", "C02", "C04"), given, strict=True)))
            file_form(row, head)
        Campaign.objects.filter(pk=self.before.pk).update(state="closed")

    def open(self):
        self.campaign = make_campaign(self.form, 2025)
        return self

    def submission(self, place):
        return self.campaign.submissions.get(municipality=place)

    def cells(self, place):
        form = get_filled_form(self.submission(place))
        return {code: (cell.previous, cell.previous_from) for code, cell in form.cells.items()}


def approve(past):
    """Only what councils approved is carried over into the next form."""
    for row in past.before.submissions.filter(state="submitted"):
        type(row).objects.filter(pk=row.pk).update(
            state="approved", decided_at=timezone.now(), decided_by=row.submitted_by
        )


def two_districts():
    return first_level(41, "Первый"), first_level(42, "Второй")


def test_heir_of_a_merger_has_the_sums_and_recomputed_ratios():
    one, two = two_districts()
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    names = ("Второй", "Первый")
    assert past.cells(heir) == {
        "C01": (400, names), "C02": (180, names), "C04": (50, names), "C07": (Decimal("45.0"), ()),
    }  # fmt: skip
    text = find_origins(past.submission(heir).pk).text
    assert text.startswith("Прошлый год — по формам предшественников: Второй, Первый.")


def test_what_does_not_add_up_stays_empty_at_a_merger_and_carries_over_at_a_renaming():
    one, two = two_districts()
    three = first_level(43, "Третий")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30), Третий=(7, 6, 5))
    Indicator.objects.filter(code="C04").update(aggregation="median")
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    renamed = transform(
        "rename", [three], [NewMunicipality(three.oktmo, "Иной", three.kind)], day=DAY
    ).successors.get()
    past.open()
    assert past.cells(heir)["C04"] == (None, ())
    assert past.cells(heir)["C01"][0] == 400
    assert {code: pair[0] for code, pair in past.cells(renamed).items()} == {
        "C01": 7, "C02": 6, "C04": 5, "C07": Decimal("85.7"),
    }  # fmt: skip
    assert find_origins(past.submission(renamed).pk).text == (
        "Значения прошлого года — из формы: Третий."
    )


def test_sum_waits_for_every_predecessor():
    one, two = two_districts()
    past = Past(Первый=(100, 80, 20))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    assert set(past.cells(heir).values()) == {(None, ())}


def test_the_one_that_others_joined_adds_them_to_itself():
    okrug, joined = first_level(33, "Округ", kind=Kind.URBAN_OKRUG), first_level(44, "Сосед")
    past = Past(Округ=(10, 8, 2), Сосед=(5, 4, 1))
    transform("join", [joined], [okrug], day=DAY)
    past.open()
    assert past.cells(okrug)["C01"] == (15, ("Округ", "Сосед"))


def test_divided_land_has_no_comparable_past_and_says_so():
    whole = first_level(35, "Целый", kind=Kind.URBAN_OKRUG)
    past = Past(Целый=(10, 8, 2))
    parts = [
        NewMunicipality(whole.oktmo, "Остаток", Kind.URBAN_OKRUG),
        NewMunicipality("29736000", "Часть", Kind.URBAN_OKRUG),
    ]
    heirs = transform("split", [whole], parts, day=DAY).successors.all()
    past.open()
    for heir in heirs:
        assert past.cells(heir)["C01"] == (None, ())
        assert "несопоставимы" in find_origins(past.submission(heir).pk).text


def test_settlements_count_once_where_a_districts_figure_holds_them():
    district = first_level(45, "Район")
    settlement(district, 1)
    past = Past(**{"Район": (100, 80, 20), "Сельское поселение 1": (10, 9, 1)})
    Indicator.objects.filter(code="C01").update(includes_settlements=True)
    Indicator.objects.filter(code="C04").update(applicable_kinds=["municipal_district",
                                                                  "municipal_okrug"])  # fmt: skip
    heir = transform("kind", [district], [new("29545000")], day=DAY).successors.get()
    past.open()
    cells = past.cells(heir)
    assert cells["C01"] == (100, ("Район",))
    assert cells["C02"] == (89, ("Район", "Сельское поселение 1"))
    # The settlement was never asked for it, so nothing is missing.
    assert cells["C04"] == (20, ("Район",))


def test_opening_carries_the_sums_into_the_form_and_says_whose_they_are():
    one, two = two_districts()
    still = first_level(46, "Прежний")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30), Прежний=(9, 8, 7))
    approve(past)
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    form = get_filled_form(past.submission(heir))
    assert (form.cells["C01"].value, form.submission.prefilled) == (400, 1)
    assert describe_origin(form.cells["C01"]) == "сумма прошлого года: Второй, Первый; проверьте"
    form = get_filled_form(past.submission(still))
    assert form.cells["C01"].value == 9
    assert describe_origin(form.cells["C01"]) == "с прошлого года, проверьте"


def test_only_those_that_changed_have_origins():
    one, two = two_districts()
    first_level(46, "Прежний")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30), Прежний=(9, 8, 7))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    rows = FormOrigin.objects.values_list("submission__municipality", "years_back", "municipality")
    assert set(rows) == {(heir.pk, 1, one.pk), (heir.pk, 1, two.pk)}


def test_page_country_and_workbook_compare_with_the_same_values():
    """The number that a rule compares with: on the form, over the country, in the Excel file."""
    one, two = two_districts()
    three = first_level(43, "Третий")
    still = first_level(46, "Прежний")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30), Третий=(7, 6, 5), Прежний=(9, 8, 7))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    renamed = transform(
        "rename", [three], [NewMunicipality(three.oktmo, "Иной", three.kind)], day=DAY
    ).successors.get()
    past.open()
    for place in (heir, renamed, still):
        fill(past.submission(place), people.municipality_head(place), C01=1)
    add_rule(past.form, "R1", 'C01 < prev("C01") and prev("C02", 2) > 0')
    rules = get_form_rules(past.form.pk, 2025)
    country = load_values(past.campaign, rules, rules.compared)
    forms = list(
        past.campaign.submissions.select_related("campaign", "municipality", "region").order_by(
            "pk"
        )
    )
    many = {form.pk: content for form, _layout, content in read_contents(past.campaign, forms)}
    seen = {}
    for row, pk in enumerate(country.forms["submission"]):
        form = get_filled_form(next(item for item in forms if item.pk == pk))
        page = values_of(form, rules_of(form))["prev:C01"]
        assert float(page) == country.frame.iloc[row]["prev:C01"]
        assert many[pk].previous == get_content(form).previous
        assert many[pk].previous["C01"] == page
        seen[form.submission.municipality_id] = page
    assert seen == {heir.pk: 400, renamed.pk: 7, still.pk: 9}


def test_values_of_two_years_ago_follow_too():
    one, two = two_districts()
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    Campaign.objects.filter(pk=past.campaign.pk).update(state="closed")
    add_rule(past.form, "R1", 'C01 < prev("C01", 2)')
    campaign = make_campaign(past.form, 2026)
    form = get_filled_form(campaign.submissions.get(municipality=heir))
    assert values_of(form, rules_of(form)) == {"prev2:C01": 400}


def test_heir_costs_no_more_queries_than_anybody(django_assert_num_queries):
    one, two = two_districts()
    still = first_level(46, "Прежний")
    past = Past(Первый=(100, 80, 20), Второй=(300, 100, 30), Прежний=(9, 8, 7))
    heir = transform("merge", [one, two], [new("29541000")], day=DAY).successors.get()
    past.open()
    forms = {
        place: past.campaign.submissions.select_related("campaign", "municipality").get(
            municipality=place
        )
        for place in (heir, still)
    }
    get_filled_form(forms[still])
    for form in forms.values():
        with django_assert_num_queries(3):
            get_filled_form(form)
