"""Staff keep the catalogue in the admin."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annual_report.exchange.book import export_book, export_tables
from annual_report.exchange.files import make_dataset, read_xlsx, write_xlsx
from annual_report.models import ControlRule, FieldMove, Form, Indicator, LegalBasis
from annual_report.services.catalogue import ensure_first_version
from okmo_portal.organisations.services.staff import sync_staff_access
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    user = people.congress_staff()
    sync_staff_access(user=user)
    people.sign_in(client, user)
    return user


@pytest.fixture
def posts(staff):
    make_form()
    indicator = Indicator.objects.get(code="C01")
    ensure_first_version(indicator=indicator)
    return indicator


def posted(client, address, **changes):
    """What the change page holds, as a browser sends it, with ``changes``."""
    page = client.get(address)
    admin_form = page.context["adminform"].form
    data = {name: value for name, value in admin_form.initial.items() if value not in (None, False)}
    for name in ("choices", "choices_en"):
        data[name] = "[]"
    data["applicable_kinds"] = data["retired_choices"] = ""
    for formset in page.context["inline_admin_formsets"]:
        management = formset.formset.management_form
        data |= {management.add_prefix(name): value for name, value in management.initial.items()}
        for row in formset.formset.initial_forms:
            data[row.add_prefix("id")] = row.instance.pk
    return data | changes


def test_words_of_an_indicator_are_mended_and_its_version_follows(client, posts):
    address = reverse("admin:annual_report_indicator_change", args=[posts.pk])
    answer = client.post(address, posted(client, address, title="Штатные должности"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    posts.refresh_from_db()
    assert (posts.title, posts.versions.get().title) == ("Штатные должности",) * 2


def test_unit_of_a_filed_indicator_is_refused_with_the_way_out(client, posts):
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(Form.objects.get(), year=2025)
    fill(campaign.submissions.get(), people.municipality_head(municipality), C01=10)
    address = reverse("admin:annual_report_indicator_change", args=[posts.pk])
    page = client.post(address, posted(client, address, unit="тыс. ед.")).content.decode()
    assert "добавьте новую версию" in page
    posts.refresh_from_db()
    assert posts.unit == "ед."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"formula": "C02 / import os"}, "errorlist"),
        ({"choices": '[["один", 1]]'}, "Нужен список пар"),
        ({"choices": '[[1, "а"], [1, "б"]]'}, "повторяются"),
        ({"value_type": "choice"}, "нужны варианты"),
    ],
)
def test_wrong_entry_is_refused_at_its_field(client, posts, changes, reason):
    address = reverse("admin:annual_report_indicator_change", args=[posts.pk])
    page = client.post(address, posted(client, address, **changes)).content.decode()
    assert "errornote" in page
    assert reason in page


def version_data(indicator, **changes):
    names = (
        "title", "title_en", "unit", "unit_en", "decimals", "definition", "definition_en",
        "source", "source_en", "formula", "legal_base",
    )  # fmt: skip
    data = {name: getattr(indicator, name) for name in names}
    return data | {"from_year": 2027, "conversion": "0.001", "note": "В тысячах"} | changes


def test_new_version_has_a_page(client, posts):
    address = reverse("admin:annual_report_indicator_new_version", args=[posts.pk])
    assert "Версии показателя C01" in client.get(address).content.decode()
    page = client.post(address, version_data(posts, conversion="0", unit="тыс. ед."))
    assert "больше нуля" in page.content.decode()
    client.post(address, version_data(posts, unit="тыс. ед.", unit_en="thousand"))
    posts.refresh_from_db()
    version = posts.versions.get(number=2)
    assert (posts.unit, version.from_year) == ("тыс. ед.", 2027)
    assert str(version.created_by_id) == client.session["_auth_user_id"]


def test_law_is_kept_beside_the_indicator_and_marked_when_verified(client, posts):
    basis = LegalBasis.objects.create(indicator=posts, act="131-ФЗ", to_verify=True)
    address = reverse("admin:annual_report_legalbasis_changelist")
    assert "131-ФЗ" in client.get(address, {"to_verify__exact": "1"}).content.decode()
    client.post(address, {"action": "mark_verified", "_selected_action": [basis.pk]})
    basis.refresh_from_db()
    assert not basis.to_verify


def test_retired_indicator_keeps_its_page(client, posts):
    address = reverse("admin:annual_report_indicator_changelist")
    page = client.post(
        address, {"action": "retire_selected", "_selected_action": [posts.pk]}, follow=True
    )
    assert "Больше не собираются" in page.content.decode()
    posts.refresh_from_db()
    assert posts.is_retired
    assert client.get(f"/report/indicators/{posts.code}/").status_code == 200


def test_next_version_of_a_form_and_its_diff(client, posts):
    form = Form.objects.get()
    address = reverse("admin:annual_report_form_changelist")
    act = {"action": "make_next_version", "_selected_action": [form.pk]}
    assert "ещё не закрыта" in client.post(address, act, follow=True).content.decode()
    people.MunicipalityFactory()
    make_campaign(form)
    page = client.post(address, act, follow=True)
    clone = Form.objects.get(version=2)
    assert page.redirect_chain[-1][0] == reverse("admin:annual_report_form_change", args=[clone.pk])
    clone.fields.filter(indicator__code="C04").delete()
    diff = client.get(reverse("admin:annual_report_form_diff", args=[clone.pk])).content.decode()
    assert "Убраны поля" in diff
    assert "не указано, куда переходят ответы" in diff
    FieldMove.objects.create(form=clone, source=Indicator.objects.get(code="C04"))
    diff = client.get(reverse("admin:annual_report_form_diff", args=[clone.pk])).content.decode()
    assert "ряд закончен" in diff
    assert "не указано, куда" not in diff
    first = client.get(reverse("admin:annual_report_form_diff", args=[form.pk])).content.decode()
    assert "Это первая версия" in first


def test_locked_form_is_shown_and_not_changed(client, posts):
    people.MunicipalityFactory()
    form = make_campaign(Form.objects.get()).form
    address = reverse("admin:annual_report_form_change", args=[form.pk])
    page = client.get(address).content.decode()
    assert "C02 Замещено" in page
    assert "fields-0-indicator" not in page
    rule = ControlRule.objects.get(code="K1")
    page = client.get(reverse("admin:annual_report_controlrule_change", args=[rule.pk]))
    assert set(page.context["adminform"].form.fields) == {"message", "hint", "is_active"}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [("C02 <=", "errorlist"), ("C02 + 1", "errorlist"), ("C02 <= Z77", "Z77 нет в каталоге")],
)
def test_rule_with_a_wrong_condition_is_refused(client, posts, expression, reason):
    rule = ControlRule.objects.get(code="K1")
    address = reverse("admin:annual_report_controlrule_change", args=[rule.pk])
    form = client.get(address).context["adminform"].form
    page = client.post(address, form.initial | {"expression": expression}).content.decode()
    assert reason in page
    rule.refresh_from_db()
    assert rule.expression == "C02 <= C01"


def upload(client, content, **data):
    file = SimpleUploadedFile("каталог.xlsx", content)
    return client.post(reverse("admin:annual_report_indicator_book"), {"file": file, **data})


def test_the_whole_catalogue_goes_out_and_in_on_one_page(client, posts):
    answer = client.get(reverse("admin:annual_report_indicator_book_download"))
    assert "attachment" in answer["Content-Disposition"]
    assert "Показатели" in read_xlsx(answer.content)
    page = upload(client, answer.content)
    assert "Изменений в файле нет" in page.content.decode()
    tables = {table.title: table for table in export_tables()}
    rows = [list(row) for row in tables["Показатели"]]
    rows[0][tables["Показатели"].headers.index("название")] = "Переименовано"
    tables["Показатели"] = make_dataset([tables["Показатели"].headers, *rows], "Показатели")
    page = upload(client, write_xlsx(tables.values()), dry_run="on").content.decode()
    assert "Проверка прошла" in page
    assert not Indicator.objects.filter(title="Переименовано").exists()
    assert "Каталог обновлён" in upload(client, write_xlsx(tables.values())).content.decode()
    assert Indicator.objects.filter(title="Переименовано").exists()
    rows[0][tables["Показатели"].headers.index("множитель")] = "много"
    tables["Показатели"] = make_dataset([tables["Показатели"].headers, *rows], "Показатели")
    page = upload(client, write_xlsx(tables.values())).content.decode()
    assert "Файл не принят" in page
    assert "«много» — не число." in page
    assert "не читается как книга" in upload(client, b"text").content.decode()


def test_pages_of_the_catalogue_are_for_staff_only(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    make_form()
    indicator = Indicator.objects.get(code="C01")
    people.sign_in(client, people.municipality_head(people.MunicipalityFactory()))
    for name, arguments in (
        ("indicator_book", []), ("indicator_book_download", []),
        ("indicator_new_version", [indicator.pk]), ("form_diff", [Form.objects.get().pk]),
    ):  # fmt: skip
        answer = client.get(reverse(f"admin:annual_report_{name}", args=arguments))
        assert answer.status_code in (302, 403, 404), name


def test_import_page_of_one_table_takes_what_it_gave(client, posts):
    answer = client.post(
        reverse("admin:annual_report_controlrule_export"),
        {"format": "0", "resource": "0", **{
            f"controlruleresource_{name}": "on" for name in ("form", "code", "expression")
        }},
    )  # fmt: skip
    assert answer.status_code == 200
    file = SimpleUploadedFile("rules.xlsx", export_book())
    page = client.post(
        reverse("admin:annual_report_section_changelist").replace("section", "controlrule")
        + "import/",
        {"import_file": file, "format": "0", "resource": "0"},
    )
    assert page.status_code == 200
