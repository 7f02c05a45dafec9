"""Frozen files of approved answers; the same data gives the same bytes.

A snapshot is a folder:

- ``values.parquet``: one row per value of the campaign's year: year, oktmo, name, kind, region,
  district, indicator, value, plan_1..plan_3, source, revision; sorted by oktmo and indicator;
- ``no_data.parquet``: year, oktmo, indicator, reason;
- ``register.parquet``: every municipality that was asked: oktmo, name, kind, region, district,
  parent, population (persons; as published, else as answered, else as answered before), state;
- ``catalogue.json``: the indicators as they were, so that figures can be made again without the
  database;
- ``manifest.json``: hashes of these files and of the snapshots of earlier years that go with them.

The snapshot's own hash is that of the manifest.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, QuerySet

from annual_report.analysis import IndicatorInfo
from annual_report.enums import COUNTED_STATES
from annual_report.models import Answer, Campaign, Indicator, Observation, Snapshot
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.organisations.enums import MunicipalityKind

# Arrow's own pool keeps what it has freed; a worker builds a report now and then and needs it once.
pa.set_memory_pool(pa.system_memory_pool())

FORMAT = 2
POPULATION = "A05"
#: A population this many years old still tells the class of one that did not answer.
POPULATION_YEARS = 3
PLACE = ["oktmo", "name", "kind", "region", "district"]
VALUE_SCHEMA = pa.schema(
    [("year", pa.int16())]
    + [(name, pa.string()) for name in PLACE]
    + [("indicator", pa.string()), ("value", pa.float64())]
    + [(f"plan_{step}", pa.float64()) for step in (1, 2, 3)]
    + [("source", pa.string()), ("revision", pa.int16())]
)
NO_DATA_SCHEMA = pa.schema(
    [("year", pa.int16())] + [(name, pa.string()) for name in ("oktmo", "indicator", "reason")]
)
REGISTER_SCHEMA = pa.schema(
    [(name, pa.string()) for name in (*PLACE, "parent", "state")] + [("population", pa.float64())]
)
COLUMNS = VALUE_SCHEMA.names

REGISTER = """
COPY (
    SELECT s.id, m.oktmo, m.name, m.kind, r.code AS region, d.code AS district,
           coalesce(p.oktmo, '') AS parent, s.state
    FROM annual_report_submission s
    JOIN organisations_municipality m ON m.id = s.municipality_id
    LEFT JOIN organisations_municipality p ON p.id = m.parent_id
    JOIN organisations_region r ON r.id = s.region_id
    JOIN organisations_federaldistrict d ON d.id = r.federal_district_id
    WHERE s.campaign_id = {campaign} AND s.state <> 'closed'
) TO STDOUT (FORMAT csv, HEADER)
"""

#: Only identifiers: names are joined here, which is several times faster than four joins a cell.
ANSWERS = """
COPY (
    SELECT a.submission_id, a.indicator_id, a.value, a.plan_1, a.plan_2, a.plan_3, a.source,
           a.revision, a.no_data_reason
    FROM annual_report_answer a
    JOIN annual_report_submission s ON s.id = a.submission_id
    WHERE s.campaign_id = {campaign} AND s.state IN ({states})
      AND (a.value IS NOT NULL OR a.no_data_reason <> '')
) TO STDOUT (FORMAT csv, HEADER)
"""


class SnapshotDamaged(Exception):
    """A file is gone or is not the one that was frozen."""


@transaction.atomic
def create_snapshot(*, campaign: Campaign, by: User | None) -> Snapshot:
    """Freeze what is approved now; an equal snapshot that is there already is used again.

    Earlier years come along as their newest snapshots; one whose answers have changed since, or
    that was never frozen, is frozen first.
    """
    earlier = [
        _fresh_snapshot(item, by)
        for item in Campaign.objects.main().filter(year__lt=campaign.year).order_by("year")
        if campaign.is_main
    ]
    register, values, no_data = read_campaign(campaign)
    files = {
        "values.parquet": to_parquet(values, VALUE_SCHEMA),
        "no_data.parquet": to_parquet(no_data, NO_DATA_SCHEMA),
        "register.parquet": to_parquet(register, REGISTER_SCHEMA),
        "catalogue.json": to_json(describe_catalogue(campaign.year)),
    }
    manifest = to_json(
        {
            "format": FORMAT,
            "campaign": {"year": campaign.year, "form": campaign.form.code},
            "files": {name: hash_of(content) for name, content in sorted(files.items())},
            "earlier": [
                {"year": item.campaign.year, "path": item.path, "sha256": item.sha256}
                for item in earlier
            ],
        }
    )
    digest = hash_of(manifest)
    path = f"snapshots/{campaign.year}-{campaign.form.code}-{digest[:16]}"
    known = Snapshot.objects.filter(path=path).first()
    if known is not None:
        return known
    for name, content in (*files.items(), ("manifest.json", manifest)):
        write_file(settings.DATA_ROOT / path / name, content)
    snapshot = Snapshot.objects.create(
        campaign=campaign,
        path=path,
        sha256=digest,
        rows=len(values),
        municipalities=int(register["state"].is_in(sorted(COUNTED_STATES)).sum()),
        expected=len(register),
        created_by=by,
    )
    record(action="annual_report.snapshot", by=by, subject=snapshot, sha256=digest)
    return snapshot


def _fresh_snapshot(campaign: Campaign, by: User | None) -> Snapshot:
    newest = campaign.snapshots.select_related("campaign").first()
    if newest is None:
        return create_snapshot(campaign=campaign, by=by)
    changed = campaign.submissions.aggregate(
        last=Max("updated_at"), decided=Max("decided_at"), accepted=Max("accepted_at")
    )
    times = [value for value in changed.values() if value is not None]
    if times and max(times) > newest.created_at:
        return create_snapshot(campaign=campaign, by=by)
    return newest


def read_campaign(campaign: Campaign) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Register, values and explained gaps of one campaign, each in a fixed order."""
    register = _copy(REGISTER.format(campaign=int(campaign.pk)))
    states = ", ".join(f"'{state.value}'" for state in sorted(COUNTED_STATES))
    answers = _copy(ANSWERS.format(campaign=int(campaign.pk), states=states))
    codes = pl.DataFrame(
        list(Indicator.objects.values_list("pk", "code")),
        schema={"indicator_id": pl.Int64, "indicator": pl.String},
        orient="row",
    )
    cells = (
        answers.join(codes, on="indicator_id")
        .join(register, left_on="submission_id", right_on="id")
        .with_columns(year=pl.lit(campaign.year, pl.Int16))
        .sort("oktmo", "indicator")
    )
    values = cells.filter(pl.col("value").is_not_null()).select(COLUMNS)
    no_data = cells.filter(pl.col("value").is_null()).select(
        "year", "oktmo", "indicator", pl.col("no_data_reason").alias("reason")
    )
    return _with_population(register, values, campaign), values, no_data


def _with_population(
    register: pl.DataFrame, values: pl.DataFrame, campaign: Campaign
) -> pl.DataFrame:
    """Population makes strata and weights, so it must be known of those who did not answer, too.

    What was published of all (the newest of the last years) comes first: it is of one source for
    those who answered and those who did not. Then this year's answer, then an earlier one.
    """
    now = values.filter(pl.col("indicator") == POPULATION).select("oktmo", now="value")
    span = (campaign.year - POPULATION_YEARS, campaign.year)
    published = Observation.objects.filter(indicator__code=POPULATION, year__range=span)
    answered = Answer.objects.filter(
        indicator__code=POPULATION,
        submission__campaign__year__range=(span[0], campaign.year - 1),
        submission__campaign__is_main=True,
        submission__state__in=COUNTED_STATES,
        value__isnull=False,
    )
    known = _newest(published.order_by("year", "dataset_id"), "municipality__oktmo", "known")
    then = _newest(
        answered.order_by("submission__campaign__year"), "submission__municipality__oktmo", "then"
    )
    return (
        register.join(known, on="oktmo", how="left")
        .join(now, on="oktmo", how="left")
        .join(then, on="oktmo", how="left")
        .with_columns(population=pl.coalesce("known", "now", "then"))
        .sort("oktmo")
    )


def _newest(rows: QuerySet, code: str, name: str) -> pl.DataFrame:
    """The last value of each municipality in the order of ``rows``, as a column ``name``."""
    newest = dict(rows.values_list(code, "value").iterator(chunk_size=10_000))
    return pl.DataFrame(
        {"oktmo": list(newest), name: [float(item) for item in newest.values()]},
        schema={"oktmo": pl.String, name: pl.Float64},
    )


#: Types of the columns that COPY sends as text.
TYPES = {
    "id": pl.Int64, "submission_id": pl.Int64, "indicator_id": pl.Int64, "revision": pl.Int16,
    "value": pl.Float64, "plan_1": pl.Float64, "plan_2": pl.Float64, "plan_3": pl.Float64,
}  # fmt: skip


def _copy(statement: str) -> pl.DataFrame:
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in copy:
            buffer.write(chunk)
    buffer.seek(0)
    names = buffer.readline().decode().strip().split(",")
    buffer.seek(0)
    frame = pl.read_csv(buffer, schema={name: TYPES.get(name, pl.String) for name in names})
    return frame.with_columns(pl.col(pl.String).fill_null(""))


def describe_catalogue(year: int) -> list[dict[str, Any]]:
    """What the analysis must know of each indicator in the reporting ``year``, by code.

    ``kinds`` lists whom it is asked of (empty: all); ``versions`` hold the units of other years.
    """
    rows = (
        Indicator.objects.select_related("numerator", "denominator", "section")
        .prefetch_related("versions", "legal_bases")
        .order_by("code")
    )
    return [_describe(row, year) for row in rows]


def _describe(row: Indicator, year: int) -> dict[str, Any]:
    text, kinds = row.version_for(year), row.kinds_in(year)
    return {
        "code": row.code,
        "section": row.section.code,
        "title": text.title,
        "title_en": text.title_en,
        "unit": text.unit,
        "unit_en": text.unit_en,
        "value_type": row.value_type,
        "decimals": text.decimals,
        "direction": row.direction,
        "aggregation": row.aggregation,
        "numerator": row.numerator.code if row.numerator else "",
        "denominator": row.denominator.code if row.denominator else "",
        "scale": float(row.scale),
        "formula": text.formula,
        "nested": row.includes_settlements
        or any(
            part is not None and part.includes_settlements
            for part in (row.numerator, row.denominator)
        ),
        "kinds": [] if len(kinds) == len(MunicipalityKind) else sorted(kinds),
        "versions": [
            {
                "number": item.number,
                "from_year": item.from_year,
                "unit": item.unit,
                "conversion": None if item.conversion is None else str(item.conversion),
            }
            for item in row.versions.all()
        ],
    }


def to_parquet(frame: pl.DataFrame, schema: pa.Schema) -> bytes:
    """Fixed schema and options, no foreign metadata, so that equal rows give equal bytes."""
    table = frame.select(schema.names).to_arrow().cast(schema).replace_schema_metadata(None)
    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(content)
    partial.replace(path)


# --- reading ---------------------------------------------------------------------------------------


def read_manifest(path: str, sha256: str) -> dict[str, Any]:
    """The manifest of the snapshot in folder ``path``; raises SnapshotDamaged."""
    content = _read(path, "manifest.json")
    if hash_of(content) != sha256:
        raise SnapshotDamaged("Снимок изменён: хеш его описи не совпадает с записанным.")
    return json.loads(content)


def read_file(path: str, name: str, manifest: dict[str, Any]) -> bytes:
    """One file of a snapshot, checked against the manifest."""
    content = _read(path, name)
    if hash_of(content) != manifest["files"][name]:
        raise SnapshotDamaged(f"Файл снимка {name} изменён: его хеш не совпадает с записанным.")
    return content


def _read(path: str, name: str) -> bytes:
    try:
        return (settings.DATA_ROOT / path / name).read_bytes()
    except OSError as error:
        raise SnapshotDamaged(f"Файл снимка не найден: {path}/{name}.") from error


def snapshot_folders(snapshot: Snapshot) -> dict[int, tuple[str, str]]:
    """Folder and hash by year: the snapshot's own and those of the earlier years in its manifest."""
    manifest = read_manifest(snapshot.path, snapshot.sha256)
    earlier = {item["year"]: (item["path"], item["sha256"]) for item in manifest["earlier"]}
    return earlier | {manifest["campaign"]["year"]: (snapshot.path, snapshot.sha256)}


def load_snapshot(
    snapshot: Snapshot,
    years: Iterable[int] | None = None,
    columns: Sequence[str] = tuple(COLUMNS[:8]),
) -> pd.DataFrame:
    """The frozen values of ``years`` (all of them when None); raises SnapshotDamaged.

    Text columns repeat themselves a million times over: as categories they take a tenth.
    """
    wanted = None if years is None else set(years)
    tables = []
    for year, (path, sha256) in sorted(snapshot_folders(snapshot).items()):
        if wanted is None or year in wanted:
            content = read_file(path, "values.parquet", read_manifest(path, sha256))
            # Read as categories at once: as plain texts they fill half a gigabyte in passing.
            texts = [*PLACE, "indicator"]
            tables.append(
                pq.read_table(io.BytesIO(content), columns=list(columns), read_dictionary=texts)
            )
    if not tables:
        tables = [VALUE_SCHEMA.empty_table().select(list(columns))]
    table = pa.concat_tables(tables)
    del tables
    for index, name in enumerate(table.schema.names):
        if pa.types.is_string(table.schema.field(index).type):
            table = table.set_column(index, name, table[name].dictionary_encode())
    # Column by column: each of Arrow's goes as soon as pandas has it.
    return table.to_pandas(split_blocks=True, self_destruct=True)


def load_register(snapshot: Snapshot, year: int | None = None) -> pd.DataFrame:
    """Who was asked in ``year`` (the snapshot's own when None)."""
    folders = snapshot_folders(snapshot)
    path, sha256 = (snapshot.path, snapshot.sha256) if year is None else folders[year]
    content = read_file(path, "register.parquet", read_manifest(path, sha256))
    return pq.read_table(io.BytesIO(content)).to_pandas()


def load_catalogue(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The indicators as they were when the snapshot was taken."""
    manifest = read_manifest(snapshot.path, snapshot.sha256)
    return json.loads(read_file(snapshot.path, "catalogue.json", manifest))


def load_infos(snapshot: Snapshot) -> dict[str, IndicatorInfo]:
    """The frozen catalogue as the analysis reads it, by code."""
    return {
        row["code"]: IndicatorInfo(
            code=row["code"],
            aggregation=row["aggregation"],
            decimals=row["decimals"],
            unit=row["unit"],
            numerator=row["numerator"],
            denominator=row["denominator"],
            scale=row["scale"],
            kinds=tuple(row["kinds"]),
            formula=row["formula"],
            nested=row.get("nested", False),
        )
        for row in load_catalogue(snapshot)
    }
