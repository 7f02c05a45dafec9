import numpy as np
import pandas as pd

from annual_report.statistics.strata import (
    LEVELS,
    SIZE_CLASSES,
    build_strata,
    choose_levels,
    coverage_table,
    size_class,
)


def register(rows):
    """Rows of (how many, kind, region, district, population)."""
    columns = ["kind", "region", "district", "population"]
    return pd.DataFrame([row[1:] for row in rows for _ in range(row[0])], columns=columns)


def counts(strata, answered):
    """Answers by cell from a mask of municipalities."""
    return np.bincount(strata.cell, answered, minlength=len(strata.cells)).astype(float)


def test_bounds_of_the_population_classes():
    classes = size_class([0, 999, 1_000, 2_999, 49_999, 250_000, np.nan, -1])
    assert list(classes) == [
        "to_1k", "to_1k", "1k_3k", "1k_3k", "10k_50k", "from_250k", "unknown", "unknown",
    ]  # fmt: skip
    assert set(classes) - {"unknown"} <= set(SIZE_CLASSES)


def test_columns_of_the_register_win_over_derived_ones():
    table = register([(2, "municipal_okrug", "40", "ЦФО", 500)])
    table["size_class"], table["is_urban"] = ["3k_10k", None], [True, None]
    strata = build_strata(table)
    rows = strata.cells.iloc[strata.cell][["size", "urban"]].to_numpy().tolist()
    assert rows == [["3k_10k", True], ["unknown", False]]


def test_thin_cell_borrows_from_the_same_stratum_of_its_district_first():
    strata = build_strata(
        register(
            [
                (10, "rural_settlement", "40", "ЦФО", 500),
                (10, "rural_settlement", "71", "ЦФО", 500),
                (10, "rural_settlement", "71", "ЦФО", 2_000),
                (4, "urban_settlement", "71", "ЦФО", 500),
            ]
        )
    )
    answered = np.r_[np.ones(10), np.ones(1), np.zeros(9), np.ones(10), np.zeros(4)]
    by_cell = counts(strata, answered)
    level = choose_levels(strata, by_cell, strata.size)
    found = {
        (row.region, row.kind, row.size): LEVELS[number][1]
        for row, number in zip(strata.cells.itertuples(), level, strict=True)
    }
    assert found == {
        ("40", "rural_settlement", "to_1k"): "свой слой",
        ("71", "rural_settlement", "to_1k"): "тот же слой федерального округа",
        ("71", "rural_settlement", "1k_3k"): "свой слой",
        ("71", "urban_settlement", "to_1k"): "все муниципальные образования",
    }


def test_coverage_table_shows_a_stratum_that_is_gone():
    strata = build_strata(
        register(
            [
                (10, "rural_settlement", "40", "ЦФО", 500),
                (8, "rural_settlement", "16", "ПФО", 500),
                (6, "urban_okrug", "16", "ПФО", 90_000),
                (12, "urban_okrug", "40", "ЦФО", 90_000),
            ]
        )
    )
    answered = np.r_[np.ones(10), np.ones(1), np.zeros(7), np.zeros(6), np.ones(6), np.zeros(6)]
    table = coverage_table(strata, counts(strata, answered), np.ones(len(strata.cells), bool))
    rows = table[["kind", "district", "expected", "count", "status"]].to_numpy().tolist()
    assert rows == [
        ["rural_settlement", "ПФО", 8, 1, "borrowed"],
        ["rural_settlement", "ЦФО", 10, 10, "full"],
        ["urban_okrug", "ПФО", 6, 0, "empty"],
        ["urban_okrug", "ЦФО", 12, 6, "own"],
    ]


def test_order_of_the_register_does_not_matter():
    table = register(
        [(7, "rural_settlement", "40", "ЦФО", 500), (5, "urban_okrug", "16", "ПФО", 90_000)]
    )
    shuffled = table.sample(frac=1, random_state=3)
    first, second = build_strata(table), build_strata(shuffled)
    assert first.cells.equals(second.cells)
    assert list(first.cell[shuffled.index]) == list(second.cell)
