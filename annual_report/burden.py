"""The burden meter: what a form costs its municipality, and whether that falls from year to year."""

from __future__ import annotations

from dataclasses import dataclass

from annual_report.filled_form import FilledForm


@dataclass(frozen=True)
class Burden:
    """One form's cost: minutes of work, cells asked, of them filled beforehand and changed since.

    ``seconds`` counts gaps between saves of at most five minutes. ``duplicates`` are asked cells
    that a federal form already holds.
    """

    seconds: int
    asked: int
    prefilled: int
    kept: int
    duplicates: int

    @property
    def minutes(self) -> int:
        """Rounded up: a form that took seconds took a minute."""
        return -(-self.seconds // 60)

    @property
    def prefilled_share(self) -> float:
        return self.prefilled / self.asked if self.asked else 0.0

    @property
    def changed(self) -> int:
        """Prefilled cells whose value was not right and was typed anew."""
        return max(self.prefilled - self.kept, 0)

    @property
    def changed_share(self) -> float:
        return self.changed / self.prefilled if self.prefilled else 0.0


def form_burden(form: FilledForm) -> Burden:
    submission = form.submission
    return Burden(
        seconds=submission.active_seconds,
        asked=len(form.spec.asked),
        prefilled=submission.prefilled,
        kept=form.kept,
        duplicates=form.spec.duplicates,
    )
