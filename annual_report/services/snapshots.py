"""Frozen files of approved answers; the same data gives the same bytes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction

from annual_report.models import Campaign, Snapshot
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record

COLUMNS = ["year", "oktmo", "name", "kind", "region", "district", "indicator", "value"]

#: Approved answers of the campaign and of earlier ones, in a fixed order.
EXPORT = """
COPY (
    SELECT c.year, m.oktmo, m.name, m.kind, r.code AS region, d.code AS district,
           i.code AS indicator, a.value
    FROM annual_report_answer a
    JOIN annual_report_submission s ON s.id = a.submission_id AND s.state = 'approved'
    JOIN annual_report_campaign c ON c.id = s.campaign_id AND c.year <= {year}
    JOIN organisations_municipality m ON m.id = s.municipality_id
    JOIN organisations_region r ON r.id = s.region_id
    JOIN organisations_federaldistrict d ON d.id = r.federal_district_id
    JOIN annual_report_indicator i ON i.id = a.indicator_id
    WHERE a.value IS NOT NULL
    ORDER BY c.year, m.oktmo, i.code
) TO STDOUT (FORMAT csv, HEADER)
"""


class SnapshotDamaged(Exception):
    """The file is gone or is not the one that was frozen."""


@transaction.atomic
def create_snapshot(*, campaign: Campaign, by: User | None) -> Snapshot:
    """Freeze what is approved now; an equal file that is there already is used again."""
    frame = read_answers(campaign.year)
    content = to_parquet(frame)
    digest = hashlib.sha256(content).hexdigest()
    path = f"snapshots/{campaign.year}-{digest[:16]}.parquet"
    known = Snapshot.objects.filter(path=path).first()
    if known is not None:
        return known
    write_file(settings.DATA_ROOT / path, content)
    this_year = frame[frame["year"] == campaign.year]
    snapshot = Snapshot.objects.create(
        campaign=campaign,
        path=path,
        sha256=digest,
        rows=len(frame),
        municipalities=this_year["oktmo"].nunique(),
        expected=campaign.submissions.count(),
        created_by=by,
    )
    record(action="annual_report.snapshot", by=by, subject=snapshot, sha256=digest)
    return snapshot


def read_answers(year: int) -> pd.DataFrame:
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(EXPORT.format(year=int(year))) as copy:
        for chunk in copy:
            buffer.write(chunk)
    buffer.seek(0)
    text = {name: "string" for name in COLUMNS if name not in ("year", "value")}
    return pd.read_csv(buffer, dtype=text | {"year": "int16", "value": "float64"})


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Fixed schema and options, no pandas metadata, so that equal rows give equal bytes."""
    schema = pa.schema(
        [("year", pa.int16())]
        + [(name, pa.string()) for name in COLUMNS[1:-1]]
        + [("value", pa.float64())]
    )
    table = pa.Table.from_pandas(frame[COLUMNS], schema=schema, preserve_index=False)
    target = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), target, compression="zstd")
    return target.getvalue()


def write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def load_snapshot(snapshot: Snapshot) -> pd.DataFrame:
    """The frozen rows; raises SnapshotDamaged when the file is not the frozen one."""
    path = settings.DATA_ROOT / snapshot.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotDamaged(f"Файл снимка не найден: {snapshot.path}.") from error
    if hashlib.sha256(content).hexdigest() != snapshot.sha256:
        raise SnapshotDamaged("Файл снимка изменён: его хеш не совпадает с записанным.")
    # Text columns repeat themselves a million times over: as categories they take a tenth.
    table = pq.read_table(io.BytesIO(content), read_dictionary=COLUMNS[1:-1])
    return table.to_pandas()
