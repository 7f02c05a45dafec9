"""Taking in files of observations: all or nothing, counted to the last row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db import connection, transaction
from django.utils import timezone

from annual_report import workflow
from annual_report.enums import ImportState
from annual_report.models import Dataset, ImportMapping, ObservationImport
from annual_report.observations import checks, mapping, readers, resolving
from annual_report.observations.refusals import BY_NUMBER
from annual_report.services.observation_reference import load_existing, load_reference
from okmo_portal.accounts.models import User
from okmo_portal.core.downloads import FORMULA_STARTS
from okmo_portal.jobs.models import Job
from okmo_portal.jobs.services import start_job
from okmo_portal.workflow.transitions import apply

#: Called with a few words before each step.
Progress = Callable[[str], None]
MAX_UPLOAD = 200 * 2**20
#: Reading, checking, comparing, writing.
STEPS = 4
COUNTS = ("read", "new", "changed", "unchanged", "folded", "duplicates", "left_out", "refused")


@dataclass
class Outcome:
    """What a file holds, compared with what is stored; nothing is written yet."""

    dataset: Dataset
    assessed: checks.Assessed
    new: pl.DataFrame
    changed: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Names as on ObservationImport; they add up to ``read``."""
        assessed = self.assessed
        return {
            "read": assessed.read,
            "new": self.new.height,
            "changed": self.changed.height,
            "unchanged": assessed.accepted.height - self.new.height - self.changed.height,
            "folded": assessed.folded,
            "duplicates": assessed.duplicates,
            "left_out": assessed.left_out,
            "refused": assessed.rejected.height,
        }

    @cached_property
    def refused_by(self) -> dict[str, int]:
        return self.assessed.refused_by()


def load_spec(chosen: ImportMapping) -> mapping.Spec:
    """The saved mapping, checked; raises mapping.MappingError."""
    layout = readers.Layout(chosen.sheet, chosen.header_row, chosen.header_rows)
    return mapping.parse(chosen.columns, chosen.options, layout)


def examine(
    *,
    path: Path,
    dataset: Dataset,
    spec: mapping.Spec | None,
    progress: Progress = lambda step: None,
    **options: Any,
) -> Outcome:
    """Read and check the whole file; ``spec`` None takes the long form, with ``options``.

    Raises readers.ReadError or mapping.MappingError, in Russian, when the file as a whole is wrong.
    """
    progress("Чтение файла")
    table = readers.read(path, spec.layout if spec else None)
    spec = spec or mapping.long_form(table.headers, **options)
    progress("Проверка строк")
    reference = load_reference()
    found = resolving.resolve(resolving.extract(table, spec), spec, reference)
    del table
    found = checks.read_and_scale(found, spec)
    progress("Сравнение с тем, что уже есть")
    stored = load_existing(dataset, found.frame)
    assessed = checks.assess(found, spec, reference, stored)
    new, changed = checks.compare(assessed.accepted, stored)
    return Outcome(dataset, assessed, new, changed)


# --- runs ----------------------------------------------------------------------------------------


def register_file(
    *, file: File, dataset: Dataset, chosen: ImportMapping | None, by: User | None
) -> ObservationImport:
    """Keep an uploaded file; raises ValidationError when it is no table or too large."""
    if file.size > MAX_UPLOAD:
        raise ValidationError("Файл больше 200 МБ. Разделите его или сохраните как Parquet.")
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    run = ObservationImport(
        dataset=dataset,
        mapping=chosen,
        file_name=(file.name or "")[-200:],
        sha256=digest.hexdigest(),
        size=file.size,
        created_by=by,
    )
    run.file.save(file.name or "file", file, save=False)
    try:
        readers.kind_of(Path(run.file.path))
    except readers.ReadError as error:
        run.file.delete(save=False)
        raise ValidationError(str(error)) from error
    run.save()
    return run


def import_path(
    *,
    path: Path,
    dataset: Dataset,
    chosen: ImportMapping | None,
    by: User | None,
    dry_run: bool = False,
    rejected: Path | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Take a file from disk in one go, as the command does; a dry run leaves no trace.

    Returns the counts, with ``refused_by`` and ``repaired``. Raises readers.ReadError or
    mapping.MappingError. ``options`` of the long form as in ``mapping``.
    """
    spec = load_spec(chosen) if chosen else None
    if dry_run:
        outcome = examine(path=path, dataset=dataset, spec=spec, **options)
    else:
        digest = hashlib.sha256()
        with path.open("rb") as handle:
            while chunk := handle.read(2**20):
                digest.update(chunk)
        with transaction.atomic():
            run = ObservationImport.objects.create(
                dataset=dataset, mapping=chosen, file_name=path.name[-200:],
                sha256=digest.hexdigest(), size=path.stat().st_size, created_by=by,
            )  # fmt: skip
            outcome = _take(run, path, spec, by=by, **options)
    if rejected is not None:
        rejected.write_bytes(rejected_csv(outcome.assessed.rejected))
    return summary(outcome)


def summary(outcome: Outcome) -> dict[str, Any]:
    return outcome.counts | {
        "refused_by": outcome.refused_by,
        "repaired": outcome.assessed.repaired,
    }


def check_file(
    *,
    run: ObservationImport,
    by: User | None,
    progress: Progress = lambda step: None,
    comment: str = "",
) -> ObservationImport:
    """The dry run of an uploaded file: counts and refused rows are kept, no observation is."""
    run.refresh_from_db()
    path = Path(run.file.path)
    try:
        spec = load_spec(run.mapping) if run.mapping else None
        outcome = examine(path=path, dataset=run.dataset, spec=spec, progress=progress)
    except (readers.ReadError, mapping.MappingError) as error:
        return _fail(run, str(error), by=by, comment=comment)
    with apply(workflow.CHECK_IMPORT, run, by=by, comment=comment) as locked:
        _keep(locked, outcome)
    return locked


def take_file(
    *,
    run: ObservationImport,
    by: User | None,
    progress: Progress = lambda step: None,
    comment: str = "",
) -> ObservationImport:
    """Take an uploaded file in; repeated after success it only says so."""
    run.refresh_from_db()
    if run.state == ImportState.DONE:
        return run
    try:
        with transaction.atomic():
            spec = load_spec(run.mapping) if run.mapping else None
            path = Path(run.file.path)
            _take(run, path, spec, by=by, progress=progress, comment=comment)
    except (readers.ReadError, mapping.MappingError) as error:
        return _fail(run, str(error), by=by, comment=comment)
    run.refresh_from_db()
    return run


def _take(
    run: ObservationImport,
    path: Path,
    spec: mapping.Spec | None,
    *,
    by: User | None,
    progress: Progress = lambda step: None,
    comment: str = "",
    **options: Any,
) -> Outcome:
    with apply(workflow.TAKE_IMPORT, run, by=by, comment=comment) as locked:
        # One import of a data set at a time: what is compared must not change before it is written.
        dataset = Dataset.objects.select_for_update().get(pk=locked.dataset_id)
        outcome = examine(path=path, dataset=dataset, spec=spec, progress=progress, **options)
        progress("Запись")
        _write(outcome, locked)
        locked.finished_at = timezone.now()
        _keep(locked, outcome)
    return outcome


def _keep(run: ObservationImport, outcome: Outcome) -> None:
    """Counts and the file of refused rows; the caller saves."""
    for name, count in outcome.counts.items():
        setattr(run, name, count)
    run.refused_by, run.repaired = outcome.refused_by, outcome.assessed.repaired
    run.error = ""
    # The former file stays until the row that names the new one is committed.
    before, storage = run.rejected.name, run.rejected.storage
    run.rejected = None
    if not outcome.assessed.rejected.is_empty():
        content = rejected_csv(outcome.assessed.rejected)
        run.rejected.save("rejected.csv", ContentFile(content), save=False)
    if before:
        transaction.on_commit(lambda: storage.delete(before))


def _fail(
    run: ObservationImport, message: str, *, by: User | None, comment: str
) -> ObservationImport:
    with apply(workflow.FAIL_IMPORT, run, by=by, comment=comment) as locked:
        locked.error = message
    return locked


def _write(outcome: Outcome, run: ObservationImport) -> None:
    """New rows by COPY in the order of the key, revised ones by one UPDATE."""
    columns = "indicator_id, year, municipality_id, value"
    with connection.cursor() as cursor:
        _copy(
            cursor,
            f"annual_report_observation (dataset_id, taken_from_id, {columns})",
            outcome.new.select(
                pl.lit(outcome.dataset.pk).alias("dataset"), pl.lit(run.pk).alias("run"),
                *checks.KEY, "value",
            ),
        )  # fmt: skip
        if outcome.changed.is_empty():
            return
        cursor.execute(
            "CREATE TEMPORARY TABLE revised (indicator_id bigint, year smallint, "
            "municipality_id bigint, value numeric) ON COMMIT DROP"
        )
        _copy(cursor, f"revised ({columns})", outcome.changed.select(*checks.KEY, "value"))
        cursor.execute("ANALYZE revised")
        cursor.execute(
            "UPDATE annual_report_observation AS stored "
            "SET value = revised.value, taken_from_id = %s FROM revised "
            "WHERE stored.dataset_id = %s AND stored.indicator_id = revised.indicator_id "
            "AND stored.year = revised.year AND stored.municipality_id = revised.municipality_id",
            [run.pk, outcome.dataset.pk],
        )
        cursor.execute("DROP TABLE revised")


def _copy(cursor: Any, target: str, frame: pl.DataFrame) -> None:
    if frame.is_empty():
        return
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT csv)") as copy:
        for part in frame.iter_slices(200_000):
            copy.write(part.write_csv(include_header=False).encode())


def rejected_csv(rejected: pl.DataFrame) -> bytes:
    """Refused rows for a Russian spreadsheet: where, what, why, and how to mend it."""
    titles = {number: refusal.title for number, refusal in BY_NUMBER.items()}
    remedies = {number: refusal.remedy for number, refusal in BY_NUMBER.items()}
    table = rejected.sort("line", "place").select(
        pl.col("line").alias("Строка"),
        pl.col("place").alias("Столбец"),
        pl.col("raw_code").alias("Код территории"),
        pl.col("raw_indicator").alias("Показатель"),
        pl.col("raw_period").alias("Период"),
        pl.col("raw").cast(pl.String).alias("Значение"),
        pl.col("why").replace_strict(titles, return_dtype=pl.String).alias("Почему отклонено"),
        pl.col("detail").alias("Подробности"),
        pl.col("why").replace_strict(remedies, return_dtype=pl.String).alias("Как исправить"),
    )
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    table = table.with_columns(_harmless(name) for name in texts)
    return b"\xef\xbb\xbf" + table.write_csv(separator=";").encode()


def _harmless(name: str) -> pl.Expr:
    """Text that a spreadsheet would run as a formula is quoted (core.downloads.safe_cell)."""
    column = pl.col(name)
    starts = pl.any_horizontal(column.str.starts_with(sign) for sign in FORMULA_STARTS)
    is_number = column.str.contains(r"^[+-]\d+([.,]\d*)?$")
    return (
        pl.when(starts & ~is_number)
        .then(pl.concat_str(pl.lit("'"), column))
        .otherwise(column)
        .alias(name)
    )


# --- the page's steps ----------------------------------------------------------------------------


def job_key(run: ObservationImport) -> str:
    return f"annual_report:observations:{run.pk}"


def start_check(*, run: ObservationImport, by: User) -> Job:
    """Raises ValidationError for a file that is taken already."""
    if run.state == ImportState.DONE or not run.file:
        raise ValidationError("Файл уже принят.")
    return _start("annual_report.check_observations", f"Проверка файла {run.file_name}", run, by)


def start_take(*, run: ObservationImport, by: User) -> Job:
    """Only what was checked with its present mapping is taken; raises ValidationError."""
    if run.state != ImportState.CHECKED:
        raise ValidationError("Сначала проверьте файл.")
    if not run.taken:
        raise ValidationError("Принять из этого файла нечего.")
    return _start("annual_report.take_observations", f"Загрузка файла {run.file_name}", run, by)


def _start(task: str, title: str, run: ObservationImport, by: User) -> Job:
    return start_job(
        title=title[:200],
        task=task,
        arguments={"import_id": run.pk},
        by=by,
        key=job_key(run),
        back_url=run.get_absolute_url(),
    )


def taken_before(run: ObservationImport) -> ObservationImport | None:
    """An earlier import of the very same file into the same data set."""
    same = ObservationImport.objects.filter(
        dataset_id=run.dataset_id, sha256=run.sha256, state=ImportState.DONE
    )
    return same.exclude(pk=run.pk).first()


@transaction.atomic
def save_mapping(*, chosen: ImportMapping, by: User, run: ObservationImport) -> ImportMapping:
    """Store a mapping that ``run`` takes up. Raises MappingError and TransitionNotAllowed."""
    load_spec(chosen)
    if chosen.pk is None:
        chosen.created_by = by
    chosen.save()
    choose_mapping(run=run, chosen=chosen, by=by)
    return chosen


def choose_mapping(*, run: ObservationImport, chosen: ImportMapping, by: User) -> None:
    """The file must be checked anew: the counts of another mapping say nothing."""
    with apply(workflow.REMAP_IMPORT, run, by=by) as locked:
        locked.mapping, locked.dataset = chosen, chosen.dataset
        locked.error, locked.refused_by, locked.repaired = "", {}, {}
        for name in COUNTS:
            setattr(locked, name, 0)
