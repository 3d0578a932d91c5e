"""One client speaking Socket.IO over its session: which namespaces it is in, and what it says in each."""

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from tocsin.core.errors import RateLimitedError, TocsinError
from tocsin.gateway.allowance import Allowance
from tocsin.gateway.batch import Batch
from tocsin.gateway.engine import Engine
from tocsin.gateway.engineio import MalformedError, Outgoing
from tocsin.gateway.session import POLICY, PROTOCOL_ERROR, Session
from tocsin.gateway.socketio import Decoder, Kind, Packet, encode


class RefusedError(Exception):
    """A CONNECT is turned away; `data` is what the client can read beside the message."""

    def __init__(self, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class Room(Protocol):
    """Sockets that share what is broadcast to them."""

    def settle(self, socket: "Socket") -> None:
        """Write what this socket still has to get, now, so that something else may follow it."""
        ...

    def leave(self, socket: "Socket") -> None: ...


class Namespace(Protocol):
    """Answers the sockets of one namespace. Nothing here may block or raise what is not named."""

    def connect(self, socket: "Socket", auth: Mapping[str, Any]) -> None:
        """Judge the newcomer, before the answer to its CONNECT is written. Raises RefusedError."""
        ...

    def connected(self, socket: "Socket") -> None:
        """The answer is written: the socket may be written to."""
        ...

    def event(self, socket: "Socket", name: str, args: list[Any], ack: int | None) -> None:
        """`ack` is to be answered by `socket.ack`, now or later; None where the client does not wait."""
        ...

    def refuse(self, socket: "Socket", name: str, error: TocsinError, ack: int | None) -> None:
        """Answer an event that is not taken."""
        ...

    def disconnected(self, socket: "Socket", reason: str) -> None: ...


class Socket:
    """One client in one namespace. What is emitted keeps its order with what its room broadcasts."""

    __slots__ = ("name", "namespace", "peer", "room", "sid")

    def __init__(self, peer: "Peer", name: str, namespace: Namespace) -> None:
        self.sid = secrets.token_urlsafe(15)
        self.peer = peer
        self.name = name
        self.namespace = namespace
        self.room: Room | None = None

    def emit(self, event: str, *args: Any) -> None:
        self.write(Packet(Kind.EVENT, self.name, [event, *args]))

    def ack(self, identifier: int | None, *args: Any) -> None:
        """Answer an event; nothing where the client did not ask."""
        if identifier is not None:
            self.write(Packet(Kind.ACK, self.name, list(args), identifier))

    def write(self, packet: Packet) -> None:
        if self.room is not None:
            self.room.settle(self)
        self.peer.write(packet)

    def deliver(self, batch: Batch) -> None:
        """Packets made for many sockets at once."""
        self.peer.session.deliver(batch)

    @property
    def backlog(self) -> int:
        return self.peer.session.backlog

    @property
    def closed(self) -> bool:
        return self.peer.sockets.get(self.name) is not self

    def disconnect(self) -> None:
        """Put the socket out; the standard client does not come back by itself after this."""
        if not self.closed:
            self.write(Packet(Kind.DISCONNECT, self.name))
        if not self.closed:
            self.peer.drop(self, "server namespace disconnect")
            if not self.peer.sockets:
                self.peer.session.close("disconnected")


class Peer:
    """The receiver of one session, and its alarm while it is in no namespace."""

    __slots__ = ("_decoder", "_engine", "_namespaces", "allowance", "session", "sockets")

    def __init__(self, session: Session, engine: Engine, namespaces: Mapping[str, Namespace]) -> None:
        now = engine.clock.monotonic()
        self.session = session
        self.sockets: dict[str, Socket] = {}
        self.allowance = Allowance(engine.settings.message_rate, now)
        self._decoder = Decoder()
        self._engine = engine
        self._namespaces = namespaces
        self._wait_for_connect()

    def alarm(self, now: float) -> float | None:
        del now
        if not self.sockets:
            self.session.close("connect timeout", PROTOCOL_ERROR)
        return None

    def _wait_for_connect(self) -> None:
        if not self.sockets:
            self._engine.doubt(self.session)
            self._engine.wheel.set(self, self._engine.clock.monotonic() + self._engine.settings.connect_timeout)

    def widen(self) -> None:
        """A detector speaks: as much may come as it has to say."""
        settings = self._engine.settings
        self.allowance.widen(settings.ingest_rate)
        self.session.frames.widen(settings.ingest_frame_rate)

    def write(self, packet: Packet) -> None:
        self.session.send([Outgoing.message(part) for part in encode(packet)])

    def drop(self, socket: Socket, reason: str) -> None:
        del self.sockets[socket.name]
        if socket.room is not None:
            socket.room.leave(socket)
        socket.namespace.disconnected(socket, reason)

    # --- what the session tells

    def receive(self, data: str | bytes) -> None:
        packet = self._decoder.read(data)
        if not self.sockets and (packet is None or packet.kind is not Kind.CONNECT):
            raise MalformedError("nothing may come before the first CONNECT")
        if packet is None:
            return
        if packet.kind is Kind.DISCONNECT or self.allowance.take(self._engine.clock.monotonic()):
            self._obey(packet)
        elif self.allowance.abused:
            self.session.evict("rate_limited", POLICY)
        elif packet.kind is Kind.EVENT:
            self._refuse_for_now(packet)

    def closed(self, reason: str) -> None:
        for socket in tuple(self.sockets.values()):
            self.drop(socket, reason)

    # --- packets

    def _obey(self, packet: Packet) -> None:
        socket = self.sockets.get(packet.namespace)
        if packet.kind is Kind.CONNECT:
            self._connect(packet)
        elif socket is None:
            return  # it has left, and this was under way
        elif packet.kind is Kind.EVENT:
            socket.namespace.event(socket, packet.data[0], packet.data[1:], packet.id)
        elif packet.kind is Kind.DISCONNECT:
            self.drop(socket, "client namespace disconnect")
            self._wait_for_connect()

    def _connect(self, packet: Packet) -> None:
        namespace = self._namespaces.get(packet.namespace)
        if namespace is None:
            self._turn_away(packet.namespace, {"message": "Invalid namespace"})
        elif packet.namespace in self.sockets:
            raise MalformedError("a second CONNECT")
        else:
            self._admit(packet, namespace)

    def _admit(self, packet: Packet, namespace: Namespace) -> None:
        socket = Socket(self, packet.namespace, namespace)
        try:
            namespace.connect(socket, packet.data or {})
        except RefusedError as refused:
            self._turn_away(packet.namespace, {"message": refused.message, "data": refused.data})
            return
        self.sockets[packet.namespace] = socket
        self._engine.trust(self.session)
        self.write(Packet(Kind.CONNECT, packet.namespace, {"sid": socket.sid}))
        if not socket.closed:
            namespace.connected(socket)

    def _turn_away(self, namespace: str, why: Mapping[str, Any]) -> None:
        self.write(Packet(Kind.CONNECT_ERROR, namespace, why))

    def _refuse_for_now(self, packet: Packet) -> None:
        socket = self.sockets.get(packet.namespace)
        if socket is not None:
            error = RateLimitedError("too many messages a second: slow down")
            socket.namespace.refuse(socket, packet.data[0], error, packet.id)
