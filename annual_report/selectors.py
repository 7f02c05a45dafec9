"""Cross-model reads: a form as the pages need it, and the boards' counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from annual_report.enums import COUNTED_STATES, FILED_STATES, SubmissionState

# A filled form is read here, too: other modules need not know where it is made.
from annual_report.filled_form import (  # noqa: F401
    Cell,
    FilledForm,
    FormSection,
    get_filled_form,
    show_value,
)
from annual_report.models import Submission


def my_submissions(user: Any) -> QuerySet[Submission]:
    """The active municipality's forms, the newest year first."""
    active = user.active_membership
    if active is None or not active.organisation.municipality_id:
        return Submission.objects.none()
    return (
        Submission.objects.visible_to(user)
        .kept_by(active.organisation.municipality_id)
        .with_territory()
        .order_by("-campaign__year")
    )


COUNTS = {
    "expected": Count("pk", filter=~Q(state=SubmissionState.CLOSED)),
    "not_started": Count("pk", filter=Q(state=SubmissionState.NOT_STARTED)),
    "working": Count(
        "pk",
        filter=Q(
            state__in=[SubmissionState.DRAFT, SubmissionState.PREPARED, SubmissionState.RETURNED]
        ),
    ),
    "submitted": Count("pk", filter=Q(state=SubmissionState.SUBMITTED)),
    "approved": Count("pk", filter=Q(state__in=COUNTED_STATES)),
}


@dataclass(frozen=True)
class Progress:
    """Counts of forms by where they stand; ``late`` were filed after the deadline."""

    expected: int
    not_started: int
    working: int
    submitted: int
    approved: int
    late: int = 0

    @property
    def filed(self) -> int:
        return self.submitted + self.approved

    @property
    def not_filed(self) -> int:
        return self.expected - self.filed

    @property
    def share(self) -> float:
        return self.filed / self.expected if self.expected else 0.0

    @property
    def approved_share(self) -> float:
        return self.approved / self.expected if self.expected else 0.0

    @property
    def timely_share(self) -> float:
        return (self.filed - self.late) / self.expected if self.expected else 0.0


def progress(submissions: QuerySet[Submission], deadline: date) -> Progress:
    return Progress(**submissions.aggregate(**COUNTS, late=_late(deadline)))


def progress_by(submissions: QuerySet[Submission], key: str, deadline: date) -> dict[Any, Progress]:
    """Progress of each group in one query; ``key`` is a field path."""
    rows = submissions.order_by().values(key).annotate(**COUNTS, late=_late(deadline))
    return {row.pop(key): Progress(**row) for row in rows}


def _late(deadline: date) -> Count:
    return Count(
        "pk",
        filter=Q(state__in=FILED_STATES) & Q(filed_at__date__gt=deadline),
    )
