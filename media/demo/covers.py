"""Covers and pictures of the demo, drawn on the spot: hills, houses, a sun; nothing of anybody's."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw

PALETTES = (
    ("#dfe9f2", "#9fc3df", "#2c6da6", "#0b3c73", "#c2561a"),
    ("#f6ecdc", "#e8c48f", "#b9803d", "#6d4a1c", "#2f8f7e"),
    ("#e7f0e6", "#a9cfae", "#4f8f63", "#1d5b3a", "#a61b1b"),
)


def draw(number: int, size: tuple[int, int]) -> bytes:
    """A landscape as JPEG; the same number always gives the same one."""
    dice = random.Random(number)
    sky, far, near, ground, roof = PALETTES[number % len(PALETTES)]
    width, height = size
    image = Image.new("RGB", size, sky)
    pen = ImageDraw.Draw(image)
    radius = min(size) // 9
    x, y = dice.randint(width // 5, width * 4 // 5), height // 4
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=roof)
    for level, colour in ((0.5, far), (0.62, near), (0.76, ground)):
        pen.polygon(_hill(dice, width, height, level), fill=colour)
    for _house in range(7):
        _draw_house(pen, dice, width, height, sky, roof)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=90)
    return target.getvalue()


def _hill(dice, width, height, level):
    phase, waves = dice.random() * 6, 1 + dice.random() * 2
    edge = [
        (x, height * level + math.sin(x / width * waves * 6.28 + phase) * height * 0.06)
        for x in range(0, width + 20, 20)
    ]
    return [(0, height), *edge, (width, height)]


def _draw_house(pen, dice, width, height, wall, roof):
    side = width // 16 + dice.randint(0, width // 40)
    x = dice.randint(side, width - 2 * side)
    y = int(height * (0.8 + dice.random() * 0.1))
    pen.rectangle((x, y, x + side, y + side * 0.8), fill=wall)
    pen.polygon(
        [(x - side * 0.12, y), (x + side / 2, y - side * 0.55), (x + side * 1.12, y)], fill=roof
    )
