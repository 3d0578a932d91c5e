"""Packets that go out together: joined once, written as one piece to every socket that gets them."""

from collections.abc import Sequence

from tocsin.gateway.engineio import Outgoing


class Batch:
    __slots__ = ("_joined", "packets")

    def __init__(self, packets: Sequence[Outgoing]) -> None:
        self.packets = packets
        self._joined: bytes | None = None

    @property
    def frames(self) -> bytes:
        """All WebSocket frames in one piece; made when the first WebSocket needs it."""
        if self._joined is None:
            self._joined = b"".join(packet.frame for packet in self.packets)
        return self._joined
