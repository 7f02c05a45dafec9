"""The public catalogue: found by what is asked, described in full, in both languages."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import override

from annual_report.models import Indicator, IndicatorVersion, LegalBasis, Report, ReportFigure
from annual_report.rules import parse
from annual_report.services.catalogue import load_catalogue
from annual_report.words import in_words
from tests.factories import people
from tests.factories.report import make_campaign, make_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue():
    load_catalogue()


def codes(client, **query):
    """Codes on the list's pages, in their order."""
    found = []
    for number in (1, 2, 3):
        answer = client.get("/report/indicators/", query | {"page": number})
        rows = answer.context["page"]
        if rows.number == number:
            found += [row.code for row in rows.object_list]
    return found


def test_list_shows_all_in_sections_page_by_page(client, catalogue):
    answer = client.get("/report/indicators/")
    assert answer.context["page"].paginator.count == Indicator.objects.count()
    assert len(answer.context["page"].object_list) == 60
    assert "A. Территория и население" in answer.content.decode()
    assert codes(client) == list(
        Indicator.objects.order_by("section__order", "order").values_list("code", flat=True)
    )


def test_filters_narrow_the_list(client, catalogue):
    assert codes(client, section="H") == ["H01", "H02", "H03", "H04", "H05"]
    assert codes(client, q="I04") == ["I04"]
    assert "I03" in codes(client, q="жители в границах")
    settlement = codes(client, section="F", kind="rural_settlement")
    assert "F14" in settlement
    assert "F06" not in settlement
    assert set(codes(client, section="D", direction="down")) == {"D07", "D08", "D11", "D27"}


def test_year_follows_the_law_of_that_year(client, catalogue):
    basis = {"indicator": Indicator.objects.get(code="H05"), "act": "Закон"}
    LegalBasis.objects.create(**basis, valid_to=date(2027, 1, 1), kinds=["urban_okrug"])
    assert "H05" in codes(client, section="H", year=2026)
    assert "H05" in codes(client, section="H", year=2026, kind="urban_okrug")
    assert "H05" not in codes(client, section="H", year=2026, kind="rural_settlement")
    assert "H05" not in codes(client, section="H", year=2027)


@pytest.mark.parametrize(
    "query",
    ["section=Z", "kind=city", "year=abc", "year=99999999999", "direction=left", "page=x",
     "q=%00", "q=" + "а" * 500, "section=A&section=B", "year=-1"],
)  # fmt: skip
def test_strange_filters_are_no_filters(client, catalogue, query):
    assert client.get(f"/report/indicators/?{query}").status_code == 200


def test_retired_indicator_is_listed_only_when_asked_for(client, catalogue):
    Indicator.objects.filter(code="H05").update(is_retired=True)
    assert "H05" not in codes(client, section="H")
    assert "H05" in codes(client, section="H", retired="on")
    page = client.get("/report/indicators/H05/").content.decode()
    assert "больше не собирается; собранные значения остаются" in page


def text_of(page):
    text = re.sub(r"<[^>]+>", " ", page.content.decode())
    return re.sub(r"\s+", " ", text).replace("\u00a0", " ")


def test_page_of_an_indicator_says_all(client, catalogue):
    text = text_of(client.get("/report/indicators/A13/"))
    for part in (
        "Отношение протяжённости дорог",
        "«Дороги, не отвечающие нормативам» (A12) ÷ «Дороги местного значения» (A11) × 100",
        "Аналитический отдел Конгресса",
        "131-ФЗ «Об общих принципах",
        "ст. 14 ч. 1 п. 5",
        "до 01.01.2027",
        "с 01.01.2027",
        "Проверьте редакцию закона.",
        "Форма ОКМО-1",
        "вычисляется",
    ):
        assert part in text, part


def test_page_names_the_rules_that_watch_it(client, catalogue):
    text = text_of(client.get("/report/indicators/A02/"))
    assert "«Населённые пункты без жителей» (A02) ≤ «Населённые пункты» (A01)" in text
    assert "K01, внутри формы, нельзя отправить" in text
    assert "в сумме по поселениям" in text


def test_break_and_conversion_are_told(client, catalogue):
    text = text_of(client.get("/report/indicators/A08/"))
    assert "2019" in text
    assert "разрыв ряда: сравнивать нельзя" in text
    indicator = Indicator.objects.get(code="E08")
    IndicatorVersion.objects.create(
        indicator=indicator, number=2, from_year=2024, conversion=Decimal("0.0001"), title="т",
        title_en="t", unit="га", unit_en="ha", definition="о", source="с", note="Теперь в гектарах",
    )  # fmt: skip
    text = text_of(client.get("/report/indicators/E08/"))
    assert "умножаются на 0,0001" in text
    assert "Теперь в гектарах" in text


@pytest.mark.parametrize("code", ["A08", "A13", "B12", "D25", "I20", "A18"])
def test_english_pages_hold_no_russian_but_what_is_marked(client, catalogue, code):
    page = client.get(f"/en/report/indicators/{code}/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    main = re.sub(r'<(\w+)[^>]* lang="ru"[^>]*>.*?</\1>', "", main, flags=re.S)
    russian = re.findall(r"[а-яё]{3,}", re.sub(r"<[^>]+>", " ", main))
    assert russian == []


def test_query_count_does_not_grow_with_rules_and_law(client, django_assert_max_num_queries):
    load_catalogue()
    client.get("/report/indicators/A05/")
    with django_assert_max_num_queries(16):
        client.get("/report/indicators/A05/")
    with django_assert_max_num_queries(16):
        client.get("/report/indicators/H05/")


# --- figures --------------------------------------------------------------------------------------


@pytest.fixture
def published():
    """The nation's C01 in two published reports, the unit changed between them."""
    people.MunicipalityFactory()
    form = make_form()
    indicator = Indicator.objects.get(code="C01")
    for number, year, conversion in ((1, 2000, None), (2, 2025, Decimal("0.001"))):
        IndicatorVersion.objects.create(
            indicator=indicator, number=number, from_year=year, conversion=conversion,
            title="Должности", title_en="Posts", unit="ед." if number == 1 else "тыс. ед.",
            unit_en="units", definition="о", source="с",
        )  # fmt: skip
    for year, value in ((2024, 5000), (2025, 6)):
        campaign = make_campaign(form, year=year, opened=False)
        report = Report.objects.create(campaign=campaign, title=str(year))
        ReportFigure.objects.create(
            report=report, indicator=indicator, scope="nation", value=value, count=9, expected=10
        )
    Report.objects.update(state="draft")
    return indicator


def publish(monkeypatch):
    monkeypatch.setattr(Report.objects.__class__, "published", lambda self: self.all())


def test_series_is_drawn_in_the_newest_unit(client, published, monkeypatch):
    publish(monkeypatch)
    chart = client.get("/report/indicators/C01/").context["series"]
    assert [row[0] for row in chart.rows] == ["2024", "2025"]
    assert [row[1] for row in chart.rows] == ["5,0", "6,0"]


def test_break_begins_a_new_line(client, published, monkeypatch):
    publish(monkeypatch)
    published.versions.filter(number=2).update(conversion=None)
    chart = client.get("/report/indicators/C01/").context["series"]
    assert [row[1:] for row in chart.rows] == [["—"], ["6,0"]], "another unit, another scale"
    published.versions.filter(number=2).update(unit="ед.")
    chart = client.get("/report/indicators/C01/").context["series"]
    assert chart.headers[1:] == ["до 2025 года, ед.", "с 2025 года, ед."]
    assert [row[1:] for row in chart.rows] == [["5\u00a0000,0", "—"], ["—", "6,0"]]


def test_values_are_downloaded_in_their_own_and_in_the_newest_unit(client, published, monkeypatch):
    publish(monkeypatch)
    content = client.get("/report/indicators/C01/values.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    shown = [
        (row["year"], row["value"], row["unit"], row["value_in_newest_unit"], row["comparable"])
        for row in rows
    ]
    assert shown == [("2024", "5000", "ед.", "5", "1"), ("2025", "6", "тыс. ед.", "6", "1")]


# --- codebook -------------------------------------------------------------------------------------


def test_codebook_lists_every_indicator_in_both_languages(client, catalogue):
    for prefix, title in (("", "Населённые пункты"), ("/en", "Localities")):
        answer = client.get(f"{prefix}/report/indicators/codebook.csv")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
        assert len(rows) == Indicator.objects.count() + 1
        assert rows[1][0] == "A01"
        assert title in rows[1]
    assert "code" in rows[0]


def test_codebook_as_json_is_complete(client, catalogue):
    answer = client.get("/report/indicators/codebook.json")
    entries = {item["code"]: item for item in answer.json()["indicators"]}
    assert len(entries) == Indicator.objects.count()
    assert entries["A13"]["numerator"] == "A12"
    assert entries["B12"]["choices"][0] == {
        "value": 1, "label": "на муниципальных выборах", "label_en": "by the residents",
        "offered": True,
    }  # fmt: skip
    assert [item["is_break"] for item in entries["A08"]["versions"]] == [False, True]
    assert entries["F06"]["legal_bases"][-1]["valid_from"] == "2027-01-01"


def test_codebook_takes_the_lists_filters(client, catalogue):
    answer = client.get("/report/indicators/codebook.json?section=H")
    assert [item["code"] for item in answer.json()["indicators"]] == [
        "H01", "H02", "H03", "H04", "H05",
    ]  # fmt: skip


def test_retired_option_keeps_its_number_and_place(client, catalogue):
    """Exports hold numbers of options, so that nothing shifts when one is no longer offered."""
    before = client.get("/report/indicators/codebook.json").json()["indicators"]
    Indicator.objects.filter(code="B12").update(retired_choices=[2])
    after = client.get("/report/indicators/codebook.json").json()["indicators"]
    pairs = [(row["code"], [c["value"] for c in row["choices"]]) for row in before]
    assert pairs == [(row["code"], [c["value"] for c in row["choices"]]) for row in after]
    assert "(больше не предлагается)" in text_of(client.get("/report/indicators/B12/"))


@pytest.mark.parametrize("path", ["codebook.xml", "codebook.", "Z99/", "Z99/values.csv"])
def test_what_is_not_there_is_a_404(client, path):
    assert client.get(f"/report/indicators/{path}", follow=True).status_code == 404


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "russian"),
    [
        ("A01 - (A02 - A03)", "«A01» (A01) − («A02» (A02) − «A03» (A03))"),
        ("(A01 + A02) * 2", "(«A01» (A01) + «A02» (A02)) × 2"),
        ("A01 / A02 * 100", "«A01» (A01) ÷ «A02» (A02) × 100"),
        ('A01 <= 1.5 * prev("A01")', "«A01» (A01) ≤ 1,5 × «A01» (A01) за прошлый год"),
        ("abs(A01 - 2) < 3 and A02 == 0", "|«A01» (A01) − 2| < 3 и «A02» (A02) = 0"),
        ('not filled("A01") or A02 > 0', "неверно, что указано «A01» (A01) или «A02» (A02) > 0"),
        ('kind_in("rural_settlement")', "вид муниципального образования — сельское поселение"),
        ('children("A01") != other("A02")',
         "«A01» (A01) в сумме по поселениям ≠ «A02» (A02) в другой форме"),
        ("max(A01, A02) >= 1", "наибольшее из («A01» (A01); «A02» (A02)) ≥ 1"),
    ],
)  # fmt: skip
def test_conditions_are_read_out(text, russian):
    with override("ru"):
        assert in_words(parse(text).tree, lambda code: code) == russian


def test_every_shipped_formula_and_rule_is_read_out_in_both_languages(catalogue):
    from annual_report.models import ControlRule

    texts = [row.formula for row in Indicator.objects.exclude(formula="")]
    texts += list(ControlRule.objects.values_list("expression", flat=True))
    for language in ("ru", "en"):
        with translation.override(language):
            for text in texts:
                words = in_words(parse(text).tree, lambda code: code)
                assert words
                assert language == "ru" or not re.search("[а-яё]", words), words
