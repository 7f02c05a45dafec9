"""Russian text: names, numbers, plural forms, dates, normalised keys."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import get_language

NBSP = "\u00a0"
NARROW = "\u202f"
MINUS = "\u2212"
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009\u2007]+")
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:,\d{3}){2,}$")
_SHORT_WORDS = re.compile(
    r"(?<![\w-])(в|во|и|к|ко|о|об|от|с|со|у|а|на|за|из|по|до|не|ни|№|ст\.|п\.|ч\.) (?=\S)", re.I
)
_UNITS = re.compile(r"(\d) (?=(?:%|₽|руб|тыс|млн|млрд|чел|ед|км|га|м²|кв|г\.|год|дн|мин|стр)\b|%)")


def initials(last_name: str, first_name: str, patronymic: str = "") -> str:
    """«Фамилия И. О.» with no-break spaces; the first name alone when there is no last one."""
    if not last_name:
        return first_name
    parts = [f"{part[0].upper()}." for part in (first_name, patronymic) if part]
    return NBSP.join([last_name, *parts])


def normalise_name(text: str) -> str:
    """Single plain spaces, no edge spaces, no trailing slashes (a defect of the register)."""
    return _SPACES.sub(" ", text).strip().rstrip("/ ").strip()


def clean_text(text: str) -> str:
    """Without null characters and lone surrogates, which neither UTF-8 nor PostgreSQL can hold."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def sort_key(text: str) -> str:
    """Normalised key to sort and look up by: lower case, ё as е, single spaces."""
    return _SPACES.sub(" ", text).strip().lower().replace("ё", "е")


def plural(number: int | float | Decimal, forms: str) -> str:
    """The word that goes with ``number``; ``forms`` is "показатель,показателя,показателей".

    A fraction takes the second form: «1,5 показателя».
    """
    one, few, many = forms.split(",")
    if number != int(number):
        return few
    rest = abs(int(number)) % 100
    if 11 <= rest <= 14:
        return many
    return {1: one, 2: few, 3: few, 4: few}.get(rest % 10, many)


def counted(number: int, forms: str) -> str:
    """«5 показателей» with a no-break space."""
    return f"{format_number(number)}{NBSP}{plural(number, forms)}"


def format_number(value, decimals: int | None = None) -> str:
    """«1 234 567,8» (English pages: «1,234,567.8»); an em dash for nothing.

    Without ``decimals`` as many are shown as the value has, six at most.
    """
    if value is None or value == "":
        return "—"
    number = Decimal(str(value))
    if decimals is not None:
        text = f"{number:,.{decimals}f}"
    else:
        text = f"{number:,.6f}".rstrip("0").rstrip(".")
    if text.strip("-0.,") == "":
        text = text.lstrip("-")
    if get_language() != "en":
        text = text.replace(",", NBSP).replace(".", ",")
    return text.replace("-", MINUS)


@dataclass(frozen=True)
class Display:
    """How a quantity is shown: divided by ``divisor``, in ``unit``, with ``decimals``."""

    unit: str
    divisor: int
    decimals: int

    def number(self, value) -> str:
        return format_number(Decimal(str(value)) / self.divisor, self.decimals)

    def scaled(self, values):
        """Plain numbers for a chart's axis; None stays a gap."""
        return [None if value is None else float(value) / self.divisor for value in values]


#: Thousands of roubles → what a reader takes in at a glance, by the size of the number.
_MONEY = {
    "тыс. руб.": ((10**6, "млрд руб."), (10**3, "млн руб.")),
    "thousand roubles": ((10**6, "billion roubles"), (10**3, "million roubles")),
}


def display_for(unit: str, decimals: int, largest) -> Display:
    """Choose the unit in which a column, a chart or a single number of this size is shown.

    Only money is rescaled, and only from a hundred of the larger unit up, so that nothing
    loses more than one part in a thousand by rounding to one decimal.
    """
    if largest is not None:
        for divisor, name in _MONEY.get(unit, ()):
            if abs(largest) >= 100 * divisor:
                return Display(name, divisor, 1)
    return Display(unit, 1, decimals)


def format_percent(share, decimals: int = 1) -> str:
    """A share from 0 to 1 as «45,2 %»."""
    if share is None:
        return "—"
    space = "" if get_language() == "en" else NBSP
    return f"{format_number(Decimal(str(share)) * 100, decimals)}{space}%"


def parse_number_ru(text: str) -> Decimal:
    """Read a number as people type it: spaces between groups, comma or point, any minus.

    Raises ValueError with a message in Russian that says what was expected.
    """
    cleaned = _SPACES.sub("", text).replace(MINUS, "-").replace("–", "-").replace("—", "-")
    if "%" in cleaned:
        raise ValueError("Введите число без знака процента, например 12,5.")
    if _GROUPED.match(cleaned) or ("," in cleaned and "." in cleaned):
        raise ValueError(
            f"Непонятно, где в «{text.strip()}» дробная часть. Введите число так: 1234,5."
        )
    cleaned = cleaned.replace(",", ".")
    if not _NUMBER.match(cleaned):
        raise ValueError(f"«{text.strip()}» — не число. Введите цифры, например 1234 или 12,5.")
    try:
        number = Decimal(cleaned)
    except InvalidOperation as error:
        raise ValueError("Введите число цифрами.") from error
    if abs(number) >= Decimal("1e17"):
        raise ValueError("Число слишком велико. Проверьте единицу измерения.")
    return number


def nbsp(text: str) -> str:
    """No-break spaces after short words and before units, so that lines break well."""
    text = _SHORT_WORDS.sub(lambda match: match.group(1) + NBSP, text)
    return _UNITS.sub(lambda match: match.group(1) + NBSP, text)


def format_date(value: date | datetime | None) -> str:
    """«05.03.2026», in the active time zone."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return f"{value:%d.%m.%Y}"


def format_datetime(value: datetime | None) -> str:
    """«05.03.2026 в 14:05», in the active time zone."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return f"{local:%d.%m.%Y}{NBSP}в{NBSP}{local:%H:%M}"


def format_size(size: int) -> str:
    """«340 КБ», «1,2 МБ»; English pages in KB and MB."""
    english = get_language() == "en"
    for limit, divisor, unit, unit_en in ((2**10, 1, "Б", "B"), (2**20, 2**10, "КБ", "KB")):
        if size < limit:
            return f"{format_number(size // divisor)}{NBSP}{unit_en if english else unit}"
    return f"{format_number(size / 2**20, 1)}{NBSP}{'MB' if english else 'МБ'}"


def days_left(due: date, today: date) -> str:
    """«осталось 5 дней», «сегодня последний день», «просрочено на 2 дня»."""
    days = (due - today).days
    if days == 0:
        return "сегодня последний день"
    words = counted(abs(days), "день,дня,дней")
    return f"осталось{NBSP}{words}" if days > 0 else f"просрочено на{NBSP}{words}"
