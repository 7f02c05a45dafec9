"""Renditions of pictures."""

from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from media.models import Image
from media.permissions import is_editor
from okmo_portal.organisations.permissions import is_auditor

#: A rendition is kept by browsers; a crop around a new focal point shows after a day.
KEPT_FOR = 24 * 3600


def image_file(request, pk, name):
    """Everybody's once something published shows it; before that only the desk's."""
    try:
        key = UUID(pk)
    except ValueError:
        raise Http404 from None
    image = get_object_or_404(Image, pk=key)
    if not image.is_public and not (is_editor(request.user) or is_auditor(request.user)):
        raise Http404
    if name not in image.renditions:
        raise Http404
    try:
        file = default_storage.open(image.path_of(name), "rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type="image/jpeg")
    audience = "public" if image.is_public else "private"
    response["Cache-Control"] = f"{audience}, max-age={KEPT_FOR}"
    return response
