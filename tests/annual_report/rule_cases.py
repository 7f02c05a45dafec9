"""Generated rules with values, for the tests that set the four engines against each other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from annual_report.rules import parse_condition
from annual_report.rules.tree import MAX_YEARS_BACK, make_key
from okmo_portal.organisations.enums import MunicipalityKind

CODES = ("A01", "A02", "B03", "D04")
KINDS = tuple(MunicipalityKind.values)
OPERANDS = {
    code: code for code in CODES
} | {
    'prev("A01")': "prev:A01",
    **{f'prev("B03", {years})': f"prev{years}:B03" for years in range(2, MAX_YEARS_BACK + 1)},
    'outside("A01")': "outside:A01",
    'other("D04")': "other:D04",
    'children("A02")': make_key("children", "A02"),
}  # fmt: skip
KEYS = tuple(OPERANDS.values())

#: Numbers close to one another, so that sides meet exactly or miss by the smallest step.
NEAR = tuple(
    Decimal(text)
    for text in (
        "0", "0.001", "-0.001", "0.1", "0.2", "0.3", "0.7", "1", "-1", "1.001", "0.999", "2.675",
        "10", "11", "9.999", "100", "110", "90", "99.999", "1000", "-1000", "1000.001",
        "500000000", "500000000.001", "499999999.999", "1000000000", "1000000001",
        "1000000000000", "999999999999.999",
    )
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(NEAR),
    st.decimals(min_value=-(10**6), max_value=10**6, places=3),
    st.integers(-(10**12), 10**12).map(Decimal),
)
CONSTANTS = st.sampled_from(
    ["0", "1", "2", "3", "100", "0.1", "0.05", "1.2", "0.001", "500", "1000", "33.333"]
)


def _joined(sign):
    return lambda parts: f"({f' {sign} '.join(parts)})"


def _call(name):
    return lambda parts: f"{name}({', '.join(parts)})"


def _several(inner, least=2, most=3):
    return st.lists(inner, min_size=least, max_size=most)


NUMBERS = st.recursive(
    st.sampled_from(tuple(OPERANDS)) | CONSTANTS,
    lambda inner: st.one_of(
        *(_several(inner).map(_joined(sign)) for sign in "+-*"),
        _several(inner, 2, 2).map(_joined("/")),
        *(_several(inner).map(_call(name)) for name in ("min", "max", "sum")),
        inner.map(lambda part: f"abs({part})"),
        inner.map(lambda part: f"-{part}"),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: f"round({pair[0]}, {pair[1]})"),
    ),
    max_leaves=6,
)
COMPARED = st.tuples(
    NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS
).map(" ".join)  # fmt: skip
FILLED = st.sampled_from(tuple(OPERANDS)).map(
    lambda text: f"filled({text})" if "(" in text else f'filled("{text}")'
)
OF_KIND = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).map(
    lambda kinds: "kind_in({})".format(", ".join(f'"{kind}"' for kind in kinds))
)
CONDITIONS = st.recursive(
    COMPARED | COMPARED | COMPARED | FILLED | OF_KIND,
    lambda inner: st.one_of(
        _several(inner).map(_joined("and")),
        _several(inner).map(_joined("or")),
        inner.map(lambda part: f"(not {part})"),
        _several(inner, 2, 2).map(lambda pair: f"(({pair[0]}) == ({pair[1]}))"),
    ),
    max_leaves=4,
).filter(lambda text: len(text) <= 500)


@dataclass(frozen=True)
class Case:
    """One rule over one municipality's values."""

    text: str
    values: dict[str, Decimal | None]
    kind: str

    @property
    def tree(self):
        return parse_condition(self.text).tree


VALUE_MAPS = st.fixed_dictionaries(
    # One value in eight is missing: a rule of four operands then mostly has a verdict.
    {key: st.one_of(*[VALUES] * 7, st.none()) for key in KEYS}
)
CASES = st.builds(Case, CONDITIONS, VALUE_MAPS, st.sampled_from(KINDS))

#: Where engines would part if they could: exact equality, the smallest step, zero, signs, division
#: by what is nearly zero, numbers of twelve digits, sums that cancel, halves.
BOUNDARY = [
    Case(text, dict.fromkeys(KEYS) | {key: Decimal(value) for key, value in values.items()}, kind)
    for text, values, kind in (
        ("A01 <= A02", {"A01": "0.3", "A02": "0.3"}, KINDS[0]),
        ("A01 + A02 == B03", {"A01": "0.1", "A02": "0.2", "B03": "0.3"}, KINDS[0]),
        ("A01 + A02 < B03", {"A01": "0.1", "A02": "0.2", "B03": "0.3"}, KINDS[0]),
        ("A01 < A02", {"A01": "0.3", "A02": "0.301"}, KINDS[0]),
        ("A01 != A02", {"A01": "1000000000", "A02": "1000000000.001"}, KINDS[0]),
        ("A01 == A02", {"A01": "1000000000000", "A02": "999999999999.999"}, KINDS[0]),
        ("A01 - A02 == B03", {"A01": "1000000000000.3", "A02": "1000000000000.2", "B03": "0.1"},
         KINDS[0]),
        ("abs(A01 - A02) <= 1", {"A01": "500000000.1", "A02": "499999999.1"}, KINDS[0]),
        ("A01 * A02 == B03 * D04",
         {"A01": "123456789", "A02": "98765.432", "B03": "98765.432", "D04": "123456789"}, KINDS[0]),
        ("A01 * A02 - B03 * D04 <= 0",
         {"A01": "987654321", "A02": "0.7", "B03": "0.7", "D04": "987654321"}, KINDS[0]),
        ("1 / (A01 - A02 - B03) > 0", {"A01": "0.3", "A02": "0.1", "B03": "0.2"}, KINDS[0]),
        ("A01 / A02 >= 0", {"A01": "5", "A02": "0"}, KINDS[0]),
        ("A01 / A02 <= 0.333", {"A01": "1", "A02": "3"}, KINDS[0]),
        ("A01 / A02 <= 0.3325", {"A01": "1", "A02": "3"}, KINDS[0]),
        ("A01 / A02 != 0.667", {"A01": "2", "A02": "3"}, KINDS[0]),
        ("A01 / A02 <= 0.001", {"A01": "0.001", "A02": "1"}, KINDS[0]),
        ("filled(\"A01\") or A02 > 0", {"A02": "1"}, KINDS[0]),
        ("filled(\"A01\") or B03 > 0", {"A02": "1"}, KINDS[0]),
        ("filled(\"A01\") == filled(\"A02\")", {}, KINDS[0]),
        ("A01 > 0 or A02 > 0", {"A01": "1"}, KINDS[0]),
        ("A01 >= 0", {"A01": "0"}, KINDS[0]),
        ("A01 > 0", {"A01": "0"}, KINDS[0]),
        ("-A01 < 0", {"A01": "0.001"}, KINDS[0]),
        ("A01 < 0", {"A01": "-0.001"}, KINDS[0]),
        ("round(A01, 2) == 2.68", {"A01": "2.675"}, KINDS[0]),
        ("round(A01, 2) == -2.68", {"A01": "-2.675"}, KINDS[0]),
        ("round(A01 / A02, 1) == 0.1", {"A01": "1", "A02": "20"}, KINDS[0]),
        ("round(A01) == 1", {"A01": "0.5"}, KINDS[0]),
        ("abs(A01 - prev(\"A01\")) <= 0.1 * prev(\"A01\")", {"A01": "110", "prev:A01": "100"},
         KINDS[0]),
        ("abs(A01 - prev(\"A01\")) <= 0.1 * prev(\"A01\")", {"A01": "110.001", "prev:A01": "100"},
         KINDS[0]),
        ("A01 == children(\"A02\")", {"A01": "7", "children:A02": "7"}, KINDS[0]),
        ("abs(A01 / outside(\"A01\") - 1) <= 0.005", {"A01": "1005", "outside:A01": "1000"},
         KINDS[0]),
        ("kind_in(\"rural_settlement\") or A01 > 0", {"A01": "0"}, "rural_settlement"),
        ("not kind_in(\"rural_settlement\", \"urban_settlement\")", {}, "urban_settlement"),
        ("1 <= A01 <= 3", {"A01": "3"}, KINDS[0]),
        ("max(A01, A02, B03) - min(A01, A02, B03) <= 0.002",
         {"A01": "0.1", "A02": "0.101", "B03": "0.102"}, KINDS[0]),
        ("sum(A01, A02, B03) == 0", {"A01": "1000000000", "A02": "0.1", "B03": "-1000000000.1"},
         KINDS[0]),
    )
]  # fmt: skip


def collect(number: int) -> list[Case]:
    """The boundary cases and ``number`` generated ones, for engines that take them in one go."""
    found = list(BOUNDARY)

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES)
    def take(case):
        found.append(case)

    take()
    return found
