"""A map of equal tiles: every region weighs the same, and nothing has to be shipped but a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.translation import gettext as _

from okmo_portal.core.charts import FONT, Chart, document
from okmo_portal.core.text import format_number

#: Fallback fills for the PDF, those of the light scheme.
FILLS = ("#e9e7e0", "#cfe0ee", "#9fc3df", "#639cc7", "#2c6da6", "#0b3c73")
CELL = 44


@dataclass(frozen=True)
class Tile:
    """One region on the grid; ``value`` None means no data."""

    code: str
    label: str
    name: str
    row: int
    column: int
    value: float | None


def level(value: float | None, breaks: Sequence[float]) -> int:
    """0 for no data, else 1 to len(breaks) + 1; a value equal to a break goes above it."""
    if value is None:
        return 0
    return 1 + sum(value >= limit for limit in breaks)


def quantile_breaks(values: Sequence[float], classes: int = 5) -> list[float]:
    """Limits that put about as many values into each class; fewer classes when values repeat."""
    ordered = sorted(values)
    if not ordered:
        return []
    found = {ordered[min(len(ordered) * k // classes, len(ordered) - 1)] for k in range(1, classes)}
    return sorted(limit for limit in found if limit > ordered[0])


def tile_map(
    tiles: Sequence[Tile],
    *,
    title: str,
    value_name: str,
    unit: str = "",
    decimals: int = 0,
    breaks: Sequence[float] | None = None,
) -> Chart:
    """The map, a legend with the limits in words, and the table twin sorted by name."""
    if breaks is None:
        breaks = quantile_breaks([tile.value for tile in tiles if tile.value is not None])
    top = min((tile.row for tile in tiles), default=0)
    left = min((tile.column for tile in tiles), default=0)
    rows = max((tile.row for tile in tiles), default=0) - top + 1
    columns = max((tile.column for tile in tiles), default=0) - left + 1
    body = "".join(
        _tile(tile, level(tile.value, breaks), top, left, unit, decimals)
        for tile in sorted(tiles, key=lambda tile: (tile.row, tile.column))
    )
    width, height = columns * CELL, rows * CELL
    ordered = sorted(tiles, key=lambda tile: tile.name)
    return Chart(
        document(width, height, body, title=title, css="chart tile-map"),
        [_("Субъект РФ"), f"{value_name}, {unit}" if unit else value_name],
        [[tile.name, format_number(tile.value, decimals)] for tile in ordered],
        _legend(breaks, unit, decimals, any(tile.value is None for tile in tiles)),
        unit,
    )


def _tile(tile, step, top, left, unit, decimals):
    x, y = (tile.column - left) * CELL, (tile.row - top) * CELL
    dark = step >= 4
    value = format_number(tile.value, decimals) if tile.value is not None else _("нет данных")
    words = f"{tile.name}: {value}{' ' + unit if unit and tile.value is not None else ''}"
    return (
        f'<rect class="tile-q{step}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" '
        f'height="{CELL - 2}" rx="3" fill="{FILLS[step]}"><title>{escape(words)}</title></rect>'
        f'<text class="tile-text{" tile-text--dark" if dark else ""}" x="{x + CELL / 2}" '
        f'y="{y + CELL / 2 + 5}" font-size="14" font-family="{FONT}" text-anchor="middle" '
        f'fill="{"#ffffff" if dark else "#1a1d21"}" pointer-events="none">{escape(tile.label)}</text>'
    )


def _legend(breaks, unit, decimals, missing):
    limits = [format_number(limit, decimals) for limit in breaks]
    suffix = f" {unit}" if unit else ""
    items = []
    for index in range(len(limits) + 1):
        if not limits:
            words = _("все")
        elif index == 0:
            words = _("меньше %(limit)s") % {"limit": limits[0]}
        elif index == len(limits):
            words = _("%(limit)s и больше") % {"limit": limits[-1]}
        else:
            words = f"{limits[index - 1]}–{limits[index]}"
        items.append(
            {"class": f"tile-q{index + 1}", "label": words + suffix, "colour": FILLS[index + 1]}
        )
    if missing:
        items.append({"class": "tile-q0", "label": _("нет данных"), "colour": FILLS[0]})
    return items
