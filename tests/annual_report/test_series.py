"""Series "as it was" and "in today's borders" over invented histories."""

from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annual_report.series import (
    KNOWN,
    Measure,
    Reading,
    Status,
    as_it_was,
    in_todays_borders,
    place_of,
    scope_series,
)
from okmo_portal.organisations.genealogy import OPEN_TO
from tests.organisations.test_transformations_genealogy import DISTRICT, STORY, graph, lands

SUM = Measure("sum")
RATIO = Measure("ratio", scale=100)
#: Years are days here: a year's municipalities stand on the day of the same number.
EVERY = {year: [year] for year in (5, 11, 16, 25)}


def sums(values):
    return {key: Reading(float(value), source="report") for key, value in values.items()}


def parts(values, scale=100):
    return {
        key: Reading(top / bottom * scale, float(top), float(bottom), "report")
        for key, (top, bottom) in values.items()
    }


def series(measure, target, readings, *, genealogy=STORY, today=30, days=EVERY):
    return in_todays_borders(
        measure, target, today=today, genealogy=genealogy, readings=readings, days=days
    )


def told(points):
    return {point.year: (point.status, point.value) for point in points}


# --- one municipality --------------------------------------------------------------------------------


def test_additive_values_of_predecessors_are_summed():
    """1 and 2 merged into 3 on day 10."""
    readings = sums({(1, 5): 100, (2, 5): 40, (3, 11): 150, (3, 16): 160})
    points = series(SUM, 3, readings, today=18, days={5: [5], 11: [11], 16: [16]})
    assert told(points) == {
        5: (Status.SUMMED, 140.0), 11: (Status.OWN, 150.0), 16: (Status.OWN, 160.0),
    }  # fmt: skip
    assert (points[0].used, points[0].changes, points[0].sources) == ((1, 2), (100,), ("report",))
    assert as_it_was(readings, [1, 2, 3]) == {
        1: {5: 100.0},
        2: {5: 40.0},
        3: {11: 150.0, 16: 160.0},
    }


def test_ratios_are_recomputed_and_never_averaged():
    readings = parts({(1, 5): (10, 100), (2, 5): (10, 10), (3, 11): (30, 120)})
    points = series(RATIO, 3, readings, today=18, days={5: [5], 11: [11]})
    # 20 of 110; the mean of 10 % and 100 % would be 55.
    assert told(points) == {5: (Status.RECOMPUTED, 20 / 110 * 100), 11: (Status.OWN, 25.0)}


def test_ratio_without_its_parts_is_carried_but_not_merged():
    readings = {(1, 5): Reading(10.0), (2, 5): Reading(20.0), (3, 11): Reading(15.0)}
    points = series(RATIO, 3, readings, today=18, days={5: [5], 11: [11]})
    assert told(points) == {5: (Status.NO_DATA, None), 11: (Status.OWN, 15.0)}


@pytest.mark.parametrize("aggregation", ["median", "share", "choice"])
def test_other_values_are_not_added_but_carry_over_a_renaming(aggregation):
    story = graph(
        {1: (0, 10, -1), 2: (10, OPEN_TO, -1), 3: (0, 20, -1), 4: (20, OPEN_TO, -1)},
        [(1, 10, 1, 2), (2, 20, 3, 4), (3, 20, 2, 4)],
    )
    story.nodes[2] = story.nodes[2]._replace(valid_to=20)
    readings = sums({(1, 5): 7, (2, 11): 8, (3, 11): 9, (4, 25): 6})
    measure = Measure(aggregation)
    renamed = series(measure, 2, readings, genealogy=story, today=15, days={5: [5], 11: [11]})
    assert told(renamed) == {5: (Status.CARRIED, 7.0), 11: (Status.OWN, 8.0)}
    merged = series(measure, 4, readings, genealogy=story, days={11: [11], 25: [25]})
    assert told(merged) == {11: (Status.NOT_ADDITIVE, None), 25: (Status.OWN, 6.0)}
    assert merged[0].changes == (2, 3)


def test_missing_predecessor_makes_the_sum_incomplete_and_is_named():
    points = series(SUM, 3, sums({(1, 5): 100}), today=18, days={5: [5]})
    assert told(points) == {5: (Status.INCOMPLETE, None)}
    assert (points[0].used, points[0].missing) == ((1,), (2,))


def test_divided_past_is_not_comparable_but_the_union_is():
    """3 was split into 4 and 5 on day 20."""
    readings = sums({(1, 5): 100, (2, 5): 40, (3, 16): 150, (4, 25): 90, (5, 25): 66})
    points = series(SUM, 4, readings, days={5: [5], 16: [16], 25: [25]})
    assert told(points) == {
        5: (Status.DIVIDED, None), 16: (Status.DIVIDED, None), 25: (Status.OWN, 90.0),
    }  # fmt: skip
    assert points[1].group == (4, 5)
    assert points[0].changes == (100, 101)
    together = in_todays_borders(
        SUM, 4, 5, today=30, genealogy=STORY, readings=readings, days={5: [5], 16: [16], 25: [25]}
    )
    assert told(together) == {
        5: (Status.SUMMED, 140.0), 16: (Status.CARRIED, 150.0), 25: (Status.SUMMED, 156.0),
    }  # fmt: skip


def test_district_with_its_settlements_is_counted_once_where_it_includes_them():
    """Settlements 2, 3 and 8 lie in district 1; all became okrug 4 on day 10."""
    readings = sums({(1, 5): 100, (2, 5): 30, (3, 5): 20, (8, 5): 10, (4, 12): 101})
    days = {5: [5], 12: [12]}
    people = Measure("sum", nested=True)
    found = series(people, 4, readings, genealogy=DISTRICT, days=days)
    assert told(found)[5] == (Status.CARRIED, 100.0)
    budget = Measure("sum")
    assert told(series(budget, 4, readings, genealogy=DISTRICT, days=days))[5] == (
        Status.SUMMED, 160.0,
    )  # fmt: skip


def test_first_day_on_which_nothing_is_missing_counts():
    """A report asks the municipalities of its register's date, an observation those of the year."""
    readings = sums({(1, 9): 100, (2, 9): 40})
    assert told(series(SUM, 3, readings, today=18, days={9: [10, 9]})) == {
        9: (Status.SUMMED, 140.0)
    }
    own = readings | sums({(3, 9): 139})
    assert told(series(SUM, 3, own, today=18, days={9: [10, 9]})) == {9: (Status.OWN, 139.0)}


def test_land_that_was_nowhere_has_no_past():
    story = graph({1: (10, OPEN_TO, -1)}, [])
    points = series(SUM, 1, sums({(1, 11): 5}), genealogy=story, days={5: [5], 11: [11], 16: [16]})
    assert [point.status for point in points] == [Status.ABSENT, Status.OWN, Status.NO_DATA]


# --- versions ----------------------------------------------------------------------------------------


def version(number, from_year, conversion=None):
    factor = None if conversion is None else Decimal(conversion)
    return SimpleNamespace(number=number, from_year=from_year, conversion=factor)


def test_units_are_converted_and_breaks_make_segments():
    versions = [version(1, 2000), version(3, 2022, "1000"), version(2, 2020), version(4, 2024, "2")]
    assert place_of(versions, 2025) == (0, 1.0)
    assert place_of(versions, 2023) == (0, 2.0)
    assert place_of(versions, 2021) == (0, 2000.0)
    assert place_of(versions, 2019) == (1, 1.0)
    assert place_of([], 2019) == (0, 1.0)
    assert place_of([version(1, 2020)], 2019) == (0, 1.0)


def test_conversions_before_a_break_end_at_the_break():
    versions = [version(1, 2000), version(2, 2010, "1000"), version(3, 2020)]
    assert place_of(versions, 2005) == (1, 1000.0)


def test_segment_is_told_with_each_point():
    measure = Measure("sum", segments={5: 1, 11: 0})
    points = series(measure, 3, sums({(1, 5): 1, (2, 5): 1, (3, 11): 3}), today=18,
                    days={5: [5], 11: [11]})  # fmt: skip
    assert [point.segment for point in points] == [1, 0]


# --- invented histories ------------------------------------------------------------------------------


@given(lands(), st.data())
@settings(max_examples=50)
def test_known_values_are_those_of_the_land(land, data):
    """Every cell has its own number; a value in today's borders must be the sum over its cells."""
    worth = {cell: float(3**cell) for cell in range(1, 8)}
    readings = {}
    genealogy = land.genealogy()
    days = {day: [day] for day in range(land.day + 1)}
    for day in days:
        for row in genealogy.alive(day):
            if data.draw(st.integers(0, 9)) < 9:
                top = sum(worth[cell] for cell in land.cells[row])
                bottom = float(len(land.cells[row]))
                readings[row, day] = Reading(top, top, bottom)
    for target in genealogy.alive(land.day):
        total = sum(worth[cell] for cell in land.cells[target])
        for measure, right in ((SUM, total), (Measure("ratio"), total / len(land.cells[target]))):
            points = in_todays_borders(
                measure, target, today=land.day, genealogy=genealogy, readings=readings, days=days
            )
            for point in points:
                if point.status in KNOWN:
                    assert point.value == pytest.approx(right)
                    assert set(point.used) == {
                        row
                        for row in genealogy.alive(point.year)
                        if land.cells[row] & land.cells[target]
                    }


# --- a region or a kind ------------------------------------------------------------------------------


def frame(readings):
    rows = [
        (key, year, item.value, item.top, item.bottom) for (key, year), item in readings.items()
    ]
    return pd.DataFrame(rows, columns=["municipality", "year", "value", "top", "bottom"])


def scope(measure, readings, members, genealogy=STORY, today=30, days=(5, 16, 25)):
    borders = {day: genealogy.borders(day, today) for day in days}
    flags = pd.Series({key: key in members for key in genealogy.nodes})
    points = scope_series(measure, frame(readings), flags, borders)
    return {point.year: point for point in points}


def test_kind_is_told_of_then_and_of_today():
    """Districts 1 and 2 became okrug 3, later 4 and 5; 9 is an okrug all along."""
    readings = sums({(1, 5): 100, (2, 5): 40, (9, 5): 7, (3, 16): 150, (9, 16): 8, (4, 25): 90,
                     (5, 25): 66, (9, 25): 9})  # fmt: skip
    points = scope(SUM, readings, members={3, 4, 5, 9})
    assert (points[5].was, points[5].was_count, points[5].was_expected) == (7.0, 1, 1)
    # Both parts of what was divided are okrugs today, so the whole counts.
    assert (points[5].now, points[5].now_count, points[5].now_expected) == (147.0, 3, 3)
    assert (points[16].was, points[16].now) == (158.0, 158.0)
    assert (points[25].was, points[25].now) == (165.0, 165.0)


def test_what_is_divided_between_two_kinds_is_left_out_and_counted():
    readings = sums({(3, 16): 150, (9, 16): 8})
    point = scope(SUM, readings, members={4, 9}, days=(16,))[16]
    assert (point.now, point.now_count, point.left_out) == (8.0, 1, 1)


def test_median_and_share_of_today_stand_on_unchanged_land_only():
    readings = sums({(1, 5): 1, (2, 5): 0, (9, 5): 1, (6, 5): 1, (7, 5): 0})
    point = scope(Measure("share"), readings, members={3, 9, 7}, today=18, days=(5,))[5]
    assert (point.was, point.was_count) == (50.0, 2)
    # 7 was joined by 6, and 3 came of 1 and 2: only 9 is what it was.
    assert (point.now, point.now_count, point.left_out) == (100.0, 1, 4)
    median = scope(Measure("median"), readings, members={3, 9, 7}, today=18, days=(5,))[5]
    assert (median.was, median.now) == (0.5, 1.0)


def test_scope_ratio_is_of_sums():
    readings = parts({(1, 5): (10, 100), (2, 5): (10, 10), (9, 5): (0, 90)})
    point = scope(RATIO, readings, members={3, 9}, today=18, days=(5,))[5]
    assert point.now == pytest.approx(10.0)
    assert point.was == 0.0


def test_scope_without_readings_says_so():
    point = scope(SUM, {}, members={9}, days=(5,))[5]
    assert (point.was, point.was_count, point.was_expected) == (None, 0, 1)
    assert (point.now, point.left_out) == (None, 0)
