"""Plainly invented names; the same number always gives the same name."""

ADJECTIVES = (
    "Ясноборск", "Тихоречен", "Лугополь", "Светлокамен", "Зореград", "Белоключ", "Верхоозёр",
    "Новокедр", "Медвяноборск", "Синегорск", "Холмодол", "Рябинов", "Кленополь", "Стародубрав",
    "Ветродол", "Солнцебереж", "Дальнелуж", "Чистовод", "Липоград", "Каменнобродск",
    "Журавлин", "Звонкоручей", "Ольхов", "Широкопольск", "Громоключ", "Травнинск", "Ельниковск",
)  # fmt: skip
TOWNS = (
    "Ясноборск", "Тихореченск", "Лугополь", "Светлокаменск", "Зореград", "Белоключевск",
    "Верхоозёрск", "Новокедровск", "Медвяноборск", "Синегорье", "Холмодольск", "Рябиновск",
    "Кленополь", "Стародубравск", "Ветродольск", "Солнцебережск", "Дальнелужье", "Чистоводск",
    "Липоград", "Каменнобродск", "Журавлинск", "Звонкоручейск", "Ольховодск", "Широкопольск",
)  # fmt: skip
LAST_NAMES = (
    "Образцов", "Примеров", "Показательный", "Учебный", "Демонстратов", "Пробных", "Макетов",
    "Черновиков", "Шаблонов", "Эталонов", "Моделин", "Наглядный", "Тестов", "Выдумкин",
)  # fmt: skip
FIRST_NAMES = ("Пётр", "Иван", "Сергей", "Андрей", "Николай", "Алексей", "Михаил", "Павел")
PATRONYMICS = ("Иванович", "Петрович", "Сергеевич", "Андреевич", "Николаевич", "Алексеевич")


def _pick(words, number):
    return words[number % len(words)]


def adjective(number: int, ending: str) -> str:
    """«Ясноборский», «Ясноборское»: a stem and a Roman-free running number beyond the list."""
    stem, turn = _pick(ADJECTIVES, number), number // len(ADJECTIVES)
    base = f"{stem}{'' if stem.endswith('ск') else 'ск'}{ending}"
    return base if turn == 0 else f"{base} {turn + 1}-{'й' if ending == 'ий' else 'е'}"


def town(number: int) -> str:
    name, turn = _pick(TOWNS, number), number // len(TOWNS)
    return name if turn == 0 else f"{name}-{turn + 1}"


def person(number: int) -> tuple[str, str, str]:
    """Last name, first name, patronymic."""
    return (
        _pick(LAST_NAMES, number * 5 + number // 14),
        _pick(FIRST_NAMES, number * 3 + number // 8),
        _pick(PATRONYMICS, number * 7 + number // 6),
    )
