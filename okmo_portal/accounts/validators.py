"""Checks of passwords and names."""

from django.core.exceptions import ValidationError

CONTEXT_WORDS = ("окмо", "okmo", "конгресс", "совет", "муниципал", "municipal", "администрац")


class ContextWordPasswordValidator:
    """Refuses a password that is little more than a word of this portal."""

    def validate(self, password, user=None):
        rest = password.lower()
        for word in CONTEXT_WORDS:
            rest = rest.replace(word, "")
        if len(rest) < len(password) and len(rest) < 8:
            raise ValidationError(
                "Пароль построен на слове, которое связано с порталом. Добавьте другие слова.",
                code="context_word",
            )

    def get_help_text(self):
        return "Пароль не должен состоять из слов «конгресс», «совет», «муниципалитет» и подобных."
