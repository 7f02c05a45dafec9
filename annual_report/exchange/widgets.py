"""How cells of the catalogue's tables are written and read; refusals are in Russian."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import translation
from import_export import widgets

from okmo_portal.organisations.enums import MunicipalityKind

YES, NO = {"1", "да", "true", "истина"}, {"", "0", "нет", "false", "ложь"}


class TextWidget(widgets.CharWidget):
    """Text without stray spaces; an empty cell is an empty text."""

    def clean(self, value, row=None, **kwargs):
        return "" if value is None else str(value).strip()

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else str(value)


class FlagWidget(widgets.Widget):
    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip().lower()
        if text in YES:
            return True
        if text in NO:
            return False
        raise ValueError(f"«{value}»: нужно «да» или «нет».")

    def render(self, value, obj=None, **kwargs):
        return "да" if value else "нет"


class NumberWidget(widgets.Widget):
    """A number with a point or a comma; an empty cell is nothing."""

    def clean(self, value, row=None, **kwargs):
        text = str(value if value is not None else "").replace(" ", "").replace(",", ".")
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise ValueError(f"«{value}» — не число.") from error
        if not number.is_finite():
            raise ValueError(f"«{value}» — не число.")
        return number

    def render(self, value, obj=None, **kwargs):
        if value is None:
            return ""
        text = f"{Decimal(value):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class WholeWidget(NumberWidget):
    def clean(self, value, row=None, **kwargs):
        number = super().clean(value, row, **kwargs)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise ValueError(f"«{value}»: нужно целое число.")
        return int(number)


class DayWidget(widgets.Widget):
    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if not text:
            return None
        for pattern in ("%d.%m.%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
            try:
                return datetime.strptime(text, pattern).date()
            except ValueError:
                continue
        raise ValueError(f"«{value}»: нужна дата, например 01.01.2027.")

    def render(self, value: date | None, obj=None, **kwargs):
        return f"{value:%d.%m.%Y}" if value else ""


class OptionWidget(widgets.Widget):
    """One of a closed list, in the words that pages show; the code itself is read too."""

    def __init__(self, choices):
        super().__init__()
        with translation.override("ru"):
            self.labels = {str(code): str(label) for code, label in choices}
        self.codes = {label.lower(): code for code, label in self.labels.items()}

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if not text or text in self.labels:
            return text
        found = self.codes.get(text.lower())
        if found is None:
            raise ValueError(f"«{text}»: нужно одно из {', '.join(self.labels.values())}.")
        return found

    def render(self, value, obj=None, **kwargs):
        return self.labels.get(value, value or "")


class KindsWidget(OptionWidget):
    """Kinds of municipality, apart by commas."""

    def __init__(self):
        super().__init__(MunicipalityKind.choices)

    def clean(self, value, row=None, **kwargs):
        parts = [part.strip() for part in str(value or "").split(",")]
        return [super(KindsWidget, self).clean(part) for part in parts if part]

    def render(self, value, obj=None, **kwargs):
        return ", ".join(self.labels.get(kind, kind) for kind in value or [])


class NumbersWidget(widgets.Widget):
    def clean(self, value, row=None, **kwargs):
        parts = [part.strip() for part in str(value or "").split(",") if part.strip()]
        if not all(part.isdigit() for part in parts):
            raise ValueError(f"«{value}»: нужны номера через запятую.")
        return [int(part) for part in parts]

    def render(self, value, obj=None, **kwargs):
        return ", ".join(str(number) for number in value or [])


class ChoicesWidget(widgets.Widget):
    """Options of an answer as «1 = да; 2 = нет»."""

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if text.startswith("["):
            return self._from_json(text)
        result = []
        for part in filter(None, (part.strip() for part in text.split(";"))):
            number, sign, label = part.partition("=")
            if not sign or not number.strip().isdigit() or not label.strip():
                raise ValueError(f"«{part}»: нужен номер и вариант, например «1 = выборы».")
            result.append([int(number), label.strip()])
        return result

    @staticmethod
    def _from_json(text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError("Список вариантов не читается.") from error

    def render(self, value, obj=None, **kwargs):
        if any(";" in str(label) or "=" in str(label) for _number, label in value or []):
            return json.dumps(value, ensure_ascii=False)
        return "; ".join(f"{number} = {label}" for number, label in value or [])


class CodeWidget(widgets.ForeignKeyWidget):
    """A row named by its code; known rows are read once."""

    def __init__(self, model, field, what: str):
        super().__init__(model, field)
        self.what = what
        self.known: dict[str, Any] = {}

    def clean(self, value, row=None, **kwargs):
        text = str(value or "").strip()
        if not text:
            return None
        if not self.known:
            self.known = {getattr(item, self.field): item for item in self.model.objects.all()}
        if text not in self.known:
            # It may have come with this very file.
            found = self.model.objects.filter(**{self.field: text}).first()
            if found is None:
                raise ValueError(f"{self.what} «{text}» нет в каталоге.")
            self.known[text] = found
        return self.known[text]

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else getattr(value, self.field)
