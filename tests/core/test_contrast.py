"""Every pair of colours that carries text passes 4.5:1 in both schemes (WCAG 1.4.3)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[2] / "static/okmo/css/tokens.css").read_text("utf-8")
LIGHT, DARK = CSS.split("@media (prefers-color-scheme: dark)")
PAIRS = [
    ("ink", "paper"), ("ink", "surface"), ("ink", "surface-sunk"), ("ink-soft", "paper"),
    ("ink-soft", "surface"), ("ink-soft", "surface-sunk"), ("action", "paper"),
    ("action", "surface"), ("action", "surface-sunk"), ("on-action", "action"),
    ("on-action", "action-hover"), ("action-hover", "action-soft"), ("ok", "ok-soft"),
    ("warn", "warn-soft"), ("bad", "bad-soft"), ("info", "info-soft"), ("bad", "paper"),
    ("bad", "surface"), ("brand", "paper"), ("on-q-light", "q0"), ("on-q-light", "q1"),
    ("on-q-dark", "q5"), ("paper", "brand"),
]  # fmt: skip


def colours(text):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_contrast_passes(scheme, front, back):
    known = colours(LIGHT) | (colours(DARK) if scheme == "dark" else {})
    bright, dim = sorted((luminance(known[front]), luminance(known[back])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5
