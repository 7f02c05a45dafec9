"""Readers and checks on generated input: nothing breaks, nothing is lost, nothing is invented."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annual_report.observations import checks, cleaning, mapping, readers, resolving
from okmo_portal.core.text import parse_number_ru

REFERENCE = resolving.Reference(
    territories=pl.DataFrame(
        [("oktmo", f"0160{n}000", 2000, 2200, 0, n) for n in range(1, 6)],
        schema={"system": pl.String, "code": pl.String, "first_year": pl.Int32,
                "last_year": pl.Int32, "rank": pl.Int32, "municipality_id": pl.Int64},
        orient="row",
    ),
    indicators=pl.DataFrame(
        [("C01", 1, False, 0.0, 1e12, "руб.", False, True), ("C04", 4, True, None, None, "ед.", False, True)],
        schema={"indicator": pl.String, "id": pl.Int64, "is_whole": pl.Boolean, "least": pl.Float64,
                "most": pl.Float64, "unit": pl.String, "is_choice": pl.Boolean,
                "can_switch": pl.Boolean},
        orient="row",
    ),
    choices=pl.DataFrame(schema={"id": pl.Int64, "value": cleaning.VALUE}),
    scales=pl.DataFrame(schema={"indicator_id": pl.Int64, "year": pl.Int32, "segment": pl.Int32,
                                "factor": pl.Float64}),
    last_year=2026,
)  # fmt: skip
NOTHING = pl.DataFrame(
    schema={"indicator_id": pl.Int64, "year": pl.Int32, "municipality_id": pl.Int64,
            "value": cleaning.VALUE}
)  # fmt: skip


def assess(path, **options):
    """The whole way of a file in the long form, without the database."""
    table = readers.read(path)
    spec = mapping.long_form(table.headers, **options)
    found = resolving.resolve(resolving.extract(table, spec), spec, REFERENCE)
    return checks.assess(checks.read_and_scale(found, spec), spec, REFERENCE, NOTHING)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("observations") / "file.csv"


@settings(max_examples=150)
@given(st.binary(max_size=300))
@example(b"PAR1" + b"\0" * 20)
@example(b'a;"b\nc;d;e\n"f;g\n')
@example(b"\xff\xfea\x00")
@example(b"a,b\r\r\n1,2\r")
def test_any_bytes_are_a_table_or_are_refused(path, content):
    path.write_bytes(content)
    try:
        table = readers.read(path)
    except readers.ReadError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.endswith(".")
        return
    assert set(table.frame.columns) == {
        *(f"c{n}" for n in range(len(table.headers))), readers.LINE, readers.RAGGED,
    }  # fmt: skip
    assert table.frame[readers.LINE].is_unique().all()


CELL = st.one_of(
    st.sampled_from([
        "01601000", "1602000", "01603000000", "01604000.0", "01000000", "C01", "c04", "2023",
        "2024 год", "1", "1,5", "1000", "1 000 000", "", "NaN", "-", "…", '"', "=1", "1e5", "01.02.2023",
    ]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
)  # fmt: skip
LINES = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["01601000", "1602000", "01603000000", "01604000.0", ""]),
            st.sampled_from(["C01", "C04"]),
            st.sampled_from(["2022", "2023", "2024"]),
            st.sampled_from(["1", "1,0", "1000", "2", "", "х", "7.5", "1100"]),
        ),
        st.lists(CELL, min_size=1, max_size=6),
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(lines=LINES, repairs=st.sets(st.sampled_from(sorted(mapping.REPAIRS))),
       skip=st.sets(st.sampled_from(sorted(mapping.SKIPS))))  # fmt: skip
def test_every_value_is_accounted_for_once(path, lines, repairs, skip):
    text = "oktmo;indicator;period;value\n" + "".join(";".join(cells) + "\n" for cells in lines)
    path.write_text(text, encoding="utf-8", errors="replace")
    result = assess(path, repairs=sorted(repairs), skip=sorted(skip))
    counted = (
        result.accepted.height + result.rejected.height + result.folded + result.duplicates
        + result.left_out
    )  # fmt: skip
    assert counted == result.read
    assert not result.accepted.select(checks.KEY).is_duplicated().any()
    assert sum(result.refused_by().values()) == result.rejected.height
    assert result.accepted["value"].null_count() == 0


PLAIN = st.decimals(min_value=-(10**15), max_value=10**15, places=6, allow_nan=False)


@settings(max_examples=200)
@given(
    st.one_of(
        PLAIN.map(lambda number: f"{number:f}"),
        st.text(alphabet="0123456789.,- \u00a0−+eE%", max_size=12),
    )
)
@example("1,234")
@example("1 234,5")
@example("−5")
def test_numbers_are_read_as_the_forms_read_them_or_are_refused(text):
    """The import refuses more (1,234 is nobody's guess), and never reads another number."""
    frame = pl.DataFrame({"raw": [text], "why": [0]}, schema={"raw": pl.String, "why": pl.UInt8})
    read = cleaning.read_values(frame, mapping.Spec(territory="", values=()))
    if read["why"][0]:
        return
    assert read["value"][0] == round(parse_number_ru(text), 6)


@given(PLAIN, st.sampled_from(["1000", "0.001", "1"]))
def test_multipliers_lose_nothing(value, multiplier):
    frame = pl.DataFrame(
        {"value": [value], "why": [0], "year": [2023]},
        schema={"value": cleaning.VALUE, "why": pl.UInt8, "year": pl.Int32},
    )
    spec = mapping.Spec(territory="", values=(), multiplier=Decimal(multiplier))
    scaled = cleaning.scale_values(frame, spec)
    exact = value * Decimal(multiplier)
    if abs(exact) < cleaning.LARGEST:
        assert abs(scaled["value"][0] - exact) <= Decimal("0.0000005")
    else:
        assert scaled["why"][0] > 0


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["a", "b"]], ["a", "b"]),
        ([["Доходы", "", "Код"], ["2022", "2023", ""]], ["Доходы / 2022", "Доходы / 2023", "Код"]),
        ([["x", "x", ""]], ["x", "x (2)", ""]),
        ([[" a\n b "]], ["a b"]),
        ([["a"], ["a"]], ["a"]),
        ([["a"], ["", "b"]], ["a", "a / b"]),
    ],
)
def test_header_rows_are_joined(rows, names):
    assert readers.join_header(rows) == names


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"x": 1}, {}, "неизвестная часть «x»"),
        ([], {}, "должна быть объектом"),
        ({"territory": "a"}, {}, "должна быть объектом"),
        ({}, {"repairs": ["magic"]}, "исправление — одно из"),
        ({}, {"decimal": ";"}, "десятичный знак — «,», «.» или пусто"),
        ({}, {"multiplier": "0"}, "множитель — число больше нуля"),
        ({}, {"multiplier": "NaN"}, "множитель — число больше нуля"),
        ({"period": {"year": 12}}, {}, "год — от 1990 до 2100"),
        ({"period": {"shift": "x"}}, {}, "сдвиг года — целое число"),
        ({"values": {"column": "a"}}, {}, "ожидается список"),
        ({}, {"filters": [{"column": "a"}]}, "нужны столбец и список его значений"),
        ({"territory": {"column": "a"}, "values": [{"column": "a", "indicator": "A", "year": 2020}]},
         {}, "указан дважды"),
        ({"territory": {"column": "a"}, "unit": {"column": "u"},
          "values": [{"column": "b", "indicator": "A", "year": 2020}]}, {}, "перечислите единицы"),
        ({"territory": {"column": "a"}, "values": [{"column": "b", "indicator": "A", "year": 2020}]},
         {"decimal": ",", "thousands": ","}, "не могут совпадать"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_says_where(columns, options, message):
    with pytest.raises(mapping.MappingError, match=message):
        mapping.parse(columns, options)
