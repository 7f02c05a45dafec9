"""What the workbook says to the clerk; the portal's messages about it use the same words."""

from __future__ import annotations

from annual_report.enums import ValueType
from annual_report.workbooks.layout import Field
from okmo_portal.core.text import format_number

STEPS = (
    "1. Заполняйте жёлтые ячейки. Остальные закрыты: в них названия, прошлый год и расчёты.",
    "2. Числа вводите цифрами, дробную часть — через запятую: 1234,5. Ноль — это 0, а не прочерк.",
    (
        "3. Если значения нет, оставьте его пустым и выберите причину в столбце «Нет данных» или "
        "напишите свою. Прочерк, «нет» и «н/д» вместо числа портал не примет."
    ),
    (
        "4. В столбце «Проверка» сразу видно, что не так и как исправить. Все сверки собраны на листе "
        "«Проверка»: там же пишут пояснения."
    ),
    (
        "5. Жёлтые ячейки, где уже есть значения, заполнены из портала: с прошлого года, из федеральных "
        "данных или Вами. Проверьте их."
    ),
    "6. Не переименовывайте листы и не вставляйте строки: портал узнаёт ячейки по месту.",
    (
        "7. Сохраните книгу в формате Excel (.xlsx) и загрузите её на странице формы. Портал покажет, "
        "что изменится, и ничего не сохранит, пока Вы не примете."
    ),
)


def wanted(field: Field) -> str:
    """What may stand in the cell of this indicator: «Нужно целое число от 0 до 5 000, ед.»"""
    if field.value_type == ValueType.BOOLEAN:
        return "Нужно «да» или «нет»."
    if field.value_type == ValueType.CHOICE:
        labels = "; ".join(str(label) for _code, label in field.offered_choices)
        return f"Нужен один из вариантов: {labels}."
    kind = "целое число" if field.value_type == ValueType.INTEGER else "число"
    return f"Нужно {kind}{limits(field)}. Единица: {field.unit.rstrip('.')}."


def limits(field: Field) -> str:
    least, greatest = (
        None if value is None else format_number(value, field.decimals)
        for value in (field.min_value, field.max_value)
    )
    if least is not None and greatest is not None:
        return f" от {least} до {greatest}"
    if least is not None:
        return f" не меньше {least}"
    return f" не больше {greatest}" if greatest is not None else ""


def input_message(field: Field, *, plan: bool = False) -> str:
    """The yellow hint at a cell; Excel holds 255 characters."""
    parts = ["План. " if plan else "", f"{field.hint}. " if field.hint else "", wanted(field)]
    text = "".join(parts)
    return text if len(text) <= 255 else f"{text[:252]}..."
