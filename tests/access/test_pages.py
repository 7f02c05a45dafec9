"""Every address × every role. An address that nobody classified here fails the test."""

import pytest
from django.urls import reverse

from tests.access.world import ROLES, World
from tests.devtools.test_deployment import url_names
from tests.factories import people

pytestmark = pytest.mark.django_db

EVERYBODY = ("anonymous", *ROLES[1:])
SIGNED_IN = ROLES[1:]
MUNICIPALITY = ("head", "specialist")
READERS = (*MUNICIPALITY, "director", "staff", "auditor")
QUEUE = ("director", "foreign", "staff", "auditor")
CONGRESS = ("staff", "auditor")
CALLERS = ("director", "foreign", "staff")
ACTION = {"region": "40", "kind": "municipality"}

# name → (method, arguments, who gets in). Those who do not get in are sent to the sign-in page
# when anonymous and see a 404 otherwise. "get in" is a 200, or a redirect for a POST.
PAGES = {
    "home": ("get", [], EVERYBODY),
    "about": ("get", [], EVERYBODY),
    "accessibility": ("get", [], EVERYBODY),
    "privacy": ("get", [], EVERYBODY),
    "contacts": ("get", [], EVERYBODY),
    "health": ("get", [], EVERYBODY),
    "favicon": ("get", [], EVERYBODY),
    "robots": ("get", [], EVERYBODY),
    "sitemap-index": ("get", [], EVERYBODY),
    "sitemap": ("get", ["'pages"], EVERYBODY),
    "help-list": ("get", [], EVERYBODY),
    "help-detail": ("get", ["'municipality"], EVERYBODY),
    "core:gallery": ("get", [], EVERYBODY),
    "search:results": ("get", [], EVERYBODY),
    "search:completions": ("get", [], EVERYBODY),
    "territory:region-list": ("get", [], EVERYBODY),
    "territory:region-detail": ("get", ["region"], EVERYBODY),
    "territory:region-download": ("get", ["region"], EVERYBODY),
    "territory:municipality-detail": ("get", ["oktmo"], EVERYBODY),
    "territory:municipality-record": ("get", ["oktmo", "municipality"], EVERYBODY),
    "report:report-list": ("get", [], EVERYBODY),
    "report:indicator-list": ("get", [], EVERYBODY),
    "report:indicator-detail": ("get", ["'C01"], EVERYBODY),
    "report:indicator-download": ("get", ["'C01"], EVERYBODY),
    "report:codebook": ("get", ["'csv"], EVERYBODY),
    # The world's report is not published.
    "report:report-detail": ("get", ["year"], CONGRESS),
    "report:report-download": ("get", ["year"], CONGRESS),
    "report:report-gaps": ("get", ["year"], CONGRESS),
    "report:chapter-detail": ("get", ["year", "'one"], CONGRESS),
    # --- territory over time
    "report:municipality-series-list": ("get", ["oktmo"], EVERYBODY),
    "report:municipality-series": ("get", ["oktmo", "'C01"], EVERYBODY),
    "report:municipality-series-download": ("get", ["oktmo", "'C01"], EVERYBODY),
    "report:scope-series": ("get", ["'region", "region", "'C01"], EVERYBODY),
    "report:scope-series-download": ("get", ["'kind", "'municipal_okrug", "'C01"], EVERYBODY),
    # --- public pivot, regions, municipalities, peers
    # Nothing is published in the world: there is nothing to compare, and no figure.
    "report:municipality-peers": ("get", ["oktmo"], ()),
    "report:indicator-figures": ("get", ["'C01"], EVERYBODY),
    "report:indicator-chart": ("get", ["'C01", "'years"], ()),
    "report:pivot": ("get", [], EVERYBODY),
    # The world's report is not published: there is no table to download.
    "report:pivot-download": ("get", ["'csv"], ()),
    #
    # --- the open API
    "report-api:openapi-json": ("get", [], EVERYBODY),
    "report-api:api-root": ("get", [], ()),
    "report-api:indicators": ("get", [], EVERYBODY),
    "report-api:indicator": ("get", ["'C01"], EVERYBODY),
    "report-api:reports": ("get", [], EVERYBODY),
    "report-api:figures": ("get", [], EVERYBODY),
    "report-api:municipality": ("get", ["oktmo"], ()),
    # --- public proposals
    "report:proposal-list": ("get", [], EVERYBODY),
    # The world's report is not published, and so is not what municipalities proposed in it.
    "report:proposal-detail": ("get", ["proposal"], ()),
    #
    # --- the journal
    "media:archive": ("get", [], EVERYBODY),
    "media:article-list": ("get", [], EVERYBODY),
    "media:article-detail": ("get", ["story_slug"], EVERYBODY),
    "media:issue-detail": ("get", ["'2026", "'1"], EVERYBODY),
    "media:issue-epub": ("get", ["'2026", "'1"], EVERYBODY),
    "media:author-detail": ("get", ["author_slug"], EVERYBODY),
    "media:rubric-detail": ("get", ["'region"], EVERYBODY),
    "media:act-detail": ("get", ["'33-fz"], EVERYBODY),
    "media:about-object": ("get", ["'act", "'33-fz"], EVERYBODY),
    "media:image-file": ("get", ["image", "'card"], EVERYBODY),
    "media:feed-rss": ("get", [], EVERYBODY),
    "media:feed-atom": ("get", [], EVERYBODY),
    "media:rubric-rss": ("get", ["'region"], EVERYBODY),
    "media:contribution-create": ("get", [], EVERYBODY),
    "media:contribution-sent": ("get", [], EVERYBODY),
    # --- the cabinet
    "cabinet": ("get", [], SIGNED_IN),
    "profile:detail": ("get", [], SIGNED_IN),
    "profile:consent": ("get", [], SIGNED_IN),
    "profile:consent-withdraw": ("post", [], SIGNED_IN),
    "profile:data-export": ("get", [], SIGNED_IN),
    "profile:data-readers": ("get", [], SIGNED_IN),
    "profile:data-erase": ("get", [], SIGNED_IN),
    "notifications:notification-list": ("get", [], SIGNED_IN),
    "notifications:preference-edit": ("get", [], SIGNED_IN),
    "notifications:notification-read-all": ("post", [], SIGNED_IN),
    "notifications:notification-open": ("post", ["notice"], ("head",)),
    "jobs:job-list": ("get", [], SIGNED_IN),
    "jobs:job-detail": ("get", ["job"], ("head", "staff")),
    "jobs:job-progress": ("get", ["job"], ("head", "staff")),
    "jobs:job-retry": ("post", ["job"], ("head", "staff")),
    "organisations:membership-switch": ("post", [], ()),
    "organisations:membership-mine": ("get", [], SIGNED_IN),
    "organisations:membership-search": ("get", [], SIGNED_IN),
    "organisations:membership-request": ("get", ["'municipality", "municipality"], SIGNED_IN),
    "organisations:membership-requested": ("get", ["membership"], ("newcomer",)),
    "organisations:membership-list": ("get", [], SIGNED_IN),
    "organisations:membership-detail": (
        "get", ["membership"], ("newcomer", "head", "director", "staff"),
    ),
    "organisations:membership-decide": (
        "post", ["membership", "'confirm"], ("head", "director", "staff"),
    ),
    "organisations:reference-list": ("get", [], CONGRESS),
    "organisations:reference-upload": ("get", [], ("staff",)),
    "organisations:reference-import": ("get", ["reference"], CONGRESS),
    "organisations:reference-rejected": ("get", ["reference"], CONGRESS),
    "organisations:reference-act": ("post", ["reference", "'check"], ("staff",)),
    "organisations:handover-list": ("get", [], ("director", "foreign", "staff")),
    "organisations:handover-detail": ("get", ["change"], ("director", "staff")),
    "organisations:invitation-mine": ("get", [], ("head", "stranger", "director", "foreign", "staff")),
    "organisations:invitation-list": ("get", ["organisation"], ("head", "director", "staff")),
    "organisations:invitation-revoke": ("post", ["invitation"], ("head", "director", "staff")),
    "organisations:invitation-accept": ("get", ["token"], SIGNED_IN),
    "documents:document-download": ("get", ["mandate"], ("newcomer", "head", "director", "staff")),
    # --- filling the form
    "annual_report:submission-list": ("get", [], SIGNED_IN),
    "annual_report:submission-detail": ("get", ["submission"], READERS),
    "annual_report:submission-section": ("get", ["submission", "'C"], READERS),
    "annual_report:submission-check": ("get", ["submission"], READERS),
    "annual_report:submission-sent": ("get", ["submission"], READERS),
    "annual_report:submission-form": ("get", ["submission"], READERS),
    "annual_report:submission-certify": ("get", ["submission"], READERS),
    "annual_report:submission-certified": ("get", ["submission"], READERS),
    "annual_report:answer-save": ("post", ["submission"], MUNICIPALITY),
    "annual_report:submission-take-back": ("post", ["submission"], MUNICIPALITY),
    "annual_report:submission-withdraw": ("post", ["submission"], MUNICIPALITY),
    # --- workbooks
    "annual_report:workbook-list": ("get", [], ("director", "foreign", "staff")),
    "annual_report:workbook-make": ("post", [], ("director", "foreign", "staff")),
    "annual_report:workbook-send": ("post", [], ("director", "foreign")),
    "annual_report:workbook-batch": ("get", ["batch"], ("director", "staff")),
    "annual_report:workbook-intake": ("get", ["intake"], ("director",)),
    "annual_report:workbook-download": ("get", ["submission"], READERS),
    "annual_report:workbook-upload": ("get", ["submission"], MUNICIPALITY),
    "annual_report:workbook-answer": ("get", ["workbook"], MUNICIPALITY),
    "annual_report:workbook-accept": ("post", ["workbook"], MUNICIPALITY),
    "annual_report:workbook-errors": ("get", ["workbook"], MUNICIPALITY),
    # --- corrections and proposals
    "annual_report:proposal-list": ("get", [], SIGNED_IN),
    "annual_report:proposal-create": ("get", [], ("head", "specialist", "stranger")),
    "annual_report:proposal-review": ("get", ["proposal"], READERS),
    "annual_report:proposal-decide": ("post", ["proposal", "'send"], ("staff",)),
    #
    "annual_report:correction-list": ("get", [], QUEUE),
    "annual_report:correction-create": ("get", ["submission"], (*MUNICIPALITY, "director")),
    "annual_report:correction-detail": ("get", ["correction"], READERS),
    "annual_report:correction-decide": (
        "post", ["correction", "'refuse"], ("director", "staff"),
    ),
    # --- review
    "annual_report:review-list": ("get", [], QUEUE),
    "annual_report:missing-list": ("get", [], QUEUE),
    # Telephones are for those who call: the auditor does not.
    "annual_report:review-phones": ("get", [], CALLERS),
    "annual_report:call-note": ("get", ["submission"], ("director", "staff")),
    "annual_report:bulk-list": ("get", [], QUEUE),
    "annual_report:bulk-start": ("post", [], CALLERS),
    "annual_report:bulk-detail": ("get", ["bulk_run"], ("director", "staff", "auditor")),
    "annual_report:bulk-download": ("get", ["bulk_run"], ("director", "staff", "auditor")),
    "annual_report:extension-list": ("get", [], QUEUE),
    "annual_report:extension-add": ("post", ["submission"], ("director", "staff")),
    "annual_report:extension-remove": ("post", ["extension"], ("director", "staff")),
    "annual_report:history": ("get", ["submission"], READERS),
    "annual_report:history-download": ("get", ["submission"], READERS),
    "annual_report:review-detail": ("get", ["submission"], ("director", "staff", "auditor")),
    "annual_report:review-decide": ("post", ["submission", "'approve"], ("director",)),
    # --- control rules
    "annual_report:rule-list": ("get", [], QUEUE),
    "annual_report:rule-download": ("get", [], QUEUE),
    "annual_report:rule-detail": ("get", ["rule"], QUEUE),
    "annual_report:rule-detail-download": ("get", ["rule"], QUEUE),
    "annual_report:rule-try": ("get", [], ("staff",)),
    "annual_report:rule-run": ("post", ["campaign"], ("staff",)),
    # --- campaign: board, extensions, reminders, burden
    "annual_report:board": ("get", [], CONGRESS),
    "annual_report:board-download": ("get", [], CONGRESS),
    "annual_report:burden": ("get", [], QUEUE),
    "annual_report:burden-download": ("get", [], QUEUE),
    "annual_report:board-forms": ("get", [], CONGRESS),
    "annual_report:acceptance": ("get", [], CONGRESS),
    "annual_report:campaign-list": ("get", [], CONGRESS),
    "annual_report:campaign-create": ("get", [], ("staff",)),
    "annual_report:campaign-detail": ("get", ["campaign"], CONGRESS),
    "annual_report:campaign-edit": ("get", ["campaign"], ("staff",)),
    "annual_report:campaign-act": ("post", ["campaign", "'close"], ("staff",)),
    "annual_report:reminder-list": ("get", ["campaign"], CONGRESS),
    "annual_report:reminder-remove": ("post", ["reminder"], ("staff",)),
    # --- observations: import and mappings
    "annual_report:observation-list": ("get", [], CONGRESS),
    "annual_report:observation-upload": ("get", [], ("staff",)),
    "annual_report:observation-import": ("get", ["observations"], CONGRESS),
    "annual_report:observation-mapping": ("get", ["observations"], ("staff",)),
    "annual_report:observation-rejected": ("get", ["observations"], CONGRESS),
    "annual_report:observation-act": ("post", ["observations", "'check"], ("staff",)),
    # --- analysis: pivot, peers, quality
    "annual_report:benchmark": ("get", ["submission"], READERS),
    #
    # --- the journal's desk: the world's draft stands in the rubric of the director's region
    "journal_desk:article-list": ("get", [], QUEUE),
    "journal_desk:article-create": ("get", [], CALLERS),
    "journal_desk:article-detail": ("get", ["draft"], ("director", "staff", "auditor")),
    "journal_desk:article-edit": ("get", ["draft"], ("director", "staff")),
    "journal_desk:article-lock": ("post", ["draft"], ("director", "staff")),
    "journal_desk:article-move": ("post", ["draft", "'submit"], ("director", "staff")),
    "journal_desk:article-correct": ("get", ["story"], ("staff",)),
    "journal_desk:article-authors": ("get", ["draft"], ("director", "staff")),
    "journal_desk:article-links": ("get", ["draft"], ("director", "staff")),
    "journal_desk:article-files": ("get", ["draft"], ("director", "staff")),
    "journal_desk:file-remove": ("post", ["download"], ("staff",)),
    "journal_desk:comment-add": ("post", ["draft"], ("director", "staff")),
    "journal_desk:comment-resolve": ("post", ["comment"], ("director", "staff")),
    "journal_desk:task-add": ("post", ["draft"], ("director", "staff")),
    "journal_desk:task-done": ("post", ["task"], ("director", "staff")),
    "journal_desk:version-list": ("get", ["draft"], ("director", "staff", "auditor")),
    "journal_desk:version-restore": ("post", ["draft", "'1"], ("director", "staff")),
    "journal_desk:image-list": ("get", [], QUEUE),
    "journal_desk:image-create": ("get", [], CALLERS),
    "journal_desk:issue-list": ("get", [], CONGRESS),
    "journal_desk:issue-create": ("get", [], ("staff",)),
    "journal_desk:issue-edit": ("get", ["issue"], ("staff",)),
    "journal_desk:issue-order": ("post", ["issue"], ("staff",)),
    "journal_desk:issue-publish": ("post", ["issue"], ("staff",)),
    "journal_desk:contribution-list": ("get", [], QUEUE),
    "journal_desk:contribution-detail": (
        "get", ["contribution"], ("director", "staff", "auditor"),
    ),
    "journal_desk:contribution-decide": (
        "post", ["contribution", "'decline"], ("director", "staff"),
    ),
    # --- making the report
    "annual_report:chapter-list": ("get", ["year"], CONGRESS),
    "annual_report:chapter-confirm": ("post", ["year"], ("staff",)),
    "annual_report:chapter-edit": ("get", ["chapter"], CONGRESS),
    "annual_report:report-manage-list": ("get", [], CONGRESS),
    "annual_report:report-manage": ("get", ["year"], CONGRESS),
    "annual_report:report-act": ("post", ["year", "'snapshot"], ("staff",)),
}  # fmt: skip

#: Addresses of things that are public once published: who may not see one is not asked to sign in.
PUBLIC_ADDRESSES = {
    "report:report-detail", "report:report-download", "report:report-gaps", "documents:document-download",
    "report:pivot-download", "report:chapter-detail", "report:municipality-peers", "report-api:api-root", "report-api:municipality", "report:proposal-detail",
    "report:indicator-chart",
}  # fmt: skip

#: Addresses of the sign-in library: open ones, and those that send the anonymous away.
OPEN_ACCOUNT_PAGES = {
    "account_login", "account_signup", "account_logout", "account_inactive",
    "account_confirm_email", "account_confirm_login_code", "account_email_verification_sent",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "mfa_authenticate", "mfa_login_webauthn",
}  # fmt: skip
CLOSED_ACCOUNT_PAGES = {
    "account_change_password", "account_email", "account_reauthenticate", "account_set_password",
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_deactivate_totp", "mfa_download_recovery_codes",
    "mfa_edit_webauthn", "mfa_generate_recovery_codes", "mfa_index", "mfa_list_webauthn",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn",
    "mfa_view_recovery_codes", "usersessions_list",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.SECOND_FACTOR_REQUIRED = False


def test_every_address_is_classified():
    own = {name for name in url_names() if not name.startswith("admin:")}
    assert own == set(PAGES) | OPEN_ACCOUNT_PAGES | CLOSED_ACCOUNT_PAGES


def ask(client, world, name, role):
    method, arguments, _allowed = PAGES[name]
    values = [item[1:] if item.startswith("'") else world.ids[item] for item in arguments]
    if role == "anonymous":
        client.logout()
    else:
        people.sign_in(client, world.people[role])
    return getattr(client, method)(reverse(name, args=values))


def fate(answer):
    """What became of the request, in one word."""
    if answer.status_code == 302 and answer["Location"].startswith("/accounts/login/"):
        return "sign in"
    return {404: "hidden", 200: "in", 302: "in", 400: "in"}[answer.status_code]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_each_role_sees_what_it_may(client, name):
    world = World()
    allowed = PAGES[name][2]
    # Those who may act go last: the act itself can change what the others would see.
    order = sorted(ROLES, key=lambda role: role in allowed)
    seen = {role: fate(ask(client, world, name, role)) for role in order}
    refused = {"anonymous": "hidden" if name in PUBLIC_ADDRESSES else "sign in"}
    assert seen == {
        role: "in" if role in allowed else refused.get(role, "hidden") for role in ROLES
    }


@pytest.mark.parametrize("name", sorted(CLOSED_ACCOUNT_PAGES))
def test_account_pages_send_the_anonymous_to_sign_in(client, name):
    arguments = [1] if name in ("mfa_edit_webauthn", "mfa_remove_webauthn") else []
    answer = client.get(reverse(name, args=arguments))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_pdf_of_an_unpublished_report_is_the_congresss(client):
    world = World()
    for role in ROLES:
        if role == "anonymous":
            client.logout()
        else:
            people.sign_in(client, world.people[role])
        answer = client.get(reverse("documents:document-download", args=[world.ids["draft_pdf"]]))
        assert answer.status_code == (200 if role in CONGRESS else 404), role


def test_foreign_rows_are_in_no_list(client):
    """Lists, counts, search and downloads hold nothing of another municipality or region."""
    world = World()
    world.submit()
    name = world.submission.municipality.name
    hidden = {
        "stranger": ["/cabinet/", "/cabinet/forms/", "/organisations/memberships/"],
        "foreign": ["/cabinet/", "/cabinet/review/", "/cabinet/review/phones.csv",
                    f"/cabinet/review/?q={name}", "/organisations/memberships/?state=all"],
        "newcomer": ["/cabinet/", "/cabinet/forms/", "/jobs/", "/notifications/"],
    }  # fmt: skip
    for role, paths in hidden.items():
        people.sign_in(client, world.people[role])
        for path in paths:
            answer = client.get(path)
            body = answer.content.decode().replace(f'value="{name}"', "")
            own = role == "newcomer" and path == "/cabinet/"
            assert answer.status_code == 200, (role, path)
            assert own or name not in body, (role, path)
    people.sign_in(client, world.people["director"])
    assert name in client.get("/cabinet/review/").content.decode()
