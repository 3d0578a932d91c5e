"""Rooms: everybody gets everything once and in order, whoever joins, leaves or is settled between two rounds."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.clock import SystemClock
from tocsin.gateway.batch import Batch
from tocsin.gateway.broadcast import Broadcast, Writer
from tocsin.gateway.engineio import Outgoing
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.peer import Socket


class Member(Socket):
    """A socket that notes what it was given, and what it should have been."""

    def __init__(self) -> None:
        self.room = None
        self.got: list[Outgoing] = []
        self.due: list[Outgoing] = []

    def deliver(self, batch: Batch) -> None:
        self.got += batch.packets
        assert batch.frames == b"".join(packet.frame for packet in batch.packets)


STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "settle"]), st.integers(0, 3))
    | st.tuples(st.just("post"), st.sampled_from([1, 100_000, 300_000]))
    | st.tuples(st.just("write"), st.just(0)),
    max_size=40,
)


@given(STEPS)
def test_everyone_gets_what_was_posted_while_they_were_in_the_room(steps: list[tuple[str, int]]):
    room = Broadcast(Writer(SystemClock(), Gauges()))
    members = [Member() for _ in range(4)]
    for step, number in steps:
        if step == "post":
            packet = Outgoing.message("x" * number)
            room.post(packet)
            for member in room.sockets:
                member.due.append(packet)
        elif step == "write":
            room.write()
        elif step == "join" and members[number] not in room.sockets:
            room.join(members[number])
        elif step == "leave" and members[number] in room.sockets:
            room.leave(members[number])
            assert members[number].got == members[number].due
        elif step == "settle" and members[number] in room.sockets:
            room.settle(members[number])
            assert members[number].got == members[number].due
    for _ in steps:
        room.write()
    assert [member.got for member in members] == [member.due for member in members]


async def test_a_packet_leaves_at_once_when_idle_and_with_its_like_under_load():
    gauges = Gauges()
    writer = Writer(SystemClock(), gauges)
    room, member = Broadcast(writer), Member()
    room.join(member)
    first, second, third = (Outgoing.message(text) for text in "abc")
    room.post(first)
    writer.release()
    assert member.got == [first]
    room.post(second)
    writer.release()
    room.post(third)
    writer.release()
    assert member.got == [first]
    assert gauges.broadcasts == 0
