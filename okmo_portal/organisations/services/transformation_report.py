"""An import's result in words, for the command, the page and the file of remarks."""

from __future__ import annotations

from okmo_portal.core.text import format_number
from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.mo_ref import Remark
from okmo_portal.organisations.services.transformation_import import ImportResult

REMARK_HEADERS = ("Строка файла", "Код ОКТМО", "Название", "Взято", "Что не так", "Как исправить")


def result_pairs(result: ImportResult) -> list[tuple[str, str]]:
    """Names and counts, in the order in which they are read."""
    pairs = [("прочитано записей", format_number(result.read))]
    if result.register_year is not None:
        pairs.append(("реестр портала соответствует году", str(result.register_year)))
    counts: list[tuple[str, int]] = [
        ("найдено в реестре", result.matched),
        ("добавлено муниципальных образований", result.created),
        ("уже известно", result.known),
    ]
    for kind in ChangeKind:
        if result.events[kind]:
            counts.append((f"внесено преобразований — {kind.label}", result.events[kind]))
    counts += [
        ("преобразований внесено всего", sum(result.events.values())),
        ("преобразований уже внесено раньше", result.events_known),
        ("преобразований отклонено", result.events_refused),
        ("поселений присоединено к округам", result.settlements_joined),
        ("поселений перешло к преемнику района", result.settlements_moved),
        ("форм, которых это касается", result.consequences),
        ("кодов территорий добавлено", result.codes_added),
        ("кодов территорий изменено", result.codes_changed),
        ("записей отклонено", result.refused),
        ("требует проверки", len(result.remarks) - result.refused),
    ]
    return pairs + [(name, format_number(number)) for name, number in counts]


def result_lines(result: ImportResult) -> list[str]:
    lines = [f"{name}: {number}" for name, number in result_pairs(result)]
    for remark in result.remarks:
        where = f"строка {remark.line}" if remark.line else "реестр"
        word = "отклонено" if remark.refused else "проверьте"
        lines.append(
            f"{word}: {where}, {remark.oktmo} «{remark.name}»: {remark.reason}. {remark.mend}"
        )
    return lines


def remark_cells(remark: Remark) -> list[str]:
    return [
        str(remark.line or ""),
        remark.oktmo,
        remark.name,
        "нет" if remark.refused else "да",
        remark.reason,
        remark.mend,
    ]
