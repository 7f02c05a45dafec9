"""Changing what an indicator means without changing what was filed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from annual_report.models import Indicator, IndicatorVersion
from annual_report.models.catalogue import TEXTS
from annual_report.services.catalogue import ensure_first_version
from annual_report.services.catalogue_checks import check_formula, last_filed_year
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record


@transaction.atomic
def add_version(
    *,
    indicator: Indicator,
    from_year: int,
    conversion: Decimal | None,
    note: str,
    by: User | None,
    **texts: Any,
) -> IndicatorVersion:
    """Give ``indicator`` new ``texts`` (names in TEXTS and ``note_en``) from a reporting year on.

    ``conversion`` multiplies a value of the version before into the new unit; None marks a break in
    the series, which may be all that changes. Raises ValidationError when the year would give filed
    values another meaning, when nothing changes, or when the reason is missing.
    """
    locked = Indicator.objects.select_for_update().get(pk=indicator.pk)
    ensure_first_version(indicator=locked)
    newest = locked.versions.order_by("-number")[0]
    note_en = texts.pop("note_en", "")
    changed = {name: value for name, value in texts.items() if getattr(newest, name) != value}
    _check_version(newest, from_year, conversion, note, changed)
    _check_filed(locked, from_year)
    for name, value in changed.items():
        setattr(locked, name, value)
    locked.full_clean()
    locked.save()
    version = IndicatorVersion.objects.create(
        indicator=locked,
        number=newest.number + 1,
        from_year=from_year,
        conversion=conversion,
        note=note.strip(),
        note_en=note_en,
        created_by=by,
        **{name: getattr(locked, name) for name in TEXTS},
    )
    record(
        action="annual_report.indicator_version",
        by=by,
        subject=locked,
        number=version.number,
        from_year=from_year,
        conversion=None if conversion is None else str(conversion),
    )
    indicator.refresh_from_db()
    return version


def _check_version(newest, from_year, conversion, note, changed) -> None:
    unknown = set(changed) - set(TEXTS)
    if unknown:
        raise TypeError(f"not texts of a version: {sorted(unknown)}")
    if not changed and conversion is not None:
        raise ValidationError(
            "Новая версия ничем не отличается от прежней. Измените название, единицу, определение "
            "или формулу. Если изменилась только методика источника, оставьте коэффициент пустым: в "
            "ряду будет отмечен разрыв."
        )
    if from_year <= newest.from_year:
        raise ValidationError(
            f"Версия {newest.number} действует с {newest.from_year} года. Новая должна начинаться "
            f"позже: с {newest.from_year + 1} года."
        )
    if not note.strip():
        raise ValidationError("Напишите, что изменилось и почему: это увидят читатели доклада.")
    if conversion is not None and conversion <= 0:
        raise ValidationError(
            "Коэффициент пересчёта больше нуля. Если пересчитать нельзя, оставьте поле пустым: "
            "в ряду будет отмечен разрыв."
        )
    if (
        conversion is None
        and changed
        and set(changed) <= {"title", "title_en", "source", "source_en"}
    ):
        raise ValidationError(
            "Изменились только слова, а единица и смысл прежние: укажите коэффициент 1, чтобы ряд "
            "не прервался."
        )
    check_formula(changed.get("formula", ""))


def _check_filed(indicator: Indicator, from_year: int) -> None:
    filed = last_filed_year(indicator)
    if filed is not None and from_year <= filed:
        raise ValidationError(
            f"За {filed} год уже есть значения показателя {indicator.code} или идёт их сбор: они "
            f"даны в прежнем смысле. Начните новую версию с {filed + 1} года."
        )


@transaction.atomic
def sync_newest_version(*, indicator: Indicator) -> None:
    """After a plain edit of words: the newest version says what the indicator says."""
    ensure_first_version(indicator=indicator)
    newest = indicator.versions.order_by("-number")[0]
    texts = {name: getattr(indicator, name) for name in TEXTS}
    if any(getattr(newest, name) != value for name, value in texts.items()):
        for name, value in texts.items():
            setattr(newest, name, value)
        newest.save()


@transaction.atomic
def retire_indicator(*, indicator: Indicator, by: User | None) -> None:
    """Ask it no more. Its code, values and pages stay; no other indicator ever gets the code."""
    Indicator.objects.filter(pk=indicator.pk).update(is_retired=True)
    indicator.is_retired = True
    record(action="annual_report.indicator_retired", by=by, subject=indicator)
