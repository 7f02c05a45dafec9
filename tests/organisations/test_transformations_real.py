"""The real reference of 2018 to 2024 over the real register of 2019, with exact counts."""

from collections import Counter
from datetime import date

import pytest
from django.core.management import call_command
from django.db import transaction

from annual_report.series import Measure, Reading, in_todays_borders
from okmo_portal.organisations import mo_ref
from okmo_portal.organisations.enums import ChangeKind
from okmo_portal.organisations.models import Municipality, MunicipalityChange, TerritoryCode
from okmo_portal.organisations.services.genealogy import load_genealogy, map_borders
from okmo_portal.organisations.services.transformation_import import import_transformations

# One worker loads the files once for all of these.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mo_ref")]

REGISTER = "oktmo-2019-full/oktmo_2019_flat_DERIVED.csv"
REFERENCE = "sberindex-bdmo/mo_ref.xlsx"
SETTLEMENT_KINDS = ["urban_settlement", "rural_settlement"]


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, shared_data):
    """The real files taken in once for this module's tests, and taken back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("import_oktmo", str(shared_data / REGISTER), stdout=_Quiet())
        before = snapshot()
        reference = mo_ref.read(shared_data / REFERENCE)
        result = import_transformations(reference=reference, by=None)
        yield {"result": result, "before": before, "reference": reference}
        transaction.set_rollback(True)


class _Quiet:
    def write(self, *args):
        pass


def snapshot():
    """What a row says of itself; the end and the beginning of its time may be added later."""
    fields = ("pk", "oktmo", "check_digit", "name", "kind", "region_id", "centre")
    return {item[0]: item[1:] for item in Municipality.objects.values_list(*fields)}


@pytest.fixture
def real(loaded, django_db_blocker):
    with django_db_blocker.unblock():
        yield loaded


def test_reference_of_2018_to_2024_is_taken_whole(real):
    result = real["result"]
    assert (result.read, result.register_year) == (3101, 2019)
    assert (result.matched, result.created, result.refused) == (2603, 498, 0)
    assert dict(result.events) == {
        ChangeKind.KIND: 436, ChangeKind.MERGE: 23, ChangeKind.TRANSFER: 9, ChangeKind.RENAME: 4,
        ChangeKind.CODE: 1, ChangeKind.SPLIT: 1,
    }  # fmt: skip
    assert (result.events_known, result.events_refused) == (0, 0)
    assert (result.settlements_joined, result.settlements_moved) == (3552, 45)
    assert (result.codes_added, result.codes_changed) == (3101, 0)
    assert TerritoryCode.objects.filter(system="mo_ref").count() == 3101


def test_what_needs_a_person_is_named_with_how_to_mend_it(real):
    remarks = real["result"].remarks
    assert Counter(remark.reason.split(",")[0][:24] for remark in remarks) == {
        "в реестре портала за 201": 19,
        "есть в реестре портала": 19,
        "район преобразован 01.01": 4,
    }
    assert all(remark.mend.endswith(".") for remark in remarks)
    gone = next(remark for remark in remarks if remark.oktmo == "44601000")
    assert "Похоже: «муниципальный округ Ольский» (44502000)." in gone.mend


def test_register_of_each_year_is_the_references(real):
    for year in range(2018, 2025):
        there = {item.oktmo for item in real["reference"].records if item.in_year(year)}
        rows = Municipality.objects.on(date(year, 6, 1)).filter(territory_codes__system="mo_ref")
        assert set(rows.values_list("oktmo", flat=True)) == there, year
        assert rows.count() == len(there)
    assert len(there) == 2594


def test_nothing_that_was_there_is_rewritten(real):
    after = snapshot()
    assert {key: after[key] for key in real["before"]} == real["before"]


def test_settlements_end_with_their_districts(real):
    joins = MunicipalityChange.objects.filter(kind="join", part_of__isnull=False)
    assert joins.count() == joins.filter(law__contains="Закон в источнике не назван").count()
    ended = Municipality.objects.filter(kind__in=SETTLEMENT_KINDS, valid_to__isnull=False)
    assert ended.count() == 3552
    okrugs = set(joins.values_list("successors__kind", flat=True))
    assert okrugs == {"municipal_okrug", "urban_okrug"}
    # Nobody lives in a district that has ended, but for the four that are reported.
    left = Municipality.objects.filter(valid_to=None, parent__valid_to__isnull=False)
    assert left.count() == 4


def test_changes_are_dated_and_honest_about_the_law(real):
    changes = MunicipalityChange.objects.filter(part_of=None)
    assert changes.count() == 474
    assert set(changes.values_list("date__month", "date__day")) == {(1, 1)}
    assert not changes.exclude(law__contains="Закон в источнике не назван").exists()


def test_map_of_2018_in_the_borders_of_2024(real):
    genealogy = load_genealogy()
    genealogy.check()
    borders = map_borders(date(2018, 6, 1), date(2024, 6, 1))
    current = set(
        Municipality.objects.on(date(2024, 6, 1))
        .filter(territory_codes__system="mo_ref")
        .values_list("pk", flat=True)
    )
    broken = {key for key in current if not borders.is_comparable(key)}
    # Nine exchanges of land less Saratov's, which united later, and Sochi's split: 8 × 2 + 2.
    assert len(broken) == 18
    sochi = Municipality.objects.get(oktmo="03726000", valid_to=None)
    sources, targets = borders.group_of(sochi.pk)
    assert [row.name for row in Municipality.objects.filter(pk__in=targets).order_by("oktmo")] == [
        "городской округ город-курорт Сочи", "городской округ Сириус",
    ]  # fmt: skip
    assert len(sources) == 1


def test_second_run_changes_nothing(real):
    before = (Municipality.objects.count(), MunicipalityChange.objects.count())
    result = import_transformations(reference=real["reference"], by=None)
    assert not result.changed
    assert (result.known, result.events_known, result.created) == (3101, 474, 0)
    assert (Municipality.objects.count(), MunicipalityChange.objects.count()) == before


def test_register_taken_again_brings_nothing_back_to_life(real, shared_data, capsys):
    before = snapshot(), Municipality.objects.filter(valid_to=None).count()
    call_command("import_oktmo", str(shared_data / REGISTER))
    assert (snapshot(), Municipality.objects.filter(valid_to=None).count()) == before
    assert "добавлено 0, изменено 0" in capsys.readouterr().out


def test_each_of_the_real_unions_is_whole(real):
    """The file's own numbers of unions against the graph made of them."""
    borders = map_borders(date(2018, 6, 1), date(2024, 6, 1))
    rows = {
        (code.code, code.year_from): code.municipality_id
        for code in TerritoryCode.objects.filter(system="mo_ref")
    }
    checked = 0
    for event in real["reference"].events:
        if event.kind != ChangeKind.MERGE:
            continue
        heir = event.successors[0]
        if heir.year_to is not None:
            continue
        old = {rows[item.territory, item.year_from] for item in event.predecessors}
        target = rows[heir.territory, heir.year_from]
        if any(item.year_from != 2018 for item in event.predecessors):
            continue
        assert set(borders.sources_of(target)) == old, event.key
        assert borders.is_comparable(target)
        checked += 1
    assert checked == 16


#: How many real unions and changes of kind are followed from end to end.
FOLLOWED = 20


def test_twenty_real_transformations_keep_their_sums(real):
    """Each predecessor reports its own number; today's series is their sum, old rows untouched."""
    genealogy = load_genealogy()
    rows = {
        (code.code, code.year_from): code.municipality_id
        for code in TerritoryCode.objects.filter(system="mo_ref")
    }
    today = date(2024, 6, 1).toordinal()
    events = [
        event
        for event in real["reference"].events
        if event.kind in (ChangeKind.MERGE, ChangeKind.KIND)
        and event.successors[0].year_to is None
        and all(item.year_from == 2018 for item in event.predecessors)
    ]
    events.sort(key=lambda event: (-len(event.predecessors), event.key))
    before = snapshot()
    for event in events[:FOLLOWED]:
        old = [rows[item.territory, item.year_from] for item in event.predecessors]
        target = rows[event.successors[0].territory, event.year]
        reported = {key: float(1000 + 7 * place) for place, key in enumerate(old)}
        readings = {
            (key, year): Reading(value, value, 10.0)
            for key, value in reported.items()
            for year in range(2018, event.year)
        } | {(target, year): Reading(5.0, 5.0, 10.0) for year in range(event.year, 2025)}
        days = {year: [date(year, 6, 1).toordinal()] for year in range(2018, 2025)}
        for measure, total in (
            (Measure("sum", nested=True), sum(reported.values())),
            (Measure("ratio", nested=True), sum(reported.values()) / (10 * len(old))),
        ):
            points = in_todays_borders(
                measure, target, today=today, genealogy=genealogy, readings=readings, days=days
            )
            right = {year: total if year < event.year else points[-1].value for year in days}
            assert {point.year: point.value for point in points} == right, event.key
            assert all(set(point.used) == set(old) for point in points if point.year < event.year)
    assert sum(len(event.predecessors) > 1 for event in events[:FOLLOWED]) == 16
    assert snapshot() == before
