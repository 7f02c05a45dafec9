"""The one guarded path on which any object's ``state`` changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from okmo_portal.audit.services import record_all, record_many
from okmo_portal.workflow.models import StateChange

M = TypeVar("M", bound=Any)  # a model with a ``state``; Django has no protocol for it


class TransitionNotAllowed(Exception):
    """The object is no longer in a state from which this move starts."""

    def __init__(self, transition: Transition, state: str):
        self.transition, self.state = transition, state
        super().__init__(f"{transition.name} from {state}")


@dataclass(frozen=True)
class Transition:
    """A move: its name, its label in Russian, where it starts and ends, and who may make it.

    ``allowed(user, instance)`` is a predicate; ``by=None`` (the system) passes it.
    """

    name: str
    label: str
    sources: frozenset[str]
    target: str
    allowed: Callable[[Any, Any], bool]

    def is_open_to(self, user: Any, instance: Any) -> bool:
        """Whether to offer the move to ``user``; ``apply`` decides again under a lock."""
        return instance.state in self.sources and self.allowed(user, instance)


@contextmanager
def apply(transition: Transition, instance: M, *, by: Any, comment: str = "") -> Iterator[M]:
    """Lock ``instance``, check the move, let the caller edit it, save and log.

    The row lock makes the second of two simultaneous clicks see the new state. Raises
    ``TransitionNotAllowed`` for a wrong source state and ``PermissionDenied`` for a wrong person.
    """
    with transaction.atomic():
        manager = type(instance)._default_manager
        locked = manager.select_for_update(of=("self",)).get(pk=instance.pk)
        with apply_locked(transition, locked, by=by, comment=comment):
            yield locked


@contextmanager
def apply_locked(
    transition: Transition,
    locked: M,
    *,
    by: Any,
    comment: str = "",
    after: Sequence[tuple[Transition, str]] = (),
) -> Iterator[M]:
    """``apply`` for a caller who holds the row's lock and changes more of it in one transaction.

    ``after`` are moves with their sources that the caller has made just before and not logged.
    """
    if locked.state not in transition.sources:
        raise TransitionNotAllowed(transition, locked.state)
    if by is not None and not transition.allowed(by, locked):
        raise PermissionDenied
    yield locked
    source, locked.state = locked.state, transition.target
    locked.save()
    log_changes(locked, [*after, (transition, source)], by=by, comment=comment)


@dataclass(frozen=True)
class Moved:
    """What became of many instances: those that moved, and by pk why the others did not."""

    done: list[Any]
    refused: dict[Any, TransitionNotAllowed | PermissionDenied]


@transaction.atomic
def apply_many(
    transition: Transition,
    instances: models.QuerySet,
    *,
    by: Any,
    comment: str = "",
    change: Mapping[str, Any] | None = None,
) -> Moved:
    """``apply`` for a batch in five statements; ``change`` sets the same values in every row.

    The rows are locked in the order of their keys, so that two batches never wait for each other.
    ``instances`` brings with it what ``transition.allowed`` looks at (``select_related``).
    """
    sources: dict[str, list[Any]] = {}
    refused: dict[Any, TransitionNotAllowed | PermissionDenied] = {}
    for item in instances.select_for_update(of=("self",)).order_by("pk"):
        if item.state not in transition.sources:
            refused[item.pk] = TransitionNotAllowed(transition, item.state)
        elif by is not None and not transition.allowed(by, item):
            refused[item.pk] = PermissionDenied()
        else:
            sources.setdefault(item.state, []).append(item)
    done = [item for group in sources.values() for item in group]
    values = {**(change or {}), "state": transition.target}
    instances.model._default_manager.filter(pk__in=[item.pk for item in done]).update(**values)
    for source, group in sources.items():
        _log_many(group, transition, source=source, by=by, comment=comment)
    for item in done:
        for name, value in values.items():
            setattr(item, name, value)
    return Moved(done, refused)


def _log_many(
    instances: list[Any], transition: Transition, *, source: str, by: Any, comment: str
) -> None:
    StateChange.objects.bulk_create(
        [
            StateChange(
                subject_label=item._meta.label_lower,
                subject_id=str(item.pk),
                transition=transition.name,
                label=transition.label,
                source=source,
                target=transition.target,
                comment=comment,
                by=by,
            )
            for item in instances
        ],
        batch_size=1000,
    )
    label = instances[0]._meta.app_label
    record_many(
        action=f"{label}.{transition.name}",
        by=by,
        subjects=instances,
        source=source,
        target=transition.target,
    )


def log_change(
    instance: models.Model, transition: Transition, *, source: str, by: Any, comment: str = ""
) -> None:
    """Append the state change and its audit event."""
    log_changes(instance, [(transition, source)], by=by, comment=comment)


def log_changes(
    instance: models.Model,
    moves: Sequence[tuple[Transition, str]],
    *,
    by: Any,
    comment: str = "",
) -> None:
    """Append moves with their sources in their order; the comment belongs to the last one."""
    StateChange.objects.bulk_create(
        StateChange(
            subject_label=instance._meta.label_lower,
            subject_id=str(instance.pk),
            transition=transition.name,
            label=transition.label,
            source=source,
            target=transition.target,
            comment=comment if (transition, source) == moves[-1] else "",
            by=by,
        )
        for transition, source in moves
    )
    label = instance._meta.app_label
    record_all(
        by=by,
        subject=instance,
        events=[
            (f"{label}.{transition.name}", {"source": source, "target": transition.target})
            for transition, source in moves
        ],
    )
