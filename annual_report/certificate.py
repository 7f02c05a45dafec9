"""What the head certifies: the cells of the form as one text, and its SHA-256.

Anybody who has the text can hash it again; the portal does so whenever it shows the signature, and
says when the data are no longer those that were certified.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from annual_report.filled_form import FilledForm
from annual_report.models import Answer, Explanation, Submission

#: Of an answer, what is certified; who typed it and when is not.
PARTS = ("value", "no_data_reason", "note", "plan_1", "plan_2", "plan_3")


def checksum(form: FilledForm) -> str:
    """The SHA-256 of ``form`` as it stands in memory, with the explanations in the database."""
    if form.leftovers:
        return current_checksum(form.submission)
    rows = [
        (cell.code, *(getattr(cell.answer, name) for name in PARTS))
        for cell in form.cells.values()
        if cell.answer
    ]
    return hash_text(certified_text(form.submission, rows))


def current_checksum(submission: Submission) -> str:
    """The SHA-256 of what stands in the database now."""
    return hash_text(current_text(submission))


def is_unchanged(submission: Submission) -> bool:
    """Whether the data are still those that were certified."""
    return submission.certified_checksum == current_checksum(submission)


def current_text(submission: Submission) -> str:
    rows = Answer.objects.filter(submission=submission).values_list("indicator__code", *PARTS)
    return certified_text(submission, rows)


def certified_text(submission: Submission, rows: Iterable[tuple[Any, ...]]) -> str:
    """A line of JSON for the form, one for each cell by code, one for each explanation by rule."""
    campaign, municipality = submission.campaign, submission.municipality
    lines = [["form", campaign.form_id, campaign.year, municipality.oktmo]]
    lines += sorted([code, *map(_plain, parts)] for code, *parts in rows)
    lines += sorted(
        ["explanation", code, text]
        for code, text in Explanation.objects.filter(submission=submission).values_list(
            "rule__code", "text"
        )
    )
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _plain(part: Any) -> str:
    """Numbers without trailing zeros, so that one value has one text."""
    if part is None:
        return ""
    if not isinstance(part, Decimal):
        return part
    text = f"{part:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
