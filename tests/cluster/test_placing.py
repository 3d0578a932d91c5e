"""Who should work what, and what a node does about it: whoever sees the same says the same, and nobody moves more than
has to be moved.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cluster.lease import LASTS, MARGIN_S, Lease
from tocsin.cluster.placing import ORPHANED_S, Course, Standing, best, course
from tocsin.ledger.contract import Node, NodeRow, OwnerRow, View

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
GROUPS = [f"discord:{number}" for number in range(200)]
names = st.sets(st.text("abcdef", min_size=1, max_size=3), min_size=1, max_size=6)


def node(name: str) -> Node:
    return Node(id=name, name=name)


def row(name: str, *, left_s: float = 2, leaving: bool = False) -> NodeRow:
    return NodeRow(node=node(name), started_at=NOON, lease_left=timedelta(seconds=left_s), leaving=leaving)


def view(*nodes: NodeRow, **owners: str | None) -> View:
    return View(nodes, tuple(OwnerRow(lane, owner, 1) for lane, owner in owners.items()), NOON)


def standing(me: str = "a", **more: object) -> Standing:
    groups = more.pop("groups", {"x": "x", "y": "y"})
    return Standing(me=me, groups=groups, **more)


def winner(group: str, *of: str) -> str:
    """A name among these that should have the group."""
    should = best(group, [node(name) for name in of])
    assert should is not None
    return should


@settings(max_examples=30)
@given(names, st.data())
def test_a_node_that_goes_moves_its_own_share_only_and_one_that_comes_takes_only_its_own(
    those: set[str], data: st.DataObject
):
    before = {group: winner(group, *those) for group in GROUPS}
    newcomer = "zz"
    after = {group: winner(group, *those, newcomer) for group in GROUPS}
    assert all(after[group] in (before[group], newcomer) for group in GROUPS)
    gone = data.draw(st.sampled_from(sorted(those)))
    if len(those) > 1:
        left = {group: winner(group, *(those - {gone})) for group in GROUPS}
        assert all(left[group] == before[group] for group in GROUPS if before[group] != gone)


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_in_which_nodes_are_seen_says_nothing(order: list[str]):
    assert [winner(group, *order) for group in GROUPS[:20]] == [winner(group, *sorted(order)) for group in GROUPS[:20]]


def test_shares_are_about_equal():
    shares = Counter(winner(group, "a", "b", "c", "d") for group in GROUPS)
    assert min(shares.values()) > len(GROUPS) / 4 / 2


def test_a_node_that_was_restarted_gets_what_it_had():
    before = [best(group, [Node(id="1", name="a"), Node(id="2", name="b")]) == "1" for group in GROUPS]
    after = [best(group, [Node(id="3", name="a"), Node(id="2", name="b")]) == "3" for group in GROUPS]
    assert before == after


def test_where_nobody_is_nobody_should():
    assert best("x", []) is None


A, B = row("a"), row("b")
MINE, THEIRS = (
    {name: name for name in [f"lane{number}" for number in range(40)] if winner(name, "a", "b") == who} for who in "ab"
)
(MY_LANE, *_), (THEIR_LANE, *_) = MINE, THEIRS
BOTH = {MY_LANE: MY_LANE, THEIR_LANE: THEIR_LANE}


@pytest.mark.parametrize(
    ("what", "seen", "me", "then"),
    [
        ("alone, it takes all", view(A), standing(groups=BOTH), Course(take=frozenset(BOTH))),
        ("of two each takes its own", view(A, B), standing(groups=BOTH), Course(take=frozenset({MY_LANE}))),
        ("what it owns it keeps", view(A, B, **{MY_LANE: "a"}), standing(groups=MINE | {}), Course(
            take=frozenset(MINE) - {MY_LANE})),
        ("what another owns and it should have it asks for", view(A, B, **{MY_LANE: "b"}), standing(
            groups={MY_LANE: MY_LANE}), Course(want=frozenset({MY_LANE}))),
        ("it asks once", View((A, B), (OwnerRow(MY_LANE, "b", 1, "a"),), NOON), standing(
            groups={MY_LANE: MY_LANE}), Course()),
        ("what it should not have it gives to who waits for it", View(
            (A, B), (OwnerRow(THEIR_LANE, "a", 1, "b"),), NOON), standing(
            groups={THEIR_LANE: THEIR_LANE}), Course(give={THEIR_LANE: "b"})),
        ("unless that one is gone", View(
            (A, row("b", left_s=-1)), (OwnerRow(THEIR_LANE, "a", 1, "b"),), NOON), standing(
            groups={THEIR_LANE: THEIR_LANE}), Course(bury=("b",))),
        ("nobody waits: it keeps what another should have", view(A, B, **{THEIR_LANE: "a"}), standing(
            groups={THEIR_LANE: THEIR_LANE}), Course()),
        ("what it should have it gives to nobody", View(
            (A, B), (OwnerRow(MY_LANE, "a", 1, "b"),), NOON), standing(groups={MY_LANE: MY_LANE}), Course()),
        ("what it has no work for is free", view(A, B, other="a"), standing(groups={}), Course(give={"other": None})),
        ("whoever is leaving gets nothing", view(A, row("b", leaving=True)), standing(groups=BOTH), Course(
            take=frozenset(BOTH))),
        ("leaving, it gives all up", view(A, B, **{MY_LANE: "a", THEIR_LANE: "a"}), standing(
            groups=BOTH, retiring=True), Course(give={MY_LANE: "b", THEIR_LANE: "b"})),
        ("leaving, it gives to whoever comes, where nobody is", view(A, **{MY_LANE: "a"}), standing(
            groups=BOTH, retiring=True), Course(give={MY_LANE: None})),
        ("a dead one is buried", view(A, row("b", left_s=-0.1)), standing(groups={}), Course(bury=("b",))),
        ("but not by who was away itself", view(A, row("b", left_s=-9)), standing(
            groups={}, was_away=True), Course()),
        ("the lanes of a dead one are not taken before", view(A, row("b", left_s=-1), **{MY_LANE: "b"}), standing(
            groups={}), Course(bury=("b",))),
    ],
)  # fmt: skip
def test_what_a_node_does(what: str, seen: View, me: Standing, then: Course):
    assert course(seen, me, now=100) == then, what


def test_what_nobody_takes_is_taken_by_whoever_can_after_a_while():
    """The node that should may have another configuration, and not know of it."""
    lone = {THEIR_LANE: THEIR_LANE}
    early = standing(groups=lone, free_since={THEIR_LANE: 100 - ORPHANED_S / 2})
    late = standing(groups=lone, free_since={THEIR_LANE: 100 - ORPHANED_S})
    assert course(view(A, B), early, now=100) == Course()
    assert course(view(A, B), late, now=100) == Course(take=frozenset(lone))


@pytest.mark.parametrize("me", ["a", "b"])
def test_lanes_of_a_group_stay_together(me: str):
    """A new one joins the others, whoever should have the group."""
    group = {"one": MY_LANE, "two": MY_LANE}
    for owner in ("a", "b"):
        then = course(view(A, B, one=owner), standing(me, groups=group), now=100)
        assert then.take == (frozenset({"two"}) if owner == me else frozenset())


def _settled(nodes: list[NodeRow], groups: Mapping[str, str]) -> dict[str, str | None]:
    """What comes of it when every node does what it should, in turn, for a while."""
    owners: dict[str, OwnerRow] = {}
    for _ in range(6):
        for each in nodes:
            me = each.node.id
            then = course(View(tuple(nodes), tuple(owners.values()), NOON), standing(me, groups=groups), now=100)
            for lane in then.take:
                owners[lane] = OwnerRow(lane, me, 1)
            for lane in then.want:
                owners[lane] = OwnerRow(lane, owners[lane].node, 1, me)
            for lane, to in then.give.items():
                owners[lane] = OwnerRow(lane, to, 1)
    return {lane: one.node for lane, one in owners.items()}


@settings(max_examples=20)
@given(names)
def test_in_the_end_each_lane_is_where_it_should_be_and_nothing_moves_any_more(those: set[str]):
    groups = {group: group for group in GROUPS[:20]}
    nodes = [row(name) for name in sorted(those)]
    owned = _settled(nodes, groups)
    assert owned == {group: winner(group, *those) for group in groups}
    seen = View(tuple(nodes), tuple(OwnerRow(lane, who, 1) for lane, who in owned.items()), NOON)
    assert all(course(seen, standing(each.node.id, groups=groups), now=200) == Course() for each in nodes)


@pytest.mark.parametrize(
    ("after_s", "by_the_wall_s", "held"),
    [
        (0, 0, True),
        (2.6, 2.6, True),
        (3 - MARGIN_S, 2.6, False),
        (60, 60, False),
        (0.1, 60, False),  # the machine slept: its monotonic clock stood still
        (1, -3600, True),  # the wall clock was set back
    ],
)
def test_a_lease_counts_as_lost_before_it_can_have_ended(after_s: float, by_the_wall_s: float, held: bool):  # noqa: FBT001 - a column of the table
    assert timedelta(seconds=3) == LASTS
    assert Lease(100, NOON).is_held(100 + after_s, NOON + timedelta(seconds=by_the_wall_s)) is held
