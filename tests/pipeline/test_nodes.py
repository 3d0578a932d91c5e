"""Nodes that differ: told once it has lasted, and once it is over; a rolling upgrade is given its time."""

from datetime import timedelta

import pytest
from tests.contract.conftest import NOON

from tocsin.cluster.alone import Alone
from tocsin.core.clock import ManualClock
from tocsin.core.facts import Fact, NodesAgree, NodesDiffer
from tocsin.ledger.contract import Node, NodeRow, OwnerRow, View
from tocsin.pipeline.watch.nodes import GRACE_S, Nodes, differences


def row(name: str, version: str = "1.0", config: str = "aaaa", *, left: float = 2, leaving: bool = False) -> NodeRow:
    node = Node(id=f"id of {name}", name=name, version=version, config_digest=config)
    return NodeRow(node=node, started_at=NOON, lease_left=timedelta(seconds=left), leaving=leaving)


def view(*rows: NodeRow, owners: tuple[OwnerRow, ...] = ()) -> View:
    return View(rows, owners, NOON)


class Among(Alone):
    """Sees what a test says."""

    node = "id of one"
    seen: View | None = None


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((), {}),
        ((row("one"),), {}),
        ((row("one"), row("two")), {}),
        ((row("one"), row("two", config="bbbb")), {"configuration": "one has aaaa, two has bbbb"}),
        ((row("two", "1.1"), row("one")), {"version": "one has 1.0, two has 1.1"}),
        ((row("one"), row("two", config="bbbb", leaving=True)), {}),
        ((row("one"), row("two", config="bbbb", left=-1)), {}),
        (
            (row("one"), row("two", "1.1", "bbbb")),
            {"configuration": "one has aaaa, two has bbbb", "version": "one has 1.0, two has 1.1"},
        ),
    ],
)
def test_nodes_that_stay_are_compared(rows: tuple[NodeRow, ...], found: dict[str, str]) -> None:
    assert differences(view(*rows)) == found


async def test_a_difference_is_told_once_it_has_lasted_and_once_it_is_over() -> None:
    clock, facts, among = ManualClock(NOON), list[Fact](), Among()
    nodes = Nodes(among, clock, facts.append)
    among.seen = view(row("one"), row("two", config="bbbb"))
    await nodes.look()
    clock.advance(GRACE_S["configuration"] - 1)
    await nodes.look()
    assert facts == []
    clock.advance(1)
    await nodes.look()
    await nodes.look()
    assert facts == [NodesDiffer("configuration", "one has aaaa, two has bbbb")]
    among.seen = view(row("one"), row("two"))
    await nodes.look()
    await nodes.look()
    assert facts[1:] == [NodesAgree("configuration")]


async def test_a_reload_that_goes_from_one_to_the_next_is_told_to_nobody() -> None:
    clock, facts, among = ManualClock(NOON), list[Fact](), Among()
    nodes = Nodes(among, clock, facts.append)
    for config in ("bbbb", "aaaa", "bbbb", "aaaa"):
        among.seen = view(row("one"), row("two", config=config))
        await nodes.look()
        clock.advance(GRACE_S["configuration"] - 1)
    await nodes.look()
    assert facts == []


def test_each_node_is_shown_with_what_it_works() -> None:
    among = Among()
    owners = (OwnerRow("sms", "id of one", 1), OwnerRow("job:expiry", "id of two", 1), OwnerRow("push", None, 3))
    among.seen = view(row("one"), row("two", leaving=True), row("three", left=-0.5), owners=owners)
    nodes = Nodes(among, ManualClock(NOON), lambda _: None)
    told = nodes.as_json()["nodes"]
    assert [(one["name"], one["this"], one["state"], one["lanes"], one["jobs"]) for one in told] == [
        ("one", True, "alive", ["sms"], []),
        ("two", False, "leaving", [], ["expiry"]),
        ("three", False, "dead", [], []),
    ]
    assert nodes.counted() == {"alive": 1, "leaving": 1}


def test_a_process_that_is_alone_is_one_node_whose_lease_never_ends() -> None:
    nodes = Nodes(Alone(Node(id="1", name="here", version="1.0")), ManualClock(NOON), lambda _: None)
    (told,) = nodes.as_json()["nodes"]
    assert (told["name"], told["this"], told["state"], told["lease_left_s"]) == ("here", True, "alive", None)
    assert nodes.counted() == {}
    assert nodes.lease_left() == {}
