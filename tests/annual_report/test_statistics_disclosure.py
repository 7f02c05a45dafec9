"""What is withheld before publication: small cells and their complements, personal data."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annual_report.statistics.disclosure import (
    COMPLEMENT,
    FEW,
    MIN_CELL,
    find_personal,
    mask,
    scan,
    suppress,
)


def test_small_cell_and_the_smallest_that_guards_it():
    counts = {"Россия": 100, "a": 2, "b": 50, "c": 8, "d": 40}
    assert suppress(counts, [("Россия", ["a", "b", "c", "d"])]) == {"a": FEW, "c": COMPLEMENT}


def test_two_small_cells_need_a_third_when_together_they_are_few():
    counts = {"Россия": 62, "a": 1, "b": 1, "c": 20, "d": 40}
    found = suppress(counts, [("Россия", ["a", "b", "c", "d"])])
    assert found == {"a": FEW, "b": FEW, "c": COMPLEMENT}


def test_cell_hidden_for_another_reason_guards_too():
    counts = {"Россия": 100, "a": 2, "b": 50, "c": 48}
    assert suppress(counts, [("Россия", ["a", "b", "c"])], hidden=["b"]) == {"a": FEW}


def test_empty_cells_guard_nothing():
    counts = {"Россия": 52, "a": 2, "b": 50, "c": 0}
    assert suppress(counts, [("Россия", ["a", "b", "c"])]) == {"a": FEW, "b": COMPLEMENT}


def test_total_goes_when_it_has_only_the_small_part():
    counts = {"Россия": 30, "ЦФО": 2, "40": 2, "СФО": 14, "ПФО": 14}
    tables = [("Россия", ["ЦФО", "СФО", "ПФО"]), ("ЦФО", ["40"])]
    assert suppress(counts, tables) == {"ЦФО": FEW, "40": FEW, "ПФО": COMPLEMENT}


def test_withheld_region_does_not_come_back_through_its_district():
    counts = {"Россия": 60, "ЦФО": 20, "СФО": 40, "40": 2, "71": 18, "54": 40}
    tables = [("Россия", ["ЦФО", "СФО"]), ("ЦФО", ["40", "71"]), ("СФО", ["54"])]
    assert suppress(counts, tables) == {"40": FEW, "71": COMPLEMENT}


def test_nothing_is_withheld_without_small_cells():
    counts = {"Россия": 6, "a": 3, "b": 3}
    assert suppress(counts, [("Россия", ["a", "b"])]) == {}


@settings(max_examples=150)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_no_withheld_cell_can_be_subtracted(sizes):
    parts = [f"p{number}" for number in range(len(sizes))]
    counts = dict(zip(parts, sizes, strict=True)) | {"all": sum(sizes)}
    found = suppress(counts, [("all", parts)])
    assert all(key in found for key in parts if 0 < counts[key] < MIN_CELL)
    closed = [key for key in parts if key in found and counts[key]]
    if closed and "all" not in found:
        assert len(closed) >= 2
        assert sum(counts[key] for key in closed) >= MIN_CELL
    if closed == [] and counts["all"] >= MIN_CELL:
        assert "all" not in found


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Звоните: 8 (48439) 2-15-30 до обеда", "phone", "8 (48439) 2-15-30"),
        ("моб. +7 910 123-45-67", "phone", "+7 910 123-45-67"),
        ("тел. 2-15-30", "phone", "тел. 2-15-30"),
        ("пишите на glava@selo.example!", "email", "glava@selo.example"),
        ("СНИЛС 112-233-445 95", "snils", "112-233-445 95"),
        ("паспорт 29 10 № 123456", "passport", "паспорт 29 10 № 123456"),
        ("глава Примеров Пример Примерович", "name", "Примеров Пример Примерович"),
        ("решение Примеровой П. П. отменено", "name", "Примеровой П. П."),
        ("исполнитель П.П. Примеров", "name", "П.П. Примеров"),
        ("со слов Ивана Примерова", "name", "Ивана Примерова"),
        ("Примерова Анна сообщила", "name", "Примерова Анна"),
        ("Пример Ильич просил", "name", "Пример Ильич"),
    ],
)
def test_personal_data_are_found(text, kind, words):
    (found,) = find_personal(text)
    assert (found.kind, found.text) == (kind, words)
    assert text[found.start : found.end] == words


@pytest.mark.parametrize(
    "text",
    [
        "Дороги не ремонтировались с 2019 года, нужно 12 345 678,90 руб.",
        "Код ОКТМО 29701000, счёт 40204810000000000001.",
        "Школа имени А. С. Пушкина закрыта на ремонт.",
        "Ремонт улицы Ивана Примерова перенесён.",
        "Указ Президента РФ от 28.04.2008 № 607, п. 5 ст. 16.1.",
        "Город Углич, Калужская область, Нижний Новгород.",
        "Доходы выросли с 80 000 до 8 500 000 рублей.",
        "",
    ],
)
def test_ordinary_texts_are_left_alone(text):
    assert find_personal(text) == []


def test_place_comes_back_with_what_was_found():
    found = scan([(("29701000", "J01"), "ok"), (("29702000", "J02"), "тел. 8 910 123 45 67")])
    assert [(place, item.kind) for place, item in found] == [(("29702000", "J02"), "phone")]
    assert str(found[0][1]) == "телефон: «тел. 8 910 123 45 67» (знаки 1–20)"


def test_masked_text_says_what_was_there():
    text = "Глава Примеров П. П., тел. 8 910 123 45 67, просит помочь."
    assert mask(text) == "Глава [скрыто: имя человека], [скрыто: телефон], просит помочь."


@given(st.text(max_size=200))
def test_any_text_is_scanned_and_masked_once(text):
    found = find_personal(text)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert all(text[item.start : item.end] == item.text for item in found)
    if not found:
        assert mask(text) == text
