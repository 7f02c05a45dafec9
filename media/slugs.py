"""Addresses from Russian titles."""

from django.utils.text import slugify

#: As road signs and passports write them, without apostrophes.
LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            *("a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p"),
            *(
                "r",
                "s",
                "t",
                "u",
                "f",
                "kh",
                "ts",
                "ch",
                "sh",
                "shch",
                "_",
                "y",
                "_",
                "e",
                "yu",
                "ya",
            ),
        ],
        strict=True,
    )
)


def make_slug(title: str, taken, *, length: int = 100) -> str:
    """A Latin address; ``taken(slug)`` says whether it is in use, then a number follows it."""
    latin = "".join(LETTERS.get(letter, letter) for letter in title.lower()).replace("_", "")
    base = slugify(latin)[:length].strip("-") or "statya"
    slug, number = base, 1
    while taken(slug):
        number += 1
        slug = f"{base}-{number}"
    return slug
