"""What a form asks of one kind of municipality in one year, read once and shared by requests.

The catalogue changes a few times a year and a form is read hundreds of times a second, so a
``FormSpec`` is built once per process and kept. Its key holds the catalogue's stamp, which the
database renews in the transaction of every change (see ``CatalogueStamp``): a stale one is never
used, whoever made the change and by what means. Specs are immutable; take ``dataclasses.replace``
for another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby
from uuid import UUID

from django.db.models import Prefetch

from annual_report.enums import Prefill, ValueType
from annual_report.models import CatalogueStamp, FieldMove, FormField, IndicatorVersion, LegalBasis
from annual_report.versions import conversion_factor


@dataclass(frozen=True, slots=True)
class SectionSpec:
    pk: int
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One asked or computed indicator, in the words, unit and decimals of the reported year.

    Has the names of ``Indicator``, so that either serves where a value is shown or checked;
    ``pk`` is the indicator's. ``before`` lists where last year's value comes from, the surest
    first: indicator and factor into this year's unit; a factor of None is a break in the series.
    """

    pk: int
    code: str
    section: SectionSpec
    title: str
    unit: str
    hint: str
    definition: str
    legal_base: str
    source: str
    owner: str
    federal_form: str
    value_type: str
    decimals: int
    choices: tuple[tuple[int, str], ...]
    retired_choices: frozenset[int]
    min_value: Decimal | None
    max_value: Decimal | None
    formula: str
    direction: str
    aggregation: str
    is_required: bool
    asks_plan: bool
    prefill: str
    before: tuple[tuple[int, Decimal | None], ...]

    @property
    def offered_choices(self) -> list[tuple[int, str]]:
        return [pair for pair in self.choices if pair[0] not in self.retired_choices]

    @property
    def is_words(self) -> bool:
        """Answered by a choice, so that it has neither growth nor a plan."""
        return self.value_type in (ValueType.BOOLEAN, ValueType.CHOICE)

    @property
    def has_break(self) -> bool:
        """Last year's value cannot be compared: the definition or the unit changed."""
        return bool(self.before) and self.before[0][1] is None


@dataclass(frozen=True)
class FormSpec:
    """The fields that apply, in the form's order."""

    form_id: int
    kind: str
    year: int
    fields: tuple[FieldSpec, ...]
    #: The catalogue's stamp that the spec was read under.
    stamp: UUID | None = None

    @cached_property
    def sections(self) -> tuple[tuple[SectionSpec, tuple[FieldSpec, ...]], ...]:
        return tuple(
            (section, tuple(group))
            for section, group in groupby(self.fields, key=lambda item: item.section)
        )

    @cached_property
    def asked(self) -> tuple[FieldSpec, ...]:
        return tuple(item for item in self.fields if not item.formula)

    @cached_property
    def computed(self) -> tuple[FieldSpec, ...]:
        return tuple(item for item in self.fields if item.formula)

    @cached_property
    def by_code(self) -> dict[str, FieldSpec]:
        return {item.code: item for item in self.fields}

    @cached_property
    def required(self) -> int:
        return sum(item.is_required for item in self.asked)

    @cached_property
    def duplicates(self) -> int:
        """Asked fields that a federal form already holds."""
        return sum(bool(item.federal_form) for item in self.asked)

    @cached_property
    def federal(self) -> tuple[FieldSpec, ...]:
        """Asked fields that federal data fill beforehand."""
        return tuple(item for item in self.asked if item.prefill == Prefill.FEDERAL)

    @cached_property
    def asks_plan(self) -> bool:
        return any(item.asks_plan for item in self.asked)


def get_form_spec(form_id: int, kind: str, year: int, stamp: UUID | None = None) -> FormSpec:
    """The spec as the catalogue stands now; ``stamp`` saves its query to who has read it already."""
    return _build(form_id, kind, year, stamp or CatalogueStamp.current())


@lru_cache(maxsize=128)
def _build(form_id: int, kind: str, year: int, stamp: UUID | None) -> FormSpec:
    rows = FormField.objects.filter(form_id=form_id).select_related("indicator__section")
    rows = rows.prefetch_related(
        Prefetch("indicator__legal_bases", LegalBasis.objects.all()),
        Prefetch("indicator__versions", IndicatorVersion.objects.all()),
    )
    moves = moved_from(form_id)
    fields = tuple(
        describe_field(item, year, moves.get(item.indicator_id, ()))
        for item in rows
        if item.indicator.applies_to(kind, year)
    )
    return FormSpec(form_id, kind, year, fields, stamp)


def moved_from(form_id: int) -> dict[int, tuple[tuple[int, Decimal], ...]]:
    """Former indicators whose answers go on in a field of this form: target → (source, factor)."""
    found: dict[int, tuple[tuple[int, Decimal], ...]] = {}
    for move in FieldMove.objects.filter(form_id=form_id, target__isnull=False).order_by("pk"):
        found[move.target_id] = (*found.get(move.target_id, ()), (move.source_id, move.factor))
    return found


def describe_field(
    item: FormField, year: int, moves: tuple[tuple[int, Decimal], ...] = ()
) -> FieldSpec:
    """One field in the version of its indicator that holds in ``year``."""
    indicator, section = item.indicator, item.indicator.section
    version = indicator.version_for(year)
    factor = conversion_factor(list(indicator.versions.all()), year - 1, year)
    return FieldSpec(
        pk=indicator.pk,
        code=indicator.code,
        section=SectionSpec(section.pk, section.code, section.title),
        title=version.title,
        unit=version.unit,
        hint=indicator.hint,
        definition=version.definition,
        legal_base=version.legal_base,
        source=version.source,
        owner=indicator.owner,
        federal_form=indicator.federal_form,
        value_type=indicator.value_type,
        decimals=version.decimals,
        choices=tuple((code, label) for code, label in indicator.choices),
        retired_choices=frozenset(indicator.retired_choices),
        min_value=indicator.min_value,
        max_value=indicator.max_value,
        formula=version.formula,
        direction=indicator.direction,
        aggregation=indicator.aggregation,
        is_required=item.is_required and not version.formula,
        asks_plan=item.asks_plan and not version.formula,
        prefill=item.prefill,
        before=((indicator.pk, factor), *moves),
    )
