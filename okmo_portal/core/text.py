"""Russian text: names, numbers, plural forms, normalised keys."""

import re


def initials(last_name: str, first_name: str, patronymic: str = "") -> str:
    """«Фамилия И. О.» with no-break spaces; empty when there is no last name."""
    if not last_name:
        return first_name
    parts = [f"{part[0].upper()}." for part in (first_name, patronymic) if part]
    return "\u00a0".join([last_name, *parts])


def sort_key(text: str) -> str:
    """Normalised key to sort and look up by: lower case, ё as е, single spaces."""
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip().lower().replace("ё", "е")
