"""Values beside a form's own that control rules compare: other years, sources, forms, settlements.

One statement finds them for one municipality (exact decimals) and for a whole campaign (binary
COPY into numpy), so a form and the country are checked on the same values.

``children:A05`` is there only when every settlement of the district that is asked for A05 has filed
a value: a sum over some of them would accuse the district falsely.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection
from psycopg import sql

from annual_report.earlier import HEIRS
from annual_report.enums import FILED_STATES, SubmissionState
from annual_report.filled_form import FilledForm
from annual_report.form_rules import FormRules, KnownIndicator, sources_of
from annual_report.models import Campaign
from annual_report.rules.tree import split_key, years_back

#: Where a value is found, as a number in the answer of the statement.
OWN, PREV, PREV2, PREV3, OUTSIDE, OTHER, CHILDREN = range(7)
SOURCES = {
    "": OWN, "prev": PREV, "prev2": PREV2, "prev3": PREV3,
    "outside": OUTSIDE, "other": OTHER, "children": CHILDREN,
}  # fmt: skip

#: By form rather than by answer: the planner then reads one campaign's rows, not the whole table.
_ANSWERS = """
SELECT {source}::int2 AS source, s.municipality_id::int4 AS place, found.indicators, found.numbers
FROM annual_report_campaign c
JOIN annual_report_submission s ON s.campaign_id = c.id {places}
CROSS JOIN LATERAL (
    SELECT array_agg(a.indicator_id::int4) AS indicators, array_agg(a.value::{type}) AS numbers
    FROM annual_report_answer a
    WHERE a.submission_id = s.id AND a.value IS NOT NULL
        AND a.indicator_id = ANY({indicators}::bigint[])
) found
WHERE found.indicators IS NOT NULL
"""
_OF_CAMPAIGN = _ANSWERS + "AND c.id = {campaign} AND s.state <> ALL({not_begun})"
#: Of an earlier year: those that filed themselves, and what others' forms give to their heirs.
_ITSELF = """AND c.year = {year} AND c.is_main = {is_main} AND s.state = ANY({states})
    AND NOT EXISTS (
        SELECT 1 FROM annual_report_submission x
        JOIN annual_report_formorigin o ON o.submission_id = x.id AND o.years_back = {back}
        WHERE x.campaign_id = {campaign} AND x.municipality_id = s.municipality_id
    )
"""
_OF_YEAR = _ANSWERS + _ITSELF
_OF_HEIRS = f"""
SELECT {{source}}::int2 AS source, heirs.place::int4 AS place,
    array_agg(heirs.indicator::int4) AS indicators, array_agg(heirs.value::{{type}}) AS numbers
FROM ({HEIRS.replace("{forms}", "s.campaign_id = {campaign} {places}")}) heirs
WHERE heirs.indicator = ANY({{indicators}}::bigint[]) GROUP BY heirs.place
"""  # noqa: S608 — built of constants
#: The other form is being filled at the same time, so its unfiled values count too.
_OF_OTHER_FORMS = _ANSWERS + (
    "AND c.year = {year} AND c.id <> {campaign} ORDER BY c.is_main, c.id DESC"
)
_OUTSIDE = """
SELECT {source}::int2 AS source, place::int4 AS place,
    array_agg(indicator::int4) AS indicators, array_agg(number::{type}) AS numbers
FROM (
    SELECT DISTINCT ON (s.municipality_id, s.indicator_id)
        s.municipality_id AS place, s.indicator_id AS indicator, s.value AS number
    FROM annual_report_observation s JOIN annual_report_dataset d ON d.id = s.dataset_id
    WHERE d.is_federal AND s.year = {year} AND s.indicator_id = ANY({indicators}::bigint[]) {places}
    ORDER BY s.municipality_id, s.indicator_id, d.priority, d.id
) published GROUP BY place
"""
_CHILDREN = """
SELECT {source}::int2 AS source, place::int4 AS place,
    array_agg(indicator::int4) AS indicators, array_agg(number::{type}) AS numbers
FROM (
    SELECT m.parent_id AS place, asked.indicator, sum(a.value) AS number
    FROM annual_report_submission c
    JOIN organisations_municipality m ON m.id = c.municipality_id
    JOIN unnest({asked_indicators}::bigint[], {asked_kinds}::text[]) AS asked (indicator, kind)
        ON asked.kind = m.kind
    LEFT JOIN annual_report_answer a ON a.submission_id = c.id
        AND a.indicator_id = asked.indicator AND a.value IS NOT NULL AND c.state = ANY({states})
    WHERE c.campaign_id = {campaign} AND c.state <> 'closed' AND m.parent_id IS NOT NULL {places}
    GROUP BY m.parent_id, asked.indicator
    HAVING count(a.id) = count(*)
) summed GROUP BY place
"""


@dataclass(frozen=True)
class Wanted:
    """Indicators to look for, by source; made of the keys that rules read."""

    rules: FormRules
    keys: frozenset[str]

    def known(self, key: str) -> KnownIndicator | None:
        prefix, code = split_key(key)
        known = self.rules.others if prefix in ("outside", "other") else self.rules.asked
        return known.get(code)

    def sources(self, key: str) -> Iterator[tuple[int, int, Decimal]]:
        """Where the key's value may be, the surest first: source, indicator, factor."""
        known, prefix = self.known(key), split_key(key)[0]
        if known is None:
            return
        if not years_back(prefix):
            yield SOURCES[prefix], known.pk, Decimal(1)
            return
        for indicator, factor in sources_of(known, prefix):
            yield SOURCES[prefix], indicator, factor

    def indicators(self) -> dict[int, list[int]]:
        found: dict[int, set[int]] = {}
        for key in self.keys:
            for source, indicator, _factor in self.sources(key):
                found.setdefault(source, set()).add(indicator)
        return {source: sorted(indicators) for source, indicators in sorted(found.items())}

    def applies(self, key: str, kind: str) -> bool:
        """Whether a municipality of ``kind`` is asked; sums over settlements ask about them."""
        known = self.known(key)
        return known is not None and (key.startswith("children:") or kind in known.kinds)


def operands_of(form: FilledForm, rules: FormRules) -> dict[str, Decimal]:
    """Everything but the form's own values that ``rules`` read, for one form; one statement."""
    everything = Wanted(rules, rules.keys)
    found: dict[str, Decimal] = {}
    rest = set()
    for key in rules.keys:
        prefix, code = split_key(key)
        if prefix == "prev":
            cell = form.cells.get(code)
            if cell is not None and cell.previous is not None:
                found[key] = cell.previous
        elif prefix and everything.applies(key, form.spec.kind):
            rest.add(key)
    wanted = Wanted(rules, frozenset(rest))
    campaign = form.submission.campaign
    statement = make_statement(
        campaign,
        wanted,
        "numeric",
        [form.submission.municipality_id],
        heirs=getattr(form.submission, "has_origins", True),
    )
    if statement is None:
        return found
    with connection.cursor() as cursor:
        # As text: what watches the queries of a request reads no composed ones.
        cursor.execute(statement.as_string())
        values = {
            (source, indicator): number
            for source, _place, indicators, numbers in cursor.fetchall()
            for indicator, number in zip(indicators, numbers, strict=True)
        }
    for key in wanted.keys:
        for source, indicator, factor in wanted.sources(key):
            if (source, indicator) in values:
                found[key] = values[source, indicator] * factor
                break
    return found


def operands_of_many(
    campaign: Campaign, rules: FormRules, kinds: Mapping[int, str]
) -> dict[int, dict[str, Decimal]]:
    """``operands_of`` for the municipalities of ``kinds``, but for last year's values; one statement."""
    keys = {key for key in rules.keys if split_key(key)[0] not in ("", "prev")}
    wanted = Wanted(rules, frozenset(keys))
    statement = make_statement(campaign, wanted, "numeric", list(kinds))
    found: dict[int, dict[str, Decimal]] = {place: {} for place in kinds}
    if statement is None:
        return found
    values: dict[int, dict[tuple[int, int], Decimal]] = {place: {} for place in kinds}
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string())
        for source, place, indicators, numbers in cursor.fetchall():
            for indicator, number in zip(indicators, numbers, strict=True):
                values[place][source, indicator] = number
    asked = {
        kind: [(key, tuple(wanted.sources(key))) for key in keys if wanted.applies(key, kind)]
        for kind in set(kinds.values())
    }
    for place, kind in kinds.items():
        own = values[place]
        for key, sources in asked[kind]:
            for source, indicator, factor in sources:
                if (source, indicator) in own:
                    found[place][key] = own[source, indicator] * factor
                    break
    return found


def make_statement(
    campaign: Campaign,
    wanted: Wanted,
    value_type: str,
    municipalities: Collection[int] | None,
    *,
    heirs: bool = True,
) -> sql.Composed | None:
    """A query for (source, municipality, indicators, their values); None without a wish.

    Without ``heirs`` where none of the forms goes on with others' (see ``earlier_values``).
    """
    parts = []
    for source, indicators in wanted.indicators().items():
        templates, alias = _templates(source, heirs)
        places: sql.Composable = sql.SQL("")
        if municipalities is not None:
            places = sql.SQL("AND {} = ANY({})").format(
                sql.SQL(alias), sql.Literal(list(municipalities))
            )
        parameters = _parameters(campaign, source, indicators, wanted)
        parts += [
            sql.SQL("({})").format(
                sql.SQL(template).format(type=sql.SQL(value_type), places=places, **parameters)
            )
            for template in templates
        ]
    return sql.SQL(" UNION ALL ").join(parts) if parts else None


def _templates(source: int, heirs: bool) -> tuple[tuple[str, ...], str]:
    """Statements that find a source's values, and the column of their municipality."""
    if source == CHILDREN:
        return (_CHILDREN,), "m.parent_id"
    texts = {OWN: (_OF_CAMPAIGN,), OTHER: (_OF_OTHER_FORMS,), OUTSIDE: (_OUTSIDE,)}
    of_year = (_OF_YEAR, _OF_HEIRS) if heirs else (_OF_YEAR,)
    return texts.get(source, of_year), "s.municipality_id"


def _parameters(campaign: Campaign, source: int, indicators: list[int], wanted: Wanted) -> dict:
    pairs = [
        (known.pk, kind)
        for known in wanted.rules.asked.values()
        if known.pk in indicators
        for kind in sorted(known.kinds)
    ]
    back = {PREV: 1, PREV2: 2, PREV3: 3}.get(source, 0)
    values = {
        "source": source,
        "campaign": campaign.pk,
        "year": campaign.year - back,
        "back": back,
        "is_main": campaign.is_main,
        "indicators": indicators,
        "states": sorted(str(state) for state in FILED_STATES),
        "not_begun": [str(SubmissionState.NOT_STARTED), str(SubmissionState.CLOSED)],
        "asked_indicators": [pk for pk, _kind in pairs],
        "asked_kinds": [kind for _pk, kind in pairs],
    }
    return {name: sql.Literal(value) for name, value in values.items()}


@dataclass(frozen=True)
class CampaignValues:
    """The forms of a campaign that have been begun, and the values that rules read.

    ``forms``: a row per form in the order of its number, columns submission, municipality, region,
    state. ``frame``: the same rows, a float column per key, and ``kind``.
    """

    forms: pd.DataFrame
    frame: pd.DataFrame


_FORMS = """
SELECT s.id, s.municipality_id, s.region_id, s.state, m.kind
FROM annual_report_submission s JOIN organisations_municipality m ON m.id = s.municipality_id
WHERE s.campaign_id = %(campaign)s AND s.state <> ALL(%(not_begun)s)
    AND (%(only)s::bigint[] IS NULL OR s.id = ANY(%(only)s::bigint[]))
ORDER BY s.municipality_id
"""


def load_values(
    campaign: Campaign,
    rules: FormRules,
    keys: Iterable[str],
    submissions: Collection[int] | None = None,
) -> CampaignValues:
    """Values of ``keys`` for every begun form of the campaign, or for ``submissions`` of them."""
    only = None if submissions is None else list(submissions)
    parameters: dict[str, Any] = {
        "campaign": campaign.pk, "only": only,
        "not_begun": [str(SubmissionState.NOT_STARTED), str(SubmissionState.CLOSED)],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FORMS, parameters)
        rows = cursor.fetchall()
    forms = pd.DataFrame(rows, columns=["submission", "municipality", "region", "state", "kind"])
    kinds = forms.pop("kind").astype("category")
    wanted = Wanted(rules, frozenset(keys))
    places = forms["municipality"].to_numpy(dtype=np.int64)
    raw = _read(campaign, wanted, places, None if submissions is None else places.tolist())
    columns = {key: _column(wanted, key, raw, kinds) for key in sorted(wanted.keys)}
    frame = pd.DataFrame(columns, index=forms.index)
    frame["kind"] = kinds
    return CampaignValues(forms, frame)


def _read(
    campaign: Campaign, wanted: Wanted, places: np.ndarray, only: list[int] | None
) -> dict[tuple[int, int], np.ndarray]:
    """Columns by source and indicator, in the order of ``places`` (ascending)."""
    statement = make_statement(campaign, wanted, "float8", only)
    if statement is None or not len(places):
        return {}
    command = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(statement)
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        source, place, indicator, number = _unpack(copy)
    position = np.searchsorted(places, place).clip(max=len(places) - 1)
    here = places[position] == place
    slots = {
        pair: row
        for row, pair in enumerate(
            (source, indicator)
            for source, indicators in wanted.indicators().items()
            for indicator in indicators
        )
    }
    lookup = np.zeros((len(SOURCES), max(indicator for _, indicator in slots) + 1), dtype=int)
    for pair, row in slots.items():
        lookup[pair] = row
    matrix = np.full((len(slots), len(places)), np.nan)
    matrix[lookup[source[here], indicator[here]], position[here]] = number[here]
    return {pair: matrix[row] for pair, row in slots.items()}


#: Signature, flags and length of the extension stand before the rows of a binary COPY.
_HEADER = 19
#: A row up to its first array: count of columns, then source, place and array, each after its length.
_ROW = struct.Struct(">hihiii")
#: Dimensions, flags, type, length and first index stand before the elements of an array.
_ARRAY = struct.Struct(">iiiii")
_INDICATOR = np.dtype([("length", ">i4"), ("item", ">i4")])
_NUMBER = np.dtype([("length", ">i4"), ("item", ">f8")])


def _unpack(messages: Iterable[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Source, place, indicator and value of each cell in a binary COPY of ``make_statement``.

    PostgreSQL sends a message for each row, the header with the first, and the end. Rows in that form need no parsing of numbers, and are taken apart while the next ones come.
    """
    sources, places, counts = [], [], []
    indicators, numbers = [], []
    for message in messages:
        at = _HEADER if message[:6] == b"PGCOPY" else 0
        if len(message) <= at + _ROW.size:
            continue
        _columns, _, source, _, place, size = _ROW.unpack_from(message, at)
        at += _ROW.size
        indicators.append(message[at + _ARRAY.size : at + size])
        numbers.append(message[at + size + 4 + _ARRAY.size :])
        counts.append(_ARRAY.unpack_from(message, at)[3])
        sources.append(source)
        places.append(place)
    return (
        np.repeat(np.array(sources, dtype=np.int64), counts),
        np.repeat(np.array(places, dtype=np.int64), counts),
        np.frombuffer(b"".join(indicators), _INDICATOR)["item"].astype(np.int64),
        np.frombuffer(b"".join(numbers), _NUMBER)["item"].astype(float),
    )


def _column(
    wanted: Wanted, key: str, raw: dict[tuple[int, int], np.ndarray], kinds: pd.Series
) -> np.ndarray:
    result = np.full(len(kinds), np.nan)
    for source, indicator, factor in wanted.sources(key):
        found = raw.get((source, indicator))
        if found is not None:
            found = found if factor == 1 else found * float(factor)
            result = np.where(np.isnan(result), found, result)
    asked = [kind for kind in kinds.cat.categories if wanted.applies(key, kind)]
    if len(asked) < len(kinds.cat.categories):
        result = np.where(kinds.isin(asked).to_numpy(), result, np.nan)
    return result
