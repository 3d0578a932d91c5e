"""Finds the rooms that want to hear of an alert: one for each distinct interest, without asking all of them."""

from collections.abc import Iterator

from tocsin.core.alert import Alert
from tocsin.gateway.broadcast import Broadcast, Writer
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.peer import Socket
from tocsin.rules.catalog import Catalog, fold, fold_sku
from tocsin.rules.glob import is_glob
from tocsin.rules.match import Match

# What an interest is filed under: a SKU, a retailer or a type that it names, each with its kind; nothing for the rest.
Key = tuple[str, str]
_ANYTHING: Key = ("", "")


class Interests:
    """An interest is filed under its most telling key that has no globs; only those filed under a key of the alert are
    weighed. So a thousand filters for other SKUs cost nothing.
    """

    def __init__(self, writer: Writer, gauges: Gauges) -> None:
        self._writer = writer
        self._gauges = gauges
        self._rooms: dict[Match, Broadcast] = {}
        self._filed: dict[Key, dict[Match, Broadcast]] = {}

    def join(self, socket: Socket, match: Match) -> None:
        room = self._rooms.get(match)
        if room is None:
            room = self._open(match)
        room.join(socket)

    def leave(self, match: Match) -> None:
        """A socket has left: the last one closes the room."""
        room = self._rooms.get(match)
        if room is None or room.sockets:
            return
        del self._rooms[match]
        for key in _keys(match):
            del self._filed[key][match]
            if not self._filed[key]:
                del self._filed[key]
        self._gauges.interests = len(self._rooms)

    def rooms(self, alert: Alert, catalog: Catalog) -> Iterator[Broadcast]:
        """Every room that the alert is for, once."""
        weighed: set[Match] = set()
        for key in _keys_of(alert, catalog):
            for match, room in self._filed.get(key, {}).items():
                if match not in weighed:
                    weighed.add(match)
                    if match.admits(alert, catalog):
                        yield room

    def _open(self, match: Match) -> Broadcast:
        room = self._rooms[match] = Broadcast(self._writer)
        for key in _keys(match):
            self._filed.setdefault(key, {})[match] = room
        self._gauges.interests = len(self._rooms)
        return room


def _keys(match: Match) -> set[Key]:
    skus = {fold_sku(sku) for sku in match.skus}
    if skus and not any(map(is_glob, skus)):
        return {("sku", sku) for sku in skus}
    if match.retailers and not any(map(is_glob, match.retailers)):
        return {("retailer", fold(retailer)) for retailer in match.retailers}
    if match.types:
        return {("type", kind.value) for kind in match.types}
    return {_ANYTHING}


def _keys_of(alert: Alert, catalog: Catalog) -> Iterator[Key]:
    yield _ANYTHING
    yield ("type", alert.type.value)
    yield ("sku", alert.sku)
    for spelling in catalog.spellings(alert.retailer):
        yield ("retailer", spelling)
        yield ("sku", f"{spelling}:{alert.sku}")
