"""Which words, tables and charts of a chapter stand on which numbers, and what has changed since.

A binding is one sentence with numbers, or one table or chart. An editor confirms a chapter's bindings;
when a later snapshot changes a number, every binding that shows it is flagged until somebody looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from annual_report.analysis.text import PLACEHOLDER
from annual_report.blocks import Block

SENTENCE = re.compile(r"(?<=[.!?…])\s+")
KINDS = {"table": "Таблица", "chart": "График", "kpi": "Главные цифры", "facts": "Сведения"}


@dataclass(frozen=True)
class Change:
    """One binding whose numbers are no longer those that were confirmed.

    ``cells`` are (name, was, now); None for one that was not, or is no longer, there.
    """

    place: str
    cells: list[tuple[str, str | None, str | None]]


def bind_chapter(
    text: str, blocks: Iterable[Block], show: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Bindings as JSON-ready rows: place and pairs of name and shown value, in reading order.

    ``show`` gives what a placeholder shows.
    """
    return [*_bind_sentences(text, show), *_bind_blocks(blocks)]


def _bind_sentences(text: str, show: Callable[[str], str]) -> list[dict[str, Any]]:
    found = []
    for sentence in SENTENCE.split(text.strip()):
        names = PLACEHOLDER.findall(sentence)
        if names:
            place = "«" + PLACEHOLDER.sub("…", sentence).strip()[:160] + "»"
            values = [[name, show(name)] for name in dict.fromkeys(names)]
            found.append({"place": place, "values": values})
    return found


def _bind_blocks(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    found = []
    for number, block in enumerate(blocks, start=1):
        place = f"{KINDS[block.kind]} {number}" + (f" «{block.title}»" if block.title else "")
        values = [list(pair) for pair in _block_values(block)]
        if values:
            found.append({"place": place, "values": values})
    return found


def _block_values(block: Block) -> Iterable[tuple[str, str]]:
    if block.items is not None:
        for name, value, _unit in block.items:
            yield name, value
        return
    source = block.table or block.chart
    if source is None:
        return
    for row in source.rows:
        for header, cell in zip(source.headers[1:], row[1:], strict=False):
            yield f"{row[0]} / {header}", cell


def changes(confirmed: list[Mapping[str, Any]], current: list[Mapping[str, Any]]) -> list[Change]:
    """Bindings of ``current`` that differ from the confirmed ones, and those that are gone."""
    before = {item["place"]: dict(item["values"]) for item in confirmed}
    now = {item["place"]: dict(item["values"]) for item in current}
    found = []
    for place in dict.fromkeys([*now, *before]):
        old, new = before.get(place, {}), now.get(place, {})
        cells = [
            (name, old.get(name), new.get(name))
            for name in dict.fromkeys([*new, *old])
            if old.get(name) != new.get(name)
        ]
        if cells:
            found.append(Change(place, cells))
    return found
