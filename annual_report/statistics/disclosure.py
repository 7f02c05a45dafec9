"""What must not be published: figures that give single municipalities away, and personal data.

Cells: a figure that rests on one or two municipalities is withheld, and so are as many others of its
table as it takes that nobody gets it back by subtracting from a published total (Hundepool et al.,
Statistical Disclosure Control, 2012, ch. 4: primary and secondary suppression; the smallest that
does goes first). Texts: names, telephones, e-mails and numbers of documents, with what and where.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

#: Fewer municipalities than this behind a figure, or behind what subtraction gives, are too few.
MIN_CELL = 3

FEW, COMPLEMENT = "few", "complement"


def suppress(
    counts: Mapping[K, int],
    tables: Sequence[tuple[K, Collection[K]]],
    hidden: Collection[K] = (),
) -> dict[K, str]:
    """Cells to withhold, each with FEW or COMPLEMENT.

    ``counts``: municipalities behind each cell; one with none shows nothing and gives nothing away.
    ``tables``: totals with the parts that sum to them; a total may be a part of another table.
    ``hidden``: cells that are not shown for another reason; they guard their neighbours, too.
    """
    found = {
        key: FEW for key, count in counts.items() if 0 < count < MIN_CELL and key not in hidden
    }
    changed = True
    while changed:
        changed = False
        for total, parts in tables:
            for key in _exposed(counts, total, parts, {*found, *hidden}, found):
                found[key] = COMPLEMENT
                changed = True
    return found


def _exposed(
    counts: Mapping[K, int],
    total: K,
    parts: Collection[K],
    unseen: Collection[K],
    sensitive: Mapping[K, str],
) -> list[K]:
    """What else has to go so that a withheld part of this table cannot be computed."""
    if total in unseen:
        # The parts would give the total away, if they all were seen.
        if total in sensitive and not any(key in unseen for key in parts if counts[key]):
            return _smallest(counts, [key for key in parts if counts[key]])[:1]
        return []
    closed = [key for key in parts if key in unseen and counts[key]]
    if not any(key in sensitive for key in closed):
        return []
    open_parts = _smallest(counts, [key for key in parts if key not in unseen and counts[key]])
    added: list[K] = []
    # Two closed cells or more, and enough municipalities in them together.
    while len(closed) + len(added) < 2 or sum(counts[key] for key in (*closed, *added)) < MIN_CELL:
        if not open_parts:
            return [*added, total]
        added.append(open_parts.pop(0))
    return added


def _smallest(counts: Mapping[K, int], keys: Iterable[K]) -> list[K]:
    return sorted(keys, key=lambda key: (counts[key], str(key)))


# --- personal data in texts ------------------------------------------------------------------------

_NAMES = ["Александр", "Алексе", "Анатоли", "Андре", "Антон", "Аркади", "Артём", "Артем", "Артур", "Богдан", "Борис", "Вадим", "Валенти", "Валери", "Васили", "Виктор", "Витали", "Владимир", "Владислав", "Всеволод", "Вячеслав", "Геннади", "Георги", "Герман", "Григори", "Даниил", "Данил", "Денис", "Дмитри", "Евгени", "Егор", "Иван", "Игор", "Ильдар", "Ильнур", "Ил", "Кирилл", "Константин", "Леонид", "Магомед", "Макар", "Максим", "Марат", "Марк", "Матве", "Михаил", "Мурат", "Назар", "Никита", "Никит", "Никола", "Олег", "Павел", "Павл", "Пётр", "Петр", "Ринат", "Роман", "Руслан", "Рустам", "Савели", "Семён", "Семен", "Серге", "Станислав", "Степан", "Тагир", "Тимофе", "Тимур", "Фёдор", "Федор", "Филипп", "Шамил", "Эдуард", "Эльдар", "Юри", "Яков", "Ярослав", "Александра", "Алёна", "Алена", "Алин", "Алис", "Алл", "Анастаси", "Анн", "Антонин", "Анфис", "Валентин", "Валери", "Варвар", "Васили", "Вер", "Вероник", "Виктори", "Галин", "Гульнар", "Дарь", "Диан", "Ев", "Евгени", "Екатерин", "Елен", "Елизавет", "Жанн", "Зинаид", "Зо", "Инн", "Ирин", "Карин", "Кристин", "Ксени", "Лариса", "Ларис", "Лиди", "Лили", "Любов", "Людмил", "Маргарит", "Марин", "Мари", "Надежд", "Натали", "Наталь", "Нин", "Оксан", "Олес", "Ольг", "Полин", "Раис", "Римм", "Светлан", "Софь", "Софи", "Тамар", "Татьян", "Ульян", "Элин", "Эльвир", "Юли", "Яна"]  # fmt: skip
_NAME = rf"(?:{'|'.join(sorted(set(_NAMES), key=len, reverse=True))})(?:а|я|у|ю|ом|ем|ём|е|и|ы|й|ь|ой|ей|ью)?"
_SURNAME = (
    r"[А-ЯЁ][а-яё]+(?:ов|ев|ёв|ин|ын|ский|цкий|ской|цкой|енко|чук|юк|дзе|швили|ян|ова|ева|ёва|ина|ына|ская|цкая)"
    r"(?:а|у|ым|ом|е|ой|ого|ому|им|ую)?(?:-[А-ЯЁ][а-яё]+)?"
)
_PATRONYMIC = (
    r"[А-ЯЁ][а-яё]+(?:(?:ович|евич)(?:а|у|ем|е)?|(?:овн|евн|иничн|ичн)(?:а|ы|е|у|ой|ою))"
    r"|(?:Ильич|Кузьмич|Лукич|Фомич|Никитич|Саввич)(?:а|у|ом|ем|е)?"
)
_WORD = r"[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?"
_INITIALS = r"[А-ЯЁ]\.\s?[А-ЯЁ]\."

#: What is looked for, in the order in which an overlap is decided.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("snils", re.compile(r"(?<!\d)\d{3}-\d{3}-\d{3}[ -]\d{2}(?!\d)")),
    (
        "passport",
        re.compile(r"(?i:паспорт\w*|серия)\D{0,20}\d{2}\s?\d{2}\D{0,10}\d{6}(?!\d)"),
    ),
    (
        "phone",
        re.compile(
            r"(?<![\d.,-])(?:\+7|8)[\s\u00a0-]*\(?\d{3,5}\)?[\s\u00a0-]*\d(?:[\s\u00a0-]?\d){4,6}(?![\d,])"
            r"|(?i:тел(?:ефон)?\w*|моб\w*|факс)\.?:?\s*\(?\d[\d\s()\u00a0-]{4,14}\d"
        ),
    ),
    (
        "name",
        re.compile(
            rf"\b(?:{_WORD}\s+)?{_WORD}\s+(?:{_PATRONYMIC})\b(?:\s+{_SURNAME}\b)?"
            rf"|\b{_WORD}\s{_INITIALS}|{_INITIALS}\s?{_WORD}\b"
            rf"|\b{_SURNAME}\s{_NAME}\b|\b{_NAME}\s{_SURNAME}\b"
        ),
    ),
)
TITLES = {
    "email": "адрес электронной почты",
    "snils": "СНИЛС",
    "passport": "паспорт",
    "phone": "телефон",
    "name": "имя человека",
}
#: Places and institutions bear the names of people; so do laws.
_NAMED_AFTER = re.compile(
    r"(?i:имени|им\.|улиц[аеуы]|ул\.|проспект\w*|пр-т|пер\.|переул\w+|площад[ьи]|пл\.|"
    r"памятник\w*|музе\w+|храм\w*|бульвар\w*|набережн\w+)\s*[«\"]?\s*$"
)


@dataclass(frozen=True)
class Found:
    """Personal data in a text: what (a key of ``TITLES``), the words, where they begin and end."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{TITLES[self.kind]}: «{self.text}» (знаки {self.start + 1}–{self.end})"


def find_personal(text: str) -> list[Found]:
    """Personal data in ``text``, in its order, none of them overlapping.

    Names are recognised by patronymics, initials, and common first names beside a surname; streets
    and institutions named after people are passed over. What it finds a person has to look at; what
    it does not find may still be personal.
    """
    found: list[Found] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if kind == "name" and _NAMED_AFTER.search(text[max(0, start - 20) : start]):
                continue
            if all(end <= item.start or start >= item.end for item in found):
                found.append(Found(kind, match.group(), start, end))
    return sorted(found, key=lambda item: item.start)


def scan(texts: Iterable[tuple[K, str]]) -> list[tuple[K, Found]]:
    """Personal data in many texts, each with the place that its text was given with."""
    return [(place, item) for place, text in texts for item in find_personal(text)]


def mask(text: str) -> str:
    """The text with personal data replaced by what they were: «[телефон скрыт]»."""
    parts, last = [], 0
    for item in find_personal(text):
        parts += [text[last : item.start], f"[скрыто: {TITLES[item.kind]}]"]
        last = item.end
    return "".join([*parts, text[last:]])
