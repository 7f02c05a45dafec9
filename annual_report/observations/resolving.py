"""From what a file says to rows of the register and the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from annual_report.observations.cleaning import (
    WHY,
    as_text,
    clean_codes,
    clean_periods,
    mark,
    plain_words,
)
from annual_report.observations.mapping import OKTMO, Filter, Spec
from annual_report.observations.readers import LINE, RAGGED, ReadError, Table
from annual_report.observations.refusals import REFUSALS, REPAIRS
from okmo_portal.organisations.oktmo import is_heading

#: A municipality whose row has no beginning or end counts for all years.
ALWAYS = (1900, 2200)


@dataclass(frozen=True)
class Reference:
    """What codes mean.

    ``territories``: system, code, first_year, last_year (both inclusive), rank (the higher wins
    where two rows of one code share a year), municipality_id. ``indicators``: indicator, id,
    is_whole, least, most, unit, is_choice, can_switch (its unit can be mistaken). ``choices``: id,
    value. ``scales``, for indicators with several versions: indicator_id, year, segment (years
    between two breaks of the series), factor (turns the year's unit into the newest of its segment).
    """

    territories: pl.DataFrame
    indicators: pl.DataFrame
    choices: pl.DataFrame
    scales: pl.DataFrame
    last_year: int


@dataclass
class Extracted:
    """Rows of single values; counts of what was read, left out, and repaired."""

    frame: pl.DataFrame
    read: int
    left_out: int
    repaired: dict[str, int] = field(default_factory=dict)


def extract(table: Table, spec: Spec) -> Extracted:
    """One row per value: what the file says, still unread.

    Columns: line, place (the header of the value column, where there are several), raw_code,
    system, raw_indicator, raw_period, raw, and where the mapping has them column_factor, raw_unit
    and s0 … (the categories summed over). Filters are applied; raises ReadError.
    """
    frame = table.frame
    text = {header: as_text(frame, table.column(header)) for header in _used_as_text(spec)}
    read = frame.height * len(spec.values)
    code = text[spec.territory]
    columns = {
        "raw_code": code.replace("", None).forward_fill() if spec.fill_down else code,
        "system": _system(spec, text),
        "raw_indicator": text.get(spec.indicator, pl.lit(spec.indicator_code)),
        "raw_period": text.get(spec.period, pl.lit(str(spec.year) if spec.year else "")),
    }
    if spec.unit:
        columns["raw_unit"] = text[spec.unit]
    columns |= {f"s{number}": text[item.column] for number, item in enumerate(spec.sum_over)}
    # Filled down before the filters: the row that names the territory may be one they drop.
    given = frame.with_columns(**columns, why=pl.lit(0, pl.UInt8))
    given = given.with_columns(mark(pl.col(RAGGED), "ragged"))
    given = given.filter(_filters(frame, table, (*spec.filters, *spec.sum_over), text))
    names = [LINE, WHY, *columns]
    if spec.has_one_value_column:
        rows = _one_column(given, table, spec, names)
    else:
        rows = _many_columns(given, table, spec, names)
    return Extracted(rows, read, read - rows.height)


def _used_as_text(spec: Spec) -> list[str]:
    used = [spec.territory, spec.system_column, spec.indicator, spec.period, spec.unit]
    used += [item.column for item in (*spec.filters, *spec.sum_over)]
    return [header for header in dict.fromkeys(used) if header]


def _system(spec: Spec, text: dict[str, pl.Expr]) -> pl.Expr:
    if not spec.system_column:
        return pl.lit(spec.system)
    return text[spec.system_column].str.to_lowercase().fill_null("").replace("", OKTMO)


def _filters(
    frame: pl.DataFrame, table: Table, filters: tuple[Filter, ...], text: dict[str, pl.Expr]
) -> pl.Expr:
    """A filter that matches nothing is a mistake in the mapping, not an empty file."""
    wanted = pl.lit(True)
    for item in filters:
        matches = text[item.column].fill_null("").is_in(item.values)
        if item.mode == "only" and not frame.select(matches.any()).item():
            some = frame.select(text[item.column].unique().drop_nulls().sort().head(10)).to_series()
            raise ReadError(
                f"Отбор не подходит: в столбце «{item.column}» нет значения "
                f"«{'», «'.join(item.values)}». Есть: {', '.join(some)}."
            )
        wanted &= matches if item.mode == "only" else ~matches
    # Damaged lines are told as such, whatever their cells hold.
    return wanted | pl.col(RAGGED)


def _one_column(given: pl.DataFrame, table: Table, spec: Spec, names: list[str]) -> pl.DataFrame:
    only = spec.values[0]
    rows = given.select(
        *names, pl.lit("").alias("place"), pl.col(table.column(only.column)).alias("raw")
    )
    changes = []
    if only.indicator:
        changes.append(pl.lit(only.indicator).alias("raw_indicator"))
    if only.year:
        changes.append(pl.lit(str(only.year)).alias("raw_period"))
    if only.multiplier != 1:
        changes.append(pl.lit(only.multiplier).cast(pl.Decimal(38, 9)).alias("column_factor"))
    return _plain(rows.with_columns(changes))


def _many_columns(given: pl.DataFrame, table: Table, spec: Spec, names: list[str]) -> pl.DataFrame:
    found = {table.column(item.column): item for item in spec.values}
    kinds = {given.schema[name] for name in found}
    if not all(kind.is_numeric() for kind in kinds):
        given = given.with_columns(as_text(given, name).alias(name) for name in found)
    else:
        given = given.with_columns(pl.col(name).cast(pl.Float64) for name in found)
    rows = given.select(*names, *found).unpivot(
        on=list(found), index=names, variable_name="column", value_name="raw"
    )
    about = pl.DataFrame(
        {
            "column": list(found),
            "place": [item.column for item in found.values()],
            "own_indicator": [item.indicator or None for item in found.values()],
            "own_period": [str(item.year) if item.year else None for item in found.values()],
            "column_factor": [item.multiplier for item in found.values()],
        },
        schema_overrides={
            "column_factor": pl.Decimal(38, 9),
            "own_indicator": pl.String,
            "own_period": pl.String,
        },
    )
    rows = rows.join(about, on="column", how="left", maintain_order="left").with_columns(
        pl.coalesce("own_indicator", "raw_indicator").alias("raw_indicator"),
        pl.coalesce("own_period", "raw_period").alias("raw_period"),
    )
    return _plain(rows.drop("column", "own_indicator", "own_period"))


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Values as numbers or as text, nothing else."""
    if rows.schema["raw"].is_numeric():
        return rows
    return rows.with_columns(as_text(rows, "raw").alias("raw"))


# --- what the words mean -------------------------------------------------------------------------


def resolve(found: Extracted, spec: Spec, reference: Reference) -> Extracted:
    """Adds year, municipality_id and indicator_id; marks what is unknown."""
    frame = found.frame
    frame = _join_why(frame, _periods(frame, spec, reference), ["raw_period"])
    codes = _codes(frame, spec, reference)
    frame = _join_why(frame, codes, ["raw_code", "system"])
    frame = _join_why(frame, _indicators(frame, spec, reference), ["raw_indicator"])
    if spec.unit:
        frame = _join_why(frame, _units(frame, spec), ["raw_unit"])
    frame = _join_territories(frame, spec, reference)
    return _leave_out(Extracted(frame, found.read, found.left_out), spec)


def _join_why(frame: pl.DataFrame, meanings: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Bring the meanings of distinct words to all rows; the earlier reason stays."""
    joined = frame.join(
        meanings.rename({WHY: "found_why"}),
        on=keys, how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    why = pl.when(pl.col(WHY) == 0).then(pl.col("found_why")).otherwise(pl.col(WHY))
    return joined.with_columns(why.alias(WHY)).drop("found_why")


def _periods(frame: pl.DataFrame, spec: Spec, reference: Reference) -> pl.DataFrame:
    return clean_periods(frame.select("raw_period").unique(), spec, reference.last_year)


def _codes(frame: pl.DataFrame, spec: Spec, reference: Reference) -> pl.DataFrame:
    codes = clean_codes(frame.select("raw_code", "system").unique(), spec)
    known = reference.territories.select("system", "code").unique()
    systems = known["system"].unique().to_list()
    codes = codes.with_columns(
        mark(
            ~pl.col("system").is_in([OKTMO, *systems]) & (pl.col("system") != ""), "unknown_system"
        )
    )
    codes = codes.join(
        known.with_columns(pl.lit(True).alias("is_known")), on=["system", "code"], how="left"
    )
    unknown = (pl.col(WHY) == 0) & pl.col("is_known").is_null()
    strange = codes.filter(unknown & (pl.col("system") == OKTMO))["code"].unique().to_list()
    groups = [code for code in strange if is_heading(code)]
    codes = codes.with_columns(mark(unknown & pl.col("code").is_in(groups), "group_code"))
    return codes.with_columns(mark(unknown, "unknown_territory")).drop("is_known")


def _indicators(frame: pl.DataFrame, spec: Spec, reference: Reference) -> pl.DataFrame:
    """Names of the source first, then the catalogue's codes; both without regard to case."""
    words = frame.select("raw_indicator").unique()
    key = plain_words("raw_indicator")
    names = {" ".join(name.split()).lower(): code for name, code in spec.indicators.items()}
    words = words.with_columns(key.replace(names).str.to_lowercase().alias("key"))
    known = reference.indicators.select(
        pl.col("indicator").str.to_lowercase().alias("key"), pl.col("id").alias("indicator_id")
    )
    words = words.join(known, on="key", how="left").with_columns(pl.lit(0, pl.UInt8).alias(WHY))
    words = words.with_columns(mark(pl.col("key") == "", "no_indicator"))
    words = words.with_columns(mark(pl.col("indicator_id").is_null(), "unknown_indicator"))
    return words.drop("key")


def _units(frame: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    units = frame.select("raw_unit").unique()
    key = plain_words("raw_unit")
    known = pl.DataFrame(
        {"key": [u.lower() for u in spec.units], "unit_factor": list(spec.units.values())},
        schema={"key": pl.String, "unit_factor": pl.Decimal(38, 9)},
    )
    units = units.with_columns(key.alias("key")).join(known, on="key", how="left")
    units = units.with_columns(pl.lit(0, pl.UInt8).alias(WHY))
    return units.with_columns(mark(pl.col("unit_factor").is_null(), "unknown_unit")).drop("key")


def _join_territories(frame: pl.DataFrame, spec: Spec, reference: Reference) -> pl.DataFrame:
    """The municipality that held the code in the year that the file names, before any shift.

    Of two that shared the year the last one, as at its end; the first one where the shift says that
    the file speaks of the year's beginning.
    """
    named = pl.col("year") - spec.shift
    years = frame.filter(pl.col(WHY) == 0).select(named.unique().drop_nulls()).to_series()
    spread = (
        reference.territories.with_columns(
            pl.lit(years.to_list(), pl.List(pl.Int32)).alias("named_year")
        )
        .explode("named_year")
        .filter(pl.col("named_year").is_between(pl.col("first_year"), pl.col("last_year")))
        .sort("rank")
        .unique(["system", "code", "named_year"], keep="first" if spec.shift < 0 else "last")
        .select("system", "code", "named_year", "municipality_id")
    )
    frame = frame.with_columns(named.alias("named_year")).join(
        spread, on=["system", "code", "named_year"], how="left", maintain_order="left"
    )
    return frame.drop("named_year").with_columns(
        mark(pl.col("municipality_id").is_null(), "not_in_year")
    )


#: What a skip of the mapping passes over.
_SKIPPED = {
    "blank_territory": "no_territory",
    "group_codes": "group_code",
    "unknown_indicators": "unknown_indicator",
}


def _leave_out(found: Extracted, spec: Spec) -> Extracted:
    numbers = [REFUSALS[code].number for skip, code in _SKIPPED.items() if skip in spec.skip]
    frame = found.frame.filter(~pl.col(WHY).is_in(numbers)) if numbers else found.frame
    left_out = found.left_out + found.frame.height - frame.height
    made = frame.filter(pl.col(WHY) == 0)
    counts = made.select(pl.col(name).sum() for name in REPAIRS if name in made.columns)
    repaired = {name: count for name, count in counts.row(0, named=True).items() if count}
    frame = frame.drop(name for name in REPAIRS if name in frame.columns)
    return Extracted(frame, found.read, left_out, repaired)
