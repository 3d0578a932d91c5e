"""One socket's place in the live stream: what it follows, and how far it has been told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.access.tokens import Grant
from tocsin.core.errors import InvalidRequestError
from tocsin.core.record import Cursor, Event
from tocsin.gateway.admission import Admission
from tocsin.gateway.batch import Batch
from tocsin.gateway.peer import Socket
from tocsin.gateway.replay import MOST_BACKLOG
from tocsin.gateway.stream import Stream
from tocsin.rules.match import Match, parse_match


@dataclass(frozen=True, slots=True)
class Wish:
    """The wish of a client: which alerts, and since when (None: from now on)."""

    match: Match
    after: Cursor | None = None

    @classmethod
    def parse(cls, value: Any, head: Cursor) -> "Wish":
        """A `match` with an optional `after`; nothing at all is everything. Raises InvalidRequestError."""
        if not isinstance(value, Mapping | None):
            raise InvalidRequestError("subscribe takes an object: a match, and `after` to resume")
        fields = dict(value or {})
        after = fields.pop("after", None)
        return cls(parse_match(fields), None if after is None else _cursor(after, head))


def _cursor(value: Any, head: Cursor) -> Cursor:
    if not isinstance(value, str):
        raise InvalidRequestError("`after` is a cursor: pass on the text that an event carried")
    cursor = Cursor.parse(value)
    if cursor.epoch == head.epoch and cursor.position > head.position:
        raise InvalidRequestError("`after` is a cursor from the future: subscribe without it to begin now")
    return cursor


class Subscriber:
    """Either live (in a room), coming back (in the line of the replay), or without a subscription."""

    __slots__ = ("_admission", "_bookmark_every", "_comeback", "_match", "_stream", "grant", "socket")

    def __init__(
        self, socket: Socket, grant: Grant, stream: Stream, admission: Admission, bookmark_every: float
    ) -> None:
        self.socket = socket
        self.grant = grant
        self._stream = stream
        self._admission = admission
        self._bookmark_every = bookmark_every
        self._match: Match | None = None
        self._comeback: Comeback | None = None

    def prepare(self, wish: Wish) -> Cursor:
        """Leave what was followed, all of it written; returns after which cursor the wish will begin.

        Who changes a subscription while coming back goes on from where the replay stands: nothing is skipped.
        """
        self._leave()
        head = self._stream.head
        if wish.after is not None and wish.after.epoch == head.epoch:
            return wish.after
        if wish.after is None and self._comeback is not None:
            return Cursor(head.epoch, self._comeback.position)
        return head

    def follow(self, wish: Wish, begin: Cursor) -> None:
        """Begin after `begin`, as `prepare` returned it a moment ago."""
        before, self._comeback = self._comeback, None
        self._match = wish.match
        if wish.after is None and before is None:
            self._stream.interests.join(self.socket, wish.match)
            return
        self._comeback = Comeback(self, wish.match, begin.position)
        if wish.after is not None:
            # Another epoch is another ledger: what its cursor stood for cannot be known.
            self._comeback.complete = wish.after.epoch == begin.epoch
        elif before is not None:
            self._comeback.count, self._comeback.complete = before.count, before.complete
        self._stream.replay.add(self._comeback)

    def unfollow(self) -> None:
        """Out of everything; what was due until now is written."""
        self._leave()
        self._comeback = None

    def expects(self, comeback: "Comeback") -> bool:
        return self._comeback is comeback

    def arrive(self, comeback: "Comeback") -> None:
        """Told everything up to the head: live from here on."""
        self._comeback = None
        gauges = self._stream.gauges
        gauges.resumes += 1
        gauges.resumed_events += comeback.count
        cursor = Cursor(self._stream.head.epoch, comeback.position)
        payload = {"after": str(cursor), "count": comeback.count, "complete": comeback.complete}
        self.socket.emit("resumed", payload)
        if not self.socket.closed:
            self._stream.interests.join(self.socket, comeback.match)

    def emit(self, events: Sequence[Event], comeback: "Comeback") -> None:
        packets, comeback.position = self._stream.select(events, comeback.match, MOST_BACKLOG)
        comeback.count += len(packets)
        if packets:
            self.socket.deliver(Batch(packets))

    def alarm(self, now: float) -> float | None:
        """A bookmark is due, or the token has ended."""
        if self.socket.closed:
            return None
        if self._admission.seconds_left(self.grant) <= 0:
            self._admission.expire(self.socket)
            return None
        if self.socket.room is not None:
            self.socket.room.settle(self.socket)
            self.socket.deliver(Batch((self._stream.bookmark(),)))
        return self.next_alarm(now, self._bookmark_every)

    def next_alarm(self, now: float, within: float) -> float:
        return now + max(min(within, self._admission.seconds_left(self.grant)), 0)

    def _leave(self) -> None:
        if self.socket.room is not None:
            self.socket.room.leave(self.socket)
        if self._match is not None:
            self._stream.interests.leave(self._match)
        self._match = None


class Comeback:
    """One replay for one subscriber. A later subscription makes another, and this one is gone."""

    __slots__ = ("_subscriber", "complete", "count", "match", "position")

    def __init__(self, subscriber: Subscriber, match: Match, position: int) -> None:
        self.match = match
        self.position = position
        self.count = 0
        self.complete = True
        self._subscriber = subscriber

    @property
    def gone(self) -> bool:
        return self._subscriber.socket.closed or not self._subscriber.expects(self)

    @property
    def backlog(self) -> int:
        return self._subscriber.socket.backlog

    def replay(self, events: Sequence[Event]) -> None:
        if events:
            self._subscriber.emit(events, self)

    def arrive(self) -> None:
        self._subscriber.arrive(self)
