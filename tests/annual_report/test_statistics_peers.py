"""Similar municipalities and places among them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from annual_report.statistics.peers import (
    NEIGHBOURS,
    Peers,
    compare,
    measure,
    own_noise,
    place_among,
    rounding_error,
    row_medians,
)


def features(rows):
    columns = ["population", "density", "rural", "budget", "distance"]
    return pd.DataFrame(rows, columns=columns, dtype=float)


def villages(count=40):
    generator = np.random.default_rng(8)
    return features(
        np.column_stack(
            [
                np.exp(generator.normal(7, 1, count)),
                np.exp(generator.normal(2, 1, count)),
                np.full(count, 100.0),
                np.exp(generator.normal(3, 0.4, count)),
                np.exp(generator.normal(4, 0.8, count)),
            ]
        )
    )


def kinds(count, kind="rural_settlement"):
    return pd.Series([kind] * count)


def test_nearest_is_the_twin_and_nobody_is_its_own_peer():
    table = villages()
    table.loc[40] = table.loc[7] * [1.01, 1.01, 1.0, 1.01, 1.01]
    peers = Peers(table, kinds(41))
    assert peers.of(7).iloc[0]["peer"] == 40
    assert peers.of(40).iloc[0]["peer"] == 7
    assert (peers.table["own"] != peers.table["peer"]).all()
    assert peers.table.groupby("own").size().unique().tolist() == [NEIGHBOURS]


def test_only_comparable_kinds_are_peers():
    table = pd.concat([villages(20)] * 3, ignore_index=True)
    names = pd.Series(
        ["rural_settlement"] * 20 + ["municipal_district"] * 20 + ["municipal_okrug"] * 20
    )
    peers = Peers(table, names)
    assert set(names[peers.of(3)["peer"]]) == {"rural_settlement"}
    assert set(names[peers.of(23)["peer"]]) == {"municipal_district", "municipal_okrug"}
    assert peers.of(23).iloc[0]["peer"] == 43, "the same features, of a comparable kind"


def test_unknown_feature_is_not_scored_as_average():
    """N6: whoever does not know its budget is compared by the rest, with whoever knows the rest."""
    table = villages()
    table.loc[0, "budget"] = np.nan
    table.loc[1, "distance"] = np.nan
    full = villages()
    full.loc[[0, 1]] = table.loc[[0, 1]]
    peers = Peers(table, kinds(40))
    assert peers.missing(0) == ["собственные доходы на жителя"]
    assert 1 not in set(peers.of(0)["peer"]), "it does not know the distance"
    assert 0 not in set(peers.of(2)["peer"]), "it does not know the budget"
    extreme = table.copy()
    extreme.loc[2:, "budget"] *= np.geomspace(1, 1_000, 38)
    assert Peers(extreme, kinds(40)).of(0)["peer"].tolist() == peers.of(0)["peer"].tolist()


def test_too_little_known_has_no_peers():
    table = villages()
    table.loc[0, ["density", "rural", "budget", "distance"]] = np.nan
    peers = Peers(table, kinds(40))
    assert peers.of(0).empty
    assert Peers(villages(1), kinds(1)).table.empty


def test_order_of_rows_does_not_decide():
    table = villages()
    shuffled = table.sample(frac=1, random_state=4)
    first = Peers(table, kinds(40))
    second = Peers(shuffled.reset_index(drop=True), kinds(40))
    names = shuffled.index.to_numpy()
    for row in range(40):
        there = second.of(int(np.flatnonzero(names == row)[0]))["peer"]
        assert names[there].tolist() == first.of(row)["peer"].tolist()


def test_distance_is_explained_in_words():
    table = villages()
    table.loc[0] = [12_300, 10.0, 100, 20.0, 40.0]
    table.loc[1] = [12_500, 10.2, 100, 20.5, 180.0]
    text = Peers(table, kinds(40)).explain(0, 1).replace("\u00a0", " ")
    assert "население (12 300 и 12 500 чел.)" in text.partition("Отличаются")[0]
    assert text.endswith("Отличаются: расстояние до центра субъекта (40 и 180 км).")


def test_features_are_made_of_indicators():
    register = pd.DataFrame({"population": [np.nan, 900.0, 50.0]})
    columns = {
        "A05": [1_000, np.nan, 0], "A03": [5_000, 9_000, 100], "A16": [500, 900, 0],
        "D09": [30_000, np.nan, 5], "A15": [0, 25, np.nan],
    }  # fmt: skip
    table = measure(lambda code: np.array(columns[code], dtype=float), register)
    assert table.loc[0, ["population", "density", "rural", "budget", "distance"]].tolist() == [
        1_000, 20, 50, 30, 1,
    ]  # fmt: skip
    assert table.loc[1, ["population", "density", "rural"]].tolist() == [900, 10, 100]
    assert np.isnan(table.loc[1, "budget"])
    assert np.isnan(table.loc[2, ["population", "rural", "budget", "distance"]].to_numpy()).all()


def test_whole_country_is_found_at_once():
    generator = np.random.default_rng(9)
    table = pd.concat([villages(40)] * 100, ignore_index=True)
    table = table * np.exp(generator.normal(0, 0.3, table.shape))
    table["rural"] = table["rural"].clip(0, 100)
    peers = Peers(table, kinds(4_000))
    assert len(peers.table) == 4_000 * NEIGHBOURS
    assert (peers.table.groupby("own")["distance"].diff().dropna() >= 0).all()


# --- places ----------------------------------------------------------------------------------------


def test_place_is_as_wide_as_the_errors():
    values = np.array([50.0, 10, 20, 30, 40, 49, 51, 60, 70, 80])
    assert str(place_among(values, np.zeros(10))) == "5-е место из\u00a010"
    found = place_among(values, np.full(10, 1.0))
    assert (found.first, found.last, found.count) == (4, 6, 10)
    assert str(found) == "с\u00a04-го по\u00a06-е место из\u00a010"
    nothing = place_among(values, np.full(10, 100.0))
    assert (nothing.first, nothing.last) == (1, 10)
    assert "не отличить" in str(nothing)


def test_lowest_is_first_where_less_is_better():
    values = np.array([10.0, 20.0, 30.0])
    found = place_among(values, np.zeros(3), descending=False)
    assert (found.first, found.last) == (1, 1)


def test_missing_values_are_neither_above_nor_below():
    found = place_among(np.array([10.0, np.nan, 20.0, np.nan]), np.zeros(4))
    assert (found.first, found.last, found.count, found.missing) == (2, 2, 2, 2)
    assert str(found).endswith("(2\u00a0муниципалитета без данных)")
    assert place_among(np.array([np.nan, 1.0]), np.zeros(2)) is None
    assert str(place_among(np.array([1.0]), np.zeros(1))) == "сравнивать не с кем"


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12),
    error=st.floats(0, 1e3),
    wider=st.floats(1, 10),
)
def test_place_holds_the_bare_rank_and_grows_with_the_error(values, error, wider):
    numbers = np.array(values)
    narrow = place_among(numbers, np.full(len(values), error))
    wide = place_among(numbers, np.full(len(values), error * wider))
    assert narrow.first <= 1 + int((numbers > numbers[0]).sum()) <= narrow.last
    assert wide.first <= narrow.first <= narrow.last <= wide.last


def test_places_cover_the_truth():
    """True values 1 to 11, errors of one: the interval holds the true place in 95 % of draws."""
    generator, truth = np.random.default_rng(10), np.arange(11.0)
    hits = 0
    for _ in range(1_000):
        seen = truth + generator.standard_normal(11)
        found = place_among(seen, np.ones(11), own=5)
        hits += found.first <= 6 <= found.last
    assert hits >= 950


def test_noise_is_that_of_the_own_series():
    generator = np.random.default_rng(12)
    trend = np.linspace(0, 3, 400)
    calm = trend + generator.normal(0, 0.1, 400)
    short = np.r_[np.full(398, np.nan), 1.0, 2.0]
    noise = own_noise(np.vstack([calm, trend, short]))
    assert noise[0] == pytest.approx(0.1, rel=0.15)
    assert noise[1] == pytest.approx(0, abs=1e-9)
    assert noise[2] == pytest.approx(np.median(noise[:2]))
    assert np.isnan(own_noise(np.array([[1.0, 2.0]]))).all()


def test_rounding_is_an_error_too():
    assert rounding_error(np.array([10.0]), 0, False)[0] == pytest.approx(1 / np.sqrt(12))
    assert rounding_error(np.array([10.0]), 1, True)[0] == pytest.approx(0.01 / np.sqrt(12))


def test_comparison_is_per_resident_and_leaves_gaps_out():
    history = np.array([[np.nan, 30.0], [9.0, 10.0], [np.nan, np.nan], [19.0, 40.0], [4.0, 5.0]])
    residents = np.full((5, 2), 500.0)
    found = compare(history, residents, decimals=1)
    assert (found.value, found.median, found.per) == (60.0, 20.0, 1_000)
    assert (found.low, found.high) == (15.0, 50.0)
    assert (found.place.first, found.place.last, found.place.count) == (2, 2, 4)
    assert found.place.missing == 1


def test_comparison_widens_with_the_ups_and_downs():
    generator = np.random.default_rng(3)
    level = np.linspace(100, 150, 11)[:, None]
    calm = level * np.exp(generator.normal(0, 0.001, (11, 6)))
    wild = level * np.exp(generator.normal(0, 0.3, (11, 6)))
    narrow, wide = (compare(item).place for item in (calm, wild))
    assert narrow.first == narrow.last == 11
    assert wide.first < wide.last


def test_comparison_of_nothing():
    found = compare(np.array([[np.nan, np.nan], [1.0, 2.0]]))
    assert (found.value, found.place, found.median) == (None, None, 2.0)
    alone = compare(np.array([[1.0, 2.0], [np.nan, np.nan]]))
    assert (alone.value, alone.median, str(alone.place)) == (2.0, None, "сравнивать не с кем")


def test_comparison_of_balances_is_by_difference():
    found = compare(np.array([[0.0, -5.0], [0.0, 0.0], [1.0, 5.0]]))
    assert (found.place.first, found.place.count) == (3, 3)


cells = st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6))


@given(arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=cells))
def test_row_medians_are_numpys(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy warns of rows without a number
        expected = np.nanmedian(values, axis=1)
    np.testing.assert_allclose(row_medians(values), expected, rtol=1e-12, atol=1e-9)
