"""What may be uploaded: decided by the content, never by the name alone."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import filetype
from django.core.exceptions import ValidationError
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_SIZE = 20 * 2**20
MAX_PIXELS = 50_000_000
MAX_ENTRIES = 1000
MAX_RATIO = 100
KINDS = "PDF, DOCX, XLSX, ODT, ODS, JPG, PNG или TXT"
HINT = f"{KINDS}; не больше 20 МБ."


@dataclass(frozen=True)
class Checked:
    """Content that passed; images are re-encoded, so no EXIF is left."""

    content: bytes
    suffix: str
    content_type: str


OFFICE = {
    "word/document.xml": (
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xl/workbook.xml": (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
OPEN_DOCUMENT = {
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}


def check_file(content: bytes, name: str) -> Checked:
    """Recognise and clean ``content``; raises ValidationError that says what is accepted."""
    if not content:
        raise ValidationError("Файл пуст. Выберите другой файл.", code="empty")
    if len(content) > MAX_SIZE:
        raise ValidationError("Файл больше 20 МБ. Уменьшите его или разделите.", code="size")
    kind = filetype.guess(content)
    if content[:4] == b"PK\x03\x04":
        return _check_archive(content)
    if kind is not None and kind.mime == "application/pdf":
        return Checked(content, ".pdf", "application/pdf")
    if kind is not None and kind.mime in ("image/jpeg", "image/png"):
        return _clean_image(content, kind.mime)
    if kind is None and name.lower().endswith(".txt") and b"\0" not in content:
        return Checked(content, ".txt", "text/plain; charset=utf-8")
    raise ValidationError(f"Такой файл не принимается. Подойдёт {KINDS}.", code="kind")


def _check_archive(content: bytes) -> Checked:
    """OOXML and ODF are zip archives: look for their kind, macros and bombs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            packed = sum(info.compress_size for info in infos) or 1
            if len(infos) > MAX_ENTRIES or sum(i.file_size for i in infos) > packed * MAX_RATIO:
                raise ValidationError("Файл устроен подозрительно и не принят.", code="bomb")
            names = {info.filename for info in infos}
            if any(name.startswith("/") or ".." in name.split("/") for name in names):
                raise ValidationError("Файл устроен подозрительно и не принят.", code="paths")
            if any("vbaproject" in name.lower() or name.startswith("Basic/") for name in names):
                raise ValidationError(
                    "В файле есть макросы. Сохраните его без макросов (DOCX или XLSX).",
                    code="macros",
                )
            for marker, (suffix, mime) in OFFICE.items():
                if marker in names:
                    return Checked(content, suffix, mime)
            if "mimetype" in names:
                mime = archive.read("mimetype").decode("ascii", "replace").strip()
                if mime in OPEN_DOCUMENT:
                    return Checked(content, OPEN_DOCUMENT[mime], mime)
    except zipfile.BadZipFile as error:
        raise ValidationError("Файл повреждён. Сохраните его заново.", code="broken") from error
    raise ValidationError(f"Архивы не принимаются. Подойдёт {KINDS}.", code="kind")


def _clean_image(content: bytes, mime: str) -> Checked:
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(
                    "Изображение больше 50 мегапикселей. Уменьшите его.", code="pixels"
                )
            upright = ImageOps.exif_transpose(image)
            target = io.BytesIO()
            if mime == "image/jpeg":
                upright.convert("RGB").save(target, "JPEG", quality=90)
            else:
                upright.save(target, "PNG")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError("Изображение повреждено. Выберите другое.", code="broken") from error
    return Checked(target.getvalue(), ".jpg" if mime == "image/jpeg" else ".png", mime)
