"""The trail of one form: every change old → new, by whom, when; for the municipality and above.

Changes of cells come from the events that triggers write (``AnswerEvent`` holds each row as it was
before a change), moves of the form from ``StateChange``, the rest from tables that only grow. They
are put together and cut into pages by the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from annual_report.enums import AnswerSource, ValueType
from annual_report.filled_form import show_value
from annual_report.models import Indicator, Submission
from okmo_portal.accounts.models import User
from okmo_portal.core.text import format_date
from okmo_portal.organisations.models import Membership

KINDS = {"cell": "значения", "state": "состояния", "other": "сроки и возвраты"}
SOURCES = dict(AnswerSource.choices)

#: A cell's versions: those that events kept and the one that stands.
VERSIONS = """
WITH versions AS (
    SELECT indicator_id, value, no_data_reason, note, plan_1, plan_2, plan_3, source, revision,
           updated_by_id, updated_at
    FROM annual_report_answerevent WHERE submission_id = %(submission)s
    UNION
    SELECT indicator_id, value, no_data_reason, note, plan_1, plan_2, plan_3, source, revision,
           updated_by_id, updated_at
    FROM annual_report_answer WHERE submission_id = %(submission)s
)
"""

STEPS = """
, steps AS (
    SELECT versions.*, row_number() OVER cells AS number,
           lag(value) OVER cells AS old_value, lag(no_data_reason) OVER cells AS old_reason,
           lag(note) OVER cells AS old_note,
           lag(ARRAY[plan_1, plan_2, plan_3]) OVER cells AS old_plans
    FROM versions
    WINDOW cells AS (PARTITION BY indicator_id ORDER BY updated_at, revision)
), trail AS (
    SELECT 'cell' AS kind, s.updated_at AS at, s.updated_by_id AS by_id, s.indicator_id,
           s.old_value, s.old_reason, s.value, s.no_data_reason AS reason, s.old_note, s.note,
           s.old_plans, ARRAY[s.plan_1, s.plan_2, s.plan_3] AS plans, s.source, '' AS label,
           coalesce(c.reason, '') AS text, s.number
    FROM steps s
    LEFT JOIN annual_report_answerrevision r
        ON s.source = 'correction' AND r.submission_id = %(submission)s
        AND r.indicator_id = s.indicator_id AND r.revision = s.revision - 1
    LEFT JOIN annual_report_correction c ON c.id = r.replaced_by_id
    UNION ALL
    SELECT 'state', at, by_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', label,
           comment, id
    FROM workflow_statechange
    WHERE subject_label = 'annual_report.submission' AND subject_id = %(submission)s::text
    UNION ALL
    SELECT 'other', at, by_id, indicator_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '',
           'Показатель возвращён', comment, id
    FROM annual_report_cellreturn WHERE submission_id = %(submission)s
    UNION ALL
    SELECT 'other', at, by_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '',
           'Срок продлён до ' || to_char(until, 'DD.MM.YYYY'), reason, id
    FROM annual_report_extension WHERE submission_id = %(submission)s
    UNION ALL
    SELECT 'other', removed_at, removed_by_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, '', 'Продление до ' || to_char(until, 'DD.MM.YYYY') || ' снято', '', id
    FROM annual_report_extension
    WHERE submission_id = %(submission)s AND removed_at IS NOT NULL
    UNION ALL
    SELECT 'other', at, by_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '',
           'Исправление ' || number || ' предложено', reason, id
    FROM annual_report_correction WHERE submission_id = %(submission)s
    UNION ALL
    SELECT 'other', decided_at, decided_by_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, '',
           'Исправление ' || number || CASE state WHEN 'applied' THEN ' внесено'
               ELSE ' отклонено' END,
           decision_comment, id
    FROM annual_report_correction
    WHERE submission_id = %(submission)s AND decided_at IS NOT NULL
)
"""
PAGE = """
SELECT * FROM trail WHERE %(kind)s IN ('', kind)
ORDER BY at DESC, number DESC LIMIT %(limit)s OFFSET %(offset)s
"""
TRAIL = "".join((VERSIONS, STEPS, PAGE))
COUNT = "".join((VERSIONS, STEPS, "SELECT count(*) FROM trail WHERE %(kind)s IN ('', kind)"))

BEFORE = """
, before AS (
    SELECT DISTINCT ON (indicator_id) indicator_id, value, no_data_reason
    FROM versions WHERE updated_at <= %(moment)s
    ORDER BY indicator_id, updated_at DESC
)
SELECT a.indicator_id, b.value, coalesce(b.no_data_reason, ''), a.value, a.no_data_reason,
       a.updated_by_id, a.updated_at
FROM annual_report_answer a
LEFT JOIN before b ON b.indicator_id = a.indicator_id
WHERE a.submission_id = %(submission)s AND a.updated_at > %(moment)s
  AND (a.value, a.no_data_reason)
      IS DISTINCT FROM (b.value, coalesce(b.no_data_reason, ''))
"""
SINCE = "".join((VERSIONS, BEFORE))


@dataclass(frozen=True)
class Entry:
    """One line of the trail, in words."""

    at: datetime
    who: str
    kind: str
    title: str
    old: str = ""
    new: str = ""
    text: str = ""


@dataclass(frozen=True)
class Difference:
    """A cell that is not what it was at some moment."""

    indicator: Indicator
    was: str
    now: str
    by: str
    at: datetime


class Trail:
    """The trail as the paginator takes it: it can be counted and sliced."""

    def __init__(self, submission: Submission, kind: str = ""):
        self.submission = submission
        self.params = {"submission": submission.pk, "kind": kind if kind in KINDS else ""}

    def count(self) -> int:
        return _rows(COUNT, self.params)[0][0]

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Entry]:
        start = part.start or 0
        limit = None if part.stop is None else part.stop - start
        rows = _named(TRAIL, {**self.params, "limit": limit, "offset": start})
        return describe(self.submission, rows)


def describe(submission: Submission, rows: list[dict[str, Any]]) -> list[Entry]:
    """Rows in words, with names and positions as they were on the day."""
    indicators = Indicator.objects.in_bulk({row["indicator_id"] for row in rows} - {None})
    people = People(submission, {row["by_id"] for row in rows} - {None})
    return [_entry(row, indicators.get(row["indicator_id"]), people) for row in rows]


def _entry(row: Mapping[str, Any], indicator: Indicator | None, people: People) -> Entry:
    who = people.named(row["by_id"], row["at"])
    if row["kind"] != "cell" or indicator is None:
        title = row["label"] if indicator is None else f"{row['label']}: {name_of(indicator)}"
        return Entry(row["at"], who, row["kind"], title, text=row["text"])
    extra = [row["text"]] if row["text"] else []
    if (row["old_note"] or "") != row["note"]:
        extra.append(f"примечание: «{row['note']}»" if row["note"] else "примечание убрано")
    if (row["old_plans"] or [None] * 3) != row["plans"]:
        plans = ", ".join(show_value(indicator, value) for value in row["plans"])
        extra.append(f"план: {plans}")
    if row["source"] != AnswerSource.MANUAL:
        extra.append(SOURCES.get(row["source"], row["source"]))
    return Entry(
        row["at"],
        who,
        "cell",
        name_of(indicator),
        "пусто"
        if row["number"] == 1
        else show_cell(indicator, row["old_value"], row["old_reason"]),
        show_cell(indicator, row["value"], row["reason"]),
        "; ".join(extra),
    )


def name_of(indicator: Indicator) -> str:
    return f"{indicator.code} {indicator.title}"


def show_cell(indicator: Any, value: Decimal | None, reason: str | None) -> str:
    """A value with its unit, an explained gap, or «пусто»; options and yes or no have no unit."""
    if value is not None:
        if indicator.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
            return show_value(indicator, value)
        return f"{show_value(indicator, value)} {indicator.unit}".strip()
    return f"нет данных: {reason}" if reason else "пусто"


def differences_since(submission: Submission, moment: datetime) -> list[Difference]:
    """Cells whose value or explained gap is not what it was at ``moment``, in the form's order."""
    rows = _rows(SINCE, {"submission": submission.pk, "moment": moment})
    if not rows:
        return []
    indicators = Indicator.objects.select_related("section").in_bulk({row[0] for row in rows})
    people = People(submission, {row[5] for row in rows} - {None})
    found = [
        Difference(
            indicators[indicator],
            show_cell(indicators[indicator], old, old_reason),
            show_cell(indicators[indicator], new, reason),
            people.named(by, at),
            at,
        )
        for indicator, old, old_reason, new, reason, by, at in rows
    ]
    return sorted(found, key=lambda item: (item.indicator.section.order, item.indicator.code))


class People:
    """Names and positions of those who touched a form, as they were on a day."""

    def __init__(self, submission: Submission, users: Iterable[int]):
        numbers = set(users)
        self.users = User.objects.in_bulk(numbers)
        self.memberships: dict[int, list[Membership]] = {}
        rows = (
            Membership.objects.filter(user__in=numbers)
            .filter(
                Q(organisation__municipality__in=submission.keepers)
                | Q(organisation__region=submission.region_id, organisation__kind="council")
                | Q(organisation__kind="congress")
            )
            .order_by("valid_from", "pk")
        )
        for row in rows if numbers else ():
            self.memberships.setdefault(row.user_id, []).append(row)

    def named(self, user: int | None, at: datetime) -> str:
        """«Фамилия И. О., должность»; «портал» for what nobody did by hand."""
        if user is None:
            return "портал"
        position = self._position(user, timezone.localdate(at))
        name = str(self.users.get(user, "пользователь удалён"))
        return f"{name}, {position}" if position else name

    def _position(self, user: int, day: date) -> str:
        held = [
            row
            for row in self.memberships.get(user, ())
            if row.valid_from <= day and (row.valid_to is None or row.valid_to >= day)
        ]
        return (held[-1].position_title or held[-1].get_role_display()) if held else ""


def _rows(statement: str, params: Mapping[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def _named(statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def download_rows(submission: Submission) -> Iterable[list[str]]:
    """The whole trail for a spreadsheet."""
    for item in Trail(submission)[0:]:
        when = timezone.localtime(item.at)
        yield [
            f"{format_date(when)} {when:%H:%M:%S}", item.who, KINDS[item.kind], item.title,
            item.old, item.new, item.text,
        ]  # fmt: skip
