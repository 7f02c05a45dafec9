"""Four invented transformations away from the showcase region, with forms filed before and after."""

from datetime import date

from django.utils import timezone

from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.models import Municipality
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
)

REGION = "71"
LAW = "Закон субъекта РФ от 01.11.{year} № {number}-ОЗ (образец)"


def load_transformations() -> None:
    """A merger, a split, a change of kind and a renaming, on 1 January of the last reported year.

    The first of the demo's three campaigns asks the former municipalities, the others their heirs.
    Heirs get codes of their own: the demo's people are named by codes.
    """
    rows = Municipality.objects.filter(region__code=REGION).order_by("oktmo")
    districts = list(rows.filter(kind=Kind.MUNICIPAL_DISTRICT)[:2])
    town = rows.filter(kind=Kind.URBAN_OKRUG).first()
    okrug = rows.filter(kind=Kind.MUNICIPAL_OKRUG).first()
    other = Municipality.objects.filter(region__code="33", kind=Kind.MUNICIPAL_DISTRICT).first()
    prefix, kind_prefix = town.oktmo[:2], other.oktmo[:2]
    _record(
        1, ChangeKind.MERGE, districts,
        [(f"{prefix}591000", "Объединённый муниципальный округ", Kind.MUNICIPAL_OKRUG)],
    )  # fmt: skip
    _record(
        2, ChangeKind.SPLIT, [town],
        [(f"{prefix}791000", town.name, Kind.URBAN_OKRUG),
         (f"{prefix}792000", "городской округ Отделённый", Kind.URBAN_OKRUG)],
    )  # fmt: skip
    _record(
        3, ChangeKind.KIND, [other],
        [(f"{kind_prefix}591000", other.name.replace("район", "округ"), Kind.MUNICIPAL_OKRUG)],
    )  # fmt: skip
    _record(
        4, ChangeKind.RENAME, [okrug],
        [(f"{prefix}592000", "Переименованный муниципальный округ", okrug.kind)],
    )  # fmt: skip


def _record(number, kind, predecessors, heirs):
    year = timezone.localdate().year - 1
    record_transformation(
        kind=kind,
        date=date(year, 1, 1),
        law=LAW.format(year=year - 1, number=number),
        note="Пример преобразования для демонстрации.",
        predecessors=predecessors,
        successors=[NewMunicipality(*heir) for heir in heirs],
        by=None,
    )
