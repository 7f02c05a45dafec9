"""All rules over a campaign: what is stored, who sees it, and a rule tried before it is in force."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annual_report.models import (
    Campaign,
    ControlRule,
    Explanation,
    Form,
    RuleFinding,
    RuleRun,
    RuleTally,
    Submission,
)
from annual_report.services import rule_runs
from annual_report.tasks import run_rules_of_open_campaigns
from okmo_portal.jobs.models import Job
from okmo_portal.organisations.models import Region
from tests.annual_report.test_rules_values import District, add_rule, file_form
from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db


class Country(District):
    """The district and its settlements in one region, a municipality in another; rules to break.

    R1 (critical) holds in the settlements only, R2 (explain) fails everywhere and is explained in
    one settlement, R3 (notice) compares with a form that does not exist.
    """

    def __init__(self):
        super().__init__()
        self.far = people.MunicipalityFactory(region=Region.objects.get(code="77"))
        self.heads[self.far.pk] = people.municipality_head(self.far)
        self.campaign.submissions.create(municipality=self.far, region=self.far.region)
        self.fill(self.far, C01=10, C02=9, C04=1)
        self.fill(self.district, C01=110, C02=95, C04=90)
        self.rules = {
            rule.code: rule
            for rule in (
                add_rule(self.form, "R1", "C04 <= 50 and C01 > 20", severity="critical",
                         message="Обучено {C04}, год назад {prev C04}; доля {C07} %."),
                add_rule(self.form, "R2", "C01 < 5", severity="explain", message="Много: {C01}.",
                         hint="Поясните."),
                add_rule(self.form, "R3", 'C01 == other("C01")', severity="notice"),
            )
        }  # fmt: skip
        settlement = self.submission(self.settlements[0])
        file_form(settlement, self.heads[self.settlements[0].pk])
        Explanation.objects.create(
            submission=settlement, rule=self.rules["R2"], text="Так и есть.",
            by=self.heads[self.settlements[0].pk],
        )  # fmt: skip

    def tallies(self, code):
        rows = RuleTally.objects.filter(rule=self.rules[code]).values_list(
            "region__code", "is_filed", "held", "broken", "explained", "unknown"
        )
        return sorted(rows)


@pytest.fixture
def country():
    return Country()


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def test_run_counts_forms_by_rule_region_and_whether_they_are_filed(country):
    run = rule_runs.run_rules(campaign=country.campaign, by=None)
    assert (run.forms, run.rules, run.unreadable) == (4, 5, [])
    assert country.tallies("R1") == [
        ("40", False, 1, 1, 0, 0), ("40", True, 1, 0, 0, 0), ("77", False, 0, 1, 0, 0),
    ]  # fmt: skip
    assert country.tallies("R2") == [
        ("40", False, 0, 2, 0, 0), ("40", True, 0, 1, 1, 0), ("77", False, 0, 1, 0, 0),
    ]  # fmt: skip
    assert country.tallies("R3") == [
        ("40", False, 0, 0, 0, 2), ("40", True, 0, 0, 0, 1), ("77", False, 0, 0, 0, 1),
    ]  # fmt: skip
    found = RuleFinding.objects.filter(rule=country.rules["R2"])
    assert sorted(found.values_list("is_filed", "is_explained")) == [
        (False, False), (False, False), (False, False), (True, True),
    ]  # fmt: skip


def test_next_run_takes_the_place_of_the_last(country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    rule_runs.run_rules(campaign=country.before, by=None)
    before = RuleFinding.objects.filter(run__campaign=country.before).count()
    country.fill(country.far, C01=100, C02=1, C04=1)
    rule_runs.run_rules(campaign=country.campaign, by=None)
    assert RuleRun.objects.count() == 2
    assert RuleFinding.objects.filter(run__campaign=country.before).count() == before
    assert country.tallies("R1")[-1] == ("77", False, 1, 0, 0, 0)


def test_campaign_that_nobody_has_begun_has_no_findings():
    campaign = make_campaign(make_form())
    run = rule_runs.run_rules(campaign=campaign, by=None)
    assert (run.forms, run.rules) == (0, 2)
    assert not RuleFinding.objects.exists()
    assert not RuleTally.objects.exists()


def test_rule_that_cannot_be_read_is_named(country):
    ControlRule.objects.filter(pk=country.rules["R1"].pk).update(expression="C99 > 1")
    run = rule_runs.run_rules(campaign=country.campaign, by=None)
    assert run.unreadable == [["R1", "Показателя C99 нет в форме. Проверьте код."]]
    assert run.rules == 4


def open_page(client, user, name, *args, **query):
    people.sign_in(client, user)
    answer = client.get(reverse(f"annual_report:{name}", args=args), query)
    assert answer.status_code == 200
    return answer


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_list_groups_rules_by_severity_with_the_forms_that_break_them(client, country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    answer = open_page(client, people.congress_staff(), "rule-list")
    groups = answer.context["groups"]
    assert [
        (group.severity.value, [(row.rule.code, row.filed, row.working) for row in group.rows])
        for group in groups
    ] == [("critical", [("R1", 0, 2)]), ("explain", [("R2", 1, 3)])]
    assert "Обучено [C04], год назад [C04 год назад]; доля [C07] %." in text_of(answer)
    assert "4 нарушения, из них пояснено 1." in text_of(answer)
    everything = open_page(client, people.congress_staff(), "rule-list", show="all", kind="forms")
    assert [row.rule.code for group in everything.context["groups"] for row in group.rows] == ["R3"]


def test_council_sees_its_region_only(client, country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    director = people.council_director(country.far.region)
    answer = open_page(client, director, "rule-list", region="40")
    counts = {row.rule.code: row.broken for group in answer.context["groups"] for row in group.rows}
    assert counts == {"R1": 1, "R2": 1}
    rule = country.rules["R2"].pk
    detail = open_page(client, director, "rule-detail", rule, region="40")
    assert [found.submission.municipality for found in detail.context["findings"]] == [country.far]
    file = open_page(client, director, "rule-detail-download", rule, region="40")
    place = country.far
    assert file.content.decode("utf-8-sig").splitlines()[1:] == [
        f"R2;{place.region.name};{place.name};{place.oktmo};заполняется;Много: 10,0.;"
    ]


def test_one_rule_is_told_in_each_forms_own_words(client, country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    staff, rule = people.congress_staff(), country.rules["R1"].pk
    answer = open_page(client, staff, "rule-detail", rule)
    assert {found.message for found in answer.context["findings"]} == {
        "Обучено 90, год назад 20; доля 86,4 %.", "Обучено 1, год назад —; доля 90,0 %.",
    }  # fmt: skip
    assert "Показать" in text_of(answer)
    explained = open_page(client, staff, "rule-detail", country.rules["R2"].pk, explained="yes")
    assert [found.explanation for found in explained.context["findings"]] == ["Так и есть."]
    filed = open_page(client, staff, "rule-detail", country.rules["R2"].pk, state="filed")
    assert len(filed.context["findings"]) == 1
    region = open_page(client, staff, "rule-detail", country.rules["R2"].pk, region="77")
    assert len(region.context["findings"]) == 1


def test_rule_of_another_form_is_not_found(client, country):
    other = make_other_form()
    people.sign_in(client, people.congress_staff())
    rule = other.control_rules.get()
    assert client.get(reverse("annual_report:rule-detail", args=[rule.pk])).status_code == 404


def make_other_form():
    form = Form.objects.create(code="other", title="Другая")
    add_rule(form, "Z1", "C01 > 0")
    return form


def test_summary_is_a_file_too(client, country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    answer = open_page(client, people.congress_staff(), "rule-download", severity="explain")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[1:] == ["R2;нужно пояснение;внутри формы;C01 < 5;Много: [C01].;1;3;1;0;0"]


def test_queries_do_not_grow_with_findings(client, country):
    rule_runs.run_rules(campaign=country.campaign, by=None)
    people.sign_in(client, people.congress_staff())
    address = reverse("annual_report:rule-detail", args=[country.rules["R2"].pk])

    def count(**query):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, query).status_code == 200
        return len(captured)

    count()
    assert count(region="77") == count(region="40")


def try_rule(client, text, user=None):
    return open_page(client, user or people.congress_staff(), "rule-try", expression=text)


def test_tried_rule_tells_how_many_forms_break_it_and_saves_nothing(client, country):
    before = ControlRule.objects.count()
    answer = try_rule(client, 'C07 <= 85 and C01 < 2 * prev("C01")')
    trial = answer.context["trial"]
    assert (trial.checked, trial.broken, trial.broken_filed, trial.held, trial.unknown) == (
        4, 1, 0, 2, 1,
    )  # fmt: skip
    submission, values = trial.examples[0]
    assert (submission.municipality, values) == (
        country.district, ["95,0", "110,0", "100,0"],
    )  # fmt: skip
    assert answer.context["operands"] == ["C02", "C01", "C01 год назад"]
    assert ControlRule.objects.count() == before
    assert "is_active=" in answer.context["add_url"]


def test_tried_rule_shows_ten_examples_at_most(client, country):
    for _ in range(12):
        place = people.MunicipalityFactory()
        row = country.campaign.submissions.create(municipality=place, region=place.region)
        country.heads[place.pk] = people.municipality_head(place)
        country.fill(place, C01=10)
        assert row
    assert len(try_rule(client, "C01 > 1000").context["trial"].examples) == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C01 <", "Условие обрывается: дальше ожидается число, код показателя или скобка."),
        ("C01 + 1", "Правилу нужно условие"),
        ("С01 > 1", "В коде «С01» русская буква. Наберите латинскую: C01."),
        ("C99 > 1", "Показателя C99 нет в форме. Проверьте код."),
        ('other("Z01") > 1', "Показателя Z01 нет в каталоге. Проверьте код."),
        ("", "Обязательное поле."),
    ],
)
def test_wrong_rule_is_explained_at_its_field(client, country, text, message):
    answer = try_rule(client, text)
    assert message in answer.context["form"].errors["expression"][0]
    assert "trial" not in answer.context
    assert 'id="error-summary"' in answer.content.decode()


def test_run_is_a_job_that_staff_start(client, country, django_capture_on_commit_callbacks):
    address = reverse("annual_report:rule-run", args=[country.campaign.pk])
    people.sign_in(client, people.council_director(country.district.region))
    assert client.post(address).status_code == 404
    people.sign_in(client, people.congress_staff())
    answer = client.post(address)
    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    assert job.arguments == {"campaign_id": country.campaign.pk}
    client.post(address)
    assert Job.objects.count() == 1


def test_board_and_cabinet_lead_to_the_rules(client, country):
    staff = people.congress_staff()
    people.sign_in(client, staff)
    for path in ("/cabinet/", "/cabinet/board/"):
        assert reverse("annual_report:rule-list") in client.get(path).content.decode(), path


@pytest.mark.django_db(transaction=True)
@pytest.mark.worker
def test_worker_runs_the_rules_and_ends_on_their_page(
    migrated_data, celery_worker_process, wait_for
):
    country = Country()
    job = rule_runs.start_run(campaign=country.campaign, by=people.congress_staff())
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished)
    job.refresh_from_db()
    assert (job.state, job.error) == ("succeeded", "")
    assert job.result_url == f"/cabinet/rules/?campaign={country.campaign.pk}"
    assert RuleRun.objects.get().forms == 4
    assert RuleRun.objects.get().by == job.created_by


def test_schedule_checks_campaigns_that_take_answers(country):
    assert run_rules_of_open_campaigns() == 1
    assert RuleRun.objects.get().campaign == country.campaign
    Campaign.objects.update(state="closed")
    assert run_rules_of_open_campaigns() == 0


def test_forms_that_nobody_has_begun_are_not_checked(country):
    Submission.objects.filter(municipality=country.far).update(state="not_started")
    assert rule_runs.run_rules(campaign=country.campaign, by=None).forms == 3
