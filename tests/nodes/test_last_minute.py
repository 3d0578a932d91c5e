"""The last minute is that of all nodes, whichever is asked."""

from tests.nodes.town import town

from tocsin.core.delivery import Target
from tocsin.pipeline.watch.last_minute import LastMinute

ROOM = Target("board", "room0")


async def test_what_one_node_took_and_sent_the_other_counts(on_postgresql: str):
    async with town(on_postgresql, ["room0"]) as there:
        a, b = await there.enter("a"), await there.enter("b")
        await there.settle(a, b)
        minute = LastMinute(b.ledger.history, b.clock, shared=True)
        await minute.start()
        for node in (a, b):
            await node.accept(ROOM, node.name)
        await (a if a.lanes else b).look()
        await minute.look()
        told = minute.as_json()
        assert (told["accepted"], told["sent"], told["waiting"]) == (2, 2, 0)
