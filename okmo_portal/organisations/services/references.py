"""Files of transformations taken in on a page: kept, checked without writing, taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record
from okmo_portal.documents.services import attach_document, store_document
from okmo_portal.jobs.models import Job
from okmo_portal.jobs.services import start_job
from okmo_portal.organisations import mo_ref, workflow
from okmo_portal.organisations.enums import ReferenceState
from okmo_portal.organisations.models import ReferenceImport
from okmo_portal.organisations.permissions import is_congress_staff
from okmo_portal.organisations.services.transformation_import import (
    ImportResult,
    import_transformations,
)
from okmo_portal.organisations.services.transformation_report import remark_cells, result_pairs
from okmo_portal.workflow.transitions import apply

Progress = Callable[[str], None]
#: Reading, comparing, writing.
STEPS = 3
XLSX_ONLY = "Нужна книга Excel (.xlsx) — справочник mo_ref."


@transaction.atomic
def register_reference(*, file: File, by: User) -> ReferenceImport:
    """Keep an uploaded workbook; raises ValidationError for what is no such reference.

    The file is read here already, a tenth of a second: a wrong one is refused at once.
    """
    if not is_congress_staff(by):
        raise PermissionDenied
    if not (file.name or "").lower().endswith(".xlsx"):
        raise ValidationError(XLSX_ONLY)
    document = store_document(file=file, by=by)
    with document.file.open("rb") as handle:
        _read(handle.read())
    run = ReferenceImport.objects.create(document=document, created_by=by)
    attach_document(document=document, subject=run)
    record(action="organisations.reference_uploaded", by=by, subject=run)
    return run


def _read(content: bytes) -> mo_ref.Reference:
    try:
        return mo_ref.read(content)
    except mo_ref.MoRefFileError as error:
        raise ValidationError(str(error)) from error


def process(
    *, run: ReferenceImport, dry_run: bool, by: User | None, person: User, progress: Progress
) -> ReferenceImport:
    """Compare with the register and, unless ``dry_run``, take; the counts are kept on the row.

    Repeated after success it only says so; a file that does not fit ends with its error.
    """
    run.refresh_from_db()
    if run.state == ReferenceState.DONE:
        return run
    transition = workflow.CHECK_REFERENCE if dry_run else workflow.TAKE_REFERENCE
    comment = f"По поручению: {person}"
    try:
        with transaction.atomic(), apply(transition, run, by=by, comment=comment) as locked:
            progress("Чтение файла")
            with locked.document.file.open("rb") as handle:
                reference = mo_ref.read(handle.read())
            result = import_transformations(
                reference=reference, by=person, dry_run=dry_run, progress=progress
            )
            _keep(locked, result)
            if not dry_run:
                locked.finished_at = timezone.now()
    except mo_ref.MoRefFileError as error:
        with apply(workflow.FAIL_REFERENCE, run, by=by, comment=comment) as locked:
            locked.error = str(error)
    return locked


def _keep(run: ReferenceImport, result: ImportResult) -> None:
    run.counts = [list(pair) for pair in result_pairs(result)]
    run.remarks = [remark_cells(remark) for remark in result.remarks]
    run.has_news, run.error = result.changed, ""


def remarks_by_reason(run: ReferenceImport) -> list[dict[str, Any]]:
    """Refused records and taken ones that need a look, by reason, the most frequent first.

    Names and codes that a reason quotes are left out, so that like goes to like.
    """
    counts = Counter((cells[3] == "нет", mo_ref.general(cells[4])) for cells in run.remarks)
    mends = {mo_ref.general(cells[4]): cells[5] for cells in reversed(run.remarks)}
    return [
        {"refused": refused, "reason": reason, "number": number, "mend": mends[reason]}
        for (refused, reason), number in sorted(
            counts.items(), key=lambda item: (not item[0][0], -item[1], item[0][1])
        )
    ]


# --- the page's steps --------------------------------------------------------------------------------


def job_key(run: ReferenceImport) -> str:
    return f"organisations:reference:{run.pk}"


def start_check(*, run: ReferenceImport, by: User) -> Job:
    """Raises ValidationError for a file that is taken already."""
    if run.state == ReferenceState.DONE:
        raise ValidationError("Файл уже принят.")
    return _start("organisations.check_reference", "Проверка справочника", run, by)


def start_take(*, run: ReferenceImport, by: User) -> Job:
    """Only what was checked and brings news; raises ValidationError."""
    if run.state != ReferenceState.CHECKED:
        raise ValidationError("Сначала проверьте файл.")
    if not run.has_news:
        raise ValidationError("Принять из этого файла нечего: всё уже известно.")
    return _start("organisations.take_reference", "Загрузка справочника", run, by)


def _start(task: str, title: str, run: ReferenceImport, by: User) -> Job:
    return start_job(
        title=f"{title}: {run.document.name}"[:200],
        task=task,
        arguments={"import_id": run.pk},
        by=by,
        key=job_key(run),
        back_url=run.get_absolute_url(),
    )


def can_read_reference(user: Any, import_id: str) -> bool:
    return ReferenceImport.objects.visible_to(user).filter(pk=import_id).exists()
