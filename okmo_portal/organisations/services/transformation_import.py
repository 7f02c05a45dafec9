"""Taking the municipal reference into the register: rows, codes and transformations, or nothing.

The register that is there describes one year (the 2019 register: 2019); records of that year are its
rows. Earlier and later records become rows of their own, joined by changes dated 1 January. Nothing
that is there is rewritten: rows get the end, or the unknown beginning, that the reference gives.
A second run finds its own codes and changes and does nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction

from okmo_portal.audit.services import record
from okmo_portal.core.text import sort_key
from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.mo_ref import (
    SYSTEM,
    Event,
    MoRefFileError,
    Record,
    Reference,
    Remark,
    likeness,
    same_place,
)
from okmo_portal.organisations.models import (
    Municipality,
    MunicipalityChange,
    Region,
    TerritoryCode,
)
from okmo_portal.organisations.models.territory import MunicipalityStatus
from okmo_portal.organisations.oktmo import check_digit
from okmo_portal.organisations.services.genealogy import load_genealogy
from okmo_portal.organisations.services.transformation_plan import Plan, close, write_codes
from okmo_portal.organisations.services.transformations import heir_of
from okmo_portal.search.services import refresh_search

LAW = "Закон в источнике не назван (справочник муниципальных образований СберИндекса, mo_ref)"
NOTE = "Источник называет только год; датой принято 1 января."
#: Any fixed number: two imports at once would both find nothing and both write.
IMPORT_LOCK = 7_210_022


@dataclass
class ImportResult:
    """Counts of what was found and done; ``remarks`` name every record that needs a person."""

    read: int = 0
    #: The year that the register's open rows describe; None when nothing new had to be matched.
    register_year: int | None = None
    matched: int = 0
    created: int = 0
    known: int = 0
    refused: int = 0
    codes_added: int = 0
    codes_changed: int = 0
    events: Counter = field(default_factory=Counter)
    events_known: int = 0
    events_refused: int = 0
    settlements_joined: int = 0
    settlements_moved: int = 0
    #: What became of forms and the like, see ``consequences``.
    consequences: int = 0
    remarks: list[Remark] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(
            self.created or self.codes_added or self.codes_changed or sum(self.events.values())
        )


@transaction.atomic
def import_transformations(
    *,
    reference: Reference,
    by: Any,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> ImportResult:
    """Add what the reference knows and the register does not; with ``dry_run`` roll it back.

    ``progress`` hears a few words before each step. Raises MoRefFileError when no code of the file is in the register: then the register is missing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    progress("Сверка с реестром")
    run = _Import(reference, by)
    run.place_records()
    for event in reference.events:
        run.take_event(event)
    run.report_rest()
    progress("Запись преобразований")
    run.write()
    result = run.result
    if result.changed:
        load_genealogy().check()
        record(
            action="organisations.transformations_imported",
            by=by,
            created=result.created,
            events=sum(result.events.values()),
            settlements=result.settlements_joined,
            refused=result.refused,
        )
        transaction.on_commit(refresh_search)
    if dry_run:
        transaction.set_rollback(True)
    return result


class _Import:
    """One run: the register in memory, what becomes of it, and the writing."""

    def __init__(self, reference: Reference, by: Any):
        self.reference, self.by = reference, by if getattr(by, "pk", None) else None
        self.result = ImportResult(read=reference.read, remarks=list(reference.remarks))
        self.rows = list(Municipality.objects.filter(oktmo__endswith="000").order_by("pk"))
        self.regions = dict(Region.objects.values_list("oktmo_prefix", "pk"))
        self.place: dict[Record, Municipality] = {}
        #: Rows of each code, and the record that a row was found to be: codes pass on in time.
        self.by_code: dict[str, list[Municipality]] = defaultdict(list)
        for row in self.rows:
            self.by_code[row.oktmo].append(row)
        self.record_of: dict[int, Record] = {}
        self.children: dict[int, list[Municipality]] = defaultdict(list)
        for child in Municipality.objects.filter(parent__isnull=False, valid_to=None):
            self.children[id_of(child.parent_id)].append(child)
        self.known_changes = _changes_by_predecessor()
        self.known_keys = set(
            MunicipalityChange.objects.exclude(source_key="").values_list("source_key", flat=True)
        )
        self.begun = {item for event in reference.events for item in event.successors}
        self.refused: set[Record] = set()
        self.plan = Plan()

    # --- records and rows ---------------------------------------------------------------------------

    def place_records(self) -> None:
        """Find each record's row: by its code of an earlier run, else by OKTMO and years."""
        pending = self._by_known_codes()
        if pending:
            year = self._register_year(pending)
            self.result.register_year = year
            self._claim(pending, year)
        for item in self.reference.records:
            if item not in self.place and item not in self.begun:
                self._create(item, self._is_missing(item))

    def _by_known_codes(self) -> list[Record]:
        rows = {row.pk: row for row in self.rows}
        known = {
            (code.code, code.year_from): rows[code.municipality_id]
            for code in TerritoryCode.objects.filter(system=SYSTEM)
            if code.municipality_id in rows
        }
        pending = []
        for item in self.reference.records:
            row = known.get((item.territory, item.year_from))
            if row is None or row.oktmo != item.oktmo:
                pending.append(item)
                continue
            self._put(item, row)
            self.result.known += 1
        return pending

    def _register_year(self, pending: Iterable[Record]) -> int | None:
        """The year whose records agree best with the open rows of the register."""
        open_codes = {row.oktmo for row in self.rows if row.valid_to is None}
        years: Counter = Counter()
        end = max(item.year_from for item in self.reference.records) + 1
        for item in pending:
            if item.oktmo in open_codes:
                years.update(range(item.year_from, item.year_to or end))
        if not years:
            if not self.place:
                raise MoRefFileError(
                    "Ни одного кода из файла нет в реестре портала. Сначала загрузите реестр: "
                    "manage.py import_oktmo ФАЙЛ."
                )
            return None
        best = max(years.values())
        return min(year for year, number in years.items() if number == best)

    def _claim(self, pending: Iterable[Record], year: int | None) -> None:
        by_code: dict[str, list[Record]] = defaultdict(list)
        for item in pending:
            by_code[item.oktmo].append(item)
        taken = {row.pk for row in self.place.values()}
        for row in self.rows:
            if row.pk in taken or row.status == MunicipalityStatus.REVIEW:
                continue
            fitting = [item for item in by_code[row.oktmo] if self._fits(item, row)]
            if not fitting or year is None:
                continue
            item = min(fitting, key=lambda one: (_distance(one, year), one.year_from))
            if item in self.place or not self._agrees(item, row):
                continue
            self._put(item, row)
            self.result.matched += 1
            if not item.in_year(year):
                self._note_other_years(item, year)

    def _put(self, item: Record, row: Municipality) -> None:
        self.place[item], self.record_of[id(row)] = row, item

    def _note_other_years(self, item: Record, year: int) -> None:
        time = f"до {item.year_to} года" if item.year_from < year else f"с {item.year_from} года"
        self.result.remarks.append(
            Remark(
                item.line, item.oktmo, item.name,
                f"в реестре портала за {year} год есть, а по справочнику действует {time}",
                "Взята дата справочника. Сверьте её с законом.",
                refused=False,
            )
        )  # fmt: skip

    def _fits(self, item: Record, row: Municipality) -> bool:
        """Whether a row's known dates allow it to be this record.

        What an event began has begun on its day; of other records the file's first year says no
        more than that they were there.
        """
        begins, ends = date(item.year_from, 1, 1), item.year_to and date(item.year_to, 1, 1)
        if row.valid_to is not None and row.valid_to != ends:
            return False
        if row.valid_from is None:
            return True
        if item in self.begun:
            return row.valid_from == begins
        return row.valid_from < (ends or date.max)

    def _agrees(self, item: Record, row: Municipality) -> bool:
        """The same code must be the same kind and place; else a person must look."""
        kinds = {row.kind, item.kind}
        divided = {Kind.URBAN_OKRUG, Kind.URBAN_OKRUG_WITH_DISTRICTS}
        if len(kinds) > 1 and not kinds <= divided:
            self._refuse(
                item,
                f"в реестре портала это {row.get_kind_display()}, в файле {item.kind.label}",
                "Сверьте с законом и исправьте вид в файле или внесите изменение вида.",
            )
        elif not same_place(item.name, row.name):
            self._refuse(
                item,
                f"в реестре портала под этим кодом «{row.name}»",
                "Исправьте код в файле или название в реестре.",
            )
        else:
            return True
        self.refused.add(item)
        return False

    def _refuse(self, item: Record, reason: str, mend: str) -> None:
        self.result.remarks.append(Remark(item.line, item.oktmo, item.name, reason, mend))

    def _is_missing(self, item: Record) -> bool:
        year = self.result.register_year
        return year is not None and item.in_year(year)

    def _create(self, item: Record, missing: bool) -> Municipality | None:
        """A row that the register lacks; None (and a remark) where its code or region forbids it."""
        if item in self.refused:
            return None
        region = self.regions.get(item.oktmo[:3]) or self.regions.get(item.oktmo[:2])
        holder = next((row for row in self.by_code[item.oktmo] if self._meet(item, row)), None)
        if region is None or holder is not None:
            self.refused.add(item)
            self._refuse(
                item,
                "код не относится ни к одному субъекту РФ"
                if holder is None
                else f"код в эти годы в реестре занят: «{holder.name}»",
                "Исправьте код или годы в файле или внесите преобразование вручную.",
            )
            return None
        row = Municipality(
            oktmo=item.oktmo,
            check_digit=check_digit(item.oktmo),
            name=item.name,
            kind=item.kind,
            region_id=region,
            centre=item.centre,
            valid_from=self._beginning(item),
            sort_key=sort_key(item.name),
        )
        self._put(item, row)
        self.by_code[item.oktmo].append(row)
        self.plan.new_rows.append(row)
        if missing:
            self.result.remarks.append(
                Remark(
                    item.line, item.oktmo, item.name,
                    f"в реестре портала за {self.result.register_year} год такого кода нет, "
                    "строка добавлена по справочнику",
                    "Если в реестре есть прежнее муниципальное образование этой территории, "
                    "внесите преобразование вручную.",
                    refused=False,
                )
            )  # fmt: skip
        return row

    def _meet(self, item: Record, row: Municipality) -> bool:
        """Whether a row of the same code has a day in common with the record."""
        other = self.record_of.get(id(row))
        if other is not None:
            return item.overlaps(other)
        begins, ends = date(item.year_from, 1, 1), item.year_to and date(item.year_to, 1, 1)
        return (row.valid_from or date.min) < (ends or date.max) and begins < (
            row.valid_to or date.max
        )

    def _beginning(self, item: Record) -> date | None:
        """The file's first year says nothing of when a municipality began."""
        if item.year_from == self.reference.first_year:
            return None
        return date(item.year_from, 1, 1)

    # --- events ---------------------------------------------------------------------------------------

    def take_event(self, event: Event) -> None:
        key, day = f"{SYSTEM}:{event.key}", date(event.year, 1, 1)
        if key in self.known_keys:
            self.result.events_known += 1
            return
        old = [self.place[item] for item in event.predecessors if item in self.place]
        problem = self._why_not(event, old, day)
        if problem:
            self._refuse_event(event, problem)
            return
        if self._is_known(event, old, day):
            self.result.events_known += 1
            return
        change = MunicipalityChange(
            kind=event.kind, date=day, law=LAW, note=NOTE, source_key=key, recorded_by=self.by
        )
        new = self._begin(event, day)
        if new is None:
            self._refuse_event(event, "преемника записать нельзя")
            return
        self._end(old, day)
        self.plan.add_change(change, old, new)
        self.result.events[event.kind] += 1
        self._take_settlements(change, old, new)

    def _why_not(self, event: Event, old: list[Municipality], day: date) -> str:
        if len(old) < len(event.predecessors):
            return "предшественник не взят"
        for row in old:
            if row.valid_to is not None and row.valid_to != day:
                return f"«{row.name}» в реестре прекращено {row.valid_to:%d.%m.%Y}"
            change = self.known_changes.get(row.pk)
            if change is not None and change.date != day:
                return f"«{row.name}» уже преобразовано {change.date:%d.%m.%Y}"
        return ""

    def _refuse_event(self, event: Event, problem: str) -> None:
        self.result.events_refused += 1
        for item in (*event.predecessors, *event.successors):
            self._refuse(
                item,
                f"{event.kind.label} {event.year} года не внесено: {problem}",
                "Внесите это преобразование вручную или исправьте реестр и повторите загрузку.",
            )
        self.refused.update(item for item in event.successors if item not in self.place)

    def _is_known(self, event: Event, old: list[Municipality], day: date) -> bool:
        """Staff entered it by hand, with its law: that entry stands."""
        change = self.known_changes.get(old[0].pk)
        if change is None:
            return False
        heirs = {row.oktmo: row for row in change.successors.all()}
        for item in event.successors:
            if item not in self.place and item.oktmo in heirs:
                self._put(item, next(one for one in self.rows if one.pk == heirs[item.oktmo].pk))
                self.result.matched += 1
        return all(item in self.place for item in event.successors)

    def _begin(self, event: Event, day: date) -> list[Municipality] | None:
        """Rows of the successors; None where one of them cannot be written."""
        new = []
        for item in event.successors:
            row = self.place.get(item) or self._create(item, self._is_missing(item))
            if row is None:
                return None
            if row.valid_from is None:
                row.valid_from = day
                self.plan.dated.append(row)
            new.append(row)
        return new

    def _end(self, old: list[Municipality], day: date) -> None:
        for row in old:
            if row.valid_to is None:
                close(row, day)
                self.plan.ended.append(row)

    def _take_settlements(
        self, change: MunicipalityChange, old: list[Municipality], new: list[Municipality]
    ) -> None:
        """Settlements of an ended district pass to a district or join the okrug."""
        joining = []
        for row in old:
            for child in self.children.pop(id_of(row), []):
                heir = heir_of(child, new)
                if heir is not None:
                    self.plan.moved.append((change, child, child.parent_id, heir))
                    self.children[id_of(heir)].append(child)
                elif len(new) == 1:
                    joining.append(child)
                else:
                    self._report_unclear(child, change)
        if joining:
            for child in joining:
                close(child, change.date)
            part = MunicipalityChange(
                kind=ChangeKind.JOIN, date=change.date, law=LAW, note=NOTE, part_of=change,
                source_key=f"{change.source_key}:settlements", recorded_by=self.by,
            )  # fmt: skip
            self.plan.joined += joining
            self.plan.add_change(part, joining, new)

    def _report_unclear(self, child: Municipality, change: MunicipalityChange) -> None:
        self.result.remarks.append(
            Remark(
                0, child.oktmo, child.name,
                f"район преобразован {change.date:%d.%m.%Y} в несколько, и неясно, к какому "
                "отошло поселение",
                "Внесите его присоединение к одному из преемников или укажите, в состав чего оно "
                "входит.",
                refused=False,
            )
        )  # fmt: skip

    # --- what is left, and writing --------------------------------------------------------------------

    def report_rest(self) -> None:
        """Rows of the register that the reference does not know."""
        year = self.result.register_year
        if year is None:
            return
        placed = {row.pk for row in self.place.values() if row.pk}
        known = {item.oktmo for item in self.refused}
        day = date(year, 6, 30)
        for row in self.rows:
            if row.pk in placed or row.oktmo in known or not row.exists_on(day):
                continue
            if row.status != MunicipalityStatus.REVIEW:
                self.result.remarks.append(self._unknown_row(row))

    def _unknown_row(self, row: Municipality) -> Remark:
        alike = {
            (likeness(new.name, row.name), new.name, new.oktmo)
            for new in (*self.plan.new_rows, *self.rows)
            if new is not row and new.region_id == row.region_id and same_place(new.name, row.name)
        }
        hint = "".join(
            f" Похоже: «{name}» ({code})." for _how, name, code in sorted(alike, reverse=True)[:1]
        )
        return Remark(
            0, row.oktmo, row.name,
            f"есть в реестре портала, а в справочнике за {self.result.register_year} год нет",
            f"Если оно преобразовано раньше, внесите преобразование с законом вручную.{hint}",
            refused=False,
        )  # fmt: skip

    def write(self) -> None:
        self.plan.write()
        result = self.result
        result.consequences = self.plan.carry_consequences(self.by)
        result.codes_added, result.codes_changed = write_codes(self.place)
        result.created = len(self.plan.new_rows)
        result.refused = sum(remark.refused for remark in result.remarks)
        result.settlements_joined = len(self.plan.joined)
        result.settlements_moved = len(self.plan.moved)


def id_of(row: Municipality | int) -> int:
    """A key for rows that may not have a number yet."""
    if isinstance(row, int):
        return row
    return row.pk or -id(row)


def _changes_by_predecessor() -> dict[int, MunicipalityChange]:
    through = MunicipalityChange.predecessors.through
    pairs = through.objects.select_related("municipalitychange")
    return {pair.municipality_id: pair.municipalitychange for pair in pairs}


def _distance(item: Record, year: int) -> int:
    """Years between a record's time and ``year``; zero when it holds then."""
    if item.in_year(year):
        return 0
    return item.year_from - year if year < item.year_from else year - (item.year_to or year) + 1
