"""What must hold of a transformation before it is recorded; every complaint says how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from okmo_portal.organisations.enums import HOLDERS, ChangeKind, MunicipalityKind
from okmo_portal.organisations.models import Municipality, Region
from okmo_portal.organisations.oktmo import check_digit, first_level_kind, second_level_kind

#: The law on local self-government that knows transformations at all is of 1995.
EARLIEST = date(1995, 9, 1)
LATEST_AHEAD = timedelta(days=731)


@dataclass(frozen=True)
class NewMunicipality:
    """A successor that begins with the transformation.

    ``children`` are codes of settlements that pass to it, needed only where a district is split.
    """

    oktmo: str
    name: str
    kind: str
    parent: Municipality | None = None
    centre: str = ""
    children: tuple[str, ...] = ()


Successor = Municipality | NewMunicipality

#: Kind → (least predecessors, most, least successors, most, what was expected).
SHAPES = {
    ChangeKind.MERGE: (2, None, 1, 1, "не меньше двух предшественников и один преемник"),
    ChangeKind.JOIN: (1, None, 1, 1, "кто присоединяется и один преемник — к кому"),
    ChangeKind.SPLIT: (1, 1, 2, None, "один предшественник и не меньше двух преемников"),
    ChangeKind.TRANSFER: (
        2, None, 2, None, "не меньше двух предшественников и столько же преемников",
    ),
    ChangeKind.RENAME: (1, 1, 1, 1, "один предшественник и один преемник"),
    ChangeKind.KIND: (1, 1, 1, 1, "один предшественник и один преемник"),
    ChangeKind.CODE: (1, 1, 1, 1, "один предшественник и один преемник"),
    ChangeKind.ABOLITION: (1, None, 0, 0, "упраздняемые; преемников нет"),
}  # fmt: skip


def check(
    *,
    kind: ChangeKind,
    date: date,
    law: str,
    predecessors: Sequence[Municipality],
    successors: Sequence[Successor],
) -> None:
    """Raise ValidationError by field: date, law, predecessors, successors."""
    errors: dict[str, list[str]] = {}
    for field, found in (
        ("date", _date_errors(date)),
        ("law", [] if law.strip() else ["Укажите закон: название, дату и номер."]),
        ("predecessors", list(_predecessor_errors(predecessors, date))),
        ("successors", list(_successor_errors(kind, successors, predecessors, date))),
        ("__all__", list(_shape_errors(kind, predecessors, successors))),
    ):
        if found:
            errors[field] = found
    if errors:
        raise ValidationError(errors)


def _date_errors(day: date) -> list[str]:
    if day < EARLIEST:
        return [f"Дата раньше {EARLIEST:%d.%m.%Y}: проверьте год."]
    if day > timezone.localdate() + LATEST_AHEAD:
        return ["Дата больше чем на два года впереди: проверьте год."]
    return []


def _shape_errors(
    kind: ChangeKind, predecessors: Sequence[Municipality], successors: Sequence[Successor]
) -> Iterable[str]:
    least_from, most_from, least_to, most_to, expected = SHAPES[kind]
    fits = (
        least_from <= len(predecessors) <= (most_from or len(predecessors))
        and least_to <= len(successors)
        and len(successors) <= (len(successors) if most_to is None else most_to)
    )
    if kind == ChangeKind.TRANSFER:
        fits = fits and len(predecessors) == len(successors)
    if not fits:
        yield f"{ChangeKind(kind).label.capitalize()}: нужны {expected}."
    elif len(predecessors) == len(successors) == 1:
        yield from _likeness_errors(kind, predecessors[0], successors[0])


def _likeness_errors(kind: ChangeKind, old: Municipality, new: Successor) -> Iterable[str]:
    same_name, same_kind = old.name == new.name, old.kind == new.kind
    if kind == ChangeKind.RENAME and same_name:
        yield "Переименование: название преемника то же самое."
    if kind in (ChangeKind.RENAME, ChangeKind.CODE) and not same_kind:
        yield "Вид преемника другой: выберите «изменение вида»."
    if kind == ChangeKind.KIND and same_kind:
        yield "Изменение вида: вид преемника тот же самый."
    if kind == ChangeKind.CODE and old.oktmo == new.oktmo:
        yield "Смена кода: код преемника тот же самый."
    if kind == ChangeKind.CODE and not same_name:
        yield "Название преемника другое: выберите «переименование»."
    if kind == ChangeKind.JOIN and isinstance(new, NewMunicipality):
        yield (
            "Преемник записывается заново, поэтому среди предшественников должен быть и тот, "
            "к кому присоединяют. Или выберите преемником действующее муниципальное образование."
        )


def _predecessor_errors(predecessors: Sequence[Municipality], day: date) -> Iterable[str]:
    if len({row.pk for row in predecessors}) < len(predecessors):
        yield "Один предшественник указан дважды."
    for row in predecessors:
        name = f"{row.name} ({row.oktmo})"
        earlier = row.changes_from.first()
        if earlier is not None:
            yield f"{name}: уже преобразовано {earlier.date:%d.%m.%Y} ({earlier.law})."
        elif row.valid_to is not None and row.valid_to != day:
            yield f"{name}: прекращено {row.valid_to:%d.%m.%Y}, а преобразование {day:%d.%m.%Y}."
        if row.valid_from is not None and row.valid_from >= day:
            yield (
                f"{name}: действует с {row.valid_from:%d.%m.%Y}, на дату преобразования его ещё "
                "не было."
            )


def _successor_errors(
    kind: ChangeKind,
    successors: Sequence[Successor],
    predecessors: Sequence[Municipality],
    day: date,
) -> Iterable[str]:
    codes = [row.oktmo for row in successors]
    if len(set(codes)) < len(codes):
        yield "Два преемника с одним кодом ОКТМО."
    for row in successors:
        if isinstance(row, NewMunicipality):
            yield from new_errors(row, predecessors, day)
        else:
            yield from _existing_errors(kind, row, predecessors, day)


def _existing_errors(
    kind: ChangeKind, row: Municipality, predecessors: Sequence[Municipality], day: date
) -> Iterable[str]:
    name = f"{row.name} ({row.oktmo})"
    if row in predecessors:
        yield (
            f"{name}: и предшественник, и преемник. Территория изменилась, поэтому преемник "
            "записывается заново (с тем же кодом и названием)."
        )
    if row.valid_to is not None and row.valid_to <= day:
        yield f"{name}: прекращено {row.valid_to:%d.%m.%Y}, преемником быть не может."
    if kind == ChangeKind.JOIN:
        if row.valid_from is not None and row.valid_from > day:
            yield f"{name}: на дату преобразования ещё не существовало; присоединять некуда."
    elif row.valid_from not in (None, day):
        yield (
            f"{name}: действует с {row.valid_from:%d.%m.%Y}, а преобразование {day:%d.%m.%Y}. "
            "Запишите преемника заново."
        )
    elif row.changes_to.exists():
        yield f"{name}: происхождение уже записано другим преобразованием."


def new_errors(
    row: NewMunicipality, predecessors: Sequence[Municipality], day: date
) -> Iterable[str]:
    """What is wrong with the code, the name, the kind and the parent of a new row."""
    if not (len(row.oktmo) == 8 and row.oktmo.isdigit()):
        yield f"Код «{row.oktmo}»: нужны восемь цифр."
        return
    if not row.name.strip():
        yield f"Код {row.oktmo}: нет названия."
    yield from _level_errors(row)
    if region_of(row.oktmo) is None:
        yield f"Код {row.oktmo} не относится ни к одному субъекту РФ: проверьте первые цифры."
    ending = [item.pk for item in predecessors]
    taken = Municipality.objects.filter(oktmo=row.oktmo).on(day).exclude(pk__in=ending).first()
    taken = taken or (
        Municipality.objects.filter(oktmo=row.oktmo, valid_to=None).exclude(pk__in=ending).first()
    )
    if taken is not None:
        yield (
            f"Код {row.oktmo} занят: {taken.name}. Если оно участвует в преобразовании, добавьте "
            "его к предшественникам или выберите преемником действующее."
        )


def _level_errors(row: NewMunicipality) -> Iterable[str]:
    first_level = row.oktmo.endswith("000")
    lower = MunicipalityKind(row.kind) in HOLDERS
    if first_level == lower:
        yield (
            f"Код {row.oktmo} и вид «{MunicipalityKind(row.kind).label}» не подходят друг другу: "
            "три нуля в конце кода бывают только у верхнего уровня."
        )
        return
    if not lower:
        by_code = first_level_kind(row.oktmo)
        if by_code is None:
            yield f"Код {row.oktmo}: третья цифра не обозначает вида. Проверьте код."
        return
    if second_level_kind(row.oktmo) is None:
        yield f"Код {row.oktmo}: шестая цифра не обозначает вида. Проверьте код."
    if row.parent is None:
        yield f"Код {row.oktmo}: укажите, в состав чего входит новое муниципальное образование."
    elif row.parent.kind not in HOLDERS[MunicipalityKind(row.kind)]:
        yield (
            f"{row.parent.name} ({row.parent.get_kind_display()}) не может включать "
            f"«{MunicipalityKind(row.kind).label}»."
        )


def region_of(oktmo: str) -> Region | None:
    """The region of a code: the longest known prefix decides."""
    return (
        Region.objects.filter(oktmo_prefix__in=[oktmo[:2], oktmo[:3]])
        .order_by("-oktmo_prefix")
        .first()
    )


def row_of(new: NewMunicipality, day: date) -> Municipality:
    """The row, not saved, that ``new`` becomes on ``day``."""
    return Municipality(
        oktmo=new.oktmo,
        check_digit=check_digit(new.oktmo),
        name=new.name.strip(),
        kind=new.kind,
        region=region_of(new.oktmo),
        parent=new.parent,
        centre=new.centre.strip(),
        valid_from=day,
    )
