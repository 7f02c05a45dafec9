"""Storing files and asking the scanner about them."""

from __future__ import annotations

import hashlib
import socket
import struct
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models, transaction

from okmo_portal.audit.services import record
from okmo_portal.documents.models import Document, ScanState
from okmo_portal.documents.validators import check_file


def store_document(
    *, file: Any, by: Any, subject: models.Model | None = None, name: str | None = None
) -> Document:
    """Check and store an uploaded file; raises ValidationError in Russian."""
    file.seek(0)
    content = file.read()
    checked = check_file(content, file.name)
    state = scan(checked.content)
    if state == ScanState.INFECTED:
        raise ValidationError("В файле найден вирус. Файл не сохранён.", code="infected")
    return _create(
        content=checked.content,
        name=name or file.name,
        suffix=checked.suffix,
        content_type=checked.content_type,
        scan_state=state,
        subject=subject,
        by=by,
    )


def store_bytes(
    *, content: bytes, name: str, content_type: str, by: Any, subject: models.Model | None = None
) -> Document:
    """Store a file that the portal itself made."""
    return _create(
        content=content,
        name=name,
        suffix="." + name.rsplit(".", 1)[-1],
        content_type=content_type,
        scan_state=ScanState.CLEAN,
        subject=subject,
        by=by,
    )


@transaction.atomic
def _create(*, content, name, suffix, content_type, scan_state, subject, by) -> Document:
    document = Document(
        name=name[-200:],
        suffix=suffix,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        scan_state=scan_state,
        uploaded_by=by,
    )
    if subject is not None:
        document.subject_label, document.subject_id = subject._meta.label_lower, str(subject.pk)
    document.file.save(name, ContentFile(content), save=False)
    document.save(force_insert=True)
    record(action="documents.stored", by=by, subject=document, size=document.size)
    return document


def attach_document(*, document: Document, subject: models.Model) -> None:
    """Hang a document on its object; from now on the object's policy decides who reads it."""
    document.subject_label, document.subject_id = subject._meta.label_lower, str(subject.pk)
    document.save(update_fields=["subject_label", "subject_id"])


def is_servable(document: Document) -> bool:
    """Where a scanner is configured, nothing unscanned leaves."""
    if document.scan_state == ScanState.INFECTED:
        return False
    return document.scan_state == ScanState.CLEAN or not settings.CLAMD_ADDRESS


def scan(content: bytes) -> ScanState:
    """Ask clamd (INSTREAM); without an answer from a configured one the file stays unscanned."""
    if not settings.CLAMD_ADDRESS:
        return ScanState.NOT_SCANNED
    host, _, port = settings.CLAMD_ADDRESS.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), 2**16):
                chunk = content[start : start + 2**16]
                connection.sendall(struct.pack("!L", len(chunk)) + chunk)
            connection.sendall(struct.pack("!L", 0))
            answer = connection.recv(4096)
    except OSError:
        return ScanState.NOT_SCANNED
    if b"FOUND" in answer:
        return ScanState.INFECTED
    return ScanState.CLEAN if b"OK" in answer else ScanState.NOT_SCANNED


def personal_documents(user: Any) -> list[dict[str, Any]]:
    """For the person's own data file: what he uploaded."""
    return [
        {"name": row.name, "size": row.size, "at": row.created_at.isoformat()}
        for row in Document.objects.filter(uploaded_by=user)
    ]
