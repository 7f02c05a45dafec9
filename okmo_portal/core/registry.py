"""What an app shows outside its own pages; each registers it in ``AppConfig.ready``.

Shared code reads the registry and never imports an app, so a new app is added without touching
the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@dataclass(frozen=True)
class MenuItem:
    """One entry of the main navigation; ``label`` is a lazy translation."""

    label: Any
    url_name: str
    order: int = 100
    #: Path prefixes under which the entry counts as current; without the language prefix.
    prefixes: tuple[str, ...] = ()
    visible: Callable[[HttpRequest], bool] = lambda request: True

    def url(self) -> str:
        return reverse(self.url_name)


@dataclass(frozen=True)
class SearchKind:
    """One kind of thing the search knows.

    ``rows`` yields ``(object_id, title, text, url_name, url_args)`` for the index of public
    things; ``private`` answers for a signed-in user with a queryset already scoped to him.
    """

    key: str
    label: Any
    rows: Callable[[], Iterable[tuple[str, str, str, str, tuple]]]
    order: int = 100
    private: Callable[[Any, str], QuerySet] | None = None


@dataclass(frozen=True)
class DemoStep:
    """A part of the demo: ``load(scale)`` makes rows, ``accounts()`` lists sign-ins to print."""

    key: str
    load: Callable[..., None]
    order: int = 100


@dataclass
class Registry:
    menu: list[MenuItem] = field(default_factory=list)
    #: Callables ``(request) -> dict | None``: template and context of a home page card.
    home_cards: list[tuple[int, Callable]] = field(default_factory=list)
    #: Callables ``(request) -> Iterable[CabinetTask]``: what is expected of the signed-in person.
    cabinet_tasks: list[tuple[int, Callable]] = field(default_factory=list)
    #: Callables ``(request) -> dict | None``: template and context of a cabinet section.
    cabinet_sections: list[tuple[int, Callable]] = field(default_factory=list)
    search_kinds: dict[str, SearchKind] = field(default_factory=dict)
    demo_steps: list[DemoStep] = field(default_factory=list)
    #: Callables ``(user) -> JSON-ready value`` by title: what an app keeps about a person.
    personal_data: dict[str, Callable] = field(default_factory=dict)
    #: Callables ``(user)`` that forget what an app need not keep when a person is erased.
    erasures: list[Callable] = field(default_factory=list)
    #: Panels on pages of shared objects, by page: ``(request, object) -> dict | None``.
    panels: dict[str, list[tuple[int, Callable]]] = field(default_factory=dict)

    def add_menu(self, item: MenuItem) -> None:
        self.menu.append(item)
        self.menu.sort(key=lambda entry: entry.order)

    def add_home_card(self, build: Callable, *, order: int = 100) -> None:
        self._add(self.home_cards, build, order)

    def add_cabinet_tasks(self, collect: Callable, *, order: int = 100) -> None:
        self._add(self.cabinet_tasks, collect, order)

    def add_cabinet_section(self, build: Callable, *, order: int = 100) -> None:
        self._add(self.cabinet_sections, build, order)

    def add_search(self, kind: SearchKind) -> None:
        self.search_kinds[kind.key] = kind

    def add_demo(self, step: DemoStep) -> None:
        self.demo_steps.append(step)
        self.demo_steps.sort(key=lambda entry: entry.order)

    def add_personal_data(self, title: str, collect: Callable) -> None:
        self.personal_data[title] = collect

    def add_erasure(self, forget: Callable) -> None:
        self.erasures.append(forget)

    def add_panel(self, page: str, build: Callable, *, order: int = 100) -> None:
        self._add(self.panels.setdefault(page, []), build, order)

    def build_panels(self, page: str, request: HttpRequest, subject: Any) -> list[dict]:
        built = (build(request, subject) for _, build in self.panels.get(page, []))
        return [panel for panel in built if panel is not None]

    @staticmethod
    def _add(entries: list[tuple[int, Callable]], entry: Callable, order: int) -> None:
        entries.append((order, entry))
        entries.sort(key=lambda pair: pair[0])


@dataclass(frozen=True)
class CabinetTask:
    """One line of "what is expected of me": what, until when, one button."""

    title: str
    url: str
    action: str
    due: Any = None
    text: str = ""
    state: str = ""


registry = Registry()
