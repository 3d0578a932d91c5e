"""The process is killed between the request that joins a message and its settlement: nothing doubled, nothing missing,
whether Discord had taken it or not.
"""

import asyncio
from typing import Any

import pytest
from tests.deadline import DEADLINE_S
from tests.faults.fault_rig import FaultRig
from tests.faults.machine import Machine, states

from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault

STOCK = {"type": "in_stock", "price": 1999.99, "product_name": "RTX 5090", "priority": 3}
SHOPS = {"bestbuy": "A1", "newegg": "B2"}
PRODUCTS = {"rtx-5090": {"skus": [f"{shop}:{sku}" for shop, sku in SHOPS.items()]}}


@pytest.mark.parametrize("fault", [Fault.lost(), Fault.hang()], ids=["taken", "not taken"])
async def test_a_kill_in_the_middle_of_a_join_doubles_and_loses_nothing(village: FaultRig, fault: Fault):
    """Discord cannot be asked here, and a message of its own would be held: joining is repeated all the same."""
    journal, room = village.sandbox.journal, village.room("general")
    hooks = {"general": village.sandbox.discord.webhook("general")}
    village.write(discord={"join": "30m", "webhooks": hooks, "on_lost_answer": "hold"}, products=PRODUCTS)
    village.sandbox.faults.next("discord", fault, action="edit")
    async with Machine(village) as machine:
        await told(machine, "bestbuy")
        await room.expect_count(1)
        await told(machine, "newegg")
        await under_way(village, fault)
        await asyncio.to_thread(machine.serving.kill)
    assert states(village.folder / "tocsin.db") == {"sent", "sending"}
    village.sandbox.faults.clear()
    async with Machine(village) as machine:
        await journal.until(
            lambda: any(entry.action == "edit" and not entry.fault for entry in journal) or None, DEADLINE_S
        )
        (message,) = room.messages
        assert [embed["author"]["name"] for embed in message.embeds] == list(SHOPS)
        await settled(machine)
        assert await machine.stop() == 0
    assert states(village.folder / "tocsin.db") == {"sent"}
    assert not village.repeated
    assert len(journal.references("discord")) == len(SHOPS)


async def told(machine: Machine, shop: str) -> None:
    status, _ = await machine.post({**STOCK, "sku": SHOPS[shop], "retailer": shop, "url": f"https://{shop}.example/"})
    assert status == 202


async def under_way(village: FaultRig, fault: Fault) -> None:
    """The edit has left, and its answer has not come."""
    if fault.kind == "hang":
        await village.sandbox.faults.expect_hanging()
    else:
        await village.sandbox.journal.expect(lambda entry: entry.action == "edit")


async def settled(machine: Machine) -> None:
    """Ask until everything is sent."""
    async with asyncio.timeout(DEADLINE_S):
        while {one["state"] for one in await deliveries(machine)} != {DeliveryState.SENT}:
            pass


async def deliveries(machine: Machine) -> list[dict[str, Any]]:
    _, answer, _ = await machine.ask("GET", "/api/v1/deliveries")
    assert not any(one["possibly_repeated"] for one in answer["deliveries"])
    return list(answer["deliveries"])
