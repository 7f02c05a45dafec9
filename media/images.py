"""Reading and re-encoding of pictures: what is kept holds no EXIF and no foreign bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

MAX_SIZE = 15 * 2**20
MAX_PIXELS = 50_000_000
MIN_WIDTH = 320
FORMATS = ("JPEG", "PNG", "WEBP")
HINT = "JPG, PNG или WebP; не меньше 320 точек в ширину, не больше 15 МБ и 50 мегапикселей."
#: Widths of whole pictures; a wider one than the original is not made.
WIDTHS = (320, 640, 1280, 2400)
#: Crops around the focal point: name → width, height.
CROPS = {"card": (640, 400), "social": (1200, 630)}
QUALITY = 82


@dataclass(frozen=True)
class Rendition:
    name: str
    width: int
    height: int
    content: bytes


def read_picture(content: bytes) -> Pillow.Image:
    """The picture upright in RGB; raises ValidationError in Russian for anything else."""
    if not content:
        raise ValidationError("Файл пуст. Выберите другой файл.", code="empty")
    if len(content) > MAX_SIZE:
        raise ValidationError("Изображение больше 15 МБ. Уменьшите его.", code="size")
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(
                    "Изображение больше 50 мегапикселей. Уменьшите его.", code="pixels"
                )
            if image.width < MIN_WIDTH:
                raise ValidationError(
                    f"Изображение слишком мало: {image.width} точек в ширину. "
                    f"Нужно не меньше {MIN_WIDTH}.",
                    code="small",
                )
            return _flatten(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise ValidationError(f"Такой файл не принимается. Подойдёт {HINT}", code="kind") from None
    except Pillow.DecompressionBombError:
        raise ValidationError(
            "Изображение больше 50 мегапикселей. Уменьшите его.", code="pixels"
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise ValidationError("Изображение повреждено. Выберите другое.", code="broken") from None


def _flatten(image: Pillow.Image) -> Pillow.Image:
    """Transparent parts become white: a JPEG has none."""
    if image.mode in ("RGBA", "LA", "P"):
        layer = image.convert("RGBA")
        ground = Pillow.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")


def make_renditions(picture: Pillow.Image, focal_x: int, focal_y: int) -> list[Rendition]:
    """Whole pictures in the widths, and crops that keep the focal point (per cent) inside."""
    widths = [width for width in WIDTHS if width < picture.width]
    if picture.width <= WIDTHS[-1]:
        widths.append(picture.width)
    made = [
        _encode(
            f"w{width}",
            picture.resize((width, max(1, round(picture.height * width / picture.width)))),
        )
        for width in widths
    ]
    centre = (focal_x / 100, focal_y / 100)
    made += [
        _encode(name, ImageOps.fit(picture, size, centering=centre)) for name, size in CROPS.items()
    ]
    return made


def _encode(name: str, picture: Pillow.Image) -> Rendition:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Rendition(name, picture.width, picture.height, target.getvalue())
