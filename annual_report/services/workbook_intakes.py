"""An archive of filled workbooks that a council hands over for municipalities without a good line.

A council does not answer for a municipality: each workbook becomes a proposal that the municipality
looks at and accepts, or not.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse

from annual_report.models import Campaign, Submission, WorkbookIntake, WorkbookIntakeFile
from annual_report.services.workbooks import take_workbook
from annual_report.workbooks.reader import MAX_SIZE, WorkbookRefused, read_workbook
from okmo_portal.accounts.models import User
from okmo_portal.documents.models import ScanState
from okmo_portal.documents.services import scan, store_bytes
from okmo_portal.jobs import services as jobs
from okmo_portal.organisations.permissions import is_council_member

MAX_FILES, MAX_UNPACKED = 1000, 500 * 2**20
ZIP = "application/zip"


def start_intake(*, campaign: Campaign, file: Any, by: User) -> WorkbookIntake:
    """Keep the archive and queue its reading. Raises ValidationError for what is no such archive."""
    active = by.active_membership
    if not is_council_member(by) or active is None:
        raise PermissionDenied
    if not campaign.takes_answers:
        raise ValidationError(f"Сбор за {campaign.year} год закрыт. Книги не принимаются.")
    names = check_archive(file)
    file.seek(0)
    content = file.read()
    state = scan(content)
    if state == ScanState.INFECTED:
        raise ValidationError("В архиве найден вирус. Архив не сохранён.", code="infected")
    return _store(campaign, active.organisation.region_id, content, file.name, state, names, by)


@transaction.atomic
def _store(campaign, region_id, content, name, state, names, by) -> WorkbookIntake:
    document = store_bytes(content=content, name=name, content_type=ZIP, by=by)
    intake = WorkbookIntake.objects.create(
        campaign=campaign, region_id=region_id, document=document, by=by
    )
    document.scan_state = state
    document.subject_label, document.subject_id = intake._meta.label_lower, str(intake.pk)
    document.save(update_fields=["scan_state", "subject_label", "subject_id"])
    intake.job = jobs.start_job(
        title=f"Приём книг Excel: {len(names)}",
        task="annual_report.take_workbooks",
        arguments={"intake_id": str(intake.pk)},
        by=by,
        back_url=reverse("annual_report:workbook-list"),
    )
    intake.save(update_fields=["job"])
    return intake


def check_archive(file: Any) -> list[str]:
    """Names of the files in it; refuses in a sentence what is no archive or looks like a trap."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise ValidationError(
            "Это не архив ZIP, или он повреждён. Соберите книги в архив заново.", code="kind"
        ) from error
    if not infos:
        raise ValidationError("Архив пуст. Положите в него заполненные книги.", code="empty")
    if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise ValidationError(
            f"В архиве больше {MAX_FILES} файлов, или они слишком велики. Разделите его.",
            code="bomb",
        )
    return [info.filename for info in infos]


def take_files(*, intake: WorkbookIntake, tell: Callable[[], object]) -> None:
    """Read every file of the archive that has no outcome yet."""
    done = set(intake.files.values_list("name", flat=True))
    with intake.document.file.open("rb") as file, zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name = info.filename[-300:]
            if info.is_dir() or name in done:
                continue
            take_file(intake=intake, archive=archive, info=info, name=name)
            done.add(name)
            tell()


@transaction.atomic
def take_file(
    *, intake: WorkbookIntake, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str
) -> None:
    """One file's outcome; a repeated call finds it and changes nothing."""
    outcome, created = WorkbookIntakeFile.objects.get_or_create(intake=intake, name=name)
    if not created:
        return
    try:
        content = read_member(archive, info)
        submission = find_form(intake, content)
        with transaction.atomic():
            outcome.upload = take_workbook(
                submission=submission,
                content=content,
                name=name.rsplit("/", 1)[-1],
                by=intake.by,
                proposal=True,
            )
    except ValidationError as error:
        outcome.refusal = error.messages[0]
    outcome.save()


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MAX_SIZE:
        raise ValidationError("Файл больше 5 МБ. Уберите из книги картинки и посторонние листы.")
    try:
        return archive.read(info)
    except Exception as error:
        # Damaged, encrypted or packed by an unknown method: zipfile has an exception for each.
        raise ValidationError("Файл в архиве повреждён или закрыт паролем.") from error


def find_form(intake: WorkbookIntake, content: bytes) -> Submission:
    """The form in the council's region that the workbook says it is of."""
    try:
        meta = read_workbook(content).meta
    except WorkbookRefused as refusal:
        raise ValidationError(str(refusal)) from refusal
    found = (
        Submission.objects.filter(
            campaign=intake.campaign, region=intake.region, municipality__oktmo=meta.oktmo
        )
        .select_related("campaign__form", "municipality", "region")
        .first()
    )
    if found is None:
        raise ValidationError(
            f"Это книга муниципалитета «{meta.municipality}», а его нет среди муниципалитетов "
            "Вашего субъекта в этой кампании."
        )
    return found


def can_read_intake(user: Any, intake_id: str) -> bool:
    return WorkbookIntake.objects.visible_to(user).filter(pk=intake_id).exists()
