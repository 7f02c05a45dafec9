"""Taking a register file into the database: set-based, all or nothing, idempotent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from okmo_portal.audit.services import record
from okmo_portal.core.text import sort_key
from okmo_portal.organisations.enums import MunicipalityKind
from okmo_portal.organisations.models import Region
from okmo_portal.organisations.oktmo import Register, Remark, Unit


@dataclass
class ImportResult:
    """What an import found and did; ``by_kind`` counts the municipalities of the file."""

    by_kind: Counter = field(default_factory=Counter)
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    orphans: int = 0
    #: Rows of municipalities that were transformed: changes tell their story, not the file.
    transformed: int = 0
    refused: list[Remark] = field(default_factory=list)
    corrected: list[Remark] = field(default_factory=list)


COLUMNS = (
    "oktmo, check_digit, name, kind, region_id, parent_oktmo, missing_parent_oktmo, centre, "
    "valid_from, sort_key"
)

CREATE = """
CREATE TEMPORARY TABLE incoming_register (
    oktmo text PRIMARY KEY, check_digit text, name text, kind text, region_id bigint,
    parent_oktmo text, missing_parent_oktmo text, centre text, valid_from date, sort_key text
) ON COMMIT DROP
"""

#: A code whose municipality was transformed: an older file would bring the former one back to life,
#: or call its heir by the former name.
DROP_TRANSFORMED = """
DELETE FROM incoming_register i
WHERE EXISTS (
    SELECT 1 FROM organisations_municipality m
    WHERE m.oktmo = i.oktmo AND (
        EXISTS (SELECT 1 FROM organisations_municipalitychange_predecessors p
                WHERE p.municipality_id = m.id)
        OR EXISTS (SELECT 1 FROM organisations_municipalitychange_successors s
                   WHERE s.municipality_id = m.id AND m.valid_from IS NOT NULL)
    )
)
"""

#: A row counts as changed only when the file says something else than the table does.
CHANGES = """
    (m.check_digit, m.name, m.kind, m.region_id, m.missing_parent_oktmo)
        IS DISTINCT FROM (i.check_digit, i.name, i.kind, i.region_id, i.missing_parent_oktmo)
    OR (i.centre <> '' AND m.centre <> i.centre)
    OR (i.valid_from IS NOT NULL AND m.valid_from IS DISTINCT FROM i.valid_from)
"""

UPDATE = f"""
UPDATE organisations_municipality m
SET check_digit = i.check_digit, name = i.name, kind = i.kind, region_id = i.region_id,
    missing_parent_oktmo = i.missing_parent_oktmo, sort_key = i.sort_key,
    centre = CASE WHEN i.centre <> '' THEN i.centre ELSE m.centre END,
    valid_from = coalesce(i.valid_from, m.valid_from),
    status = CASE WHEN i.missing_parent_oktmo <> '' THEN 'review'
                  WHEN m.status = 'review' THEN 'active' ELSE m.status END
FROM incoming_register i
WHERE m.oktmo = i.oktmo AND m.valid_to IS NULL AND ({CHANGES})
"""  # noqa: S608 — built of constants

#: First level first, so that settlements find their parents in the table.
INSERT = """
INSERT INTO organisations_municipality (oktmo, check_digit, name, kind, region_id, parent_id,
    missing_parent_oktmo, centre, valid_from, status, sort_key)
SELECT i.oktmo, i.check_digit, i.name, i.kind, i.region_id, p.id, i.missing_parent_oktmo,
    i.centre, i.valid_from,
    CASE WHEN i.missing_parent_oktmo <> '' THEN 'review' ELSE 'active' END, i.sort_key
FROM incoming_register i
LEFT JOIN organisations_municipality p ON p.oktmo = i.parent_oktmo AND p.valid_to IS NULL
WHERE (i.parent_oktmo = '') = %s AND NOT EXISTS (
    SELECT 1 FROM organisations_municipality m WHERE m.oktmo = i.oktmo AND m.valid_to IS NULL
)
"""

#: A settlement that was there before its district: its parent may have come in just now.
PARENTS = """
UPDATE organisations_municipality m SET parent_id = p.id
FROM incoming_register i
LEFT JOIN organisations_municipality p ON p.oktmo = i.parent_oktmo AND p.valid_to IS NULL
WHERE m.oktmo = i.oktmo AND m.valid_to IS NULL AND m.parent_id IS DISTINCT FROM p.id
"""


def import_register(*, register: Register, by: Any, dry_run: bool = False) -> ImportResult:
    """Add and change municipalities so that they say what the register says.

    Municipalities that the file lacks are left alone: their end is a transformation with a law,
    which staff enter; what was transformed is left alone too. With ``dry_run`` everything is done and rolled back.
    """
    result = ImportResult(corrected=list(register.corrected), refused=list(register.refused))
    result.by_kind.update(str(unit.kind) for unit in register.units)
    with transaction.atomic():
        rows = list(_rows(register.units, result))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS incoming_register")
            cursor.execute(CREATE)
            with cursor.copy(f"COPY incoming_register ({COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            # Without statistics the planner joins the two tables row by row.
            cursor.execute("ANALYZE incoming_register")
            cursor.execute(DROP_TRANSFORMED)
            result.transformed = cursor.rowcount
            cursor.execute(UPDATE)
            result.changed = cursor.rowcount
            for first_level in (True, False):
                cursor.execute(INSERT, [first_level])
                result.added += cursor.rowcount
                cursor.execute("ANALYZE organisations_municipality")
            cursor.execute(PARENTS)
        result.unchanged = len(rows) - result.transformed - result.added - result.changed
        if result.added or result.changed:
            record(
                action="organisations.register_imported",
                by=by,
                added=result.added,
                changed=result.changed,
                refused=len(result.refused),
            )
        if dry_run:
            transaction.set_rollback(True)
    return result


def _rows(units: Iterable[Unit], result: ImportResult) -> Iterable[tuple]:
    """Rows for COPY; a code of no known region is refused."""
    regions = dict(Region.objects.values_list("oktmo_prefix", "pk"))
    known = {unit.code for unit in units}
    known.update(_current_codes())
    for unit in units:
        region = regions.get(unit.code[:3]) or regions.get(unit.code[:2])
        if region is None:
            result.refused.append(
                Remark(unit.line, unit.code, "код не относится ни к одному субъекту РФ")
            )
            result.by_kind[str(unit.kind)] -= 1
            continue
        missing = unit.parent if unit.parent and unit.parent not in known else ""
        result.orphans += bool(missing)
        yield (
            unit.code,
            unit.check_digit,
            unit.name,
            str(unit.kind),
            region,
            unit.parent,
            missing,
            unit.centre,
            unit.valid_from,
            sort_key(unit.name),
        )


def _current_codes() -> Iterable[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oktmo FROM organisations_municipality WHERE valid_to IS NULL")
        return [code for (code,) in cursor.fetchall()]


def kind_labels(result: ImportResult) -> list[tuple[str, int]]:
    """Counts by kind in the order of the law, for people."""
    return [
        (str(kind.label), result.by_kind[kind.value])
        for kind in MunicipalityKind
        if result.by_kind[kind.value]
    ]
