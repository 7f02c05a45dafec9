"""Pages of a long list by the last row seen, so that the thousandth costs what the first does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

SIZE = 20


@dataclass(frozen=True)
class Slice:
    """One page: its rows, and the mark of the row after which the next begins (empty: the last)."""

    rows: list[Any]
    following: str
    is_first: bool


def mark_of(row: Any) -> str:
    """Microseconds since 1970 and the key."""
    return f"{int(row.published_at.timestamp() * 1_000_000)}-{row.pk}"


def read_mark(text: str) -> tuple[datetime, int] | None:
    """None for anything that is no mark: the list then begins at its head."""
    moment, _, key = text.partition("-")
    if not (moment.isascii() and moment.isdigit() and key.isascii() and key.isdigit()):
        return None
    if len(moment) > 17 or len(key) > 18:
        return None
    seconds, rest = divmod(int(moment), 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest), int(key)
    except (OverflowError, ValueError, OSError):
        return None


def take_slice(rows: QuerySet, mark: str, size: int = SIZE) -> Slice:
    """The page of published articles that follows ``mark``."""
    after = read_mark(mark)
    if after is not None:
        rows = rows.after(*after)
    found = list(rows.in_archive_order()[: size + 1])
    shown = found[:size]
    following = mark_of(shown[-1]) if len(found) > size else ""
    return Slice(shown, following, after is None)
