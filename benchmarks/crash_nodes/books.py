"""The ledger on PostgreSQL as an auditor reads it: from outside, with no code of the service between."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from benchmarks.crash.books import UNSETTLED, AlertRow, Books, DeliveryRow
from benchmarks.crash_nodes.database import Database

# Every change of state is noted by the database itself, in the transaction that makes it.
_WATCH = """
CREATE TABLE watched (
    number bigint GENERATED ALWAYS AS IDENTITY, delivery bigint, origin text, state text, why text,
    at double precision DEFAULT extract(epoch FROM clock_timestamp())
);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO watched (delivery, origin, state, why) VALUES (NEW.key, OLD.state, NEW.state, NEW.why);
    RETURN NEW;
END $$;
CREATE TRIGGER watch AFTER UPDATE OF state ON deliveries FOR EACH ROW
WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION watch();
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery was claimed, and later nobody knew what had become of it. In seconds since 1970."""

    delivery: int
    claimed: float
    doubted: float


async def watch(database: Database) -> None:
    """While no service runs."""
    await database.ask(_WATCH)


async def unsettled(database: Database) -> int:
    """How many deliveries are not over."""
    ((count,),) = await database.ask(f"SELECT count(*) FROM deliveries WHERE state IN {UNSETTLED}")
    return int(count)


async def read(database: Database) -> Books:
    targets: dict[int, list[str]] = {}
    for alert, target in await database.ask('SELECT alert, target FROM deliveries ORDER BY target COLLATE "C"'):
        targets.setdefault(alert, []).append(target)
    rows = await database.ask("SELECT key, id, sku, decision, repeats, priority FROM alerts")
    names: Mapping[int, UUID] = {key: name for key, name, *_ in rows}
    deliveries = await database.ask("SELECT key, alert, target, state, possibly_repeated FROM deliveries")
    return Books(
        {name: AlertRow(name, *rest, tuple(targets.get(key, ()))) for key, name, *rest in rows},
        {key: DeliveryRow(key, names[alert], *rest) for key, alert, *rest in deliveries},
        frozenset(await database.ask("SELECT DISTINCT origin, state, why FROM watched")),
        sound=True,
    )


async def published(database: Database) -> list[tuple[int, UUID, int]]:
    """What live sockets are told: the position, the alert and its priority, in order."""
    return [
        (position, name, priority)
        for position, name, priority in await database.ask(
            "SELECT events.position, alerts.id, alerts.priority FROM events JOIN alerts ON alerts.key = events.alert"
            " WHERE events.kind = 'accepted' ORDER BY events.position"
        )
    ]


async def doubts(database: Database) -> list[Doubt]:
    """Every time that nobody knew."""
    moves = await database.ask("SELECT delivery, state, at FROM watched ORDER BY delivery, number")
    found: list[Doubt] = []
    claimed: dict[int, float] = {}
    for delivery, state, at in moves:
        if state == "sending":
            claimed[delivery] = at
        elif state == "unknown":
            found.append(Doubt(delivery, claimed[delivery], at))
    return found
