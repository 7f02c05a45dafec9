"""Reading the graph of changes: all of it, or the part around one municipality."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from okmo_portal.organisations.genealogy import (
    NOWHERE,
    OPEN_FROM,
    OPEN_TO,
    Borders,
    Edge,
    Genealogy,
    Node,
    ordinal,
)
from okmo_portal.organisations.models import Municipality, MunicipalityChange

#: Days are counted as Python's ordinals: 1 is the first day of year 1.
NODES = f"""
SELECT id, coalesce(valid_from - date '0001-01-01' + 1, {OPEN_FROM}),
    coalesce(valid_to - date '0001-01-01' + 1, {OPEN_TO}), coalesce(parent_id, {NOWHERE})
FROM organisations_municipality
"""  # noqa: S608 — built of constants

EDGES = f"""
SELECT c.id, c.date - date '0001-01-01' + 1, p.municipality_id,
    coalesce(s.municipality_id, {NOWHERE})
FROM organisations_municipalitychange c
JOIN organisations_municipalitychange_predecessors p ON p.municipalitychange_id = c.id
LEFT JOIN organisations_municipalitychange_successors s ON s.municipalitychange_id = c.id
"""  # noqa: S608 — built of constants

#: Everything that changes tie to one municipality, in either direction; and, since a settlement's
#: change concerns its district, the districts of what is tied and their settlements that changed.
AROUND = """
WITH RECURSIVE near (id) AS (
    SELECT %s::bigint
    UNION
    SELECT next.id FROM near, LATERAL (
        SELECT s.municipality_id AS id
        FROM organisations_municipalitychange_predecessors p
        JOIN organisations_municipalitychange_successors s USING (municipalitychange_id)
        WHERE p.municipality_id = near.id
        UNION ALL
        SELECT p.municipality_id
        FROM organisations_municipalitychange_successors s
        JOIN organisations_municipalitychange_predecessors p USING (municipalitychange_id)
        WHERE s.municipality_id = near.id
        UNION ALL
        SELECT m.parent_id
        FROM organisations_municipality m
        JOIN organisations_municipalitychange_predecessors p ON p.municipality_id = m.id
        WHERE m.id = near.id AND m.parent_id IS NOT NULL
        UNION ALL
        SELECT m.id
        FROM organisations_municipality m
        JOIN organisations_municipalitychange_predecessors p ON p.municipality_id = m.id
        WHERE m.parent_id = near.id
    ) next
)
SELECT id FROM near
"""

ANCESTORS = """
WITH RECURSIVE back (id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT p.municipality_id
    FROM back
    JOIN organisations_municipalitychange_successors s ON s.municipality_id = back.id
    JOIN organisations_municipalitychange_predecessors p USING (municipalitychange_id)
)
SELECT id FROM back
"""

HEIRS = """
WITH RECURSIVE ahead (id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT s.municipality_id
    FROM ahead
    JOIN organisations_municipalitychange_predecessors p ON p.municipality_id = ahead.id
    JOIN organisations_municipalitychange_successors s USING (municipalitychange_id)
)
SELECT id FROM ahead
"""


def load_genealogy(region_id: int | None = None) -> Genealogy:
    """The register with its history, whole (a tenth of a second for 25,000 rows) or one region's."""
    params = [region_id, region_id]
    with connection.cursor() as cursor:
        cursor.execute(f"{NODES} WHERE %s::bigint IS NULL OR region_id = %s", params)
        nodes = cursor.fetchall()
        inside = "SELECT id FROM organisations_municipality WHERE region_id = %s"
        cursor.execute(
            f"{EDGES} WHERE %s::bigint IS NULL OR p.municipality_id IN ({inside})", params
        )
        edges = cursor.fetchall()
    known = {row[0] for row in nodes}
    return _genealogy(nodes, [edge for edge in edges if edge[3] == NOWHERE or edge[3] in known])


def load_genealogy_around(municipality_id: int) -> Genealogy:
    """What bears on one municipality's borders, for a page that cannot wait for the whole."""
    with connection.cursor() as cursor:
        cursor.execute(AROUND, [municipality_id])
        near = [key for (key,) in cursor.fetchall()]
        cursor.execute(f"{NODES} WHERE id = ANY(%s)", [near])
        nodes = cursor.fetchall()
        cursor.execute(f"{EDGES} WHERE p.municipality_id = ANY(%s)", [near])
        edges = cursor.fetchall()
    return _genealogy(nodes, edges)


def _genealogy(nodes: Sequence[tuple], edges: Sequence[tuple]) -> Genealogy:
    return Genealogy(
        {key: Node(begins, ends, parent) for key, begins, ends, parent in nodes},
        map(Edge._make, edges),
    )


def map_borders(source: date, target: date) -> Borders:
    """Every municipality of ``source`` in the borders of ``target``."""
    return load_genealogy().borders(ordinal(source, OPEN_FROM), ordinal(target, OPEN_TO))


def ancestors_of(*keys: int) -> set[int]:
    """The rows that the given ones came of, near and far, and themselves."""
    return _closure(ANCESTORS, keys)


def heirs_of(*keys: int) -> set[int]:
    """The rows that came of the given ones, near and far, and themselves."""
    return _closure(HEIRS, keys)


def _closure(statement: str, keys: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(keys)])
        return {key for (key,) in cursor.fetchall()}


def holders_of(
    rows: Iterable[Municipality], today: date
) -> tuple[Municipality, list[Municipality]]:
    """Of the rows of one code: who holds it (or held it last), and those unrelated to that one."""
    ordered = sorted(rows, key=lambda row: (row.valid_to or date.max, row.pk), reverse=True)
    shown = next((row for row in ordered if row.exists_on(today)), ordered[0])
    line = ancestors_of(shown.pk) | heirs_of(shown.pk)
    return shown, [row for row in ordered if row.pk not in line]


def history_of(municipality: Municipality) -> QuerySet[MunicipalityChange]:
    """Changes that led to this municipality and those that followed, the newest first."""
    line = ancestors_of(municipality.pk) | heirs_of(municipality.pk)
    return (
        MunicipalityChange.objects.filter(predecessors__in=line, part_of__isnull=True)
        .distinct()
        .prefetch_related("predecessors", "successors", "parts__predecessors")
        .order_by("-date", "pk")
    )


def heirs_now(municipality: Municipality, today: date) -> list[Municipality]:
    """Where the municipality's territory lies today: itself, its heirs, or nothing."""
    keys = heirs_of(municipality.pk)
    return list(Municipality.objects.filter(pk__in=keys).on(today).order_by("sort_key", "pk"))
