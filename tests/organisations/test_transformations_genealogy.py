"""The map of municipalities from one date to another, in both directions of time."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okmo_portal.organisations.enums import MunicipalityKind as Kind
from okmo_portal.organisations.genealogy import (
    NOWHERE,
    OPEN_FROM,
    OPEN_TO,
    BrokenGenealogy,
    Edge,
    Genealogy,
    Node,
)
from okmo_portal.organisations.models import MunicipalityChange
from okmo_portal.organisations.services import genealogy as service
from okmo_portal.organisations.services.transformations import (
    NewMunicipality,
    record_transformation,
)
from tests.factories import people

LAW = "Закон от 01.12.2022 № 1-ОЗ"


def graph(nodes, edges):
    """``nodes``: id → (from, to, parent); ``edges``: (change, date, predecessor, successor)."""
    return Genealogy({key: Node(*row) for key, row in nodes.items()}, map(Edge._make, edges))


def links(borders):
    """(source, target) → whole, without what is covered."""
    return {(row.source, row.target): row.whole for row in borders.links if not row.covered}


def comparable(borders):
    return {
        target: borders.is_comparable(target) for target in {link.target for link in borders.links}
    }


#: 1 and 2 merge into 3 on day 10; 3 splits into 4 and 5 on day 20; 6 joins the surviving 7 on day 15.
STORY = graph(
    {
        1: (OPEN_FROM, 10, -1), 2: (OPEN_FROM, 10, -1), 3: (10, 20, -1), 4: (20, OPEN_TO, -1),
        5: (20, OPEN_TO, -1), 6: (OPEN_FROM, 15, -1), 7: (OPEN_FROM, OPEN_TO, -1),
        8: (OPEN_FROM, 12, -1), 9: (OPEN_FROM, OPEN_TO, -1),
    },
    [
        (100, 10, 1, 3), (100, 10, 2, 3), (101, 20, 3, 4), (101, 20, 3, 5), (102, 15, 6, 7),
        (103, 12, 8, NOWHERE),
    ],
)  # fmt: skip


def test_merge_is_whole_forwards_and_partial_backwards():
    ahead = STORY.borders(5, 16)
    assert links(ahead) == {
        (1, 3): True, (2, 3): True, (6, 7): True, (7, 7): True, (9, 9): True,
    }  # fmt: skip
    assert comparable(ahead) == {3: True, 7: True, 9: True}
    assert ahead.sources_of(3) == [1, 2]
    assert ahead.gone == (8,)
    back = STORY.borders(16, 5)
    assert links(back) == {
        (3, 1): False, (3, 2): False, (7, 6): False, (7, 7): False, (9, 9): True,
    }  # fmt: skip
    assert comparable(back) == {1: False, 2: False, 6: False, 7: False, 9: True}


def test_split_is_partial_forwards_but_its_union_stays_comparable():
    ahead = STORY.borders(16, 25)
    assert links(ahead)[(3, 4)] is False
    assert comparable(ahead) == {4: False, 5: False, 7: True, 9: True}
    assert ahead.group_of(4) == ([3], [4, 5])
    assert ahead.changes_of(4) == [101]
    back = STORY.borders(25, 16)
    assert links(back) == {(4, 3): True, (5, 3): True, (7, 7): True, (9, 9): True}


def test_merge_and_split_together_tie_all_four():
    ahead = STORY.borders(5, 25)
    assert ahead.group_of(5) == ([1, 2], [4, 5])
    assert ahead.changes_of(5) == [100, 101]
    assert not ahead.is_comparable(4)


def test_what_is_split_and_united_again_is_whole():
    story = graph(
        {1: (0, 5, -1), 2: (5, 9, -1), 3: (5, 9, -1), 4: (9, OPEN_TO, -1)},
        [(1, 5, 1, 2), (1, 5, 1, 3), (2, 9, 2, 4), (2, 9, 3, 4)],
    )
    assert links(story.borders(2, 12)) == {(1, 4): True}
    assert links(story.borders(12, 2)) == {(4, 1): True}
    assert links(story.borders(2, 7)) == {(1, 2): False, (1, 3): False}


def test_part_that_ended_without_heir_leaves_the_rest_incomparable():
    story = graph(
        {1: (0, 5, -1), 2: (5, OPEN_TO, -1), 3: (5, 8, -1)},
        [(1, 5, 1, 2), (1, 5, 1, 3), (2, 8, 3, NOWHERE)],
    )
    assert links(story.borders(2, 12)) == {(1, 2): False}


#: District 1 with settlements 2 and 3 becomes okrug 4; before, settlement 5 went to town 6 (day 3).
DISTRICT = graph(
    {
        1: (0, 10, -1), 2: (0, 10, 1), 3: (0, 10, 1), 4: (10, OPEN_TO, -1), 5: (0, 3, 1),
        6: (0, OPEN_TO, -1), 7: (0, 2, 1), 8: (2, 10, 1),
    },
    [
        (1, 10, 1, 4), (2, 10, 2, 4), (2, 10, 3, 4), (3, 3, 5, 6), (4, 2, 7, 8), (2, 10, 8, 4),
    ],
)  # fmt: skip


def test_settlements_inside_their_district_are_not_counted_twice():
    ahead = DISTRICT.borders(5, 12)
    assert links(ahead) == {(1, 4): True, (6, 6): True}
    assert {link.source for link in ahead.links if link.covered} == {2, 3, 8}
    assert ahead.is_comparable(4)
    # Backwards the okrug is its district; its settlements are parts of it.
    back = DISTRICT.borders(12, 5)
    assert links(back)[(4, 1)] is True
    assert links(back)[(4, 2)] is False


def test_settlements_are_summands_where_their_district_leaves_them_out():
    """Own budgets of a district and of its settlements are different money."""
    ahead = DISTRICT.borders(5, 12)
    assert ahead.sources_of(4, nested=False) == [1, 2, 3, 8]
    assert ahead.is_comparable(4, nested=False)
    # What a settlement took along was never in the district's own budget.
    assert DISTRICT.borders(1, 12).is_comparable(4, nested=False)
    assert DISTRICT.borders(1, 12).sources_of(6, nested=False) == [5, 6]
    assert not DISTRICT.borders(12, 5).is_comparable(1, nested=False)


def test_district_that_lost_a_settlement_is_not_what_it_was():
    ahead = DISTRICT.borders(1, 5)
    assert links(ahead) == {
        (1, 1): False, (2, 2): True, (3, 3): True, (5, 6): True, (6, 6): True, (7, 8): True,
    }  # fmt: skip
    assert ahead.sources_of(6) == [5, 6]
    # The town's own past with the settlement adds up, the district's does not.
    assert (ahead.is_comparable(6), ahead.is_comparable(1)) == (True, False)
    assert not DISTRICT.borders(1, 12).is_comparable(4)


def test_change_inside_a_district_does_not_break_it():
    story = graph(
        {1: (0, OPEN_TO, -1), 2: (0, 5, 1), 3: (0, 5, 1), 4: (5, OPEN_TO, 1)},
        [(1, 5, 2, 4), (1, 5, 3, 4)],
    )
    assert links(story.borders(1, 9)) == {(1, 1): True, (2, 4): True, (3, 4): True}


def test_settlement_that_points_at_the_renamed_district_is_still_inside():
    """A living settlement is moved to the new row of its district; the past must not notice."""
    story = graph(
        {1: (0, 5, -1), 2: (5, 9, -1), 3: (0, 9, 2), 4: (9, OPEN_TO, -1)},
        [(1, 5, 1, 2), (2, 9, 2, 4), (3, 9, 3, 4)],
    )
    assert links(story.borders(1, 12)) == {(1, 4): True}
    assert links(story.borders(1, 7)) == {(1, 2): True, (3, 3): True}


def test_survivor_of_two_joins_leads_back_to_each_time():
    story = graph({1: (0, OPEN_TO, -1), 2: (0, 5, -1), 3: (0, 9, -1)}, [(1, 5, 2, 1), (2, 9, 3, 1)])
    assert links(story.borders(1, 12)) == {(1, 1): True, (2, 1): True, (3, 1): True}
    assert links(story.borders(12, 7)) == {(1, 1): False, (1, 3): False}
    assert links(story.borders(12, 1)) == {(1, 1): False, (1, 2): False, (1, 3): False}


def test_cycle_and_edge_into_the_past_are_found():
    circle = graph({1: (0, 5, -1), 2: (0, 5, -1)}, [(1, 5, 1, 2), (2, 5, 2, 1)])
    with pytest.raises(BrokenGenealogy, match="does not end before"):
        circle.check()
    with pytest.raises(BrokenGenealogy, match="in a cycle"):
        circle.borders(2, 9)
    STORY.check()
    DISTRICT.check()


def test_frame_holds_what_may_be_summed_up():
    frame = DISTRICT.borders(5, 12).frame()
    assert frame.to_dict("records") == [
        {"source": 6, "target": 6, "whole": True},
        {"source": 1, "target": 4, "whole": True},
    ]


def test_empty_register_has_no_links():
    empty = graph({}, [])
    assert links(empty.borders(1, 9)) == {}
    assert empty.borders(1, 9).group_of(7) == ([], [])


# --- invented histories ------------------------------------------------------------------------------


class Land:
    """A country of cells: every municipality is a set of cells, so the truth is known."""

    def __init__(self, count):
        self.cells = {number: {number} for number in range(1, count + 1)}
        self.living = set(self.cells)
        self.nodes = {number: [OPEN_FROM, OPEN_TO, -1] for number in self.cells}
        self.edges, self.day, self.fresh = [], 0, count * 3

    def change(self, old, groups):
        self.day += 1
        for row in old:
            self.nodes[row][1] = self.day
            self.living.discard(row)
        for cells in groups:
            self.fresh += 1
            self.cells[self.fresh] = cells
            self.nodes[self.fresh] = [self.day, OPEN_TO, -1]
            self.living.add(self.fresh)
            self.edges += [(self.day, self.day, row, self.fresh) for row in old]

    def genealogy(self):
        return graph(self.nodes, self.edges)


@st.composite
def lands(draw):
    land = Land(draw(st.integers(2, 7)))
    for _ in range(draw(st.integers(1, 8))):
        living = sorted(land.living)
        wide = [row for row in living if len(land.cells[row]) > 1]
        if wide and draw(st.booleans()):
            row = draw(st.sampled_from(wide))
            cells = sorted(land.cells[row])
            cut = draw(st.integers(1, len(cells) - 1))
            land.change([row], [set(cells[:cut]), set(cells[cut:])])
        elif len(living) > 1:
            old = draw(st.lists(st.sampled_from(living), min_size=2, max_size=3, unique=True))
            land.change(old, [set().union(*(land.cells[row] for row in old))])
    return land


@given(lands(), st.data())
@settings(max_examples=60)
def test_links_say_what_the_land_says(land, data):
    source = data.draw(st.integers(0, land.day + 1))
    target = data.draw(st.integers(0, land.day + 1))
    genealogy = land.genealogy()
    genealogy.check()
    borders = genealogy.borders(source, target)
    there = list(genealogy.alive(target))
    for row in genealogy.alive(source):
        found = {key[1]: whole for key, whole in links(borders).items() if key[0] == row}
        for other in there:
            common = land.cells[row] & land.cells[other]
            if common:
                assert other in found
            if found.get(other):
                assert land.cells[row] <= land.cells[other]
        if any(land.cells[row] <= land.cells[other] for other in there):
            # What the graph cannot see (a part that came back into the same hands) it calls partial.
            assert set(found.values()) in ({True}, {False})
    # Groups always add up, whatever happened in them.
    for other in there:
        sources, targets = borders.group_of(other)
        assert set().union(*(land.cells[row] for row in sources)) == set().union(
            *(land.cells[row] for row in targets)
        )
        if borders.is_comparable(other):
            made_of = [land.cells[row] for row in borders.sources_of(other)]
            assert sum(map(len, made_of)) == len(set().union(*made_of))
            assert set().union(*made_of) == land.cells[other]


# --- from the database -------------------------------------------------------------------------------


@pytest.fixture
def story(db):
    """Two districts, one with settlements, become one okrug; the okrug is renamed."""
    one = people.MunicipalityFactory(oktmo="29611000", name="Первый район")
    two = people.MunicipalityFactory(oktmo="29612000", name="Второй район")
    child = people.MunicipalityFactory(
        oktmo="29611401", name="Село", kind=Kind.RURAL_SETTLEMENT, parent=one
    )
    still = people.MunicipalityFactory(oktmo="29613000", name="Третий район")
    okrug = record_transformation(
        kind="merge", date=date(2022, 1, 1), law=LAW, predecessors=[one, two], by=None,
        successors=[NewMunicipality("29511000", "Общий округ", Kind.MUNICIPAL_OKRUG)],
    ).successors.get()  # fmt: skip
    renamed = record_transformation(
        kind="rename", date=date(2024, 1, 1), law=LAW, predecessors=[okrug], by=None,
        successors=[NewMunicipality("29511000", "Новый округ", Kind.MUNICIPAL_OKRUG)],
    ).successors.get()  # fmt: skip
    return {"one": one, "two": two, "child": child, "still": still, "okrug": okrug, "new": renamed}


def test_register_is_mapped_between_two_dates(story):
    names = {row.pk: name for name, row in story.items()}
    borders = service.map_borders(date(2021, 6, 1), date(2025, 1, 1))
    assert {(names[a], names[b]): whole for (a, b), whole in links(borders).items()} == {
        ("one", "new"): True, ("two", "new"): True, ("still", "still"): True,
    }  # fmt: skip
    changes = MunicipalityChange.objects.filter(part_of=None).values_list("pk", flat=True)
    assert set(changes) <= set(borders.changes_of(story["new"].pk))


def test_part_around_one_municipality_says_the_same(story):
    whole, part = service.load_genealogy(), service.load_genealogy_around(story["new"].pk)
    assert set(part.nodes) == {story[name].pk for name in ("one", "two", "child", "okrug", "new")}
    then, now = date(2021, 6, 1).toordinal(), date(2025, 1, 1).toordinal()
    key = story["new"].pk
    assert part.borders(then, now).sources_of(key) == whole.borders(then, now).sources_of(key)
    alone = service.load_genealogy_around(story["still"].pk)
    assert list(alone.nodes) == [story["still"].pk]


def test_ancestors_and_heirs_and_history(story):
    assert service.ancestors_of(story["new"].pk) == {
        story[name].pk for name in ("one", "two", "child", "okrug", "new")
    }
    assert service.heirs_of(story["child"].pk) == {
        story[name].pk for name in ("child", "okrug", "new")
    }
    assert [change.kind for change in service.history_of(story["one"])] == ["rename", "merge"]
    assert service.heirs_now(story["two"], date(2025, 1, 1)) == [story["new"]]
    assert service.heirs_now(story["two"], date(2023, 1, 1)) == [story["okrug"]]
