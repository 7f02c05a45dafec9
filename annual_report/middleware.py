"""A damaged snapshot is told to readers as a fault of the portal, and to the Congress's staff."""

from __future__ import annotations

import logging

from django.shortcuts import render
from django.utils import timezone

from annual_report.services.notices import tell_damaged
from annual_report.services.snapshots import SnapshotDamaged

logger = logging.getLogger(__name__)

#: Seconds after which a reader's program may ask again.
RETRY_AFTER = 3600


class DamagedSnapshotMiddleware:
    """503 for pages that rest on a snapshot whose files are gone or changed.

    Figures must not be shown that are not those that were frozen; every other page goes on.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, SnapshotDamaged):
            return None
        logger.error("damaged snapshot at %s: %s", request.path, exception)
        tell_damaged(what=str(exception), day=timezone.localdate())
        response = render(request, "annual_report/public/damaged.html", status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response
