"""Answers of a form that are unusual beside similar municipalities and beside last year's.

What is usual is learnt from the newest snapshot and kept in a file under the snapshot's hash. A page
never waits for it: while there is none yet, nothing is unusual.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import pandas as pd
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from annual_report.enums import Severity
from annual_report.models import Campaign, Snapshot
from annual_report.selectors import FilledForm
from annual_report.services import cubes
from annual_report.services.checks import Problem
from annual_report.services.snapshots import load_catalogue, snapshot_folders
from annual_report.statistics import outliers
from annual_report.statistics.wording import describe

#: Counts up when the method changes, so that older files are made anew.
VERSION = 1
POPULATION = "A05"
PLACES = ["oktmo", "kind", "region", "district", "population"]
#: Seconds for which the choice of the snapshot, and the asking to learn it, are remembered.
REMEMBERED = 300


def unusual_problems(form: FilledForm, only: Collection[str] | None = None) -> list[Problem]:
    """Notices about the form's unusual answers, the most unusual first, five at most.

    ``only`` these indicators where a save needs no more: looking at all of them takes longer than
    the save.
    """
    if only is not None and not only:
        return []
    model = usual_model(form.submission.campaign)
    if model is None:
        return []
    hint = "Если значение верно, ничего делать не нужно. Если нет — исправьте его."
    problems = []
    for finding in outliers.find(model, form_data(form, only)):
        indicator = form.cells[finding.code].indicator
        text = describe(finding, indicator.unit, indicator.decimals)
        problems.append(
            Problem(
                Severity.NOTICE,
                f"U-{finding.code}",
                f"{indicator.title}: {text}",
                hint,
                (finding.code,),
            )
        )
    return problems


def form_data(form: FilledForm, only: Collection[str] | None = None) -> outliers.Data:
    """The asked numbers of one form, this year's and last year's, with its strata."""
    cells = [cell for cell in form.asked if only is None or cell.code in only]
    population = form.cells.get(POPULATION)
    place = form.submission.municipality
    region = form.submission.region
    now = {cell.code: number(cell.value) for cell in cells}
    then = {cell.code: number(cell.previous) for cell in cells}
    register = pd.DataFrame(
        {
            "kind": [form.spec.kind],
            "region": [region.code],
            "district": [region.federal_district.code],
            "population": [number(population.value if population else None)],
        }
    )
    index = [place.oktmo]
    return outliers.Data(pd.DataFrame(now, index=index), register, pd.DataFrame(then, index=index))


def number(value) -> float:
    return float("nan") if value is None else float(value)


def usual_model(campaign: Campaign) -> outliers.Model | None:
    """What is usual for a campaign, or None while it has not been learnt; then that is asked for."""
    key = f"annual_report:usual:{campaign.pk}"
    known = cache.get(key)
    if known is None:
        snapshot = reference_snapshot(campaign)
        known = (snapshot.pk, snapshot.sha256) if snapshot else ()
        cache.set(key, known, REMEMBERED)
    if not known:
        return None
    pk, sha256 = known
    path = model_path(sha256)
    if path.exists():
        return read_model(path)
    if cache.add(f"annual_report:usual-asked:{pk}", 1, REMEMBERED):
        transaction.on_commit(
            lambda: current_app.send_task("annual_report.learn_usual", kwargs={"snapshot_id": pk})
        )
    return None


def reference_snapshot(campaign: Campaign) -> Snapshot | None:
    """The newest snapshot of the main form, of this year or an earlier one."""
    return (
        Snapshot.objects.filter(campaign__is_main=True, campaign__year__lte=campaign.year)
        .order_by("-campaign__year", "-created_at")
        .first()
    )


def model_path(sha256: str) -> Path:
    return settings.DATA_ROOT / "usual" / f"{sha256[:32]}-v{VERSION}.parquet"


def learn_usual(snapshot: Snapshot) -> Path:
    """Learn what is usual from a snapshot's newest two years, unless that was done before."""
    path = model_path(snapshot.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not path.exists():
            partial = path.with_suffix(".partial")
            outliers.to_table(fit_snapshot(snapshot)).to_parquet(partial)
            partial.replace(path)
    return path


def fit_snapshot(snapshot: Snapshot) -> outliers.Model:
    """What is usual in the approved answers of the snapshot's own year."""
    scales = {
        row["code"]: outliers.scale_for(row["value_type"], row["unit"], row["aggregation"])
        for row in load_catalogue(snapshot)
        if not row["formula"]
    }
    codes = [code for code, scale in scales.items() if scale]
    years = sorted(snapshot_folders(snapshot))[-2:]
    tables = cubes.open_years(snapshot, years, [*PLACES, *codes])
    frames = {year: table.to_pandas().set_index("oktmo") for year, table in tables.items()}
    current = frames[years[-1]]
    previous = frames[years[0]][codes] if len(years) == 2 else None
    data = outliers.Data(current[codes], current.reset_index()[PLACES[1:]], previous)
    return outliers.fit(data, scales)


@lru_cache(maxsize=4)
def read_model(path: Path) -> outliers.Model:
    return outliers.from_table(pd.read_parquet(path))
