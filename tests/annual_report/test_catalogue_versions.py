"""Versions of indicators and forms: what was filed keeps its meaning and its place."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from annual_report.models import (
    Answer,
    Campaign,
    ControlRule,
    FieldMove,
    FormField,
    Indicator,
    IndicatorVersion,
    LegalBasis,
)
from annual_report.selectors import get_filled_form
from annual_report.services.campaigns import close_campaign, open_campaign
from annual_report.services.catalogue import ensure_first_version
from annual_report.services.catalogue_checks import (
    changes_meaning,
    last_filed_year,
    missing_choices,
)
from annual_report.services.forms import check_form_version, clone_form, diff_forms
from annual_report.services.versions import add_version, retire_indicator
from annual_report.versions import conversion_factor, version_for
from tests.factories import people
from tests.factories.report import fill, make_campaign, make_form


def version(number, from_year, conversion=None):
    return IndicatorVersion(number=number, from_year=from_year, conversion=conversion)


SERIES = [version(1, 2000), version(2, 2010, Decimal(1000)), version(3, 2020), version(4, 2024, Decimal("0.1"))]  # fmt: skip


def test_version_of_a_year():
    assert [version_for(SERIES, year).number for year in (1990, 2000, 2009, 2010, 2023, 2030)] == [
        1, 1, 1, 2, 3, 4,
    ]  # fmt: skip
    assert version_for([], 2020) is None


def test_factor_between_years():
    assert conversion_factor(SERIES, 2005, 2009) == 1
    assert conversion_factor(SERIES, 2005, 2015) == 1000
    assert conversion_factor(SERIES, 2015, 2005) == Decimal("0.001")
    assert conversion_factor(SERIES, 2015, 2021) is None
    assert conversion_factor(SERIES, 2022, 2024) == Decimal("0.1")
    assert conversion_factor([], 2015, 2021) == 1


steps = st.lists(
    st.tuples(st.integers(1, 5), st.none() | st.sampled_from(["0.001", "0.5", "1", "10", "1000"])),
    min_size=1, max_size=5,
)  # fmt: skip


@given(steps, st.integers(1995, 2035), st.integers(1995, 2035), st.integers(1995, 2035))
def test_factors_chain_and_turn_round(parts, first, second, third):
    """a→b→c is a→c where no break lies between, and b→a undoes a→b."""
    year, series = 2000, []
    for number, (gap, conversion) in enumerate(parts, start=1):
        series.append(version(number, year, conversion and Decimal(conversion)))
        year += gap
    one, other = sorted((first, third))
    middle = min(max(second, one), other)
    there, half, rest = (
        conversion_factor(series, a, b) for a, b in ((one, other), (one, middle), (middle, other))
    )
    if half is None or rest is None:
        assert there is None
    else:
        assert there == half * rest
        assert conversion_factor(series, other, one) * there == pytest.approx(1)


@pytest.fixture
def posts(db):
    make_form()
    indicator = Indicator.objects.get(code="C01")
    ensure_first_version(indicator=indicator)
    return indicator


def thousands(indicator, from_year=2026, **changes):
    arguments = {
        "conversion": Decimal("0.001"), "note": "Собирается в тысячах.", "by": None,
        "unit": "тыс. ед.", "unit_en": "thousand",
    } | changes  # fmt: skip
    return add_version(indicator=indicator, from_year=from_year, **arguments)


def test_new_version_gives_new_texts_and_keeps_the_old(posts):
    added = thousands(posts)
    posts.refresh_from_db()
    assert (added.number, added.from_year, added.unit, posts.unit) == (
        2,
        2026,
        "тыс. ед.",
        "тыс. ед.",
    )
    assert posts.version_for(2025).unit == "ед."
    assert posts.version_for(2026).unit == "тыс. ед."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"unit": "ед.", "unit_en": "units"}, "ничем не отличается"),
        ({"note": "  "}, "что изменилось и почему"),
        ({"conversion": Decimal(0)}, "больше нуля"),
        ({"from_year": 2000}, "с 2001 года"),
        ({"formula": "C01 /"}, "не читается|Пример|нужн|обрыв"),
        ({"unit": "ед.", "unit_en": "units", "title": "Ставки", "conversion": None},
         "Изменились только слова"),
    ],
)  # fmt: skip
def test_version_is_refused_with_the_reason(posts, changes, reason):
    with pytest.raises(ValidationError, match=reason):
        thousands(posts, **changes)
    assert posts.versions.count() == 1
    assert Indicator.objects.get(pk=posts.pk).unit == "ед."


def test_version_that_would_reinterpret_filed_data_is_refused(posts, db):
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(posts.forms.get(), year=2025)
    fill(campaign.submissions.get(), people.municipality_head(municipality), C01=10)
    with pytest.raises(ValidationError, match="За 2025 год уже есть значения.*с 2026 года"):
        thousands(posts, from_year=2025)
    assert last_filed_year(posts) == 2025
    assert thousands(posts, from_year=2026).number == 2
    assert Answer.objects.get().value == 10


def test_a_collection_that_has_begun_counts_as_filed(posts):
    people.MunicipalityFactory()
    make_campaign(posts.forms.get(), year=2025)
    with pytest.raises(ValidationError, match="с 2026 года"):
        thousands(posts, from_year=2025)


def test_unit_cannot_be_changed_without_a_version_once_filed(posts):
    assert changes_meaning(posts, {"unit"}) == ""
    people.MunicipalityFactory()
    make_campaign(posts.forms.get(), year=2025)
    assert "«единица»" in changes_meaning(posts, {"unit", "title"})
    assert changes_meaning(posts, {"title", "hint"}) == ""


def test_last_years_value_is_read_in_this_years_unit(posts):
    municipality = people.MunicipalityFactory()
    head = people.municipality_head(municipality)
    form = posts.forms.get()
    first = make_campaign(form, year=2024)
    fill(first.submissions.get(), head, C01=500, C02=4, C04=1)
    first.submissions.update(
        state="approved", submitted_at="2025-03-01T00:00Z", submitted_by=head,
        decided_at="2025-03-02T00:00Z", decided_by=head,
    )  # fmt: skip
    close_campaign(campaign=first, by=None)
    thousands(posts, from_year=2025)
    second = make_campaign(form, year=2025)
    cell = get_filled_form(second.submissions.get()).cells["C01"]
    assert cell.previous == Decimal("0.5")


def test_code_and_values_outlive_retiring_and_renaming(posts):
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(posts.forms.get(), year=2025)
    fill(campaign.submissions.get(), people.municipality_head(municipality), C01=10)
    retire_indicator(indicator=posts, by=None)
    Indicator.objects.filter(pk=posts.pk).update(title="Другое название")
    answer = Answer.objects.select_related("indicator").get()
    assert (answer.value, answer.indicator.code, answer.indicator.is_retired) == (10, "C01", True)
    assert not Indicator.objects.in_force().filter(code="C01").exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Indicator.objects.create(code="C01", section=posts.section, aggregation="sum")


def test_answered_option_cannot_leave_the_list(posts):
    choice = Indicator.objects.get(code="C04")
    Indicator.objects.filter(pk=choice.pk).update(
        value_type="choice", choices=[[1, "один"], [2, "два"], [3, "три"]]
    )
    choice.refresh_from_db()
    municipality = people.MunicipalityFactory()
    campaign = make_campaign(posts.forms.get(), year=2025)
    fill(campaign.submissions.get(), people.municipality_head(municipality), C04=2)
    assert missing_choices(choice, [[1, "один"], [3, "три"]]) == [2]
    assert missing_choices(choice, [[2, "два"]]) == []
    choice.retired_choices = [2]
    assert choice.offered_choices == [[1, "один"], [3, "три"]]


# --- law ------------------------------------------------------------------------------------------


def test_powers_differ_before_and_after_2027(posts):
    posts.applicable_kinds = ["urban_okrug", "rural_settlement"]
    posts.save()
    LegalBasis.objects.create(indicator=posts, act="131-ФЗ", valid_to=date(2027, 1, 1))
    LegalBasis.objects.create(
        indicator=posts, act="33-ФЗ", valid_from=date(2027, 1, 1), kinds=["urban_okrug"]
    )
    assert posts.applies_to("rural_settlement")
    assert posts.applies_to("rural_settlement", 2026)
    assert not posts.applies_to("rural_settlement", 2027)
    assert posts.applies_to("urban_okrug", 2027)
    assert not posts.applies_to("municipal_okrug", 2026)
    assert posts.kinds_in(2026) == ["urban_okrug", "rural_settlement"]
    assert posts.kinds_in(2027) == ["urban_okrug"]


def test_a_campaign_asks_only_what_the_law_of_its_year_gives(posts):
    LegalBasis.objects.create(
        indicator=posts, act="131-ФЗ", valid_to=date(2025, 1, 1), kinds=["municipal_okrug"]
    )
    municipality = people.MunicipalityFactory(kind="municipal_okrug")
    old = make_campaign(posts.forms.get(), year=2024)
    assert old.submissions.get().required == 3
    close_campaign(campaign=old, by=None)
    new = make_campaign(posts.forms.get(), year=2025).submissions.get(municipality=municipality)
    assert new.required == 2
    assert "C01" not in get_filled_form(new).cells


# --- forms ----------------------------------------------------------------------------------------


def test_clone_has_the_fields_and_rules_and_shows_no_difference(posts):
    form = posts.forms.get()
    people.MunicipalityFactory()
    make_campaign(form)
    form.refresh_from_db()
    clone = clone_form(form=form, by=None, notes="На следующий год")
    assert (clone.family, clone.version, clone.is_locked) == (form.family, 2, False)
    assert clone.fields.count() == form.fields.count() == 4
    assert set(clone.control_rules.values_list("code", flat=True)) == {"K1", "K2"}
    assert diff_forms(form, clone).is_empty


def test_only_one_version_is_open_to_changes(posts):
    with pytest.raises(ValidationError, match="Версия 1 этой формы ещё не закрыта"):
        clone_form(form=posts.forms.get(), by=None)


def next_version(posts):
    form = posts.forms.get()
    people.MunicipalityFactory()
    close_campaign(campaign=make_campaign(form), by=None)
    form.refresh_from_db()
    return form, clone_form(form=form, by=None)


def test_diff_names_what_was_added_removed_and_changed(posts):
    form, clone = next_version(posts)
    extra = Indicator.objects.create(
        code="C09", section=posts.section, title="Новый", title_en="New", definition="О.",
        unit="ед.", unit_en="units", value_type="integer", aggregation="sum", source="у", owner="о",
    )  # fmt: skip
    FormField.objects.create(form=clone, indicator=extra)
    clone.fields.filter(indicator__code="C02").update(is_required=False)
    clone.fields.filter(indicator__code="C04").delete()
    clone.control_rules.filter(code="K1").update(severity="explain")
    clone.control_rules.filter(code="K2").delete()
    diff = diff_forms(form, clone)
    assert [item.indicator.code for item in diff.added] == ["C09"]
    assert [item.indicator.code for item in diff.removed] == ["C04"]
    assert [(item.code, item.parts) for item in diff.changed] == [
        ("C02", [("обязательный", "да", "нет")])
    ]
    assert [rule.code for rule in diff.rules_removed] == ["K2"]
    assert diff.rules_changed[0].parts == [("важность", "нельзя отправить", "нужно пояснение")]


def test_dropped_field_needs_to_say_where_its_answers_go(posts):
    _form, clone = next_version(posts)
    trained = Indicator.objects.get(code="C04")
    clone.fields.filter(indicator=trained).delete()
    later = make_campaign(clone, year=2026, opened=False)
    with pytest.raises(ValidationError, match="больше не спрашивает.*показатель: C04"):
        open_campaign(campaign=later, by=None, announce=False)
    assert Campaign.objects.get(pk=later.pk).state == "draft"
    move = FieldMove.objects.create(form=clone, source=trained, target=None, note="Не нужен")
    check_form_version(clone)
    share = Indicator.objects.create(
        code="C09", section=posts.section, title="Новый", title_en="New", definition="О.",
        unit="ед.", unit_en="units", value_type="integer", aggregation="sum", source="у", owner="о",
    )  # fmt: skip
    move.target = share
    move.save()
    with pytest.raises(ValidationError, match="которых в форме нет: C09"):
        check_form_version(clone)


def test_answers_of_a_replaced_indicator_go_on_with_the_factor(posts):
    form = posts.forms.get()
    municipality = people.MunicipalityFactory()
    head = people.municipality_head(municipality)
    first = make_campaign(form, year=2024)
    fill(first.submissions.get(), head, C01=12, C02=4, C04=6)
    first.submissions.update(
        state="approved", submitted_at="2025-03-01T00:00Z", submitted_by=head,
        decided_at="2025-03-02T00:00Z", decided_by=head,
    )  # fmt: skip
    close_campaign(campaign=first, by=None)
    form.refresh_from_db()
    clone = clone_form(form=form, by=None)
    old = Indicator.objects.get(code="C04")
    new = Indicator.objects.create(
        code="C09", section=posts.section, title="Часы обучения", title_en="Hours",
        definition="О.", unit="час", unit_en="hours", value_type="decimal", decimals=1,
        aggregation="sum", source="у", owner="о",
    )  # fmt: skip
    clone.fields.filter(indicator=old).delete()
    FormField.objects.create(form=clone, indicator=new)
    FieldMove.objects.create(form=clone, source=old, target=new, factor=Decimal("72"))
    ControlRule.objects.filter(form=clone, code="K2").delete()
    second = make_campaign(clone, year=2025)
    cells = get_filled_form(second.submissions.get()).cells
    assert "C04" not in cells
    assert cells["C09"].previous == 432
    assert Answer.objects.get(indicator=old).value == 6
