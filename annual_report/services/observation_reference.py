"""What an import of observations is held against: the register, the catalogue, what is stored."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
from django.db import connection
from django.utils import timezone

from annual_report.enums import ValueType
from annual_report.models import Dataset, Indicator, Observation
from annual_report.observations import mapping, resolving
from annual_report.observations.cleaning import VALUE
from annual_report.versions import conversion_factor
from okmo_portal.organisations.models import Municipality, TerritoryCode

FIRST_YEAR = 1990


def load_reference() -> resolving.Reference:
    """Codes of territories and indicators as the register and the catalogue hold them now."""
    last_year = timezone.localdate().year
    indicators = list(Indicator.objects.prefetch_related("versions"))
    return resolving.Reference(
        territories=_territories(),
        indicators=_indicators(indicators),
        choices=pl.DataFrame(
            [(row.pk, pair[0]) for row in indicators for pair in row.choices],
            schema={"id": pl.Int64, "value": VALUE}, orient="row",
        ),
        scales=_scales(indicators, last_year),
        last_year=last_year,
    )  # fmt: skip


def _territories() -> pl.DataFrame:
    first, last = resolving.ALWAYS
    rows: list[tuple[Any, ...]] = []
    for pk, code, begins, ends in Municipality.objects.values_list(
        "pk", "oktmo", "valid_from", "valid_to"
    ):
        until = (ends - timedelta(days=1)).year if ends else last
        rank = begins.toordinal() if begins else 0
        rows.append((mapping.OKTMO, code, begins.year if begins else first, until, rank, pk))
    for pk, system, code, start, end in TerritoryCode.objects.values_list(
        "municipality_id", "system", "code", "year_from", "year_to"
    ):
        rows.append((system.lower(), code, start or first, (end or last + 1) - 1, 0, pk))
    schema = {
        "system": pl.String, "code": pl.String, "first_year": pl.Int32, "last_year": pl.Int32,
        "rank": pl.Int32, "municipality_id": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _indicators(indicators: Sequence[Indicator]) -> pl.DataFrame:
    rows = [
        (
            row.code,
            row.pk,
            row.value_type in (ValueType.INTEGER, ValueType.BOOLEAN, ValueType.CHOICE),
            0.0 if row.value_type == ValueType.BOOLEAN else _float(row.min_value),
            1.0 if row.value_type == ValueType.BOOLEAN else _float(row.max_value),
            row.unit,
            row.value_type == ValueType.CHOICE,
            row.value_type in (ValueType.INTEGER, ValueType.DECIMAL),
        )
        for row in indicators
    ]
    schema = {
        "indicator": pl.String, "id": pl.Int64, "is_whole": pl.Boolean, "least": pl.Float64,
        "most": pl.Float64, "unit": pl.String, "is_choice": pl.Boolean, "can_switch": pl.Boolean,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _scales(indicators: Sequence[Indicator], last_year: int) -> pl.DataFrame:
    """For indicators with several versions: the segment and the factor of each year."""
    rows = []
    for row in indicators:
        versions = sorted(row.versions.all(), key=lambda version: version.number)
        if len(versions) < 2:
            continue
        segments: dict[int, int] = {}
        for year in range(FIRST_YEAR, last_year + 1):
            breaks = [v for v in versions if v.is_break and v.from_year <= year]
            segments[year] = len(breaks)
        for year, segment in segments.items():
            newest = max(other for other, found in segments.items() if found == segment)
            factor = conversion_factor(versions, year, newest)
            rows.append((row.pk, year, segment, float(factor or 1)))
    schema = {
        "indicator_id": pl.Int64, "year": pl.Int32, "segment": pl.Int32, "factor": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def load_existing(dataset: Dataset, frame: pl.DataFrame) -> pl.DataFrame:
    """What is stored of the file's indicators in its years and in those beside them."""
    indicators = frame["indicator_id"].drop_nulls().unique().to_list()
    years = set(frame["year"].drop_nulls().unique().to_list())
    years |= {year + step for year in years for step in (-1, 1)}
    schema: dict[str, Any] = {
        "indicator_id": pl.Int64, "year": pl.Int32, "municipality_id": pl.Int64, "value": VALUE,
    }  # fmt: skip
    query = (
        Observation.objects.filter(
            dataset=dataset, indicator__in=indicators, year__in=sorted(years)
        )
        .order_by()
        .values("indicator_id", "year", "municipality_id", "value")
    )
    if not indicators or not query[:1]:
        return pl.DataFrame(schema=schema)
    sql, parameters = query.query.sql_with_params()
    buffer = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", parameters) as copy,
    ):
        for chunk in copy:
            buffer.write(chunk)
    buffer.seek(0)
    return pl.read_csv(buffer, has_header=False, schema=schema)
