"""The library of pictures."""

import re
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse

FILE_NAME = re.compile(
    r"^[\w\- ]+\.(jpe?g|png|webp|gif)$|^(img|dsc|image|фото|картинка)[\W\d_]*$", re.I
)


def check_alt(text: str) -> None:
    """Words that tell what is to be seen; a file's name tells nothing."""
    if len(text.strip()) < 5 or FILE_NAME.match(text.strip()):
        raise ValidationError(
            "Опишите словами, что видно на изображении: его прочитают те, кто не видит картинку."
        )


class Image(models.Model):
    """One picture with what must be known of it; its files are renditions made at upload.

    ``renditions`` maps a rendition's name to its width and height in pixels. ``is_public`` is set
    when something that shows it is published; until then only the desk sees it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    alt = models.CharField(
        "описание для незрячих",
        max_length=300,
        validators=[check_alt],
        help_text="Что видно на изображении, одним предложением.",
    )
    caption = models.CharField("подпись", max_length=300, blank=True)
    rights = models.CharField(
        "чьи права и условия",
        max_length=200,
        help_text="Например: фото администрации района, разрешена перепечатка со ссылкой.",
    )
    focal_x = models.PositiveSmallIntegerField(
        "главное по горизонтали, %", default=50, validators=[MaxValueValidator(100)]
    )
    focal_y = models.PositiveSmallIntegerField(
        "главное по вертикали, %", default=50, validators=[MaxValueValidator(100)]
    )
    width = models.PositiveIntegerField("ширина, точек", editable=False)
    height = models.PositiveIntegerField("высота, точек", editable=False)
    renditions = models.JSONField(default=dict, editable=False)
    is_public = models.BooleanField("видно всем", default=False, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField("загружено", auto_now_add=True)

    class Meta:
        verbose_name = "изображение"
        verbose_name_plural = "изображения"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(focal_x__lte=100, focal_y__lte=100), name="image_focal_inside"
            ),
            models.CheckConstraint(
                condition=~models.Q(alt="") & ~models.Q(rights=""), name="image_is_described"
            ),
        ]

    def __str__(self):
        return self.alt

    def path_of(self, name: str) -> str:
        key = self.pk.hex
        return f"journal/{key[:2]}/{key}/{name}.jpg"

    def url_of(self, name: str) -> str:
        return reverse("media:image-file", args=[self.pk, name])

    @property
    def whole(self) -> list[tuple[str, int, int]]:
        """Uncropped renditions as (name, width, height), the narrowest first."""
        found = [(name, *size) for name, size in self.renditions.items() if name[0] == "w"]
        return sorted(found, key=lambda item: item[1])

    @property
    def srcset(self) -> str:
        return ", ".join(f"{self.url_of(name)} {width}w" for name, width, _height in self.whole)

    @property
    def url(self) -> str:
        """A middling rendition, for browsers that know no ``srcset``."""
        fitting = [item for item in self.whole if item[1] <= 1280]
        return self.url_of((fitting or self.whole)[-1][0])

    @property
    def card_url(self) -> str:
        return self.url_of("card")

    @property
    def social_url(self) -> str:
        return self.url_of("social")
