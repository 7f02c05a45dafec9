"""Charts as SVG made on the server, the same in the page and in the PDF.

Colours come from CSS classes; the presentation attributes are for WeasyPrint, which reads no page
stylesheet inside an SVG. Every chart carries the rows of its table twin.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from okmo_portal.core.text import format_number

#: Fallback colours, those of the light scheme in tokens.css.
SERIES = ("#0b4a8f", "#c2561a", "#2f8f7e", "#7a5195", "#8a6d00", "#5f6b76")
INK, SOFT, LINE = "#1a1d21", "#50575f", "#d9d5cb"
FONT = "DejaVu Sans, sans-serif"
#: Average width of a letter in units of the font size; used to reserve room for labels.
LETTER = 0.63

SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')

_ids = itertools.count(1)


@dataclass(frozen=True)
class Series:
    """One named row of values; None is a gap."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Chart:
    """What the figure component draws: the picture and its table twin with the same numbers."""

    svg: SafeString
    headers: list[str]
    rows: list[list[str]]
    legend: list[dict[str, str]] = field(default_factory=list)
    unit: str = ""


def text_element(
    x, y, content, *, size=15, anchor="start", css="chart-label", colour=INK, weight=""
):
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-family="{FONT}" '
        f'text-anchor="{anchor}" fill="{colour}"{bold}>{escape(content)}</text>'
    )


def document(width, height, body, *, title, css="chart") -> SafeString:
    """Wrap the drawing; ``title`` is what a screen reader says."""
    name = f"chart-{next(_ids)}"
    return mark_safe(  # noqa: S308 — every text in it went through escape()
        f'<svg class="{css}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="{name}">'
        f'<title id="{name}">{escape(title)}</title>{body}</svg>'
    )


def standalone(chart: Chart, *, heading: str, source: str) -> str:
    """A picture that stands alone on a foreign page: with heading, unit, legend and source inside."""
    width, height = (float(size) for size in SIZE.search(chart.svg).groups())
    lines = wrap_label(f"{heading}, {chart.unit}" if chart.unit else heading, int(width / 11))
    parts = [
        text_element(8, 26 + 22 * number, line, size=18, weight="bold")
        for number, line in enumerate(lines)
    ]
    top = 22 * len(lines) + 18
    if len(chart.legend) > 1:
        for number, item in enumerate(chart.legend):
            colour = SERIES[number % len(SERIES)]
            parts.append(f'<rect x="8" y="{top + 4}" width="12" height="12" fill="{colour}"/>')
            parts.append(text_element(26, top + 15, item["label"]))
            top += 22
    inner = chart.svg.replace("<svg ", f'<svg x="0" y="{top}" ', 1)
    bottom = top + height + 24
    parts += [inner, text_element(8, bottom, source, size=13, css="chart-soft", colour=SOFT)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {bottom + 12:g}" '
        f'width="{width:g}" height="{bottom + 12:g}" role="img" aria-label="{escape(heading)}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def nice_step(span: float, ticks: int = 5) -> float:
    """1, 2 or 5 times a power of ten, so that at most ``ticks`` steps cover ``span``."""
    if span <= 0:
        return 1.0
    raw = span / ticks
    power = 10.0 ** len(str(int(raw))[1:]) if raw >= 1 else 1.0
    while power > raw:
        power /= 10
    return next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)


def wrap_label(label: str, letters: int) -> list[str]:
    """Break a label into at most three lines of ``letters``; the last is cut with an ellipsis."""
    lines: list[str] = [""]
    for word in label.split():
        candidate = f"{lines[-1]} {word}".strip()
        if len(candidate) <= letters or not lines[-1]:
            lines[-1] = candidate
        else:
            lines.append(word)
    if len(lines) > 3:
        lines = [*lines[:2], " ".join(lines[2:])]
    return [line if len(line) <= letters + 4 else f"{line[: letters + 2]}…" for line in lines]


def bar_chart(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    unit: str = "",
    decimals: int = 0,
    width: int = 680,
) -> Chart:
    """Horizontal bars, value at each bar's end; for long names of categories."""
    size, bar = 15, 20 if len(series) == 1 else 15
    label_width = min(width * 0.38, 14 + LETTER * size * max((len(x) for x in labels), default=0))
    wrapped = [wrap_label(label, int((label_width - 10) / (LETTER * size))) for label in labels]
    known = [value for one in series for value in one.values if value is not None]
    value_width = 12 + LETTER * size * max(
        (len(format_number(value, decimals)) for value in known), default=1
    )
    highest = max([*known, 0.0]) or 1.0
    room = width - label_width - value_width
    parts, y = [], 4.0
    for index, lines in enumerate(wrapped):
        height = max(len(series) * (bar + 2), len(lines) * (size + 2)) + 10
        top = y + (height - 10 - len(series) * (bar + 2)) / 2
        first = y + (height - 10) / 2 - (len(lines) - 1) * (size + 2) / 2 + size * 0.36
        for number, line in enumerate(lines):
            parts.append(
                text_element(
                    label_width - 10, first + number * (size + 2), line, size=size, anchor="end"
                )
            )
        for position, one in enumerate(series):
            parts.append(
                _bar(
                    one,
                    index,
                    position,
                    label_width,
                    top + position * (bar + 2),
                    room / highest,
                    bar,
                    decimals,
                )
            )
        y += height
    parts.append(
        f'<line class="chart-axis" x1="{label_width:.1f}" x2="{label_width:.1f}" y1="0" '
        f'y2="{y:.1f}" stroke="{SOFT}"/>'
    )
    return Chart(
        document(width, y + 2, "".join(parts), title=title, css="chart"),
        _headers(series, unit),
        _rows(labels, series, decimals),
        _legend(series),
        unit,
    )


def _bar(one, index, position, left, top, scale, bar, decimals):
    value = one.values[index]
    number = position % 6 + 1
    baseline = top + bar / 2 + 5
    if value is None:
        return text_element(
            left + 8, baseline, _("нет данных"), size=14, css="chart-soft", colour=SOFT
        )
    length = max(value * scale, 0)
    return (
        f'<rect class="chart-bar s{number}" x="{left:.1f}" y="{top:.1f}" width="{length:.1f}" '
        f'height="{bar}" fill="{SERIES[number - 1]}"/>'
        + text_element(left + length + 8, baseline, format_number(value, decimals))
    )


def line_chart(
    periods: Sequence[str],
    series: Sequence[Series],
    *,
    title: str,
    unit: str = "",
    decimals: int = 0,
    width: int = 680,
    height: int = 300,
    marks: Sequence[tuple[float, str]] = (),
) -> Chart:
    """Values over time; a None breaks the line. Several lines are told apart by the legend:
    names at the ends of lines that run close together would cover each other. ``marks`` are upright
    lines with a short label, at places counted in periods: 1.5 lies between the second and the third.
    """
    known = [value for one in series for value in one.values if value is not None]
    low, high = min([*known, 0.0]), max([*known, 0.0])
    step = nice_step((high - low) or 1.0)
    bottom = step * int(low / step - (1 if low < 0 else 0))
    ticks = [bottom + step * number for number in range(int((high - bottom) / step + 0.999) + 1)]
    top_value = max(ticks[-1], high) or 1.0
    places = decimals if step < 10 else 0
    left = 16 + LETTER * 14 * max(len(format_number(tick, places)) for tick in ticks)
    right = 18 + LETTER * 15 * 6
    plot_width, plot_height = width - left - right, height - 44
    # Room for the first value's words beside the ticks'.
    first = min(28, plot_width / 10)

    def x_at(index):
        if len(periods) < 2:
            return left + plot_width / 2
        return left + first + (plot_width - first) * index / (len(periods) - 1)

    def y_at(value):
        return 10 + plot_height * (1 - (value - bottom) / ((top_value - bottom) or 1))

    parts = []
    for tick in ticks:
        y = y_at(tick)
        parts.append(
            f'<line class="chart-grid" x1="{left:.1f}" x2="{width - right:.1f}" y1="{y:.1f}" '
            f'y2="{y:.1f}" stroke="{LINE}"/>'
            + text_element(
                left - 8, y + 5, format_number(tick, places), size=14, anchor="end",
                css="chart-soft", colour=SOFT,
            )
        )  # fmt: skip
    for index, period in enumerate(periods):
        parts.append(text_element(x_at(index), height - 10, period, size=14, anchor="middle"))
    for place, label in marks:
        x = x_at(place)
        parts.append(
            f'<line class="chart-axis" x1="{x:.1f}" x2="{x:.1f}" y1="16" y2="{10 + plot_height:.1f}" '
            f'stroke="{SOFT}" stroke-dasharray="4 4"/>'
            + text_element(
                x, 12, label, size=14, anchor="middle", css="chart-soft", colour=SOFT
            )
        )  # fmt: skip
    for position, one in enumerate(series):
        parts.append(_line(one, position, x_at, y_at, decimals, alone=len(series) == 1))
    return Chart(
        document(width, height, "".join(parts), title=title),
        _headers(series, unit),
        _rows(periods, series, decimals),
        _legend(series),
        unit,
    )


def _line(one, position, x_at, y_at, decimals, *, alone):
    number = position % 6 + 1
    colour = SERIES[number - 1]
    parts, run = [], []
    for index, value in [*enumerate(one.values), (0, None)]:
        if value is not None:
            run.append((x_at(index), y_at(value)))
            parts.append(
                f'<circle class="chart-dot s{number}" cx="{run[-1][0]:.1f}" cy="{run[-1][1]:.1f}" '
                f'r="5" fill="{colour}"/>'
            )
            if alone:
                parts.append(
                    text_element(
                        run[-1][0], run[-1][1] - 12, format_number(value, decimals), anchor="middle"
                    )
                )
        elif len(run) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            parts.insert(
                0,
                f'<polyline class="chart-line s{number}" points="{points}" fill="none" '
                f'stroke="{colour}" stroke-width="3"/>',
            )
            run = []
        else:
            run = []
    return "".join(parts)


def share_bars(
    labels: Sequence[str], series: Sequence[Series], *, title: str, width: int = 680
) -> Chart:
    """Stacked bars of shares that sum to one per label; shares are printed where they fit."""
    size, bar = 15, 26
    label_width = min(width * 0.36, 14 + LETTER * size * max((len(x) for x in labels), default=0))
    letters = int((label_width - 10) / (LETTER * size))
    room = width - label_width - 6
    parts = []
    for index, label in enumerate(labels):
        y = index * (bar + 14)
        for number, line in enumerate(wrap_label(label, letters)[:2]):
            parts.append(
                text_element(label_width - 10, y + 18 + number * 15, line, size=size, anchor="end")
            )
        x = label_width
        for position, one in enumerate(series):
            share = one.values[index] or 0.0
            number = position % 6 + 1
            parts.append(
                f'<rect class="chart-bar s{number}" x="{x:.1f}" y="{y}" width="{room * share:.1f}" '
                f'height="{bar}" fill="{SERIES[number - 1]}" stroke="#ffffff" stroke-width="1"/>'
            )
            x += room * share
    rows = [
        [label, *[format_number((one.values[index] or 0) * 100, 1) for one in series]]
        for index, label in enumerate(labels)
    ]
    headers = ["", *[f"{one.name}, %" for one in series]]
    height = max(len(labels) * (bar + 14), 10)
    return Chart(
        document(width, height, "".join(parts), title=title),
        headers,
        rows,
        _legend(series, always=True),
    )


def meter(share: float, *, title: str, width: int = 160, height: int = 8) -> SafeString:
    """A thin bar beside a number, for table cells."""
    filled = max(0.0, min(1.0, share)) * width
    return document(
        width,
        height,
        f'<rect class="meter__rest" width="{width}" height="{height}" fill="{LINE}"/>'
        f'<rect class="meter__bar" width="{filled:.1f}" height="{height}" fill="{SERIES[0]}"/>',
        title=title,
        css="meter",
    )


def _headers(series, unit):
    suffix = f", {unit}" if unit else ""
    return ["", *[f"{one.name}{suffix}" for one in series]]


def _rows(labels, series, decimals):
    return [
        [label, *[format_number(one.values[index], decimals) for one in series]]
        for index, label in enumerate(labels)
    ]


def _legend(series, *, always=False):
    if len(series) < 2 and not always:
        return []
    return [
        {
            "class": f"chart-bar s{number % 6 + 1}",
            "label": one.name,
            "colour": SERIES[number % 6],
        }
        for number, one in enumerate(series)
    ]
