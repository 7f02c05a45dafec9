"""Municipalities for every region, in the shape of the real register."""

from dataclasses import dataclass
from datetime import date

from okmo_portal.core.text import sort_key
from okmo_portal.organisations.demo import names
from okmo_portal.organisations.enums import ChangeKind, RegionKind
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.models import Municipality, MunicipalityChange, Region
from okmo_portal.organisations.oktmo import check_digit


@dataclass(frozen=True)
class Scale:
    """How many of each kind a region gets; settlements are per municipal district."""

    urban_okrugs: int
    municipal_okrugs: int
    districts: int
    urban_settlements: int
    rural_settlements: int
    intracity: int


SCALES = {
    "small": Scale(1, 1, 2, 1, 2, 8),
    "full": Scale(7, 5, 20, 2, 9, 89),
}


def load_territory(*, scale: str) -> None:
    """Create the municipalities of all regions; about 900, or 22,000 at full scale."""
    shape = SCALES[scale]
    first_level, settlements = [], []
    for number, region in enumerate(Region.objects.order_by("code")):
        if region.kind == RegionKind.FEDERAL_CITY:
            first_level += _intracity(region, shape, number)
        else:
            districts = _districts(region, shape, number)
            first_level += districts + _okrugs(region, shape, number)
            for position, district in enumerate(districts):
                settlements += _settlements(district, shape, number + 31 * position)
    Municipality.objects.bulk_create(first_level, batch_size=2000)
    Municipality.objects.bulk_create(settlements, batch_size=2000)


def load_changes(*, region_code: str) -> None:
    """Two settlements of the showcase region that were merged, and one whose district is gone."""
    region = Region.objects.get(code=region_code)
    district = region.municipalities.filter(kind=Kind.MUNICIPAL_DISTRICT).order_by("oktmo").first()
    heir = district.children.filter(kind=Kind.RURAL_SETTLEMENT).order_by("oktmo").first()
    merged = date(2024, 1, 1)
    former = [
        Municipality.objects.create(
            oktmo=f"{district.oktmo[:5]}{490 + number}",
            check_digit=check_digit(f"{district.oktmo[:5]}{490 + number}"),
            name=f"{names.adjective(number + 20, 'ое')} сельское поселение (прежнее)",
            kind=Kind.RURAL_SETTLEMENT,
            region=region,
            parent=district,
            valid_to=merged,
            status="abolished",
        )
        for number in range(2)
    ]
    change = MunicipalityChange.objects.create(
        kind=ChangeKind.MERGE,
        date=merged,
        law="Закон субъекта РФ от 01.12.2023 № 1-ОЗ (образец)",
        note="Пример преобразования для демонстрации.",
    )
    change.predecessors.set(former)
    change.successors.set([heir])
    lost = f"{region.oktmo_prefix}699000"
    Municipality.objects.create(
        oktmo=f"{lost[:5]}401",
        check_digit=check_digit(f"{lost[:5]}401"),
        name="Потерянное сельское поселение",
        kind=Kind.RURAL_SETTLEMENT,
        region=region,
        missing_parent_oktmo=lost,
        status="review",
    )


def _code(region: Region, group: int, number: int) -> str:
    """First-level code; inside an autonomous okrug two digits are left after the prefix."""
    if len(region.oktmo_prefix) == 3:
        start = {3: 0, 5: 80, 6: 10, 7: 50}[group]
        return f"{region.oktmo_prefix}{start + number:02d}000"
    return f"{region.oktmo_prefix}{group}{number:02d}000"


def _municipality(region, code, name, kind, parent=None, centre="") -> Municipality:
    return Municipality(
        oktmo=code,
        check_digit=check_digit(code),
        name=name,
        kind=kind,
        region=region,
        parent=parent,
        centre=centre,
        sort_key=sort_key(name),
    )


def _intracity(region, shape, seed):
    return [
        _municipality(
            region,
            _code(region, 3, number),
            f"муниципальный округ {names.adjective(seed * 7 + number, 'ий')}",
            Kind.INTRACITY_TERRITORY,
        )
        for number in range(1, shape.intracity + 1)
    ]


def _districts(region, shape, seed):
    return [
        _municipality(
            region,
            _code(region, 6, number),
            f"{names.adjective(seed * 5 + number, 'ий')} муниципальный район",
            Kind.MUNICIPAL_DISTRICT,
            centre=f"с. {names.town(seed + number)}",
        )
        for number in range(1, shape.districts + 1)
    ]


def _okrugs(region, shape, seed):
    urban = [
        _municipality(
            region,
            _code(region, 7, number),
            f"городской округ {names.town(seed * 3 + number)}",
            Kind.URBAN_OKRUG,
            centre=f"г. {names.town(seed * 3 + number)}",
        )
        for number in range(1, shape.urban_okrugs + 1)
    ]
    municipal = [
        _municipality(
            region,
            _code(region, 5, number),
            f"{names.adjective(seed * 11 + number + 40, 'ий')} муниципальный округ",
            Kind.MUNICIPAL_OKRUG,
            centre=f"п. {names.town(seed + number + 9)}",
        )
        for number in range(1, shape.municipal_okrugs + 1)
    ]
    return urban + municipal


def _settlements(district, shape, seed):
    plan = (
        (Kind.URBAN_SETTLEMENT, 100, shape.urban_settlements, "городское поселение"),
        (Kind.RURAL_SETTLEMENT, 400, shape.rural_settlements, "сельское поселение"),
    )
    return [
        _municipality(
            district.region,
            f"{district.oktmo[:5]}{base + number:03d}",
            f"{names.adjective(seed * 13 + base // 100 + number, 'ое')} {words}",
            kind,
            parent=district,
            centre=f"с. {names.town(seed + base + number)}",
        )
        for kind, base, count, words in plan
        for number in range(1, count + 1)
    ]
