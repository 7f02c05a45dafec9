"""The engine of the page: checked trees as JSON, read by static/annual_report/rules.js.

The strict Content-Security-Policy forbids evaluating text, so the text stays on the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from annual_report.rules.tree import Node


def tree_payload(node: Node) -> Any:
    """The tree as lists, texts and numbers."""
    if isinstance(node, Decimal):
        return int(node) if node == node.to_integral_value() else float(node)
    if isinstance(node, tuple):
        return [node[0], *(tree_payload(part) for part in node[1:])]
    return node


def rule_payload(rules: Iterable[Any]) -> list[dict[str, Any]]:
    """The rules as ``check`` of rules.js takes them; ``codes`` are the cells to look at.

    Each has pk, code, severity, message, hint, codes and an ``expression`` with computed indicators
    inlined, as ``form_rules.FormRule`` has.
    """
    return [
        {
            "id": rule.pk,
            "code": rule.code,
            "severity": str(rule.severity),
            "message": rule.message,
            "hint": rule.hint,
            "codes": list(rule.codes),
            "needs": sorted(rule.expression.needs),
            "keys": list(rule.expression.keys),
            "tree": tree_payload(rule.expression.tree),
        }
        for rule in rules
    ]
