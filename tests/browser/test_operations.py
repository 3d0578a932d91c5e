"""The room of operations: the processes that share the ledger, and the copies of the history elsewhere."""

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor
from tests.story.service_rig import ServiceRig

from tocsin.mirrors.airtable.columns import COLUMNS

# One browser serves them all, and lives in the session's loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nodes_and_mirrors_stand_there_with_what_is_wrong_with_them(visitor: Visitor, town: ServiceRig):
    await town.close()
    town.sandbox.airtable.table(columns={column.name: column.kind for column in COLUMNS})
    await town.open(history={"airtable": town.sandbox.airtable.block(town.sandbox.url)})
    await town.report("RTX 5090")
    await visitor.open()
    room = await visitor.enter("Operations")
    mirrors = room.get_by_role("region", name="Mirrors", exact=True)
    await expect(mirrors).to_contain_text("airtable")
    node = room.get_by_role("region", name="Nodes", exact=True).get_by_role("row").nth(1)
    (known,) = (await town.get("/api/v1/nodes"))["nodes"]
    for told in (known["name"], "alive", known["version"], known["configuration"]):
        await expect(node).to_contain_text(told)
    assert await visitor.barriers() == []


async def test_a_node_that_differs_is_named(visitor: Visitor, town: ServiceRig):
    """Two of them make a cluster, and need a shared database: here the page is told of them."""
    one = (await town.get("/api/v1/nodes"))["nodes"][0]
    other = one | {"id": "2", "name": "two:8765", "state": "dead", "this": False, "configuration": "another"}
    told = {"nodes": [one, other], "differences": {"configuration": "two:8765 has another"}}
    await visitor.page.route("**/api/v1/nodes", lambda route: route.fulfill(json=told))
    await visitor.open("?room=operations")
    nodes = visitor.page.get_by_role("region", name="Nodes", exact=True)
    await expect(nodes).to_contain_text("Their configuration differs: two:8765 has another")
    await expect(nodes.get_by_role("row").filter(has_text="two:8765")).to_contain_text("dead")
