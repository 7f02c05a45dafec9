"""Where rules find values beside the form's own, for one form and for a campaign alike."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from annual_report.form_rules import get_form_rules
from annual_report.models import (
    Answer,
    Campaign,
    ControlRule,
    Dataset,
    FieldMove,
    Form,
    FormField,
    Indicator,
    LegalBasis,
    Observation,
    Section,
)
from annual_report.operands import load_values
from annual_report.rules.frame import verdicts
from annual_report.selectors import get_filled_form
from annual_report.services.checks import check_form, rules_of, values_of
from okmo_portal.organisations.enums import MunicipalityKind
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db

SETTLEMENT = MunicipalityKind.RURAL_SETTLEMENT


def add_rule(form, code, expression, severity="explain", message="Не сходится.", **fields):
    return ControlRule.objects.create(
        form=form, code=code, expression=expression, severity=severity, message=message, **fields
    )


def file_form(submission, by):
    """Filed without going through the checks: its numbers are what the test is about."""
    type(submission).objects.filter(pk=submission.pk).update(
        state="submitted", submitted_at=timezone.now(), filed_at=timezone.now(), submitted_by=by
    )


class District:
    """A district with two settlements, a form of this year and one of the year before."""

    def __init__(self):
        self.form = make_form()
        self.district = people.MunicipalityFactory()
        self.settlements = [
            people.MunicipalityFactory(kind=SETTLEMENT, parent=self.district) for _ in range(2)
        ]
        self.heads = {
            place.pk: people.municipality_head(place)
            for place in (self.district, *self.settlements)
        }
        self.before = make_campaign(self.form, 2024)
        self.fill_all(self.before, C01=100, C02=80, C04=20)
        for row in self.before.submissions.all():
            file_form(row, self.heads[row.municipality_id])
        Campaign.objects.filter(pk=self.before.pk).update(state="closed")
        self.campaign = make_campaign(self.form, 2025)
        self.fill_all(self.campaign, C01=110, C02=90, C04=30)

    def submission(self, place=None, campaign=None):
        return (campaign or self.campaign).submissions.get(municipality=place or self.district)

    def fill_all(self, campaign, **values):
        for row in campaign.submissions.select_related("municipality"):
            fill(row, self.heads[row.municipality_id], **values)

    def fill(self, place, **values):
        fill(self.submission(place), self.heads[place.pk], **values)

    def operands(self, place=None):
        form = get_filled_form(self.submission(place))
        return {key: value for key, value in values_of(form, rules_of(form)).items() if ":" in key}


@pytest.fixture
def world():
    return District()


def test_values_of_earlier_years_are_filed_ones_in_this_years_unit(world):
    add_rule(world.form, "R1", 'C01 < 2 * prev("C01") and C02 < 2 * prev("C02", 2)')
    assert world.operands() == {"prev:C01": 100}
    long_ago = make_campaign(world.form, 2023, opened=False)
    row = long_ago.submissions.create(municipality=world.district, region=world.district.region)
    indicator = Indicator.objects.get(code="C02")
    Answer.objects.create(submission=row, indicator=indicator, value=70)
    assert world.operands() == {"prev:C01": 100}
    file_form(row, world.heads[world.district.pk])
    assert world.operands() == {"prev:C01": 100, "prev2:C02": 70}
    texts = {
        name: getattr(indicator, name)
        for name in ("title", "title_en", "unit", "unit_en", "definition", "source")
    }
    indicator.versions.create(from_year=2000, number=1, **texts)
    newer = indicator.versions.create(from_year=2024, number=2, conversion=1000, **texts)
    assert world.operands() == {"prev:C01": 100, "prev2:C02": 70_000}
    newer.conversion = None
    newer.save()
    assert world.operands() == {"prev:C01": 100}


def test_indicator_that_replaced_another_goes_on_with_its_values(world):
    add_rule(world.form, "R1", 'C02 >= prev("C02") and C02 >= prev("C02", 2)')
    FieldMove.objects.create(
        form=world.form, source=Indicator.objects.get(code="C04"),
        target=Indicator.objects.get(code="C02"), factor=2,
    )  # fmt: skip
    submission = world.submission(campaign=world.before)
    Answer.objects.filter(submission=submission, indicator__code="C02").delete()
    assert world.operands() == {"prev:C02": 40}


def test_outside_value_is_of_the_most_important_federal_set(world):
    add_rule(world.form, "R1", 'abs(C01 - outside("C01")) <= 1')
    for code, federal, priority, value in (
        ("own", False, 1, 1), ("rosstat", True, 2, 109), ("other", True, 3, 108),
    ):  # fmt: skip
        dataset = Dataset.objects.create(
            code=code, title=code, publisher="—", source="—", is_federal=federal, priority=priority
        )
        Observation.objects.create(
            dataset=dataset, municipality=world.district, year=2025, value=value,
            indicator=Indicator.objects.get(code="C01"),
        )  # fmt: skip
    assert world.operands() == {"outside:C01": 109}
    assert world.operands(world.settlements[0]) == {}


def test_other_form_of_the_year_is_read_while_it_is_being_filled(world):
    section = Section.objects.get(code="C")
    budget = Indicator.objects.create(
        code="D01", section=section, title="Доходы", title_en="Revenue", definition="—", unit="₽",
        unit_en="RUB", value_type="decimal", aggregation="sum", source="—", owner="—",
    )  # fmt: skip
    form = Form.objects.create(code="second", title="Вторая форма")
    FormField.objects.create(form=form, indicator=budget)
    today = timezone.localdate()
    campaign = Campaign.objects.create(
        form=form, year=2025, is_main=False, title="Вторая", register_date=date(2026, 1, 1),
        opens_on=today, municipality_deadline=today, council_deadline=today,
        congress_deadline=today,
    )  # fmt: skip
    add_rule(world.form, "R1", 'C01 <= other("D01")')
    row = campaign.submissions.create(municipality=world.district, region=world.district.region)
    assert world.operands() == {}
    Answer.objects.create(submission=row, indicator=budget, value=Decimal("12.5"))
    assert world.operands() == {"other:D01": Decimal("12.5")}


def test_sum_over_settlements_waits_for_all_of_them(world):
    add_rule(world.form, "R1", 'children("C01") <= C01')
    one, other = (world.submission(place) for place in world.settlements)
    assert world.operands() == {}
    file_form(one, world.heads[world.settlements[0].pk])
    assert world.operands() == {}
    file_form(other, world.heads[world.settlements[1].pk])
    assert world.operands() == {"children:C01": 220}
    assert world.operands(world.settlements[0]) == {}
    Answer.objects.filter(submission=other, indicator__code="C01").update(
        value=None, no_data_reason="учёт не ведётся"
    )
    assert world.operands() == {}


def test_sum_leaves_out_settlements_that_are_not_asked(world):
    add_rule(world.form, "R1", 'children("C04") <= C04')
    town = people.MunicipalityFactory(kind=MunicipalityKind.URBAN_SETTLEMENT, parent=world.district)
    world.campaign.submissions.create(municipality=town, region=town.region)
    for place in world.settlements:
        file_form(world.submission(place), world.heads[place.pk])
    assert world.operands() == {}
    Indicator.objects.filter(code="C04").update(
        applicable_kinds=[SETTLEMENT, MunicipalityKind.MUNICIPAL_DISTRICT]
    )
    assert world.operands() == {"children:C04": 60}


def test_country_is_checked_on_the_same_values_as_each_form(world):
    """Every rule over every form: set-based verdicts equal those of the forms' own pages."""
    rule_texts = [
        "C02 <= C01", "C07 <= 81", 'prev("C07") > C07', 'children("C01") == C01',
        'abs(C01 - outside("C01")) <= 1', 'C04 > prev("C04", 2)', 'children("C07") <= 85',
        'filled("C04") and C04 < 30', 'kind_in("rural_settlement") and C02 > 80',
        'not filled(outside("C01"))', 'other("C01") > 0',
    ]  # fmt: skip
    for number, text in enumerate(rule_texts):
        add_rule(world.form, f"R{number:02d}", text)
    world.fill(world.settlements[0], C01=50, C02=60)
    world.fill(world.settlements[1], C01=60, C02=10, C04=5)
    for place in world.settlements:
        file_form(world.submission(place), world.heads[place.pk])
    dataset = Dataset.objects.create(
        code="f", title="f", publisher="—", source="—", is_federal=True
    )
    Observation.objects.create(
        dataset=dataset, municipality=world.district, year=2025, value=110,
        indicator=Indicator.objects.get(code="C01"),
    )  # fmt: skip
    LegalBasis.objects.create(
        indicator=Indicator.objects.get(code="C04"), act="33-ФЗ", kinds=[SETTLEMENT]
    )
    rules = get_form_rules(world.form.pk, 2025)
    assert len(rules.rules) == len(rule_texts) + 2
    values = load_values(world.campaign, rules, rules.compared)
    table = verdicts([rule.expression.tree for rule in rules.rules], values.frame)
    seen = set()
    for row, submission_id in enumerate(values.forms["submission"]):
        submission = world.campaign.submissions.get(pk=submission_id)
        form = get_filled_form(submission)
        known = {key: float(value) for key, value in values_of(form, rules).items()}
        for column, rule in enumerate(rules.rules):
            single = rule.expression.verdict(known, form.spec.kind)
            expected = {True: 1, False: 0, None: -1}[single]
            assert table[row, column] == expected, (rule.code, submission.municipality.kind)
            seen.add((rule.code, expected))
    assert len(seen) > len(rules.rules)


def test_some_forms_only_are_read_as_in_the_whole(world):
    add_rule(world.form, "R1", 'C01 < prev("C01") or children("C01") > 0')
    for place in world.settlements:
        file_form(world.submission(place), world.heads[place.pk])
    rules = get_form_rules(world.form.pk, 2025)
    whole = load_values(world.campaign, rules, rules.compared)
    chosen = world.submission().pk
    part = load_values(world.campaign, rules, rules.compared, [chosen])
    row = whole.forms.index[whole.forms["submission"] == chosen][0]
    assert part.frame.iloc[0].to_dict() == whole.frame.iloc[row].to_dict()
    assert part.frame.iloc[0]["children:C01"] == 220


def test_checks_of_a_form_ask_one_statement_for_all_operands(world, django_assert_num_queries):
    add_rule(world.form, "R1", "C01 > 0")
    form = get_filled_form(world.submission())
    rules_of(form)
    with django_assert_num_queries(0):
        assert check_form(form) == []
    add_rule(world.form, "R2", 'other("C01") > 0 and prev("C01", 2) > outside("C02")')
    add_rule(world.form, "R3", 'children("C01") > 0')
    form = get_filled_form(world.submission())
    rules_of(form)
    with django_assert_num_queries(1):
        check_form(form)
    with django_assert_num_queries(0):
        check_form(form)
