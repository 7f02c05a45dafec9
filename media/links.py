"""What an article may speak of: kinds of objects that apps register.

A kind finds the titles of its objects by their lasting keys and says where each has its page. The
object's page shows its articles by a panel of the portal's registry. Practices and bills join by
``register`` in their apps' ``ready``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True)
class LinkKind:
    """``titles(keys)`` gives (Russian, English or empty) for the keys that exist.

    ``label`` is a lazy translation; ``hint`` tells the editor what a key is.
    """

    key: str
    label: Any
    hint: str
    url_name: str
    titles: Callable[[Iterable[str]], Mapping[str, tuple[str, str]]]
    order: int = 100

    def url(self, key: str) -> str:
        return reverse(self.url_name, args=[key])


_kinds: dict[str, LinkKind] = {}


def register(kind: LinkKind) -> None:
    _kinds[kind.key] = kind


def get(key: str) -> LinkKind | None:
    return _kinds.get(key)


def all_kinds() -> list[LinkKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.order)
