"""An invented federal data set, written as such files are and taken in by the real import."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
from django.core.files.base import ContentFile

from annual_report.demo.values import SEED, make_values
from annual_report.models import Campaign, Dataset, ImportMapping
from annual_report.services import observations
from okmo_portal.accounts.models import User

MAPPING = "demo-bdpmo"
#: Indicator → its name and unit in the file, and what turns the catalogue's unit into the file's.
PUBLISHED = {
    "A05": ("Численность постоянного населения", "человек", 1),
    "D01": ("Доходы местного бюджета, фактически исполнено", "рубль", 1000),
    "G01": ("Число субъектов малого и среднего предпринимательства", "единица", 1),
}
#: How many of the published figures are not what the municipality files, and by how much at most.
DIFFERENT, BY = 0.03, 0.12


def load_federal(campaign: Campaign, staff: User) -> None:
    """The campaign's year: before forms are filled from federal data."""
    name = f"bdpmo-{campaign.year}.csv"
    content = write_file(campaign).encode("windows-1251", "replace")
    run = observations.register_file(
        file=ContentFile(content, name), dataset=dataset(), chosen=mapping(staff), by=staff
    )
    run = observations.check_file(run=run, by=staff)
    observations.take_file(run=run, by=staff)


def dataset() -> Dataset:
    row, _created = Dataset.objects.get_or_create(
        code=MAPPING,
        defaults={
            "title": "Показатели муниципальных образований (вымышленный образец)",
            "title_en": "Indicators of municipalities (invented sample)",
            "publisher": "Вымышленное ведомство",
            "source": "База показателей муниципальных образований, вымышленный образец",
            "source_en": "Database of municipal indicators, an invented sample",
            "licence": "Данные образца, не для использования",
            "is_federal": True,
        },
    )
    return row


def mapping(staff: User) -> ImportMapping:
    units = {"человек": "1", "единица": "1", "рубль": "0.001", "тысяча рублей": "1"}
    row, _created = ImportMapping.objects.get_or_create(
        name=MAPPING,
        defaults={
            "title": "Выгрузка базы показателей муниципальных образований",
            "dataset": dataset(),
            "created_by": staff,
            "columns": {
                "territory": {"column": "ОКТМО"},
                "indicator": {"column": "Показатель"},
                "period": {"column": "Год"},
                "unit": {"column": "Единица", "multipliers": units},
                "values": [{"column": "Значение"}],
            },
            "options": {
                "decimal": ",",
                "indicators": {name: code for code, (name, _unit, _factor) in PUBLISHED.items()},
                "skip": ["group_codes"],
                "repairs": ["leading_zero"],
            },
        },
    )
    return row


def write_file(campaign: Campaign) -> str:
    """Codes have lost their zero, totals of regions stand between, two rows are wrong."""
    columns = ["pk", "municipality", "parent", "kind", "name", "oktmo", "region", "prefix"]
    rows = campaign.submissions.order_by("pk").values_list(
        "pk", "municipality_id", "municipality__parent_id", "municipality__kind",
        "municipality__name", "municipality__oktmo", "region__name", "region__oktmo_prefix",
    )  # fmt: skip
    frame = pd.DataFrame(list(rows), columns=columns)
    places = pd.Series(frame.index, index=frame["municipality"])
    values = make_values(frame["kind"], campaign.year, frame["parent"].map(places))
    generator = np.random.default_rng(SEED + 101 * campaign.year)
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            "Субъект РФ",
            "Муниципальное образование",
            "ОКТМО",
            "Показатель",
            "Единица",
            "Год",
            "Значение",
        ]
    )
    for code, (name, unit, factor) in PUBLISHED.items():
        published = publish(values[code], generator) * factor
        tail = [name, unit, campaign.year]
        for (region, prefix), group in frame.groupby(["region", "prefix"], sort=False):
            total = published[group.index].sum()
            writer.writerow([region, "Всего", f"{prefix:0<8}".lstrip("0"), *tail, shown(total)])
            writer.writerows(
                [region, row.name_, row.oktmo.lstrip("0"), *tail, shown(published[row.Index])]
                for row in group.rename(columns={"name": "name_"}).itertuples()
            )
    last = frame.iloc[-1]
    writer.writerow([last["region"], "Упразднённый район", "99999000", *tail, "12"])
    writer.writerow(
        [last["region"], "Опечатка", last["oktmo"], "Площадь лесов", "га", campaign.year, "…"]
    )
    return target.getvalue()


def publish(values: pd.Series, generator: np.random.Generator) -> pd.Series:
    """Most figures as municipalities file them; a few differ, as in life."""
    other = generator.random(len(values)) < DIFFERENT
    change = 1 + generator.uniform(-BY, BY, len(values))
    return (values * np.where(other, change, 1)).round(0 if (values % 1 == 0).all() else 1)


def shown(value: float) -> str:
    return f"{value:.1f}".replace(".", ",").removesuffix(",0")
