"""Reading the text of rules and formulas; every refusal says in Russian what was expected where."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from annual_report.rules.tree import (
    CODE,
    COMPARISONS,
    MAX_YEARS_BACK,
    Node,
    RuleSyntaxError,
    make_key,
)
from okmo_portal.organisations.enums import MunicipalityKind

MAX_LENGTH = 500
MAX_DEPTH = 40
MAX_DIGITS = 15
MAX_ROUND = 6

FUNCTIONS = (
    "abs", "min", "max", "sum", "round", "prev", "outside", "other", "children", "filled", "kind_in",
)  # fmt: skip
_OPERANDS = ("prev", "outside", "other", "children")
_WORDS = ("and", "or", "not")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<sign><=|>=|==|!=|[-+*/<>(),≤≥≠−])""",
    re.VERBOSE,
)
#: Signs that come along when a condition is copied out of a document.
_SAME_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "−": "-"}
#: Russian letters that look like the Latin letters of codes.
_LOOKALIKES = str.maketrans("АВСЕНКМОРТХ", "ABCEHKMOPTX")


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def sign(self) -> str:
        return _SAME_SIGNS.get(self.text, self.text)


@dataclass(frozen=True)
class Part:
    """A piece of the text with its tree; ``is_condition`` tells it from a number."""

    node: Node
    is_condition: bool
    start: int
    end: int


def read(text: str) -> tuple[Node, bool]:
    """The tree of ``text`` and whether it is a condition; raises RuleSyntaxError."""
    if len(text) > MAX_LENGTH:
        raise RuleSyntaxError(f"Условие длиннее {MAX_LENGTH} знаков.")
    parser = _Parser(text, _tokens(text))
    part = parser.expression()
    if parser.token.kind != "end":
        raise parser.unexpected("знак действия или конец условия")
    return part.node, part.is_condition


def check_codes(codes: Collection[str], known: Collection[str], *, where: str = "форме") -> None:
    """Refuse codes that are not there to be compared; raises RuleSyntaxError."""
    missing = sorted(set(codes) - set(known))
    if missing:
        names = ", ".join(missing)
        word = "Показателя" if len(missing) == 1 else "Показателей"
        raise RuleSyntaxError(f"{word} {names} нет в {where}. Проверьте код.")


def _tokens(text: str) -> list[Token]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _strange(text, position)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _strange(text: str, position: int) -> RuleSyntaxError:
    sign = text[position]
    advice = {
        "=": "Равенство пишется двумя знаками: A01 == A02.",
        "!": "«Не равно» пишется так: A01 != A02.",
        "%": "Процент пишется числом: 10 % — это 0.1.",
        "^": "Степени нет: умножьте число само на себя.",
        "[": "Скобки нужны круглые.",
        "{": "Скобки нужны круглые.",
    }.get(sign, "Разрешены числа, коды, + − * /, сравнения, скобки, and, or, not и функции.")
    if text[position : position + 2] in ("=<", "=>"):
        advice = "«Не больше» пишется <=, «не меньше» — >=."
    if sign in "«»“”„’‘\"'":
        advice = 'Кавычки нужны прямые и парные: prev("A05").'
    return RuleSyntaxError(f"Знак «{sign}» (место {position + 1}) не подходит. {advice}", position)


class _Parser:
    """Recursive descent; ``or`` binds weakest, then ``and``, ``not``, comparisons, sums, products."""

    def __init__(self, text: str, tokens: list[Token]):
        self.text, self.tokens, self.number, self.depth = text, tokens, 0, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.number]

    def take(self) -> Token:
        token = self.token
        self.number += 1
        return token

    def at(self, *signs: str) -> bool:
        return self.token.kind in ("sign", "name") and self.token.sign in signs

    def expect(self, sign: str, expected: str) -> Token:
        if not self.at(sign):
            raise self.unexpected(expected)
        return self.take()

    def unexpected(self, expected: str) -> RuleSyntaxError:
        token = self.token
        if token.kind == "end":
            return RuleSyntaxError(
                f"Условие обрывается: дальше ожидается {expected}. Пример: C02 <= C01.", token.start
            )
        return RuleSyntaxError(
            f"Здесь ожидается {expected}, а стоит «{token.text}» (место {token.start + 1}). "
            "Пример: C02 <= C01.",
            token.start,
        )

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RuleSyntaxError("Слишком много вложенных скобок. Упростите условие.")

    def words(self, part: Part) -> str:
        text = self.text[part.start : part.end]
        return text if len(text) <= 40 else f"{text[:37]}…"

    def must_be_condition(self, part: Part, word: str) -> Part:
        if not part.is_condition:
            raise RuleSyntaxError(
                f"Слово {word} соединяет условия, а «{self.words(part)}» — число. "
                "Сравните его с чем-нибудь: A01 > 0.",
                part.start,
            )
        return part

    def must_be_number(self, part: Part, sign: str) -> Part:
        if part.is_condition:
            raise RuleSyntaxError(
                f"Рядом с «{sign}» нужно число, а «{self.words(part)}» — условие.", part.start
            )
        return part

    def expression(self) -> Part:
        return self.joined("or", self.conjunction)

    def conjunction(self) -> Part:
        return self.joined("and", self.negation)

    def joined(self, word: str, part_of) -> Part:
        first = part_of()
        if not self.at(word):
            return first
        parts = [self.must_be_condition(first, word)]
        while self.at(word):
            self.take()
            parts.append(self.must_be_condition(part_of(), word))
        return Part((word, *(part.node for part in parts)), True, first.start, parts[-1].end)

    def negation(self) -> Part:
        if not self.at("not"):
            return self.comparison()
        self.deeper()
        word = self.take()
        part = self.must_be_condition(self.negation(), "not")
        self.depth -= 1
        return Part(("not", part.node), True, word.start, part.end)

    def comparison(self) -> Part:
        sides, signs = [self.total()], []
        while self.token.kind == "sign" and self.token.sign in COMPARISONS:
            signs.append(self.take().sign)
            sides.append(self.total())
        if not signs:
            return sides[0]
        first, last = sides[0], sides[-1]
        if len(signs) == 1 and signs[0] in ("==", "!=") and first.is_condition:
            same = ("same", first.node, self.must_be_condition(last, signs[0]).node)
            node: Node = same if signs[0] == "==" else ("not", same)
            return Part(node, True, first.start, last.end)
        for part in sides:
            self.must_be_number(part, signs[0])
        pairs = [
            (sign, left.node, right.node)
            for sign, left, right in zip(signs, sides, sides[1:], strict=False)
        ]
        return Part(pairs[0] if len(pairs) == 1 else ("and", *pairs), True, first.start, last.end)

    def total(self) -> Part:
        return self.chain(("+", "-"), self.product)

    def product(self) -> Part:
        return self.chain(("*", "/"), self.factor)

    def chain(self, signs: tuple[str, str], part_of) -> Part:
        left = part_of()
        while self.at(*signs):
            sign = self.take().sign
            right = self.must_be_number(part_of(), sign)
            node = (sign, self.must_be_number(left, sign).node, right.node)
            left = Part(node, False, left.start, right.end)
        return left

    def factor(self) -> Part:
        if not self.at("-"):
            return self.atom()
        self.deeper()
        sign = self.take()
        part = self.must_be_number(self.factor(), "-")
        self.depth -= 1
        return Part(("neg", part.node), False, sign.start, part.end)

    def atom(self) -> Part:
        token = self.token
        if token.kind == "number":
            return self.constant()
        if token.kind == "name" and token.text not in _WORDS:
            following = self.tokens[self.number + 1]
            return self.call() if following.text == "(" else self.operand()
        if token.kind == "text":
            raise RuleSyntaxError(
                f"Текст {token.text} (место {token.start + 1}) здесь не подходит: "
                "код пишется без кавычек.",
                token.start,
            )
        if not self.at("("):
            raise self.unexpected("число, код показателя или скобка")
        self.deeper()
        start = self.take().start
        part = self.expression()
        end = self.expect(")", "закрывающая скобка").end
        self.depth -= 1
        return Part(part.node, part.is_condition, start, end)

    def constant(self) -> Part:
        token = self.take()
        if len(token.text.replace(".", "").lstrip("0")) > MAX_DIGITS:
            raise RuleSyntaxError(
                f"В числе «{token.text[:20]}…» больше {MAX_DIGITS} цифр.", token.start
            )
        if self.token.kind == "name" and self.token.start == token.end:
            raise self.unexpected("знак действия после числа")
        return Part(Decimal(token.text), False, token.start, token.end)

    def operand(self) -> Part:
        token = self.take()
        return Part(self.code(token, token.text), False, token.start, token.end)

    def code(self, token: Token, text: str) -> str:
        if CODE.match(text):
            return text
        latin = text.translate(_LOOKALIKES)
        if latin != text and CODE.match(latin):
            raise RuleSyntaxError(
                f"В коде «{text}» русская буква. Наберите латинскую: {latin}.", token.start
            )
        if text.upper() != text and CODE.match(text.upper()):
            raise RuleSyntaxError(
                f"Код пишется заглавной буквой: {text.upper()}, а не {text}.", token.start
            )
        raise RuleSyntaxError(
            f"«{text[:40]}» — не код показателя. Код состоит из латинской буквы и цифр: A05.",
            token.start,
        )

    def call(self) -> Part:
        self.deeper()
        name = self.take()
        self.take()
        if name.text not in FUNCTIONS:
            raise RuleSyntaxError(
                f"Функции «{name.text[:40]}» нет. Есть: {', '.join(FUNCTIONS)}.", name.start
            )
        node, is_condition = self.arguments(name)
        end = self.expect(")", "закрывающая скобка или запятая").end
        self.depth -= 1
        return Part(node, is_condition, name.start, end)

    def arguments(self, name: Token) -> tuple[Node, bool]:
        if name.text in _OPERANDS:
            return self.operand_of(name), False
        if name.text == "filled":
            return ("has", self.asked()), True
        if name.text == "kind_in":
            return ("kind", *self.kinds()), True
        numbers = [self.must_be_number(self.expression(), name.text)]
        while self.at(",") and not (name.text == "round" and len(numbers) == 1):
            self.take()
            numbers.append(self.must_be_number(self.expression(), name.text))
        if name.text == "abs" and len(numbers) != 1:
            raise RuleSyntaxError("У функции abs одно значение: abs(A01 - A02).", name.start)
        nodes = tuple(part.node for part in numbers)
        if name.text == "round":
            return ("round", *nodes, self.digits()), False
        return (name.text, *nodes), False

    def digits(self) -> int:
        if not self.at(","):
            return 0
        self.take()
        token = self.take()
        if token.kind != "number" or not token.text.isdigit() or int(token.text[:3]) > MAX_ROUND:
            raise RuleSyntaxError(
                f"Второе значение round — число знаков после запятой, от 0 до {MAX_ROUND}.",
                token.start,
            )
        return int(token.text)

    def quoted_code(self, name: str) -> str:
        token = self.take()
        if token.kind != "text":
            raise RuleSyntaxError(
                f'В {name} нужен код показателя в кавычках: {name}("A05").', token.start
            )
        return self.code(token, token.text[1:-1])

    def operand_of(self, name: Token) -> str:
        """``prev("A05")``, ``prev("A05", 2)``, ``outside("A05")`` and the like."""
        code, prefix = self.quoted_code(name.text), name.text
        if prefix == "prev" and self.at(","):
            self.take()
            years = self.take()
            if years.text not in {str(number + 1) for number in range(MAX_YEARS_BACK)}:
                raise RuleSyntaxError(
                    f"Второе значение prev — сколько лет назад, от 1 до {MAX_YEARS_BACK}: "
                    'prev("A05", 2).',
                    years.start,
                )
            prefix = "prev" if years.text == "1" else f"prev{years.text}"
        return make_key(prefix, code)

    def asked(self) -> str:
        """What ``filled`` asks for: a code in quotes, or ``prev("A05")`` and the like."""
        if self.token.kind == "name" and self.token.text in _OPERANDS:
            name = self.take()
            self.expect("(", "открывающая скобка")
            key = self.operand_of(name)
            self.expect(")", "закрывающая скобка")
            return key
        return self.quoted_code("filled")

    def kinds(self) -> list[str]:
        found: list[str] = []
        while True:
            token = self.take()
            kind = token.text[1:-1]
            if token.kind != "text" or kind not in MunicipalityKind.values:
                raise RuleSyntaxError(
                    "В kind_in нужны виды муниципальных образований в кавычках: "
                    f"{', '.join(MunicipalityKind.values)}.",
                    token.start,
                )
            found.append(kind)
            if not self.at(","):
                return found
            self.take()
