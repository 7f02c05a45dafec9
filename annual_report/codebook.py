"""The codebook of the open data: every indicator described in full, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from annual_report.models import Indicator, IndicatorVersion, LegalBasis
from annual_report.models.catalogue import in_english

#: Columns of the table, in their order.
COLUMNS = {
    "code": _("код"),
    "section": _("раздел"),
    "title": _("название"),
    "unit": _("единица"),
    "value_type": _("вид значения"),
    "decimals": _("знаков после запятой"),
    "definition": _("определение"),
    "choices": _("варианты ответа"),
    "direction": _("направление"),
    "aggregation": _("как сводится"),
    "includes_settlements": _("значение района включает поселения"),
    "formula": _("формула"),
    "words": _("формула словами"),
    "kinds": _("для каких видов"),
    "min_value": _("не меньше"),
    "max_value": _("не больше"),
    "source": _("источник"),
    "owner": _("кто ведёт"),
    "federal_form": _("федеральная форма"),
    "law": _("правовые основания"),
    "versions": _("версии"),
    "valid_from": _("действует с"),
    "valid_to": _("действует до"),
    "is_retired": _("больше не собирается"),
}


def codebook_row(indicator: Indicator, say: Callable[[str], str]) -> list[Any]:
    """One line of the table in the language of the page; ``say`` words a formula."""
    english = in_english()
    choices = (indicator.choices_en if english else None) or indicator.choices
    cells = {
        "section": indicator.section.local_title,
        "title": indicator.local_title,
        "unit": indicator.local_unit,
        "value_type": indicator.get_value_type_display(),
        "definition": indicator.local_definition,
        "choices": "; ".join(f"{number} = {label}" for number, label in choices),
        "direction": indicator.get_direction_display(),
        "aggregation": indicator.get_aggregation_display(),
        "includes_settlements": int(indicator.includes_settlements),
        "words": say(indicator.formula) if indicator.formula else "",
        "kinds": ", ".join(indicator.applicable_kinds),
        "source": (indicator.source_en if english else "") or indicator.source,
        "owner": (indicator.owner_en if english else "") or indicator.owner,
        "law": "; ".join(law_in_words(basis) for basis in indicator.legal_bases.all()),
        "versions": "; ".join(version_in_words(item) for item in indicator.versions.all()),
        "is_retired": int(indicator.is_retired),
        "min_value": plain(indicator.min_value),
        "max_value": plain(indicator.max_value),
        "valid_from": _day(indicator.valid_from),
        "valid_to": _day(indicator.valid_to),
    }
    return [cells.get(name, getattr(indicator, name, "")) for name in COLUMNS]


def law_in_words(basis: LegalBasis) -> str:
    """«131-ФЗ …, ст. 14 (… — 2027-01-01)»."""
    title = f"{basis.local_act}, {basis.article}" if basis.article else basis.local_act
    return f"{title} ({_day(basis.valid_from) or '…'} — {_day(basis.valid_to) or '…'})"


def version_in_words(version: IndicatorVersion) -> str:
    factor = "—" if version.conversion is None else f"×{plain(version.conversion)}"
    return f"{version.number}: {version.from_year}, {version.local_unit}, {factor}"


def plain(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: Any) -> str:
    return value.isoformat() if value else ""


def codebook_entry(indicator: Indicator) -> dict[str, Any]:
    """All that is known of an indicator, in both languages, for programs."""
    english = dict(map(tuple, indicator.choices_en))
    return {
        "code": indicator.code,
        "section": indicator.section.code,
        "title": indicator.title,
        "title_en": indicator.title_en,
        "definition": indicator.definition,
        "definition_en": indicator.definition_en,
        "unit": indicator.unit,
        "unit_en": indicator.unit_en,
        "value_type": indicator.value_type,
        "decimals": indicator.decimals,
        "choices": [
            {
                "value": number,
                "label": label,
                "label_en": english.get(number, ""),
                "offered": number not in indicator.retired_choices,
            }
            for number, label in indicator.choices
        ],
        "direction": indicator.direction,
        "aggregation": indicator.aggregation,
        "numerator": indicator.numerator.code if indicator.numerator else None,
        "denominator": indicator.denominator.code if indicator.denominator else None,
        "scale": plain(indicator.scale),
        "formula": indicator.formula,
        "includes_settlements": indicator.includes_settlements,
        "kinds": indicator.applicable_kinds,
        "min_value": plain(indicator.min_value) or None,
        "max_value": plain(indicator.max_value) or None,
        "source": indicator.source,
        "source_en": indicator.source_en,
        "owner": indicator.owner,
        "owner_en": indicator.owner_en,
        "federal_form": indicator.federal_form,
        "valid_from": _day(indicator.valid_from) or None,
        "valid_to": _day(indicator.valid_to) or None,
        "is_retired": indicator.is_retired,
        "legal_bases": [_basis_entry(basis) for basis in indicator.legal_bases.all()],
        "versions": [_version_entry(version) for version in indicator.versions.all()],
    }


def _basis_entry(basis: LegalBasis) -> dict[str, Any]:
    return {
        "act": basis.act,
        "act_en": basis.act_en,
        "article": basis.article,
        "wording": basis.wording,
        "wording_en": basis.wording_en,
        "kinds": basis.kinds,
        "valid_from": _day(basis.valid_from) or None,
        "valid_to": _day(basis.valid_to) or None,
        "verified": not basis.to_verify,
    }


def _version_entry(version: IndicatorVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "from_year": version.from_year,
        "title": version.title,
        "unit": version.unit,
        "unit_en": version.unit_en,
        "decimals": version.decimals,
        "definition": version.definition,
        "formula": version.formula,
        "conversion": plain(version.conversion) or None,
        "is_break": version.is_break,
        "note": version.note,
        "note_en": version.note_en,
    }
