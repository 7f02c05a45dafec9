"""Versions of an indicator over reporting years: which one holds, and how values carry over.

A version begins with a reporting year and holds until the next one begins. Its ``conversion``
multiplies a value of the version before it into its own unit; no conversion is a break in the
series, and values on its two sides must not be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar


class Version(Protocol):
    @property
    def number(self) -> int: ...

    @property
    def from_year(self) -> int: ...

    @property
    def conversion(self) -> Decimal | None: ...


AnyVersion = TypeVar("AnyVersion", bound=Version)


def version_for(versions: Iterable[AnyVersion], year: int) -> AnyVersion | None:
    """The version that holds in ``year``; a year before the first has the first; None of none."""
    ordered = sorted(versions, key=lambda version: version.number)
    started = [version for version in ordered if version.from_year <= year]
    if started:
        return started[-1]
    return ordered[0] if ordered else None


def conversion_factor(versions: Sequence[Version], from_year: int, to_year: int) -> Decimal | None:
    """What a value of ``from_year`` is multiplied by to read it in the unit of ``to_year``.

    None says that a break in the series lies between the two years. Years may run backwards.
    """
    if from_year > to_year:
        factor = conversion_factor(versions, to_year, from_year)
        return None if factor is None else Decimal(1) / factor
    first, last = version_for(versions, from_year), version_for(versions, to_year)
    if first is None or last is None:
        return Decimal(1)
    factor = Decimal(1)
    for version in sorted(versions, key=lambda version: version.number):
        if first.number < version.number <= last.number:
            if version.conversion is None:
                return None
            factor *= version.conversion
    return factor
