"""Codes, periods and numbers as people and programs write them, read by whole columns.

Frames carry ``why``: the number of the first reason to refuse a row (see ``refusals``), 0 for none.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from annual_report.observations.mapping import OKTMO, Spec
from annual_report.observations.refusals import REFUSALS

#: Values are kept to six decimals, as the catalogue's limits are.
VALUE = pl.Decimal(38, 6)
LARGEST = Decimal(10) ** 17
WHY = "why"

_SPACES = r"[\s\x{a0}\x{202f}\x{2009}\x{2007}\x{2060}\x{feff}]"
_MINUSES = r"[−–—]"
#: How tables mark a cell without a value (Rosstat's signs among them).
EMPTY_MARKS = [
    "", "-", ".", "..", "...", "…", "x", "х", "nan", "null", "none", "na", "n/a", "#n/a", "н/д",
    "#н/д", "нд", "н.д.",
]  # fmt: skip
_DATE = r"^\d{4}-\d{2}-\d{2}|^\d{1,2}\.\d{1,2}\.\d{4}"
_PLAIN = r"^[+-]?\d+(?:\.\d+)?$"
_EXPONENT = r"(?i)^[+-]?\d+(?:[.,]\d+)?e[+-]?\d+$"
#: Thousands, or a fraction of three digits: nobody can tell.
_UNCLEAR = r"^[+-]?\d{1,3}(?:,\d{3})+$"


def mark(condition: pl.Expr, code: str) -> pl.Expr:
    """Refuse the rows that meet ``condition`` and have no reason yet."""
    number = pl.lit(REFUSALS[code].number, pl.UInt8)
    return (
        pl.when((pl.col(WHY) == 0) & condition.fill_null(False))
        .then(number)
        .otherwise(pl.col(WHY))
        .alias(WHY)
    )


def as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as text without edge spaces; whole numbers without «.0», nothing for a NaN."""
    kind, column = frame.schema[name], pl.col(name)
    if kind == pl.String:
        return column.str.strip_chars()
    if kind.is_float():
        whole = column.cast(pl.Int64, strict=False).cast(pl.String)
        number = column.fill_nan(None)
        return pl.when(number == number.floor()).then(whole).otherwise(number.cast(pl.String))
    return column.cast(pl.String)


def plain_words(name: str) -> pl.Expr:
    """Lower case, single spaces: how names of indicators and units are compared."""
    single = pl.col(name).fill_null("").str.replace_all(_SPACES + "+", " ")
    return single.str.strip_chars().str.to_lowercase()


# --- codes ---------------------------------------------------------------------------------------


def clean_codes(codes: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    """Adds ``code`` (as the register writes it), ``why`` and a column for each repair made.

    ``codes``: the distinct ``raw_code`` × ``system`` of a file.
    """
    is_oktmo = pl.col("system") == OKTMO
    typographic = pl.when(is_oktmo).then(
        pl.col("raw_code").str.replace_all(_SPACES + r"|[-'’`‐–—−]", "")
    )
    frame = codes.with_columns(
        typographic.otherwise(pl.col("raw_code").str.replace_all(_SPACES, "")).alias("code"),
        pl.lit(0, pl.UInt8).alias(WHY),
    )
    frame = frame.with_columns(mark(pl.col("code").fill_null("") == "", "no_territory"))
    frame = _drop_fraction(frame, spec)
    frame = _restore_zero(frame, spec, is_oktmo)
    length = pl.col("code").str.len_chars()
    digits = pl.col("code").str.contains(r"^\d+$")
    frame = frame.with_columns(mark(is_oktmo & ~(digits & length.is_in([8, 11])), "bad_code"))
    whole = is_oktmo & (pl.col(WHY) == 0) & (length == 11)
    settlement = whole & ~pl.col("code").str.ends_with("000")
    allowed = "settlement" in spec.repairs
    frame = frame.with_columns(
        (settlement if allowed else pl.lit(False)).alias("settlement"),
        mark(settlement & ~pl.lit(allowed), "settlement_code"),
    )
    cut = pl.when(is_oktmo & (pl.col(WHY) == 0)).then(pl.col("code").str.head(8))
    return frame.with_columns(cut.otherwise(pl.col("code")).alias("code"))


def _drop_fraction(frame: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    fractional = pl.col("code").str.contains(r"^\d+[.,]0+$")
    if "fractional_code" not in spec.repairs:
        return frame.with_columns(
            mark(fractional, "fractional_code"), pl.lit(False).alias("fractional_code")
        )
    return frame.with_columns(
        fractional.fill_null(False).alias("fractional_code"),
        pl.when(fractional)
        .then(pl.col("code").str.replace(r"[.,]0+$", ""))
        .otherwise(pl.col("code"))
        .alias("code"),
    )


def _restore_zero(frame: pl.DataFrame, spec: Spec, is_oktmo: pl.Expr) -> pl.DataFrame:
    """Codes of the regions 01 to 09 lose their zero when a program reads them as numbers."""
    short = is_oktmo & pl.col("code").str.contains(r"^[1-9](?:\d{6}|\d{9})$")
    if "leading_zero" not in spec.repairs:
        return frame.with_columns(mark(short, "lost_zero"), pl.lit(False).alias("leading_zero"))
    return frame.with_columns(
        short.fill_null(False).alias("leading_zero"),
        pl.when(short)
        .then(pl.concat_str(pl.lit("0"), pl.col("code")))
        .otherwise(pl.col("code"))
        .alias("code"),
    )


# --- periods -------------------------------------------------------------------------------------


def clean_periods(periods: pl.DataFrame, spec: Spec, last_year: int) -> pl.DataFrame:
    """Adds ``year`` (shifted as the mapping says) and ``why`` to the distinct ``raw_period``."""
    text = pl.col("raw_period").str.replace_all(_SPACES, "").str.to_lowercase()
    found = text.str.extract(r"^(\d{4})(?:[.,]0+)?(?:г\.?|год|года)?$", 1).cast(pl.Int32)
    frame = periods.with_columns((found + spec.shift).alias("year"), pl.lit(0, pl.UInt8).alias(WHY))
    frame = frame.with_columns(mark(text.fill_null("") == "", "no_period"))
    frame = frame.with_columns(mark(pl.col("year").is_null(), "bad_period"))
    return frame.with_columns(mark(~pl.col("year").is_between(1990, last_year), "year_range"))


# --- numbers -------------------------------------------------------------------------------------


def read_values(frame: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    """Adds ``value`` to ``raw`` and marks what is no number; multipliers are applied later."""
    kind = frame.schema["raw"]
    if kind.is_numeric():
        return _read_numbers(frame, is_float=kind.is_float())
    frame = frame.with_columns(_tidy(pl.col("raw"), spec).alias("tidy"))
    frame = frame.with_columns(mark(is_empty("tidy"), "empty"))
    tidy = pl.col("tidy")
    frame = frame.with_columns(mark(pl.col("raw").str.contains(_DATE), "date"))
    frame = frame.with_columns(mark(tidy.str.contains(_EXPONENT), "exponent"))
    if not spec.decimal:
        both = tidy.str.contains(",", literal=True) & tidy.str.contains(".", literal=True)
        frame = frame.with_columns(mark(both | tidy.str.contains(_UNCLEAR), "ambiguous"))
    if spec.decimal != ".":
        frame = frame.with_columns(tidy.str.replace(",", ".", literal=True).alias("tidy"))
    is_number = tidy.str.contains(_PLAIN)
    frame = frame.with_columns(mark(~is_number, "text"))
    number = pl.when(is_number).then(tidy.str.strip_prefix("+")).cast(VALUE, strict=False)
    frame = frame.with_columns(number.alias("value"))
    return _mark_big(frame).drop("tidy")


def is_empty(name: str) -> pl.Expr:
    return pl.col(name).fill_null("").str.to_lowercase().is_in(EMPTY_MARKS)


def _tidy(column: pl.Expr, spec: Spec) -> pl.Expr:
    """Without spaces between groups, one kind of minus; a foreign decimal sign stays and fails."""
    tidy = column.str.replace_all(_SPACES, "").str.replace_all(_MINUSES, "-")
    if spec.thousands:
        tidy = tidy.str.replace_all(spec.thousands, "", literal=True)
    return tidy


def _read_numbers(frame: pl.DataFrame, *, is_float: bool) -> pl.DataFrame:
    raw = pl.col("raw").fill_nan(None) if is_float else pl.col("raw")
    frame = frame.with_columns(mark(raw.is_null(), "empty"))
    return _mark_big(frame.with_columns(raw.cast(VALUE, strict=False).alias("value")))


def _mark_big(frame: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    return frame.with_columns(mark(value.is_null() | (value.abs() >= LARGEST), "too_big"))


def scale_values(frame: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    """Apply the multipliers of the mapping, of the value columns, of years and of units."""
    factor = pl.lit(spec.multiplier).cast(pl.Decimal(38, 9))
    parts = [name for name in ("column_factor", "unit_factor") if name in frame.columns]
    if not parts and not spec.year_multipliers and spec.multiplier == 1:
        return frame
    for first, last, multiplier in spec.year_multipliers:
        inside = pl.col("year").is_between(first, last)
        factor = _times(factor, pl.when(inside).then(pl.lit(multiplier)).otherwise(Decimal(1)))
    for name in parts:
        factor = _times(factor, pl.col(name).fill_null(Decimal(1)))
    scaled = pl.when(pl.col(WHY) == 0).then(pl.col("value") * factor).cast(VALUE, strict=False)
    return _mark_big(frame.with_columns(scaled.alias("value")))


def _times(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return left * right.cast(pl.Decimal(38, 9))
