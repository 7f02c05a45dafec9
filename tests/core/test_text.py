from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okmo_portal.core import text

FORMS = "дом,дома,домов"


@pytest.mark.parametrize(
    ("number", "word"),
    [(0, "домов"), (1, "дом"), (2, "дома"), (5, "домов"), (11, "домов"), (14, "домов"),
     (21, "дом"), (22, "дома"), (111, "домов"), (121, "дом"), (-1, "дом"), (1.5, "дома")],
)  # fmt: skip
def test_plural_follows_russian_rules(number, word):
    assert text.plural(number, FORMS) == word


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_parse_number_reads_back_what_format_number_wrote(number):
    assert text.parse_number_ru(text.format_number(number)) == number


@pytest.mark.parametrize(
    "typed", ["1 234,5", "1\u00a0234,5", "1\u202f234.5", " 1234,50 ", "+1234,5"]
)
def test_parse_number_accepts_what_people_type(typed):
    assert text.parse_number_ru(typed) == Decimal("1234.5")


@pytest.mark.parametrize("typed", ["", "12%", "abc", "1,2,3", "1.234,5", "--1", "1e5", "9" * 30])
def test_parse_number_refuses_with_a_message(typed):
    with pytest.raises(ValueError, match="[а-я]"):
        text.parse_number_ru(typed)


def test_normalise_name_mends_the_registers_defects():
    assert (
        text.normalise_name("  Сельские\u00a0поселения   района/ ") == "Сельские поселения района"
    )


def test_initials_use_no_break_spaces():
    assert text.initials("Образцов", "Пётр", "Ильич") == "Образцов\u00a0П.\u00a0И."


def test_sort_key_treats_yo_as_ye():
    assert text.sort_key("Ёлкино") == text.sort_key("елкино")
