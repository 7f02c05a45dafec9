"""What stands in a form before anybody types: last year's values and what federal data hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from annual_report.earlier import HEIRS
from annual_report.enums import COUNTED_STATES, EDITABLE_STATES, AnswerSource, Prefill
from annual_report.form_spec import get_form_spec
from annual_report.models import Campaign
from okmo_portal.organisations.enums import MunicipalityKind

#: Inserts empty cells only and adds to each form's count of what was filled beforehand.
_INSERT = """
WITH inserted AS (
    INSERT INTO annual_report_answer
        (submission_id, indicator_id, value, no_data_reason, note, source, revision, updated_at)
    {select}
    ON CONFLICT (submission_id, indicator_id) DO NOTHING
    RETURNING submission_id
)
UPDATE annual_report_submission s SET prefilled = s.prefilled + counted.number
FROM (SELECT submission_id, count(*) AS number FROM inserted GROUP BY submission_id) counted
WHERE s.id = counted.submission_id
"""

#: ``sources`` → ``targets``: where a field's former value lies, and its factor into today's unit.
LAST_YEAR = _INSERT.format(
    select="""
    SELECT s.id, f.target, round(a.value * f.factor, 6), '', '', %(last_year)s, 1, now()
    FROM unnest(%(kinds)s::text[], %(sources)s::bigint[], %(targets)s::bigint[],
        %(factors)s::numeric[]) AS f (kind, source, target, factor)
    JOIN organisations_municipality m ON m.kind = f.kind
    JOIN annual_report_submission s ON s.municipality_id = m.id
        AND s.campaign_id = %(campaign)s AND s.state = ANY(%(open)s)
        AND (%(only)s::bigint[] IS NULL OR s.id = ANY(%(only)s::bigint[]))
    JOIN annual_report_submission p ON p.municipality_id = s.municipality_id
        AND p.state = ANY(%(counted)s)
    JOIN annual_report_campaign c ON c.id = p.campaign_id
        AND c.year = %(year)s - 1 AND c.is_main = %(is_main)s
    JOIN annual_report_answer a ON a.submission_id = p.id
        AND a.indicator_id = f.source AND a.value IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM annual_report_formorigin h WHERE h.submission_id = s.id AND h.years_back = 1
    )
    UNION ALL
    SELECT heirs.form, f.target, round(heirs.value * f.factor, 6), '', '', %(last_year)s, 1, now()
    FROM ({heirs}) heirs
    JOIN organisations_municipality m ON m.id = heirs.place
    JOIN unnest(%(kinds)s::text[], %(sources)s::bigint[], %(targets)s::bigint[],
        %(factors)s::numeric[]) AS f (kind, source, target, factor)
        ON f.kind = m.kind AND f.source = heirs.indicator
    """.replace(
        "{heirs}",
        HEIRS.format(
            year="%(year)s - 1", back="1", is_main="%(is_main)s", states="%(counted)s",
            forms="s.campaign_id = %(campaign)s AND s.state = ANY(%(open)s) "
            "AND (%(only)s::bigint[] IS NULL OR s.id = ANY(%(only)s::bigint[]))",
        ),
    )
)  # fmt: skip

FEDERAL = _INSERT.format(
    select="""
    SELECT DISTINCT ON (s.id, f.target) s.id, f.target, o.value, '', '', %(federal)s, 1, now()
    FROM unnest(%(kinds)s::text[], %(targets)s::bigint[]) AS f (kind, target)
    JOIN organisations_municipality m ON m.kind = f.kind
    JOIN annual_report_submission s ON s.municipality_id = m.id
        AND s.campaign_id = %(campaign)s AND s.state = ANY(%(open)s)
        AND (%(only)s::bigint[] IS NULL OR s.id = ANY(%(only)s::bigint[]))
    JOIN annual_report_observation o ON o.municipality_id = m.id
        AND o.indicator_id = f.target AND o.year = %(year)s
    JOIN annual_report_dataset d ON d.id = o.dataset_id AND d.is_federal
    ORDER BY s.id, f.target, d.priority, d.id
    """
)

COUNT_FILLED = """
UPDATE annual_report_submission s
SET filled = counted.filled, answered = counted.answered, kept = counted.kept
FROM (
    SELECT a.submission_id, count(*) AS answered,
        count(*) FILTER (WHERE f.is_required) AS filled,
        count(*) FILTER (WHERE a.source IN ('last_year', 'federal')) AS kept
    FROM annual_report_answer a
    JOIN annual_report_submission x ON x.id = a.submission_id AND x.campaign_id = %(campaign)s
    JOIN annual_report_formfield f ON f.indicator_id = a.indicator_id
        AND f.form_id = %(form)s
    WHERE a.value IS NOT NULL OR a.no_data_reason <> ''
    GROUP BY a.submission_id
) counted
WHERE s.id = counted.submission_id
    AND (s.filled, s.answered, s.kept) <> (counted.filled, counted.answered, counted.kept)
"""


@transaction.atomic
def prefill_submissions(*, campaign: Campaign, only: Sequence[int] | None = None) -> None:
    """Fill empty cells of forms that are still with their municipalities, and count.

    A repeated run adds only what has become known since, such as federal data that came later; what
    a person has typed, or emptied again, stays. ``only``: of these forms.
    """
    params: dict[str, Any] = {
        "campaign": campaign.pk,
        "form": campaign.form_id,
        "year": campaign.year,
        "is_main": campaign.is_main,
        "last_year": AnswerSource.LAST_YEAR,
        "federal": AnswerSource.FEDERAL,
        "open": sorted(EDITABLE_STATES),
        "counted": sorted(COUNTED_STATES),
        "only": None if only is None else list(only),
    }
    carried, known = _carried(campaign), _known(campaign)
    with connection.cursor() as cursor:
        # The surest origin of a value first: later ones find the cell filled.
        for rows in carried:
            cursor.execute(
                LAST_YEAR, params | _columns(rows, "kinds", "sources", "targets", "factors")
            )
        if known:
            cursor.execute(FEDERAL, params | _columns(known, "kinds", "targets"))
        # The next statement joins what was just written: without fresh statistics the planner takes
        # 22,000 forms for one and loops.
        cursor.execute("ANALYZE annual_report_submission, annual_report_answer")
        cursor.execute(COUNT_FILLED, params)


def _carried(campaign: Campaign) -> list[list[tuple[Any, ...]]]:
    """Rows of kind, former indicator, field and factor; a list for each rank of origin."""
    ranks: list[list[tuple[Any, ...]]] = []
    for kind in MunicipalityKind.values:
        for item in get_form_spec(campaign.form_id, kind, campaign.year).asked:
            if item.prefill != Prefill.LAST_YEAR:
                continue
            origins = [pair for pair in item.before if pair[1] is not None]
            for rank, (source, factor) in enumerate(origins):
                if rank == len(ranks):
                    ranks.append([])
                ranks[rank].append((kind, source, item.pk, factor))
    return ranks


def _known(campaign: Campaign) -> list[tuple[Any, ...]]:
    """Rows of kind and field for what federal data may hold."""
    return [
        (kind, item.pk)
        for kind in MunicipalityKind.values
        for item in get_form_spec(campaign.form_id, kind, campaign.year).federal
    ]


def _columns(rows: list[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
