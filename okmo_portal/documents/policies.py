"""Who may read a document: asked of the app whose object it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from okmo_portal.documents.models import Document

Policy = Callable[[Any, str], bool]
_policies: dict[str, Policy] = {}


def register(subject_label: str, can_read: Policy) -> None:
    """``can_read(user, subject_id)``; ``user`` may be anonymous."""
    _policies[subject_label] = can_read


def can_read(user: Any, document: Document) -> bool:
    """The subject's policy, or the uploader for a document that hangs on nothing yet."""
    if not document.subject_label:
        return bool(user.is_authenticated and document.uploaded_by_id == user.pk)
    policy = _policies.get(document.subject_label)
    return policy is not None and policy(user, document.subject_id)
