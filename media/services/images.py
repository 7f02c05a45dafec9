"""Taking pictures into the library and letting readers see them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from media.images import make_renditions, read_picture
from media.models import Article, Image
from media.permissions import is_editor
from okmo_portal.audit.services import record
from okmo_portal.documents.models import ScanState
from okmo_portal.documents.services import scan

USED = re.compile(r"/journal/images/([0-9a-f-]{36})/")


def add_image(
    *,
    content: bytes,
    alt: str,
    rights: str,
    by: Any,
    caption: str = "",
    focal_x: int = 50,
    focal_y: int = 50,
) -> Image:
    """Check, re-encode and store; raises ValidationError in Russian by field. ``by=None``: system."""
    if by is not None and not is_editor(by):
        raise PermissionDenied
    try:
        picture = read_picture(content)
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error
    if scan(content) == ScanState.INFECTED:
        raise ValidationError({"file": "В файле найден вирус. Файл не сохранён."})
    image = Image(
        alt=alt.strip(),
        rights=rights.strip(),
        caption=caption.strip(),
        focal_x=focal_x,
        focal_y=focal_y,
        width=picture.width,
        height=picture.height,
        uploaded_by=by,
    )
    image.full_clean(exclude=["renditions", "uploaded_by"])
    with transaction.atomic():
        _store(image, make_renditions(picture, focal_x, focal_y))
        image.save(force_insert=True)
        record(action="media.image_added", by=by, subject=image)
    return image


def move_focus(*, image: Image, focal_x: int, focal_y: int) -> None:
    """Cut the crops anew around another point of the widest rendition."""
    image.focal_x, image.focal_y = focal_x, focal_y
    with default_storage.open(image.path_of(image.whole[-1][0])) as file:
        picture = read_picture(file.read())
    _store(image, make_renditions(picture, focal_x, focal_y))
    image.save()


def _store(image: Image, renditions: Iterable[Any]) -> None:
    sizes = {}
    for item in renditions:
        path = image.path_of(item.name)
        # A crop made anew takes the name of the old one.
        default_storage.delete(path)
        default_storage.save(path, ContentFile(item.content))
        sizes[item.name] = [item.width, item.height]
    image.renditions = sizes


def images_in(html: str) -> set[UUID]:
    return {UUID(key) for key in USED.findall(html)}


def release_images(article: Article) -> None:
    """What a published article shows is everybody's to see."""
    keys = images_in(article.body)
    keys |= set(article.authors.exclude(photo=None).values_list("photo_id", flat=True))
    if article.cover_id:
        keys.add(article.cover_id)
    Image.objects.filter(pk__in=keys, is_public=False).update(is_public=True)
