"""What operators should know of is known on every node and told once; it outlives the node that has seen it only where
somebody else sees it.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from tests.nodes.town import LASTS, NOON
from tests.pipeline.test_conditions import PAGER, STAFF, Lanes

from tocsin.cluster.membership import Membership
from tocsin.core.clock import ManualClock
from tocsin.core.condition import Phase, What
from tocsin.core.delivery import Target
from tocsin.core.facts import BreakerOpened, ClockRight, ClockWrong, Fact
from tocsin.ledger.contract import Node
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.rules.routing import RoutingPolicy, TargetPolicy

WRONG, RIGHT = ClockWrong(retailer="bestbuy", ahead_s=90), ClockRight("bestbuy")
FAILING = BreakerOpened(lane="discord:general", failures=5, until=NOON, detail="")
BOOK = SimpleNamespace(
    routing=RoutingPolicy(
        routes=(), targets={each: TargetPolicy(target=each, lane=str(each)) for each in (STAFF, PAGER)}
    ),
    operators=(STAFF, PAGER),
)


@dataclass
class Bureau:
    """One node's conditions, and the operators that it reaches."""

    conditions: Conditions
    members: Membership
    lanes: Lanes
    reaches: tuple[Target, ...] = ()
    told: list[tuple[Target, Phase, What]] = field(default_factory=list)

    async def look(self) -> None:
        await self.members.look()
        await self.conditions.refresh()
        await self.conditions.look()
        for target in self.reaches:
            news = self.conditions.untold(target)
            self.told += [(target, one.phase, one.what) for one in news]
            self.conditions.note_told(target, news)
        await self.conditions.look()

    def lasting(self) -> list[What]:
        return [notice.condition.what for notice in self.conditions.listed()]


async def _opened(url: str, name: str, stack: AsyncExitStack) -> Bureau:
    clock, facts = ManualClock(NOON), list[Fact]()
    ledger = await stack.enter_async_context(open_ledger(url, clock=clock, shared=True))
    assert ledger.cluster is not None
    members = Membership(ledger.cluster, Node(id=name, name=name), clock, facts.append, lasts=LASTS)
    await members.start()
    stack.push_async_callback(members.stop)
    targets, lanes = Targets(ledger.operations, facts.append), Lanes({"discord:general": None})
    monitors = Monitors(ledger.operations, clock, facts.append)
    active: Any = SimpleNamespace(rulebook=BOOK)
    conditions = Conditions(
        ledger=ledger,
        lanes=lanes,
        targets=targets,
        monitors=monitors,
        active=active,
        ownership=members,
        clock=clock,
        emit=facts.append,
    )
    await conditions.start()
    return Bureau(conditions, members, lanes)


@pytest.fixture
async def two(on_postgresql: str) -> AsyncIterator[tuple[Bureau, Bureau]]:
    async with AsyncExitStack() as stack:
        a, b = await _opened(on_postgresql, "a", stack), await _opened(on_postgresql, "b", stack)
        a.reaches, b.reaches = (STAFF,), (PAGER,)
        yield a, b


async def test_what_one_node_has_seen_each_tells_whom_it_reaches_and_nobody_twice(two: tuple[Bureau, Bureau]):
    a, b = two
    a.conditions.hear(WRONG)
    for node in (a, b, a, b):
        await node.look()
    assert a.lasting() == b.lasting() == [What.CLOCK_WRONG]
    a.reaches, b.reaches = (), (STAFF, PAGER)  # a lane has moved
    b.conditions.hear(WRONG)
    for node in (b, a, b):
        await node.look()
    assert a.told == [(STAFF, Phase.BEGAN, What.CLOCK_WRONG)]
    assert b.told == [(PAGER, Phase.BEGAN, What.CLOCK_WRONG)]
    b.conditions.hear(RIGHT)
    await b.look()
    assert b.lasting() == [What.CLOCK_WRONG], "who has seen it says when it is over"
    a.conditions.hear(RIGHT)
    for node in (a, b, a, b):
        await node.look()
    assert a.lasting() == b.lasting() == []
    assert [phase for _, phase, _ in b.told] == [Phase.BEGAN, Phase.OVER, Phase.OVER]


async def test_what_a_dead_node_has_seen_lasts_where_another_sees_it(two: tuple[Bureau, Bureau], on_postgresql: str):
    a, b = two
    a.lanes.failing = frozenset({"discord:general"})
    a.conditions.hear(FAILING)
    a.conditions.hear(WRONG)
    for node in (a, b):
        await node.look()
    assert sorted(b.lasting()) == [What.CLOCK_WRONG, What.LANE_FAILING]
    with psycopg.connect(on_postgresql, autocommit=True) as connection:
        connection.execute("UPDATE nodes SET lease_until = 0 WHERE id = 'a'")
    for _ in range(2):
        await b.look()
    assert b.lasting() == [What.CLOCK_WRONG], "of a clock nobody knows; a lane is asked"
