"""The municipal reference of СберИндекс (mo_ref.xlsx): reading it and finding what happened.

One row is a first-level municipality for the years ``year_from`` ≤ y < ``year_to`` (9999: still
there). Rows of one ``territory_id`` follow one another where only the name, the kind or the code
changed; where land changed hands the rows have new ids and a common ``change_id`` (``union_13``: the
predecessors carry it in ``change_id_to``, the successors in ``change_id_from``). Pure functions; what
the database makes of them is in ``services.transformation_import``.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from rapidfuzz import fuzz

from okmo_portal.core.text import normalise_name
from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.oktmo import is_heading

SYSTEM = "mo_ref"
#: ``year_to`` of what still exists.
STILL = 9999
COLUMNS = (
    "oktmo", "municipal_district_name", "municipal_district_type", "year_from", "year_to",
    "territory_id", "change_id_from", "change_id_to",
)  # fmt: skip
KINDS = {
    "муниципальный район": Kind.MUNICIPAL_DISTRICT,
    "муниципальный округ": Kind.MUNICIPAL_OKRUG,
    "городской округ": Kind.URBAN_OKRUG,
    "городской округ с внутригородским делением": Kind.URBAN_OKRUG_WITH_DISTRICTS,
    "внутригородская территория города федерального значения": Kind.INTRACITY_TERRITORY,
}
#: Beginning of a change id → kind, and whether it has one or many of each side.
CHANGES = {
    "union": (ChangeKind.MERGE, (2, None), (1, 1)),
    "disunion": (ChangeKind.SPLIT, (1, 1), (2, None)),
    "transfer": (ChangeKind.TRANSFER, (2, None), (2, None)),
}
GENERIC_WORDS = {
    "муниципальный", "муниципальное", "муниципальная", "образование", "район", "округ", "улус",
    "городской", "город", "города", "поселок", "внутригородская", "внутригородское", "территория",
    "федерального", "значения", "зато", "поселение", "курорт", "национальный",
}  # fmt: skip


class MoRefFileError(ValueError):
    """The file as a whole cannot be read; the message says what was expected, in Russian."""


@dataclass(frozen=True)
class Record:
    """One row; ``year_to`` is None for what still exists, ``line`` counts as a spreadsheet does."""

    line: int
    oktmo: str
    name: str
    kind: Kind
    territory: str
    year_from: int
    year_to: int | None
    change_from: str = ""
    change_to: str = ""
    centre: str = ""

    def in_year(self, year: int) -> bool:
        return self.year_from <= year and (self.year_to is None or year < self.year_to)

    def overlaps(self, other: Record) -> bool:
        """Whether the two have a year in common."""
        return self.year_from < (other.year_to or STILL) and other.year_from < (
            self.year_to or STILL
        )


@dataclass(frozen=True)
class Remark:
    """What is wrong with a record (or a row of the register) and how to mend it.

    ``refused`` tells a record that was not taken from one that was taken with this remark.
    """

    line: int
    oktmo: str
    name: str
    reason: str
    mend: str
    refused: bool = True


def general(reason: str) -> str:
    """A reason without the names, codes and dates that it quotes: what like remarks share."""
    return re.sub(r"«[^»]*»|\d[\d.]*", "…", reason)


@dataclass(frozen=True)
class Event:
    """One transformation on 1 January of ``year``; ``key`` names it within the source."""

    key: str
    kind: ChangeKind
    year: int
    predecessors: tuple[Record, ...]
    successors: tuple[Record, ...]


@dataclass
class Reference:
    read: int = 0
    records: list[Record] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def first_year(self) -> int:
        return min(record.year_from for record in self.records)


# --- reading -----------------------------------------------------------------------------------------


def read(source: Path | bytes) -> Reference:
    """Records and events of a file; raises MoRefFileError for a file that is no such reference."""
    rows = _rows(source)
    header, places = _header(rows)
    reference = Reference()
    for line, cells in enumerate(rows[header + 1 :], start=header + 2):
        if not any(_text(cell) for cell in cells):
            continue
        reference.read += 1
        named = {
            name: _text(cells[place]) if place < len(cells) else ""
            for name, place in places.items()
        }
        record = _record(line, named, reference.remarks)
        if record is not None:
            reference.records.append(record)
    reference.records = _without_contradictions(reference.records, reference.remarks)
    if not reference.records:
        raise MoRefFileError("В файле нет ни одной записи, которую можно взять.")
    reference.events = find_events(reference.records, reference.remarks)
    return reference


def _rows(source: Path | bytes) -> list[list[Any]]:
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise MoRefFileError(f"Файл {source} не открывается: {error.strerror}.") from error
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise MoRefFileError(
            "Это не книга Excel, или она повреждена. Нужен файл mo_ref.xlsx справочника "
            "муниципальных образований."
        ) from error


def _header(rows: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int]]:
    """The number of the header row and where each column stands."""
    for number, cells in enumerate(rows[:20]):
        places = {_text(cell).lower(): place for place, cell in enumerate(cells)}
        if "oktmo" in places and "territory_id" in places:
            missing = [name for name in COLUMNS if name not in places]
            if missing:
                raise MoRefFileError(f"В файле нет столбцов: {', '.join(missing)}.")
            return number, places
    raise MoRefFileError(f"Строка заголовков не найдена. Нужны столбцы: {', '.join(COLUMNS)}.")


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, one plain space between words."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return normalise_name(str(cell)) if cell is not None else ""


def _record(line: int, cells: dict[str, str], remarks: list[Remark]) -> Record | None:
    name = cells["municipal_district_name"]

    def refuse(reason: str, mend: str) -> None:
        remarks.append(Remark(line, cells["oktmo"], name, reason, mend))

    code = _code(cells["oktmo"])
    if code is None:
        return refuse(
            "код ОКТМО не из 8 или 11 цифр, или он не называет муниципального образования",
            "Исправьте код; если пропал ноль в начале, задайте столбцу текстовый формат.",
        )
    kind = KINDS.get(cells["municipal_district_type"].lower())
    if kind is None:
        return refuse(
            f"вид «{cells['municipal_district_type']}» не известен",
            f"Возможны: {', '.join(KINDS)}.",
        )
    years = [_year(cells[key]) for key in ("year_from", "year_to")]
    if None in years or years[0] >= years[1] or years[0] == STILL:
        return refuse(
            f"годы «{cells['year_from']}» — «{cells['year_to']}» не составляют срока",
            "Нужны год начала и год конца (9999, если существует), начало раньше конца.",
        )
    if not name or not cells["territory_id"]:
        return refuse("нет названия или territory_id", "Заполните ячейку.")
    return Record(
        line=line,
        oktmo=code,
        name=name,
        kind=kind,
        territory=cells["territory_id"],
        year_from=years[0],
        year_to=None if years[1] == STILL else years[1],
        change_from=cells["change_id_from"],
        change_to=cells["change_id_to"],
        centre=cells.get("municipal_district_center", ""),
    )


def _code(text: str) -> str | None:
    """Eight digits of a first-level code written with or without dashes."""
    digits = text.replace("-", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (8, 11):
        return None
    if digits[5:].strip("0") or is_heading(digits[:8]):
        return None
    return digits[:8]


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{4}", text) else None


def _without_contradictions(records: Iterable[Record], remarks: list[Remark]) -> list[Record]:
    """Two records of one territory, or of one code, may not share a year: the later row goes."""
    kept: list[Record] = []
    by_territory: dict[str, list[Record]] = defaultdict(list)
    by_code: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        same = [
            other
            for other in (*by_territory[record.territory], *by_code[record.oktmo])
            if record.overlaps(other)
        ]
        if same:
            other = same[0]
            what = "territory_id" if other.territory == record.territory else "код"
            remarks.append(
                Remark(
                    record.line, record.oktmo, record.name,
                    f"{what} в те же годы уже в строке {other.line} («{other.name}»)",
                    "Оставьте одну из строк или исправьте годы.",
                )
            )  # fmt: skip
            continue
        kept.append(record)
        by_territory[record.territory].append(record)
        by_code[record.oktmo].append(record)
    return kept


# --- what happened -----------------------------------------------------------------------------------


def find_events(records: Sequence[Record], remarks: list[Remark]) -> list[Event]:
    """Transformations in the order of time; what cannot be one becomes a remark."""
    events = [*_named_events(records, remarks), *_follow_ups(records, remarks)]
    events.sort(key=lambda event: (event.year, event.key))
    ended = {record for event in events for record in event.predecessors}
    begun = {record for event in events for record in event.successors}
    first = min((record.year_from for record in records), default=0)
    for record in records:
        if record.year_to is not None and record not in ended:
            remarks.append(
                _note(
                    record,
                    f"кончается в {record.year_to} году, а преемника в файле нет",
                    "Запись оставлена действующей. Внесите упразднение или преобразование вручную.",
                )
            )
        if record.year_from > first and record not in begun:
            remarks.append(
                _note(
                    record,
                    f"начинается в {record.year_from} году, а предшественника в файле нет",
                    "Если известно, откуда оно, внесите преобразование вручную.",
                )
            )
    return events


def _note(record: Record, reason: str, mend: str, *, refused: bool = False) -> Remark:
    return Remark(record.line, record.oktmo, record.name, reason, mend, refused)


def _named_events(records: Sequence[Record], remarks: list[Remark]) -> Iterable[Event]:
    """Events that the file names: the same id on both sides."""
    before: dict[str, list[Record]] = defaultdict(list)
    after: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.change_to:
            before[record.change_to].append(record)
        if record.change_from:
            after[record.change_from].append(record)
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name, []), after.get(name, [])
        problem = _problem(name, old, new)
        if problem:
            remarks += [
                _note(record, f"{name}: {problem}", "Исправьте change_id и годы этих строк.")
                for record in (*old, *new)
            ]
            continue
        kind = CHANGES[name.partition("_")[0]][0]
        yield Event(f"{name}:{new[0].year_from}", kind, new[0].year_from, tuple(old), tuple(new))


def _problem(name: str, old: Sequence[Record], new: Sequence[Record]) -> str:
    shape = CHANGES.get(name.partition("_")[0])
    if shape is None:
        return f"обозначение не опознано (известны {', '.join(CHANGES)})"
    for side, rows, (least, most) in (
        ("предшественников", old, shape[1]),
        ("преемников", new, shape[2]),
    ):
        if len(rows) < least or (most is not None and len(rows) > most):
            return f"{side} {len(rows)}, а нужно {least if least == most else f'не меньше {least}'}"
    if len({record.year_to for record in old} | {record.year_from for record in new}) != 1:
        return "конец предшественников и начало преемников в разные годы"
    return ""


def _follow_ups(records: Sequence[Record], remarks: list[Remark]) -> Iterable[Event]:
    """One territory's records after one another: kind, name or code changed, the land did not."""
    chains: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        chains[record.territory].append(record)
    for territory, chain in chains.items():
        chain.sort(key=lambda record: record.year_from)
        for old, new in itertools.pairwise(chain):
            if old.change_to or new.change_from or old.year_to != new.year_from:
                remarks.append(
                    _note(
                        new,
                        f"territory_id {territory} продолжает строку {old.line}, но с разрывом в "
                        "годах или с другим преобразованием",
                        "Исправьте годы или territory_id.",
                    )
                )
                continue
            yield Event(
                f"{territory}:{new.year_from}",
                follow_up_kind(old, new),
                new.year_from,
                (old,),
                (new,),
            )


def follow_up_kind(old: Record, new: Record) -> ChangeKind:
    if old.kind != new.kind:
        return ChangeKind.KIND
    return ChangeKind.RENAME if old.name != new.name else ChangeKind.CODE


def same_place(one: str, other: str) -> bool:
    """Whether two names may be one place's: «Зима» and «Зиминское», «округ № 7» and «№ 7»."""
    ours, theirs = _own_words(one), _own_words(other)
    return any(
        a == b or (len(a) > 2 and a[:3] == b[:3]) or fuzz.ratio(a, b) >= 85
        for a in ours
        for b in theirs
    )


def likeness(one: str, other: str) -> float:
    """How much of the shorter proper name begins the longer one, 0 to 1."""
    return max(
        _common_beginning(a, b) / min(len(a), len(b))
        for a in _own_words(one)
        for b in _own_words(other)
    )


def _common_beginning(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _own_words(name: str) -> set[str]:
    words = re.findall(r"[а-я]+|\d+", name.lower().replace("ё", "е"))
    return {word for word in words if word not in GENERIC_WORDS} or set(words)
