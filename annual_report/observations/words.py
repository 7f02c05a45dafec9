"""The counts of an import in words: the same in the command and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annual_report.observations.refusals import REFUSALS, REPAIRS
from okmo_portal.core.text import format_number

#: Name of a count on ObservationImport → what it is called; refusals and repairs come apart.
COUNTS = {
    "read": "прочитано значений",
    "taken": "принято наблюдений",
    "new": "из них новых",
    "changed": "из них изменено",
    "unchanged": "из них без изменений",
    "folded": "вошло в суммы сверх первого слагаемого",
    "duplicates": "повторов с тем же значением",
    "left_out": "пропущено по сопоставлению",
    "refused": "отклонено",
}


def count_rows(counts: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Label and count in the order of reading; what did not happen is left out."""
    taken = counts["new"] + counts["changed"] + counts["unchanged"]
    given = {**counts, "taken": taken}
    always = ("read", "taken", "new", "changed", "unchanged", "refused")
    return [(label, given[name]) for name, label in COUNTS.items() if name in always or given[name]]


def refusal_rows(refused_by: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Reason, remedy and count; reasons of an older version of the portal keep their code."""
    return [
        (REFUSALS[code].title, REFUSALS[code].remedy, count)
        if code in REFUSALS
        else (code, "", count)
        for code, count in refused_by.items()
    ]


def repair_rows(repaired: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(REPAIRS.get(code, code), count) for code, count in repaired.items()]


def count_lines(counts: Mapping[str, Any]) -> list[str]:
    """Lines for a terminal."""
    lines = [f"{label}: {format_number(count)}" for label, count in count_rows(counts)]
    for title, remedy, count in refusal_rows(counts["refused_by"]):
        lines.append(f"  отклонено, {title}: {format_number(count)}. {remedy}")
    for title, count in repair_rows(counts["repaired"]):
        lines.append(f"  исправлено при чтении, {title}: {format_number(count)}")
    return lines
