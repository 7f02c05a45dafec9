"""The production calendar against the published norms, and the rules of terms."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from okmo_portal.core.models import ProductionYear
from okmo_portal.core.workdays import (
    calendar_deadline,
    get_calendar,
    is_working,
    next_working,
    why_off,
    working_days_between,
    working_deadline,
)

pytestmark = pytest.mark.django_db
slow_database = hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def days_of(year):
    return [date(year, 1, 1) + timedelta(days=number) for number in range(366)
            if (date(year, 1, 1) + timedelta(days=number)).year == year]  # fmt: skip


@pytest.mark.parametrize(
    ("year", "days", "hours"), [(2024, 248, 1979), (2025, 247, 1972), (2026, 247, 1972)]
)
def test_year_has_the_published_days_and_hours(year, days, hours):
    """The norms of a 40-hour week: eight hours a day, an hour less on short days."""
    calendar = get_calendar(year)
    working = [day for day in days_of(year) if not calendar.why_off(day)]
    assert len(working) == days
    assert sum(8 - calendar.is_short(day) for day in working) == hours


@pytest.mark.parametrize(
    ("day", "reason"),
    [(date(2026, 1, 9), "выходной с субботы 03.01.2026"), (date(2026, 5, 9), "День Победы"),
     (date(2026, 3, 9), "выходной с воскресенья 08.03.2026 по статье 112 ТК РФ"),
     (date(2026, 2, 14), "суббота"), (date(2025, 11, 1), ""), (date(2026, 11, 24), "")],
)  # fmt: skip
def test_day_off_says_why(day, reason):
    assert why_off(day) == reason


def test_deadline_explains_itself():
    found = working_deadline(date(2026, 4, 29), 5)
    assert found.date == date(2026, 5, 7)
    assert found.explanation == (
        "5\u00a0рабочих дней после 29.04.2026, день получения не считается; "
        "не считаются выходные и 01.05.2026 (Праздник Весны и Труда)."
    )


def test_term_that_ends_on_a_day_off_moves_on():
    found = calendar_deadline(date(2026, 4, 9), 30)
    assert found.date == date(2026, 5, 12)
    assert "09.05.2026 — День Победы, поэтому срок переходит на 12.05.2026" in found.explanation


@pytest.mark.parametrize(("zone", "day"), [("Europe/Kaliningrad", 2), ("Asia/Kamchatka", 3)])
def test_day_of_receipt_is_the_requesters(zone, day):
    """20:30 UTC is still the 2nd in Kaliningrad and already the 3rd in Petropavlovsk-Kamchatsky."""
    received = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
    assert working_deadline(received, 0, zone).date == date(2026, 3, day)


def test_year_without_data_follows_the_code_and_says_so():
    assert why_off(date(2027, 2, 23)) == "День защитника Отечества"
    assert why_off(date(2028, 1, 8)) == "новогодние каникулы"
    found = working_deadline(date(2027, 6, 10), 2)
    assert found.date == date(2027, 6, 15), (
        "12 June 2027 is a Saturday: the day off moves to Monday"
    )
    assert "переносы выходных на 2027 год ещё не внесены" in found.explanation


def test_change_by_staff_counts_at_once():
    assert is_working(date(2027, 11, 5))
    year = ProductionYear.objects.create(year=2027, source="образец")
    year.days.create(date=date(2027, 11, 5), kind="day_off", note="перенос")
    year.save()
    assert not is_working(date(2027, 11, 5))


dates = st.dates(date(2024, 1, 1), date(2026, 12, 1))


@slow_database
@given(dates, st.integers(1, 40))
def test_deadline_is_a_working_day_with_exactly_so_many_before(start, days):
    end = working_deadline(start, days).date
    assert is_working(end)
    assert working_days_between(start, end) == days


@slow_database
@given(dates)
def test_next_working_is_the_first_one(day):
    found = next_working(day)
    assert is_working(found)
    assert not any(is_working(day + timedelta(days=n)) for n in range((found - day).days))
