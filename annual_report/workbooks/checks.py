"""Formulas of the live checks: own limits of each indicator, and the control rules' verdicts.

They stand on the hidden sheet ``CALC``; visible cells only point at them. Lines of indicators:
B this year's number, C last year's, D 1 where a value is missing, E what is wrong with the cell
itself, F the words for the clerk, G what federal data say otherwise. Lines of rules, columns H to K:
code, verdict, message, the whole advice. Columns M and N: labels and numbers of choices.
The server's ``services.checks.check_form`` says the same, and a test holds them together: a cell that
its own limits refuse is in no rule's finding, and a graver rule silences a milder one about the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from annual_report.enums import Severity, ValueType
from annual_report.rules import messages, parse_formula, split_key
from annual_report.rules.excel import FormulaTooLong, to_formula, to_number
from annual_report.workbooks.layout import CALC, CHECKS, KNOWN, Layout, Row, Rule, quoted
from okmo_portal.core.text import format_number

#: Excel takes 64 levels of IF.
MAX_DEPTH = 40
#: A text inside a formula holds 255 characters.
MAX_TEXT = 250
MISSING = "Не заполнено: введите значение или выберите причину в столбце «Нет данных»."
WORDS = {
    Severity.CRITICAL: "Нельзя отправить",
    Severity.EXPLAIN: "Нужно пояснение",
    Severity.NOTICE: "Обратите внимание",
}
ORDER = list(WORDS)


@dataclass
class Calc:
    """The hidden sheet's cells: address → formula or text or number."""

    layout: Layout
    cells: dict[str, str | float] = field(default_factory=dict)
    #: Indicator → (first, last) line of its labels.
    choices: dict[str, tuple[int, int]] = field(default_factory=dict)


def build_calc(layout: Layout) -> Calc:
    calc = Calc(layout)
    _write_choices(calc)
    for code, row in layout.rows.items():
        number = layout.calc_rows[code]
        calc.cells[f"A{number}"] = code
        calc.cells[f"B{number}"] = _as_number(calc, row, "value")
        calc.cells[f"C{number}"] = _as_number(calc, row, "previous")
        calc.cells[f"D{number}"] = _is_missing(row)
        calc.cells[f"E{number}"] = own_error(row, calc_ref("B", number))
    for row in layout.federal:
        calc.cells[f"G{layout.calc_rows[row.field.code]}"] = _federal_note(layout, row)
    for rule in layout.rules:
        _write_rule(calc, rule)
    for code, number in layout.calc_rows.items():
        calc.cells[f"F{number}"] = _advice(layout, code, number)
    return calc


def calc_ref(column: str, number: int) -> str:
    return f"{quoted(CALC)}!${column}${number}"


def rule_line(layout: Layout, rule: Rule) -> int:
    """The rule's line on the calculating sheet."""
    return layout.rule_rows[rule.code]


def _write_choices(calc: Calc) -> None:
    """Labels that may be chosen come first: the drop-down list takes only those."""
    number = 2
    for code, row in calc.layout.rows.items():
        if row.field.value_type != ValueType.CHOICE:
            continue
        offered = list(row.field.offered_choices)
        everything = offered + [pair for pair in row.field.choices if pair not in offered]
        calc.choices[code] = (number, number + len(everything) - 1)
        for key, label in everything:
            calc.cells[f"M{number}"], calc.cells[f"N{number}"] = str(label), float(key)
            number += 1


def offered_range(calc: Calc, row: Row) -> str:
    """The list of a choice's drop-down."""
    first, _last = calc.choices[row.field.code]
    last = first + len(list(row.field.offered_choices)) - 1
    return f"={quoted(CALC)}!$M${first}:$M${last}"


def _as_number(calc: Calc, row: Row, key: str) -> str:
    """The cell's number, nothing when it holds none."""
    ref = row.ref(key)
    if row.field.value_type == ValueType.BOOLEAN:
        word = f"TRIM({ref})"
        return f'=IF({word}="да",1,IF({word}="нет",0,""))'
    if row.field.value_type == ValueType.CHOICE:
        first, last = calc.choices[row.field.code]
        labels = f"{quoted(CALC)}!$M${first}:$M${last}"
        numbers = f"{quoted(CALC)}!$N${first}:$N${last}"
        return f'=IF(TRIM({ref})="","",IFERROR(INDEX({numbers},MATCH(TRIM({ref}),{labels},0)),""))'
    return f'=IF(ISNUMBER({ref}),{ref},"")'


def _is_missing(row: Row) -> str | float:
    if not row.field.is_required or row.field.formula:
        return 0
    return f'=IF(AND(TRIM({row.ref("value")})="",TRIM({row.ref("reason")})=""),1,0)'


def own_error(row: Row, number: str) -> str:
    """What the indicator's own type and limits say; nothing for an empty cell."""
    if row.field.formula:
        return ""
    ref, reason = row.ref("value"), row.ref("reason")
    found = [(f'{number}=""', _wanted(row))]
    if row.field.value_type == ValueType.INTEGER:
        found.append((f"{number}<>INT({number})", "Нужно целое число, без дробной части."))
    if row.field.value_type in (ValueType.INTEGER, ValueType.DECIMAL):
        found += _limits(row, number)
    text = '""'
    for test, words in reversed(found):
        text = f"IF({test},{literal(words)},{text})"
    both = literal("Есть и значение, и причина «нет данных». Оставьте что-то одно.")
    text = f'IF(TRIM({reason})<>"",{both},{text})'
    return f'=IF(TRIM({ref})="","",{text})'


def _wanted(row: Row) -> str:
    if row.field.value_type == ValueType.BOOLEAN:
        return "Выберите «да» или «нет»."
    if row.field.value_type == ValueType.CHOICE:
        return "Выберите вариант из списка."
    return "Введите число цифрами, дробную часть — через запятую: 12,5."


def _limits(row: Row, number: str) -> list[tuple[str, str]]:
    least, greatest, decimals = row.field.min_value, row.field.max_value, row.field.decimals
    found = []
    if least is not None:
        shown = format_number(least, decimals)
        found.append((f"{number}<{least:f}", f"Не может быть меньше {shown}."))
    if greatest is not None:
        shown = f"{format_number(greatest, decimals)} {row.field.unit}".rstrip(".")
        found.append((f"{number}>{greatest:f}", f"Не может быть больше {shown}."))
    return found


def references(layout: Layout) -> dict[str, str]:
    """The cell of every operand's key: this year's, last year's, and what is known from elsewhere."""
    refs = {}
    for code, number in layout.calc_rows.items():
        refs[code] = calc_ref("B", number)
        refs[f"prev:{code}"] = calc_ref("C", number)
    for key, number in layout.known_keys.items():
        refs[key] = f"{quoted(KNOWN)}!$B${number}"
    return refs


def computed_formula(layout: Layout, row: Row) -> str:
    """A computed indicator, rounded as the portal rounds it; nothing while a part is missing."""
    formula = to_number(parse_formula(row.field.formula).tree, references(layout))
    return f'=IFERROR(ROUND({formula[1:]},{max(row.field.decimals, 1)}),"")'


def rule_formula(layout: Layout, rule: Rule) -> str | None:
    """The verdict's formula, or None for a rule that only the portal can check."""
    try:
        return to_formula(rule.expression.tree, references(layout), layout.kind)
    except FormulaTooLong:
        return None


def _write_rule(calc: Calc, rule: Rule) -> None:
    layout = calc.layout
    number = rule_line(layout, rule)
    formula = rule_formula(layout, rule)
    calc.cells[f"H{number}"] = rule.code
    calc.cells[f"I{number}"] = formula if formula is not None else '=""'
    message = calc_ref("J", number)
    words = concatenate(_message_parts(layout, rule.message))
    calc.cells[f"J{number}"] = f'=IF({_is_broken(layout, rule)},{words},"")'
    start, end = f"{WORDS[Severity(rule.severity)]}. ", f" {rule.hint}" if rule.hint else ""
    advice = concatenate([literal(start), message, *_literals(end)])
    if rule.takes_explanation:
        explained = f"TRIM({quoted(CHECKS)}!$G${number})"
        advice = f'IF({explained}<>"","",{advice})'
    calc.cells[f"K{number}"] = f'=IF({message}="","",{advice})'


def _is_broken(layout: Layout, rule: Rule) -> str:
    """The condition on which the rule speaks."""
    verdict = calc_ref("I", rule_line(layout, rule))
    tests = [f"IF(ISLOGICAL({verdict}),NOT({verdict}),FALSE)"]
    for code in rule.codes:
        tests.append(f'{calc_ref("E", layout.calc_rows[code])}=""')
    severity = ORDER.index(Severity(rule.severity))
    for other in layout.rules:
        if ORDER.index(Severity(other.severity)) < severity and other.keys == rule.keys:
            graver = calc_ref("I", rule_line(layout, other))
            tests.append(f"NOT(IF(ISLOGICAL({graver}),NOT({graver}),FALSE))")
    return f"AND({','.join(tests)})"


def _federal_note(layout: Layout, row: Row) -> str | float:
    """Asks for a note where the value is not the federal one, unless a rule asks already."""
    code = row.field.code
    key, line = f"outside:{code}", layout.calc_rows[code]
    known, own = references(layout)[key], calc_ref("B", line)
    differs = f'IF(ISNUMBER({own}),{own}<>{known},TRIM({row.ref("reason")})<>"")'
    told = [
        f'{calc_ref("J", rule_line(layout, rule))}<>""' for rule in layout.rules if key in rule.keys
    ]
    quiet = f"OR({','.join(told)})" if told else "FALSE"
    words = concatenate(
        [
            literal(f"{WORDS[Severity.EXPLAIN]}. В федеральных данных "),
            _shown(layout, key),
            literal(". Если верно Ваше значение, напишите в примечании, почему оно другое."),
        ]
    )
    test = f'AND({differs},TRIM({row.ref("note")})="",NOT({quiet}))'
    return f'=IF(ISNUMBER({known}),IF({test},{words},""),"")'


def _message_parts(layout: Layout, message: str) -> list[str]:
    """A rule's message with the numbers as they now stand."""
    keys: list[str] = []

    def mark(key: str) -> str:
        keys.append(key)
        return "\0"

    texts = messages.fill(message, mark).split("\0")
    parts = _literals(texts[0])
    for key, text in zip(keys, texts[1:], strict=True):
        parts += [_shown(layout, key), *_literals(text)]
    return parts


def _shown(layout: Layout, key: str) -> str:
    prefix, code = split_key(key)
    row, dash = layout.rows.get(code), '"—"'
    ref = references(layout).get(key)
    if ref is None:
        return dash
    if row is not None and row.field.value_type in (ValueType.BOOLEAN, ValueType.CHOICE):
        if prefix in ("", "prev"):
            cell = row.ref("previous" if prefix else "value")
            return f'IF(TRIM({cell})="",{dash},{cell})'
        if row.field.value_type == ValueType.BOOLEAN:
            return f'IF(ISNUMBER({ref}),IF({ref}=0,"нет","да"),{dash})'
    if row is not None:
        return f"IF(ISNUMBER({ref}),FIXED({ref},{row.field.decimals},FALSE),{dash})"
    whole, part = f"FIXED({ref},0,FALSE)", f"FIXED({ref},1,FALSE)"
    return f"IF(ISNUMBER({ref}),IF({ref}=INT({ref}),{whole},{part}),{dash})"


def literal(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literals(text: str) -> list[str]:
    return [literal(text[start : start + MAX_TEXT]) for start in range(0, len(text), MAX_TEXT)]


def concatenate(parts: list[str]) -> str:
    return "&".join(parts) if parts else '""'


def _advice(layout: Layout, code: str, number: int) -> str:
    """What the clerk reads beside the indicator: its own error, else the gravest broken rule."""
    about = sorted(
        (rule for rule in layout.rules if code in rule.codes),
        key=lambda rule: (ORDER.index(Severity(rule.severity)), rule.codes[0] != code, rule.code),
    )
    is_federal = any(row.field.code == code for row in layout.federal)
    text = calc_ref("G", number) if is_federal else '""'
    for rule in reversed(about[:MAX_DEPTH]):
        ref = calc_ref("K", rule_line(layout, rule))
        # Said in full once, where the rule's first indicator stands.
        words = ref if rule.codes[0] == code else literal(pointer(rule))
        text = f'IF({ref}<>"",{words},{text})'
    own = calc_ref("E", number)
    text = f'IF({own}<>"","Ошибка. "&{own},{text})'
    return f"=IF({calc_ref('D', number)}=1,{literal(MISSING)},{text})"


def pointer(rule: Rule) -> str:
    return f"{WORDS[Severity(rule.severity)]}: смотрите {rule.code} на листе «{CHECKS}»."


def result_formula(layout: Layout, rule: Rule) -> str:
    """The state of a rule in words, on the sheet of checks."""
    number = rule_line(layout, rule)
    verdict, message = calc_ref("I", number), calc_ref("J", number)
    broken = literal(WORDS[Severity(rule.severity)].lower())
    if rule.takes_explanation:
        broken = f'IF(TRIM($G${number})<>"","пояснено",{broken})'
    if rule_formula(layout, rule) is None:
        return f"={literal('проверит портал')}"
    silent = f'IF(ISLOGICAL({verdict}),IF({verdict},"выполнено","сначала исправьте ячейку"),"нет данных для сверки")'
    return f'=IF({message}<>"",{broken},{silent})'


def totals(layout: Layout) -> Mapping[str, str]:
    """The counts of the first sheet."""
    last = max(layout.calc_rows.values(), default=2)
    results = f"{quoted(CHECKS)}!$C$1:$C${max(layout.rule_rows.values(), default=2)}"
    own = f'SUMPRODUCT(--({quoted(CALC)}!$E$2:$E${last}<>""))'

    notes = f'SUMPRODUCT(--({quoted(CALC)}!$G$2:$G${last}<>""))'

    def broken(severity: Severity) -> str:
        return f"COUNTIF({results},{literal(WORDS[severity].lower())})"

    return {
        "Осталось заполнить показателей": f"=SUM({quoted(CALC)}!$D$2:$D${last})",
        "Ошибок, с которыми форму нельзя отправить": f"={own}+{broken(Severity.CRITICAL)}",
        "Нужно пояснений": f"={broken(Severity.EXPLAIN)}+{notes}",
        "Замечаний «обратите внимание»": f"={broken(Severity.NOTICE)}",
    }
