"""The live stream on its way to sockets: each event encoded once, for the rooms whose interest it meets."""

from collections.abc import Callable, Sequence

from tocsin.core.record import Cursor, Event
from tocsin.gateway.broadcast import Writer
from tocsin.gateway.engineio import Outgoing
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.interests import Interests
from tocsin.gateway.packets import Packets, bookmark
from tocsin.gateway.replay import Replay
from tocsin.pipeline.event_encoding import is_public
from tocsin.pipeline.feed import Feed
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match


class Stream:
    def __init__(
        self, feed: Feed, catalog: Callable[[], Catalog], replay: Replay, *, writer: Writer, gauges: Gauges
    ) -> None:
        self.interests = Interests(writer, gauges)
        self.replay = replay
        self.gauges = gauges
        self._feed = feed
        self._packets = Packets(feed.epoch)
        self._catalog = catalog
        self._writer = writer
        self._bookmark: tuple[Cursor, Outgoing] | None = None

    @property
    def head(self) -> Cursor:
        return self._feed.cursor

    def hear(self, events: Sequence[Event]) -> None:
        """Contiguous events, as the feed passes them on."""
        self.replay.shelf.keep(events)
        catalog = self._catalog()
        for event in events:
            if is_public(event):
                self._post(event, catalog)
        self._writer.release()

    def select(self, events: Sequence[Event], match: Match, most: int) -> tuple[list[Outgoing], int]:
        """The packets that one interest gets of these events, until it is `most` bytes, and the position up to which
        that is.
        """
        catalog = self._catalog()
        chosen: list[Outgoing] = []
        size = 0
        for event in events:
            if is_public(event) and match.admits(event.record.alert, catalog):
                chosen.append(self._packets.of(event))
                size += len(chosen[-1].frame)
                if size >= most:
                    return chosen, event.position
        return chosen, events[-1].position

    def bookmark(self) -> Outgoing:
        """The current cursor, encoded once for every socket that gets it."""
        if self._bookmark is None or self._bookmark[0] != self.head:
            self._bookmark = (self.head, bookmark(self.head))
        return self._bookmark[1]

    def _post(self, event: Event, catalog: Catalog) -> None:
        for room in self.interests.rooms(event.record.alert, catalog):
            room.post(self._packets.of(event))
