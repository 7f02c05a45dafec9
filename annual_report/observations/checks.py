"""What contradicts inside a file, against the catalogue, and against the series' own history."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from annual_report.observations.cleaning import WHY, mark, read_values, scale_values
from annual_report.observations.mapping import Spec
from annual_report.observations.readers import LINE
from annual_report.observations.refusals import REFUSALS
from annual_report.observations.resolving import Extracted, Reference

KEY = ["indicator_id", "year", "municipality_id"]
SERIES = ["indicator_id", "municipality_id", "segment"]
#: A switch of units multiplies by 1000 or a million; what else moves a series moves it less.
UNIT_STEPS = (3, 6)
#: In powers of ten: 500 to 2000 times.
TOLERANCE = 0.301
_UNREAD = ["empty", "text", "date", "exponent", "ambiguous", "too_big"]


@dataclass
class Assessed:
    """``accepted``: KEY, value, line, one row per observation. ``rejected``: a row per refusal.

    Counts: ``read`` = ``accepted`` + ``folded`` + ``duplicates`` + ``left_out`` + ``rejected``.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    read: int
    folded: int
    duplicates: int
    left_out: int
    repaired: dict[str, int]

    def refused_by(self) -> dict[str, int]:
        """Counts by reason, the commonest first."""
        counts = self.rejected.group_by(WHY).len().sort("len", WHY, descending=[True, False])
        codes = {refusal.number: code for code, refusal in REFUSALS.items()}
        return {codes[number]: count for number, count in counts.iter_rows()}


def read_and_scale(found: Extracted, spec: Spec) -> Extracted:
    """Numbers in the catalogue's unit; what the mapping passes over is gone."""
    frame = scale_values(read_values(found.frame, spec), spec)
    left_out = found.left_out
    if "empty_values" in spec.skip:
        kept = frame.filter(pl.col(WHY) != REFUSALS["empty"].number)
        left_out, frame = left_out + frame.height - kept.height, kept
    return Extracted(frame, found.read, left_out, found.repaired)


def assess(found: Extracted, spec: Spec, reference: Reference, existing: pl.DataFrame) -> Assessed:
    """``existing``: KEY and value of the stored series, in the file's years and those beside."""
    frame = found.frame.with_columns(pl.lit(None, pl.String).alias("detail"))
    frame, duplicates, ignored = _settle_doubles(frame, spec)
    repaired = dict(found.repaired)
    if ignored:
        repaired["empty_beside_value"] = ignored
    folded = 0
    if spec.sum_over:
        frame, folded = _sum(frame, spec)
    frame = _check_limits(frame, reference)
    frame = _check_units(frame, spec, reference, existing)
    frame = _tell_years(frame, reference)
    good = pl.col(WHY) == 0
    accepted = frame.filter(good).select(*KEY, "value", LINE).sort(KEY)
    rejected = frame.filter(~good)
    return Assessed(
        accepted, rejected, found.read, folded, duplicates + ignored, found.left_out, repaired
    )


def _parts(frame: pl.DataFrame) -> list[str]:
    """Columns that tell one row from another, before sums."""
    return [*KEY, *(name for name in frame.columns if name[0] == "s" and name[1:].isdigit())]


def _settle_doubles(frame: pl.DataFrame, spec: Spec) -> tuple[pl.DataFrame, int, int]:
    """Equal repetitions are counted; rows that contradict are refused, all of them.

    Returns the frame, the number of repetitions dropped, and of empty rows passed over.
    """
    key = _parts(frame)
    unread = [REFUSALS[code].number for code in _UNREAD]
    named = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
    told = frame.filter(named & ((pl.col(WHY) == 0) | pl.col(WHY).is_in(unread)))
    doubled = told.filter(told.select(key).is_duplicated())
    if doubled.is_empty():
        return frame, 0, 0
    groups = doubled.group_by(key).agg(
        pl.col("value").filter(pl.col(WHY) == 0).n_unique().alias("values"),
        (pl.col(WHY) == 0).sum().alias("read"),
        (pl.col(WHY) == REFUSALS["empty"].number).sum().alias("empty"),
        pl.len().alias("rows"),
        _first_lines().alias("lines"),
    )
    frame = frame.join(groups, on=key, how="left", maintain_order="left")
    frame = _mark_with(frame, pl.col("values") > 1, "conflict", pl.col("lines"))
    forgiven = "empty_beside_value" in spec.repairs
    unreadable = pl.col("rows") - pl.col("read") - (pl.col("empty") if forgiven else 0)
    frame = _mark_with(frame, unreadable > 0, "beside_empty", pl.col("lines"))
    is_empty = (pl.col(WHY) == REFUSALS["empty"].number) & (pl.col("read") > 0)
    passed = (is_empty & (pl.col("values") == 1)).fill_null(False) & pl.lit(forgiven)
    good = pl.col(WHY) == 0
    repeated = (good & ~pl.struct(*key, good).is_first_distinct()).fill_null(False)
    counted = frame.select(passed.sum().alias("passed"), repeated.sum().alias("repeated")).row(0)
    frame = frame.filter(~passed & ~repeated)
    return frame.drop("values", "read", "empty", "rows", "lines"), counted[1], counted[0]


def _first_lines() -> pl.Expr:
    """«строки 5 (10), 17 (12)»: where the group stands in the file, three rows at most."""
    shown = pl.concat_str(
        pl.lit("строка "),
        pl.col(LINE),
        pl.lit(": "),
        pl.col("raw").cast(pl.String).fill_null("пусто"),
    )
    return shown.sort_by(LINE).head(3).str.join("; ")


def _mark_with(frame: pl.DataFrame, condition: pl.Expr, code: str, detail: pl.Expr) -> pl.DataFrame:
    """Refuse, and say the particulars; ``detail`` is kept where the row had none."""
    hit = (pl.col(WHY) == 0) & condition.fill_null(False)
    return frame.with_columns(
        pl.when(hit).then(detail).otherwise(pl.col("detail")).alias("detail"),
        mark(condition, code),
    )


def _sum(frame: pl.DataFrame, spec: Spec) -> tuple[pl.DataFrame, int]:
    """Sums over the categories; a sum that lacks a part is refused with its parts."""
    expected = 1
    for item in spec.sum_over:
        expected *= len(item.values)
    parts = [name for name in _parts(frame) if name not in KEY]
    good = frame.filter(pl.col(WHY) == 0)
    sums = good.group_by(KEY).agg(
        pl.col("value").sum().alias("total"),
        pl.len().alias("count"),
        pl.concat_str(pl.col(name) for name in parts).sort().head(4).str.join(", ").alias("have"),
    )
    frame = frame.join(sums, on=KEY, how="left", maintain_order="left")
    have = pl.concat_str(pl.lit("есть только: "), pl.col("have"))
    frame = _mark_with(frame, pl.col("count") != expected, "incomplete_sum", have)
    good = pl.col(WHY) == 0
    first = pl.struct(*KEY, good).is_first_distinct()
    folded = frame.select((good & ~first).sum()).item()
    frame = frame.filter(~good | first).with_columns(
        pl.when(good).then(pl.col("total")).otherwise(pl.col("value")).alias("value")
    )
    return frame.drop("total", "count", "have"), folded


def _check_limits(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    about = reference.indicators.select(
        pl.col("id").alias("indicator_id"), "is_whole", "least", "most", "unit", "is_choice"
    )
    frame = frame.join(about, on="indicator_id", how="left", maintain_order="left")
    value = pl.col("value")
    frame = frame.with_columns(
        mark(pl.col("is_whole") & (value.cast(pl.Int128, strict=False) != value), "not_whole")
    )
    frame = _scaled(frame, reference)
    size = pl.when(pl.col("factor") == 1).then(value.cast(pl.Float64))
    size = size.otherwise(value.cast(pl.Float64) * pl.col("factor"))
    outside = (size < pl.col("least")) | (size > pl.col("most"))
    borders = pl.concat_str(
        pl.lit("границы: от "), _limit("least"), pl.lit(" до "), _limit("most"), pl.lit(" "),
        pl.col("unit"),
    )  # fmt: skip
    frame = _mark_with(frame, outside, "limits", borders)
    if frame.select(pl.col("is_choice").any()).item():
        frame = _check_choices(frame, reference)
    return frame.drop("is_whole", "least", "most", "unit", "is_choice", "segment", "factor")


def _check_choices(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    allowed = reference.choices.with_columns(pl.lit(True).alias("is_allowed"))
    frame = frame.join(
        allowed, left_on=["indicator_id", "value"], right_on=["id", "value"], how="left",
        maintain_order="left",
    )  # fmt: skip
    refused = pl.col("is_choice") & pl.col("is_allowed").is_null()
    return frame.with_columns(mark(refused, "not_a_choice")).drop("is_allowed")


def _limit(name: str) -> pl.Expr:
    """A limit as people write it; an open end as dots."""
    return pl.when(pl.col(name).is_null()).then(pl.lit("…")).otherwise(_rounded(name))


def _scaled(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Adds segment and factor of the indicator's version that held in the year."""
    if reference.scales.is_empty():
        return frame.with_columns(pl.lit(0, pl.Int32).alias("segment"), pl.lit(1.0).alias("factor"))
    joined = frame.join(
        reference.scales, on=["indicator_id", "year"], how="left", maintain_order="left"
    )
    return joined.with_columns(pl.col("segment").fill_null(0), pl.col("factor").fill_null(1.0))


# --- switched units ------------------------------------------------------------------------------


def _check_units(
    frame: pl.DataFrame, spec: Spec, reference: Reference, existing: pl.DataFrame
) -> pl.DataFrame:
    """Refuse a value that is about 1000 times the usual one of its series, or a thousandth.

    The usual value is the median of what is stored, else of the file's own years, between two
    breaks of the series and in one unit. The two middle values of an even series are tried both, so
    that a series that breaks in the middle is refused whole: nobody can tell which half is right.
    """
    if "*" in spec.no_unit_check:
        return frame
    looked_at = reference.indicators.filter(
        pl.col("can_switch") & ~pl.col("indicator").is_in(list(spec.no_unit_check))
    ).select(pl.col("id").alias("indicator_id"), "unit")
    good = frame.filter(pl.col(WHY) == 0).join(looked_at, on="indicator_id", how="semi")
    points, stored = _sizes(good, reference), _sizes(existing, reference)
    usual = _usual(points, stored)
    if usual.is_empty():
        return frame
    judged = points.join(usual, on=SERIES).with_columns(
        (pl.col("size") - pl.col("lower")).abs().alias("below"),
        (pl.col("size") - pl.col("upper")).abs().alias("above"),
    )
    far = pl.any_horizontal(
        (pl.col(name) - step).abs() <= TOLERANCE
        for name in ("below", "above")
        for step in UNIT_STEPS
    )
    usual_value = (10 ** pl.col("lower") / pl.col("factor")).round_sig_figs(3)
    switched = judged.filter(far).with_columns(usual_value.alias("usual"))
    if switched.is_empty():
        return frame
    switched = switched.join(looked_at, on="indicator_id").select(*KEY, "usual", "unit")
    frame = frame.join(switched, on=KEY, how="left", maintain_order="left")
    told = pl.concat_str(pl.lit("обычно около "), _rounded("usual"), pl.lit(" "), pl.col("unit"))
    return _mark_with(frame, pl.col("usual").is_not_null(), "other_unit", told).drop(
        "usual", "unit"
    )


def _sizes(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Orders of magnitude, as decimal logarithms, in the newest unit; zeros have none."""
    scaled = _scaled(frame.select(*KEY, "value"), reference)
    size = (pl.col("value").cast(pl.Float64).abs() * pl.col("factor")).log10()
    return scaled.select(*KEY, "segment", "factor", size.alias("size")).filter(
        pl.col("size").is_finite()
    )


def _rounded(name: str) -> pl.Expr:
    number = pl.col(name)
    return (
        pl.when(number == number.floor())
        .then(number.cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(number.cast(pl.String).str.replace(".", ",", literal=True))
    )


def _usual(points: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Middle sizes of the series that vary enough to be looked at: SERIES, lower, upper."""
    both = pl.concat([points.select(*SERIES, "size"), stored.select(*SERIES, "size")])
    least = min(UNIT_STEPS) - TOLERANCE
    suspicious = (
        both.group_by(SERIES)
        .agg((pl.col("size").max() - pl.col("size").min()).alias("spread"))
        .filter(pl.col("spread") >= least)
        .select(SERIES)
    )
    middle = [
        pl.col("size").quantile(0.5, "lower").alias("lower"),
        pl.col("size").quantile(0.5, "higher").alias("upper"),
    ]
    known = stored.join(suspicious, on=SERIES, how="semi").group_by(SERIES).agg(middle)
    own = points.join(suspicious, on=SERIES, how="semi").join(known, on=SERIES, how="anti")
    return pl.concat([known, own.group_by(SERIES).agg(middle)])


def _tell_years(frame: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """For a code that did not hold in the year: the years in which it did."""
    absent = REFUSALS["not_in_year"].number
    codes = frame.filter(pl.col(WHY) == absent).select("system", "code").unique()
    if codes.is_empty():
        return frame
    known = reference.territories.join(codes, on=["system", "code"], how="semi")
    years = known.group_by("system", "code").agg(
        pl.col("first_year").min().alias("from"), pl.col("last_year").max().alias("to")
    )
    told = years.select(
        "system", "code",
        pl.concat_str(
            pl.lit("код действовал"),
            pl.when(pl.col("from") > 1900).then(pl.concat_str(pl.lit(" с "), pl.col("from"))).otherwise(pl.lit("")),
            pl.when(pl.col("to") < 2200).then(pl.concat_str(pl.lit(" по "), pl.col("to"))).otherwise(pl.lit("")),
        ).alias("told"),
    )  # fmt: skip
    frame = frame.join(told, on=["system", "code"], how="left", maintain_order="left")
    detail = pl.when(pl.col(WHY) == absent).then(pl.col("told")).otherwise(pl.col("detail"))
    return frame.with_columns(detail.alias("detail")).drop("told")


def compare(accepted: pl.DataFrame, existing: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The observations that are new, and those whose stored value differs."""
    stored = existing.select(*KEY, pl.col("value").alias("stored"))
    if stored.is_empty():
        return accepted, accepted.clear()
    joined = accepted.join(stored, on=KEY, how="left", maintain_order="left")
    new = joined.filter(pl.col("stored").is_null()).drop("stored")
    changed = joined.filter(pl.col("stored") != pl.col("value")).drop("stored")
    return new, changed
