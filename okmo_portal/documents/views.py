from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404

from okmo_portal.audit.services import record
from okmo_portal.documents.models import Document
from okmo_portal.documents.policies import can_read
from okmo_portal.documents.services import is_servable


def document_download(request, pk):
    """The file as an attachment, after the rights check; a foreign one is a 404."""
    document = get_object_or_404(Document, pk=pk)
    if not can_read(request.user, document) or not is_servable(document):
        raise Http404
    if request.user.is_authenticated:
        record(action="documents.read", by=request.user, subject=document)
    response = FileResponse(
        document.file.open("rb"),
        as_attachment=True,
        filename=document.name,
        content_type=document.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
