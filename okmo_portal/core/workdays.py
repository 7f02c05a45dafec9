"""Counting in working days, and deadlines that explain themselves.

Source of the rules: Labour Code of the Russian Federation, art. 95 (the day before a holiday is an
hour shorter), art. 111 and 112 (days off, holidays, their transfer); Civil Code, art. 191 (the day
of receipt is day zero) and 193 (a term that ends on a day off ends on the next working day). The
transfers of each year are decrees of the Government, kept as data (``core.models``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.core.cache import cache

from okmo_portal.core.models import DayKind, ProductionYear, cache_key
from okmo_portal.core.text import counted, format_date

WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
JANUARY = {(1, day): "новогодние каникулы" for day in (1, 2, 3, 4, 5, 6, 8)} | {
    (1, 7): "Рождество Христово"
}
HOLIDAYS = JANUARY | {
    (2, 23): "День защитника Отечества",
    (3, 8): "Международный женский день",
    (5, 1): "Праздник Весны и Труда",
    (5, 9): "День Победы",
    (6, 12): "День России",
    (11, 4): "День народного единства",
}
DAY = timedelta(days=1)
#: A cache of days; a change by staff clears its year at once.
KEEP_SECONDS = 3600


@dataclass(frozen=True)
class Calendar:
    """One year; ``days`` maps a date to (kind, note); ``source`` is empty for an unknown year."""

    year: int
    source: str
    days: dict[date, tuple[str, str]]

    @cached_property
    def moved(self) -> dict[date, str]:
        """Art. 112: a day off that falls on a holiday, January apart, moves to the next working day.

        Only for a year without data: a decree may have moved it elsewhere.
        """
        found: dict[date, str] = {}
        if self.source:
            return found
        for month, day in sorted(HOLIDAYS.keys() - JANUARY.keys()):
            holiday = date(self.year, month, day)
            if holiday.weekday() < 5:
                continue
            target = holiday + DAY
            while (
                target.weekday() >= 5 or (target.month, target.day) in HOLIDAYS or target in found
            ):
                target += DAY
            found[target] = f"выходной с {format_date(holiday)} по статье 112 ТК РФ"
        return found

    def why_off(self, day: date) -> str:
        """Why nobody works on ``day``; an empty string for a working day."""
        kind, note = self.days.get(day, ("", ""))
        if kind == DayKind.DAY_OFF:
            return note
        if kind:
            return ""
        if (day.month, day.day) in HOLIDAYS:
            return HOLIDAYS[day.month, day.day]
        if day in self.moved:
            return self.moved[day]
        return WEEKDAYS[day.weekday()] if day.weekday() >= 5 else ""

    def is_short(self, day: date) -> bool:
        """A working day that is an hour shorter: marked so, or right before a holiday."""
        kind, _note = self.days.get(day, ("", ""))
        if kind == DayKind.SHORT:
            return True
        following = day + DAY
        return not self.why_off(day) and (following.month, following.day) in HOLIDAYS


def get_calendar(year: int) -> Calendar:
    """The year's calendar from the database, kept for an hour."""
    kept = cache.get(cache_key(year))
    if kept is None:
        found = ProductionYear.objects.filter(pk=year).prefetch_related("days").first()
        kept = (
            found.source if found else "",
            {item.date: (item.kind, item.note) for item in found.days.all()} if found else {},
        )
        cache.set(cache_key(year), kept, KEEP_SECONDS)
    return Calendar(year, *kept)


def why_off(day: date) -> str:
    return get_calendar(day.year).why_off(day)


def is_working(day: date) -> bool:
    return not why_off(day)


def next_working(day: date) -> date:
    """``day`` itself when it is a working one, else the first working day after it."""
    while not is_working(day):
        day += DAY
    return day


def working_days_between(start: date, end: date) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -working_days_between(end, start)
    return sum(is_working(start + DAY * number) for number in range(1, (end - start).days + 1))


@dataclass(frozen=True)
class Deadline:
    """The last day, and in words how it was counted."""

    date: date
    explanation: str


def working_deadline(received: date | datetime, days: int, time_zone: str = "") -> Deadline:
    """The ``days``-th working day after receipt; a moment counts in the requester's ``time_zone``.

    Raises ValueError for a negative number of days.
    """
    if days < 0:
        raise ValueError("Число рабочих дней не может быть отрицательным.")
    start = _local_day(received, time_zone)
    day, left, skipped = start, days, []
    while left:
        day += DAY
        if reason := why_off(day):
            if day.weekday() < 5:
                skipped.append(f"{format_date(day)} ({reason})")
        else:
            left -= 1
    words = counted(days, "рабочий день,рабочих дня,рабочих дней")
    parts = [f"{words} после {format_date(start)}, день получения не считается"]
    if skipped:
        parts.append(f"не считаются выходные и {', '.join(skipped)}")
    parts += _unknown_years(start, day)
    return Deadline(day, "; ".join(parts) + ".")


def calendar_deadline(received: date | datetime, days: int, time_zone: str = "") -> Deadline:
    """``days`` calendar days after receipt; from a day off moved to the next working day."""
    start = _local_day(received, time_zone)
    plain = start + DAY * days
    day = next_working(plain)
    words = counted(days, "календарный день,календарных дня,календарных дней")
    parts = [f"{words} после {format_date(start)}, день получения не считается"]
    if day != plain:
        reason = why_off(plain)
        parts.append(
            f"{format_date(plain)} — {reason}, поэтому срок переходит на {format_date(day)} "
            "(статья 193 ГК РФ)"
        )
    parts += _unknown_years(start, day)
    return Deadline(day, "; ".join(parts) + ".")


def _local_day(received: date | datetime, time_zone: str) -> date:
    if isinstance(received, datetime):
        return received.astimezone(ZoneInfo(time_zone or "Europe/Moscow")).date()
    return received


def _unknown_years(start: date, end: date) -> list[str]:
    unknown = [
        str(year) for year in range(start.year, end.year + 1) if not get_calendar(year).source
    ]
    if not unknown:
        return []
    return [
        f"переносы выходных на {', '.join(unknown)} год ещё не внесены: учтены только праздники"
    ]
