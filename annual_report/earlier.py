"""Values of earlier years, also where the municipality came of others: renamed, merged, joined.

Most municipalities are the ones that filed before. For the others ``FormOrigin`` names whose forms
make up their past. A value then comes of all of them that were asked: the only one's as it is,
several ones' as their sum where the indicator adds up. Anything else (a missing form, a yes or no of
two places, land that was divided) leaves the cell empty. Ratios are formulas of the form and so are
recomputed from the sums, never averaged.

Pages, opening a campaign, rules over the country and workbooks read heirs through ``HEIRS``, so that
all of them compare with the same number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from annual_report.enums import FILED_STATES
from annual_report.models import Campaign, FormOrigin

#: For figures of a district that hold its settlements', a settlement inside it is no summand.
_COUNTS = "CASE WHEN i.includes_settlements THEN {row}.with_settlements ELSE {row}.apart END"

#: Whether the indicator ``i`` was asked of a municipality of ``k.kind`` in the earlier year.
_ASKED = """
(cardinality(i.applicable_kinds) = 0 OR k.kind = ANY(i.applicable_kinds))
AND (
    NOT EXISTS (SELECT 1 FROM annual_report_legalbasis l WHERE l.indicator_id = i.id)
    OR EXISTS (
        SELECT 1 FROM annual_report_legalbasis l
        WHERE l.indicator_id = i.id AND (cardinality(l.kinds) = 0 OR k.kind = ANY(l.kinds))
          AND (l.valid_from IS NULL OR l.valid_from <= make_date({year}::int, 12, 31))
          AND (l.valid_to IS NULL OR l.valid_to > make_date({year}::int, 12, 31))
    )
)
"""

#: Columns form, place, indicator, value, names. To be filled in: ``year`` (the earlier one),
#: ``back``, ``is_main``, ``states`` and ``forms``, a condition on the form ``s``.
HEIRS = f"""
SELECT s.id AS form, s.municipality_id AS place, found.indicator, found.value, found.names
FROM annual_report_submission s
CROSS JOIN LATERAL (
    SELECT i.id AS indicator, sum(a.value) AS value, array_agg(k.name ORDER BY k.sort_key) AS names
    FROM annual_report_formorigin o
    JOIN organisations_municipality k ON k.id = o.municipality_id
    JOIN annual_report_submission p ON p.municipality_id = k.id AND p.state = ANY({{states}})
    JOIN annual_report_campaign c ON c.id = p.campaign_id
        AND c.year = {{year}} AND c.is_main = {{is_main}}
    JOIN annual_report_answer a ON a.submission_id = p.id AND a.value IS NOT NULL
    JOIN annual_report_indicator i ON i.id = a.indicator_id
    WHERE o.submission_id = s.id AND o.years_back = {{back}} AND {_COUNTS.format(row="o")}
      AND {_ASKED}
    GROUP BY i.id
    HAVING (count(*) = 1 OR i.aggregation = 'sum') AND count(*) = (
        SELECT count(*) FROM annual_report_formorigin x
        JOIN organisations_municipality k ON k.id = x.municipality_id
        WHERE x.submission_id = s.id AND x.years_back = {{back}} AND {_COUNTS.format(row="x")}
          AND {_ASKED}
    )
) found
WHERE s.id IN (SELECT h.submission_id FROM annual_report_formorigin h WHERE h.years_back = {{back}})
    AND {{forms}}
"""  # noqa: S608 — built of constants

#: The same columns for those that filed themselves; ``{forms}`` as there.
SAME = """
SELECT s.id AS form, s.municipality_id AS place, a.indicator_id AS indicator, a.value,
    NULL::text[] AS names
FROM annual_report_submission s
JOIN annual_report_submission p ON p.municipality_id = s.municipality_id AND p.state = ANY({states})
JOIN annual_report_campaign c ON c.id = p.campaign_id AND c.year = {year} AND c.is_main = {is_main}
JOIN annual_report_answer a ON a.submission_id = p.id AND a.value IS NOT NULL
WHERE {forms} AND NOT EXISTS (
    SELECT 1 FROM annual_report_formorigin h
    WHERE h.submission_id = s.id AND h.years_back = {back}
)
"""

#: Parameters for cursors that take them by name.
NAMED = {
    "year": "%(year)s - %(back)s", "back": "%(back)s", "is_main": "%(is_main)s",
    "states": "%(states)s",
}  # fmt: skip
FORMS = "s.id = ANY(%(forms)s)"
EARLIER = f"{SAME} UNION ALL {HEIRS}".format(**NAMED, forms=FORMS)
OWN = SAME.format(**NAMED, forms=FORMS)


class EarlierValue(NamedTuple):
    """``names`` are the municipalities whose value it is, where that is not the form's own."""

    value: Decimal | None
    names: tuple[str, ...] = ()


def earlier_values(
    campaign: Campaign, forms: Sequence[int], *, back: int = 1, heirs: bool = True
) -> dict[int, dict[int, EarlierValue]]:
    """Filed values of ``back`` years before by form and indicator, in that year's units.

    Without ``heirs`` for a caller who knows that none of the forms has another origin than itself:
    planning that part takes PostgreSQL ten times as long as finding nothing by it.
    """
    params = {
        "forms": list(forms), "year": campaign.year, "back": back, "is_main": campaign.is_main,
        "states": sorted(FILED_STATES),
    }  # fmt: skip
    found: dict[int, dict[int, EarlierValue]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(EARLIER if heirs else OWN, params)
        for form, _place, indicator, value, names in cursor.fetchall():
            found[form][indicator] = EarlierValue(value, tuple(names or ()))
    return found


class Origins(NamedTuple):
    """Whose last year a form goes on with; no names where nothing of it can be compared."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        if not self.names:
            return (
                "Границы изменились так, что прошлогодние значения с этой формой несопоставимы. "
                "Столбец прошлого года пуст."
            )
        if len(self.names) == 1:
            return f"Значения прошлого года — из формы: {self.names[0]}."
        return (
            f"Прошлый год — по формам предшественников: {', '.join(self.names)}. Показатели, "
            "которые складываются, взяты суммой, доли пересчитаны, остальные оставлены пустыми."
        )


def find_origins(submission_id: int) -> Origins | None:
    """None for a municipality that filed itself last year or has no past; one query."""
    rows = FormOrigin.objects.filter(submission=submission_id, years_back=1)
    names = rows.order_by("municipality__sort_key").values_list("municipality__name", flat=True)
    found = list(names)
    return Origins(tuple(name for name in found if name)) if found else None
