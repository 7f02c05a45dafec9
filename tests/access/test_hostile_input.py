"""No address answers hostile input with a server error, whoever sends it."""

import json

import pytest
from django.urls import reverse

from annual_report.models import Answer
from tests.access.test_pages import PAGES
from tests.access.world import World
from tests.factories import people

pytestmark = pytest.mark.django_db

HOSTILE = [
    "\x00", "a\x00b", "%", "'", '"><script>', "9" * 40, "-1", "1e400", "NaN", "١٢٣", "😀",
    "{{ 7 * 7 }}", "../../etc/passwd", "a" * 20000, "\u202e", "[]", "None", "0x10",
]  # fmt: skip
PARAMETERS = (
    "q",
    "kind",
    "state",
    "region",
    "year",
    "page",
    "order",
    "next",
    "show",
    "oktmo",
    "campaign",
    "from",
    "severity",
    "explained",
    "expression",
    "rubric",
    "audience",
    "after",
    "before",
    "issue",
    "old",
    "new",
)
ROLES = ("anonymous", "head", "director", "staff")


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def world():
    return World()


def enter(client, world, role):
    client.raise_request_exception = False
    if role != "anonymous":
        people.sign_in(client, world.people[role])


def address(world, name, arguments):
    values = [item[1:] if item.startswith("'") else world.ids[item] for item in arguments]
    return reverse(name, args=values)


@pytest.mark.parametrize("role", ROLES)
def test_query_parameters(client, world, role):
    enter(client, world, role)
    broken = []
    for name, (method, arguments, allowed) in PAGES.items():
        if (
            method != "get"
            or role not in allowed
            or (role != "anonymous" and "anonymous" in allowed)
        ):
            continue
        path = address(world, name, arguments)
        for value in HOSTILE:
            answer = client.get(path, dict.fromkeys(PARAMETERS, value))
            if answer.status_code >= 500:
                broken.append((name, value[:20]))
    assert broken == []


@pytest.mark.parametrize(
    "template",
    ["/territory/{}/", "/territory/municipality/{}/", "/report/indicators/{}/",
     "/journal/article/{}/", "/journal/2026/{}/", "/journal/about/act/{}/", "/cabinet/journal/{}/",
     "/journal/images/{}/card.jpg", "/report/indicators/{}/values.csv", "/report/{}/",
     "/organisations/invitations/{}/", "/cabinet/forms/{}/", "/cabinet/forms/1/section/{}/",
     "/cabinet/review/{}/", "/organisations/memberships/{}/", "/help/{}/", "/files/{}/", "/jobs/{}/",
     "/organisations/memberships/request/municipality/{}/", "/cabinet/reports/{}/",
     "/cabinet/observations/{}/", "/cabinet/observations/{}/mapping/"],
)  # fmt: skip
def test_path_parts(client, world, template):
    enter(client, world, "staff")
    for value in ("%00", "a%00b", "9" * 40, "-1", "%D9%A1", "..", "%3Cscript%3E", "a" * 3000):
        assert client.get(template.format(value)).status_code in (200, 400, 404, 410), value


@pytest.mark.parametrize(
    ("role", "name", "arguments", "fields"),
    [
        ("head", "annual_report:submission-section", ["submission", "'C"],
         ["value-C01", "reason-C01", "note-C01", "seen-C01"]),
        ("head", "annual_report:submission-form", ["submission"],
         ["value-C01", "reason-C02", "note-C04", "plan_1-C01", "seen", "explain-1", "certified"]),
        ("head", "annual_report:submission-certify", ["submission"], ["certified"]),
        ("head", "annual_report:submission-take-back", ["submission"], ["comment"]),
        ("head", "annual_report:submission-check", ["submission"], ["explain-1", "save"]),
        ("head", "annual_report:workbook-accept", ["workbook"],
         ["part", "choice-C01", "seen-C01", "choice-all-C"]),
        ("head", "annual_report:workbook-upload", ["submission"], ["file"]),
        ("staff", "annual_report:workbook-make", [], ["region", "only_missing"]),
        ("director", "annual_report:workbook-send", [], ["file"]),
        ("head", "organisations:invitation-mine", [], ["email", "role", "position_title"]),
        ("head", "profile:detail", [], ["last_name", "first_name", "patronymic", "phone", "time_zone"]),
        ("head", "organisations:membership-switch", [], ["membership", "next"]),
        ("director", "annual_report:review-decide", ["submission", "'return"], ["comment"]),
        ("director", "annual_report:review-decide", ["submission", "'return"],
         ["whole-comment", "cell-C01", "cell-Z99", "back"]),
        ("staff", "annual_report:review-decide", ["submission", "'send_back"], ["comment", "back"]),
        ("director", "annual_report:bulk-start", [],
         ["submission", "kind", "scope", "region", "back", "comment", "until", "confirmed"]),
        ("director", "annual_report:call-note", ["submission"], ["text", "promised_on"]),
        ("director", "annual_report:extension-add", ["submission"], ["until", "reason"]),
        ("staff", "annual_report:extension-list", [], ["region", "until", "reason"]),
        ("director", "annual_report:correction-decide", ["correction", "'apply"], ["comment"]),
        ("staff", "annual_report:campaign-create", [],
         ["form", "year", "title", "register_date", "opens_on", "municipality_deadline",
          "council_deadline", "congress_deadline"]),
        ("staff", "annual_report:campaign-edit", ["campaign"],
         ["year", "title", "opens_on", "municipality_deadline"]),
        ("staff", "annual_report:reminder-list", ["campaign"], ["audience", "days"]),
        ("director", "organisations:membership-decide", ["membership", "'refuse"], ["comment"]),
        ("director", "organisations:membership-decide", ["membership", "'end"], ["comment"]),
        ("newcomer", "organisations:membership-request", ["'municipality", "municipality"],
         ["role", "position_title", "valid_from", "valid_to", "mandate"]),
        ("anonymous", "account_login", [], ["login", "password", "next"]),
        ("anonymous", "account_reset_password", [], ["email"]),
        ("staff", "annual_report:report-act", ["year", "'snapshot"], ["x"]),
        ("anonymous", "media:contribution-create", [],
         ["kind", "title", "text", "name", "email", "oktmo", "consent", "opened", "website"]),
        ("director", "journal_desk:article-edit", ["draft"],
         ["title", "lead", "body", "seen", "rubric", "cover", "audience", "note", "stay"]),
        ("staff", "journal_desk:article-authors", ["draft"],
         ["author-TOTAL_FORMS", "author-INITIAL_FORMS", "author-0-author", "author-0-position"]),
        ("staff", "journal_desk:article-links", ["draft"], ["municipality", "indicator", "act"]),
        ("staff", "journal_desk:article-move", ["draft", "'schedule"], ["publish_at", "comment"]),
        ("staff", "journal_desk:article-correct", ["story"], ["body", "text"]),
        ("staff", "journal_desk:task-add", ["draft"], ["title", "assignee", "due_on"]),
        ("staff", "journal_desk:issue-edit", ["issue"],
         ["year", "number", "last_number", "through_number", "cover", "editorial", "due_on"]),
        ("staff", "journal_desk:image-create", [], ["alt", "rights", "focal_x", "file"]),
        ("staff", "annual_report:observation-upload", [], ["dataset", "mapping"]),
        ("staff", "annual_report:observation-act", ["observations", "'choose"], ["mapping"]),
        ("staff", "annual_report:observation-mapping", ["observations"],
         ["name", "title", "system", "indicator_code", "year", "shift", "multiplier", "units",
          "indicators", "year_multipliers", "decimal", "skip", "repairs", "no_unit_check",
          "column-TOTAL_FORMS", "column-INITIAL_FORMS", "column-0-role", "column-0-values"]),
    ],
)  # fmt: skip
def test_posted_fields(client, world, role, name, arguments, fields):
    world.submit() if "review" in name else None
    enter(client, world, role)
    path = address(world, name, arguments)
    for value in HOSTILE:
        answer = client.post(path, dict.fromkeys(fields, value))
        assert answer.status_code < 500, value[:20]


def test_autosave_takes_no_nonsense(client, world):
    enter(client, world, "head")
    path = address(world, "annual_report:answer-save", ["submission"])
    before = list(Answer.objects.order_by("pk").values_list("pk", "value", "note"))
    for value in [*HOSTILE, "\ud83d", {"a": 1}, ["1"], True, None, 10**40]:
        for name in ("value", "reason", "note", "seen", "code", "overwrite"):
            given = {"code": "C01", "value": "11", "seen": "2000-01-01T00:00:00+00:00"} | {
                name: value
            }
            if name == "value":
                given["overwrite"] = False
            answer = client.post(path, json.dumps(given), content_type="application/json")
            assert answer.status_code < 500, (name, str(value)[:20])
            assert answer.headers["Content-Type"].startswith("application/json")
    stored = Answer.objects.get(submission=world.submission, indicator__code="C01")
    assert "\x00" not in stored.note
    assert len(before) == Answer.objects.count()
