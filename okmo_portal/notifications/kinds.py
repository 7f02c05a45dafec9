"""The kinds of messages; each app registers its own in ``AppConfig.ready``."""

from __future__ import annotations

from dataclasses import dataclass

from okmo_portal.notifications.models import EmailMode


@dataclass(frozen=True)
class Kind:
    """``urgent`` letters also leave at night."""

    key: str
    label: str
    default_mode: EmailMode = EmailMode.AT_ONCE
    urgent: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.key] = kind


def get(key: str) -> Kind:
    """Raises KeyError for a kind that no app registered."""
    return _kinds[key]


def all_kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.label)
