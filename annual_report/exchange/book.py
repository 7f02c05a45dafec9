"""All tables of the catalogue at once: a workbook out, and in again, all or nothing."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import Any

import tablib
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from import_export.results import RowResult

from annual_report.exchange.files import UnreadableFile, read_xlsx, write_xlsx
from annual_report.exchange.resources import (
    NAMES,
    TABLES,
    TableResource,
    VersionResource,
    column_of,
)
from annual_report.models import Indicator
from okmo_portal.accounts.models import User
from okmo_portal.audit.services import record


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken: its number in the sheet (the header is 1), its key, the reason."""

    number: int
    key: str
    reason: str


@dataclass
class TableReport:
    title: str
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass
class BookReport:
    """What came of an import; nothing is saved when anything was refused or only tried."""

    tables: list[TableReport]
    saved: bool = False

    @property
    def refused(self) -> int:
        return sum(len(table.refused) for table in self.tables)

    @property
    def changes(self) -> int:
        return sum(table.new + table.changed for table in self.tables)


def export_tables() -> list[tablib.Dataset]:
    result = []
    for resource in TABLES:
        dataset = resource().export()
        dataset.title = resource.title
        result.append(dataset)
    return result


def export_book() -> bytes:
    """The catalogue as XLSX, a sheet per table."""
    return write_xlsx(export_tables())


class _Undo(Exception):
    """Leave the transaction without saving."""


def import_book(*, content: bytes, by: User | None, dry_run: bool = False) -> BookReport:
    """Take the sheets that are there; raises UnreadableFile when there is none to take.

    Rows that are missing from the file stay: nothing of the catalogue is ever deleted. One refused
    row refuses the whole file.
    """
    sheets = read_xlsx(content)
    known = {resource.title: resource for resource in TABLES}
    strange = [name for name in sheets if name not in known]
    if strange or not sheets:
        raise UnreadableFile(
            "В книге нет листов каталога."
            if not sheets
            else f"Незнакомые листы: {', '.join(strange[:5])}. Нужны листы из выгрузки: "
            f"{', '.join(known)}."
        )
    report = BookReport([])
    try:
        with transaction.atomic():
            report.tables = _import_sheets(sheets)
            if dry_run or report.refused:
                raise _Undo
            if report.changes:
                record(
                    action="annual_report.catalogue_imported",
                    by=by,
                    tables={item.title: [item.new, item.changed] for item in report.tables},
                )
    except _Undo:
        return report
    report.saved = True
    return report


def _import_sheets(sheets: dict[str, tablib.Dataset]) -> list[TableReport]:
    """New versions of known indicators go first: they bring the newest texts with them."""
    reports = []
    versions = sheets.get(VersionResource.title)
    early: TableReport | None = None
    if versions is not None:
        known = set(Indicator.objects.values_list("code", flat=True))
        early = TableReport(VersionResource.title)
        import_table(VersionResource, versions, early, lambda row: row["показатель"] in known)
    for resource in TABLES:
        if resource.title not in sheets:
            continue
        report = early if resource is VersionResource and early else TableReport(resource.title)
        chosen = None
        if resource is VersionResource:
            chosen = lambda row: row["показатель"] not in known  # noqa: E731
        import_table(resource, sheets[resource.title], report, chosen)
        reports.append(report)
    return reports


def import_table(
    resource_class: type[TableResource],
    dataset: tablib.Dataset,
    report: TableReport,
    chosen: Any = None,
) -> None:
    """Import the rows that ``chosen`` takes (all by default) and add up into ``report``."""
    resource = resource_class()
    try:
        resource.before_import(dataset)
    except ValidationError as error:
        report.refused.append(RefusedRow(1, "", " ".join(error.messages)))
        return
    # The page shows counts and reasons: no cell is painted. The options belong to the class.
    resource._meta = copy(resource._meta)
    resource._meta.skip_html_diff = True
    loader = resource._meta.instance_loader_class(resource, dataset)
    for number, row in enumerate(dataset.dict, start=2):
        if chosen is not None and not chosen(row):
            continue
        report.read += 1
        result = resource.import_row(
            row, loader, dry_run=False, using_transactions=True, row_number=number
        )
        _count(resource_class, report, number, row, result)


def _count(resource_class, report: TableReport, number: int, row: dict, result: RowResult) -> None:
    if result.import_type == RowResult.IMPORT_TYPE_NEW:
        report.new += 1
    elif result.import_type == RowResult.IMPORT_TYPE_UPDATE:
        report.changed += 1
    elif result.import_type == RowResult.IMPORT_TYPE_SKIP:
        report.unchanged += 1
    else:
        names = [column_of(resource_class._meta.model, name) for name in resource_class.keys]
        key = ", ".join(str(row.get(name, "")) for name in names)
        report.refused.append(RefusedRow(number, key, reason_of(resource_class, result)))


def reason_of(resource_class: type[TableResource], result: RowResult) -> str:
    """Why a row was refused, in one line."""
    if result.validation_error is None:
        return " ".join(str(error.error) for error in result.errors)
    error = result.validation_error
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    parts = []
    for name, messages in error.message_dict.items():
        words = " ".join(messages)
        if name == NON_FIELD_ERRORS:
            parts.append(words)
        else:
            known = name in NAMES or name in resource_class.columns
            shown = column_of(resource_class._meta.model, name) if known else name
            parts.append(f"{shown}: {words}")
    return " ".join(parts)
