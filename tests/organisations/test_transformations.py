"""Recording transformations: old rows stay as they were, settlements follow, wrong entries go."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from okmo_portal.audit.models import AuditEvent
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.models import Municipality, MunicipalityChange
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    end_due_municipalities,
    record_transformation,
    undo_transformation,
)
from tests.factories import people

pytestmark = pytest.mark.django_db

DAY = date(2024, 1, 1)
LAW = "Закон Калужской области от 27.10.2023 № 412-ОЗ"


def first_level(number, name=None, kind=Kind.MUNICIPAL_DISTRICT, **fields):
    digit = {Kind.MUNICIPAL_OKRUG: 5, Kind.MUNICIPAL_DISTRICT: 6, Kind.URBAN_OKRUG: 7}[kind]
    fields.setdefault("name", name or f"Район {number}")
    return people.MunicipalityFactory(oktmo=f"29{digit}{number:02d}000", kind=kind, **fields)


def settlement(district, number, kind=Kind.RURAL_SETTLEMENT, **fields):
    return people.MunicipalityFactory(
        oktmo=f"{district.oktmo[:5]}4{number:02d}",
        kind=kind,
        parent=district,
        name=f"Сельское поселение {number}",
        **fields,
    )


def new(oktmo="29531000", name="Новый муниципальный округ", kind=Kind.MUNICIPAL_OKRUG, **fields):
    return NewMunicipality(oktmo=oktmo, name=name, kind=kind, **fields)


def transform(kind, predecessors, successors, day=DAY, law=LAW, by=None):
    return record_transformation(
        kind=kind, date=day, law=law, predecessors=predecessors, successors=successors, by=by
    )


def state(row):
    row.refresh_from_db()
    return (row.oktmo, row.name, row.kind, row.valid_from, row.valid_to, row.status)


def messages(error):
    return " ".join(error.value.messages)


# --- what is recorded --------------------------------------------------------------------------------


def test_merge_ends_both_and_begins_the_new_one():
    one, two = first_level(31), first_level(32)
    staff = people.congress_staff()
    before = [state(one)[:3], state(two)[:3]]

    change = transform("merge", [one, two], [new()], by=staff)

    heir = change.successors.get()
    assert state(heir) == (
        "29531000", "Новый муниципальный округ", "municipal_okrug", DAY, None, "active",
    )  # fmt: skip
    assert (heir.check_digit, heir.region) == ("8", one.region)
    assert [state(one)[:3], state(two)[:3]] == before
    assert state(one)[3:] == (None, DAY, "abolished")
    assert state(two)[3:] == (None, DAY, "abolished")
    assert set(change.predecessors.all()) == {one, two}
    assert change.recorded_by == staff
    event = AuditEvent.objects.get(action="organisations.transformation_recorded")
    assert event.data == {"predecessors": [one.oktmo, two.oktmo], "successors": ["29531000"]}


def test_join_leaves_the_absorbing_one_as_it_was():
    okrug, joined = first_level(33, kind=Kind.URBAN_OKRUG), first_level(34)
    before = state(okrug)
    transform("join", [joined], [okrug])
    assert state(okrug) == before
    assert state(joined)[4:] == (DAY, "abolished")


def test_join_may_begin_a_new_row_for_the_absorbing_one():
    okrug, joined = first_level(33, kind=Kind.URBAN_OKRUG), first_level(34)
    heir = NewMunicipality(okrug.oktmo, "Большой городской округ", Kind.URBAN_OKRUG)
    change = transform("join", [okrug, joined], [heir])
    assert Municipality.objects.get(oktmo=okrug.oktmo, valid_to=None) == change.successors.get()
    assert state(okrug)[1:] == ("Район 33", "urban_okrug", None, DAY, "abolished")


def test_split_begins_a_row_for_each_part():
    whole = first_level(35, kind=Kind.URBAN_OKRUG)
    parts = [
        NewMunicipality(whole.oktmo, whole.name, Kind.URBAN_OKRUG),
        NewMunicipality("29736000", "Приморский городской округ", Kind.URBAN_OKRUG),
    ]
    change = transform("split", [whole], parts)
    assert [row.oktmo for row in change.successors.order_by("oktmo")] == ["29735000", "29736000"]
    assert whole not in change.successors.all()


def test_rename_and_change_of_kind_keep_the_name_and_kind_of_the_old_years():
    district = first_level(37, "Ивановский муниципальный район")
    renamed = transform(
        "rename", [district], [NewMunicipality(district.oktmo, "Петровский район", district.kind)]
    ).successors.get()
    okrug = transform(
        "kind", [renamed], [new("29537000", "Петровский округ")], day=date(2025, 1, 1)
    ).successors.get()

    seen = {
        year: Municipality.objects.on(date(year, 6, 1)).get(region=district.region)
        for year in (2023, 2024, 2025)
    }
    assert {year: (row.name, row.kind) for year, row in seen.items()} == {
        2023: ("Ивановский муниципальный район", "municipal_district"),
        2024: ("Петровский район", "municipal_district"),
        2025: ("Петровский округ", "municipal_okrug"),
    }
    assert okrug.region == district.region


def test_abolition_has_no_successor():
    row = first_level(38)
    change = transform("abolition", [row], [])
    assert not change.successors.exists()
    assert state(row)[4:] == (DAY, "abolished")


def test_change_entered_ahead_ends_nothing_before_its_day():
    row = first_level(39)
    tomorrow = timezone.localdate() + timedelta(days=1)
    transform("kind", [row], [new("29539000")], day=tomorrow)

    assert state(row)[4:] == (tomorrow, "active")
    assert list(Municipality.objects.current()) == [row]
    assert end_due_municipalities() == 0
    Municipality.objects.filter(pk=row.pk).update(valid_to=timezone.localdate())
    assert end_due_municipalities() == 1
    assert state(row)[5] == "abolished"


# --- settlements -------------------------------------------------------------------------------------


def test_settlements_join_the_okrug_that_their_district_became():
    district = first_level(41)
    settlements = [settlement(district, number) for number in (1, 2)]
    change = transform("kind", [district], [new("29541000")])

    part = change.parts.get()
    assert (part.kind, part.date, part.law) == ("join", DAY, LAW)
    assert list(part.predecessors.order_by("oktmo")) == settlements
    assert part.successors.get() == change.successors.get()
    assert [state(row)[4:] for row in settlements] == [(DAY, "abolished")] * 2
    # Under which district they were stays.
    assert {row.parent for row in settlements} == {district}


def test_settlements_pass_to_the_renamed_district():
    district = first_level(42)
    child = settlement(district, 1)
    heir = transform(
        "rename", [district], [NewMunicipality(district.oktmo, "Другой район", district.kind)]
    ).successors.get()
    child.refresh_from_db()
    assert (child.parent, child.valid_to) == (heir, None)


def test_settlements_of_a_split_district_go_where_they_are_told():
    district = first_level(43)
    first, second = settlement(district, 1), settlement(district, 2)
    north = NewMunicipality("29643000", "Северный район", Kind.MUNICIPAL_DISTRICT)
    south = NewMunicipality("29644000", "Южный район", Kind.MUNICIPAL_DISTRICT)
    both = transform(
        "split",
        [district],
        [north, NewMunicipality(**{**vars(south), "children": (second.oktmo,)})],
    ).successors
    for child in (first, second):
        child.refresh_from_db()
    # The first keeps its prefix, which is the north's.
    assert first.parent == both.get(oktmo="29643000")
    assert second.parent == both.get(oktmo="29644000")


def test_settlements_without_a_clear_heir_are_asked_for():
    district = first_level(45)
    child = settlement(district, 1)
    parts = [
        NewMunicipality("29646000", "Северный район", Kind.MUNICIPAL_DISTRICT),
        NewMunicipality("29647000", "Южный район", Kind.MUNICIPAL_DISTRICT),
    ]
    with pytest.raises(ValidationError) as error:
        transform("split", [district], parts)
    assert f"{child.name} ({child.oktmo})" in messages(error)
    assert state(district)[4:] == (None, "active")
    assert MunicipalityChange.objects.count() == 0


def test_settlement_of_another_district_cannot_be_named():
    district, other = first_level(45), first_level(48)
    foreign = settlement(other, 1)
    part = NewMunicipality("29549000", "Округ", Kind.MUNICIPAL_OKRUG, children=(foreign.oktmo,))
    settlement(district, 1)
    with pytest.raises(ValidationError, match="нет в составе"):
        transform("kind", [district], [part])


# --- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "old", "heirs", "words"),
    [
        ("merge", 1, 1, "не меньше двух предшественников"),
        ("merge", 2, 2, "один преемник"),
        ("split", 1, 1, "не меньше двух преемников"),
        ("split", 2, 2, "один предшественник"),
        ("transfer", 2, 3, "столько же преемников"),
        ("rename", 2, 1, "один предшественник"),
        ("abolition", 1, 1, "преемников нет"),
        ("join", 1, 0, "к кому"),
    ],
)
def test_wrong_number_of_sides_is_refused(kind, old, heirs, words):
    rows = [first_level(50 + number) for number in range(old)]
    parts = [new(f"295{60 + number}000", f"Округ {number}") for number in range(heirs)]
    with pytest.raises(ValidationError) as error:
        transform(kind, rows, parts)
    assert words in messages(error)
    assert MunicipalityChange.objects.count() == 0
    assert [state(row)[4:] for row in rows] == [(None, "active")] * old


@pytest.mark.parametrize(
    ("kind", "code", "name", "heir_kind", "words"),
    [
        ("rename", "29655000", "Район", Kind.MUNICIPAL_DISTRICT, "название преемника то же"),
        ("rename", "29555000", "Округ", Kind.MUNICIPAL_OKRUG, "выберите «изменение вида»"),
        ("kind", "29655000", "Район 2", Kind.MUNICIPAL_DISTRICT, "вид преемника тот же"),
        ("code", "29655000", "Район", Kind.MUNICIPAL_DISTRICT, "код преемника тот же"),
        ("code", "29656000", "Иной", Kind.MUNICIPAL_DISTRICT, "выберите «переименование»"),
        ("join", "29555000", "Округ", Kind.MUNICIPAL_OKRUG, "среди предшественников должен быть"),
    ],
)
def test_kind_that_does_not_fit_the_rows_is_refused(kind, code, name, heir_kind, words):
    row = first_level(55, "Район")
    with pytest.raises(ValidationError) as error:
        transform(kind, [row], [NewMunicipality(code, name, heir_kind)])
    assert words in messages(error)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (new("2953100"), "нужны восемь цифр"),
        (new("29531401"), "не подходят друг другу"),
        (new("29000000"), "третья цифра"),
        (new("29631401", kind=Kind.RURAL_SETTLEMENT), "укажите, в состав чего"),
        (new("02631000"), "ни к одному субъекту РФ"),
        (new("29531000", name=" "), "нет названия"),
        (new("29670000", kind=Kind.MUNICIPAL_DISTRICT), "занят: Живой район"),
    ],
)
def test_successor_with_an_impossible_code_is_refused(part, words):
    first_level(70, "Живой район")
    with pytest.raises(ValidationError) as error:
        transform("merge", [first_level(56), first_level(57)], [part])
    assert words in messages(error)
    assert not Municipality.objects.filter(name="Новый муниципальный округ").exists()


def test_predecessor_that_is_gone_or_transformed_already_is_refused():
    row = first_level(58)
    transform("kind", [row], [new("29558000")])
    with pytest.raises(ValidationError, match=r"уже преобразовано 01\.01\.2024"):
        transform("kind", [row], [new("29559000")])
    gone = first_level(60, valid_to=date(2022, 1, 1), status="abolished")
    with pytest.raises(ValidationError, match=r"прекращено 01\.01\.2022"):
        transform("kind", [gone], [new("29560000")])
    young = first_level(61, valid_from=date(2025, 1, 1))
    with pytest.raises(ValidationError, match="ещё не было"):
        transform("kind", [young], [new("29561000")])


def test_municipality_cannot_be_its_own_successor():
    row, other = first_level(62), first_level(63)
    with pytest.raises(ValidationError, match="записывается заново"):
        transform("join", [row, other], [row])


def test_law_and_a_sane_date_are_needed():
    row = first_level(64)
    with pytest.raises(ValidationError) as error:
        transform("kind", [row], [new("29564000")], day=date(1024, 1, 1), law="  ")
    assert set(error.value.message_dict) == {"law", "date"}
    with pytest.raises(ValidationError, match="проверьте год"):
        transform("kind", [row], [new("29564000")], day=timezone.localdate() + timedelta(days=999))


# --- undoing -----------------------------------------------------------------------------------------


def test_undone_entry_leaves_everything_as_it_was():
    district = first_level(71)
    settlements = [settlement(district, number) for number in (1, 2)]
    rows = [district, *settlements]
    before = [state(row) for row in rows]
    change = transform("kind", [district], [new("29571000")])

    undo_transformation(change=change, by=None, reason="Не тот район")

    assert [state(row) for row in rows] == before
    assert not Municipality.objects.filter(oktmo="29571000").exists()
    assert MunicipalityChange.objects.count() == 0
    event = AuditEvent.objects.get(action="organisations.transformation_undone")
    assert event.data["reason"] == "Не тот район"
    assert event.data["rows"][0]["law"] == LAW


def test_undone_rename_gives_the_settlements_back():
    district = first_level(72)
    child = settlement(district, 1)
    change = transform(
        "rename", [district], [NewMunicipality(district.oktmo, "Другой", district.kind)]
    )
    undo_transformation(change=change, by=None, reason="Опечатка")
    child.refresh_from_db()
    assert child.parent == district
    assert state(district)[1:] == ("Район 72", "municipal_district", None, None, "active")


def test_entry_on_which_something_stands_cannot_be_undone():
    change = transform("kind", [first_level(73)], [new("29573000")])
    heir = change.successors.get()
    people.organisation("municipality_body", municipality=heir)
    with pytest.raises(ValidationError) as error:
        undo_transformation(change=change, by=None, reason="Ошибка")
    assert "организации: 1" in messages(error)
    assert state(heir)[4:] == (None, "active")


def test_entry_with_a_later_one_cannot_be_undone():
    change = transform("kind", [first_level(74)], [new("29574000")])
    later = transform(
        "rename",
        [change.successors.get()],
        [new("29574000", "Иной округ")],
        day=date(2025, 1, 1),
    )
    with pytest.raises(ValidationError, match="преобразован дальше"):
        undo_transformation(change=change, by=None, reason="Ошибка")
    undo_transformation(change=later, by=None, reason="Ошибка")
    undo_transformation(change=change, by=None, reason="Ошибка")
    assert MunicipalityChange.objects.count() == 0


def test_part_of_an_entry_is_undone_with_the_whole_and_a_reason_is_needed():
    district = first_level(75)
    settlement(district, 1)
    change = transform("kind", [district], [new("29575000")])
    with pytest.raises(ValidationError, match="отмените его целиком"):
        undo_transformation(change=change.parts.get(), by=None, reason="Ошибка")
    with pytest.raises(ValidationError, match="почему"):
        undo_transformation(change=change, by=None, reason=" ")
