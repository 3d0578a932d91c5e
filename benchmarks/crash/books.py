"""The ledger as an auditor reads it: from outside, with no code of the service between."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

HOUR = 3_600_000_000  # microseconds
IN_FLIGHT = ("sending", "unknown")
UNSETTLED = ("pending", *IN_FLIGHT)

# Every change of state is noted by the database itself, in the transaction that makes it.
_WATCH = """
CREATE TABLE watched (delivery INTEGER, origin TEXT, state TEXT, why TEXT);
CREATE TRIGGER watch AFTER UPDATE OF state ON deliveries WHEN OLD.state IS NOT NEW.state
BEGIN INSERT INTO watched VALUES (NEW.key, OLD.state, NEW.state, NEW.why); END;
"""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`targets` has one for each delivery, in the order of the alphabet: a list stands there once for each person."""

    id: UUID
    sku: str
    decision: str
    repeats: int
    priority: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    key: int
    alert: UUID
    target: str
    state: str
    possibly_repeated: bool

    @property
    def channel(self) -> str:
        return self.target.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Books:
    alerts: Mapping[UUID, AlertRow]
    deliveries: Mapping[int, DeliveryRow]
    moves: frozenset[tuple[str, str, str | None]]
    sound: bool


def watch(ledger: Path) -> None:
    """While no service runs."""
    with closing(sqlite3.connect(ledger)) as connection:
        connection.executescript(_WATCH)


def in_flight(ledger: Path) -> frozenset[int]:
    """Keys of the deliveries of which nobody knows; read from a copy, so that recovery is left to the service."""
    with _copied(ledger) as connection:
        return frozenset(key for (key,) in connection.execute(_KEYS_IN_FLIGHT))


def unsettled(ledger: Path) -> int:
    """How many deliveries are not over, while the service runs."""
    return _count(ledger, _UNSETTLED)


def kept(ledger: Path) -> int:
    """How many alerts there are, while the service runs."""
    return _count(ledger, "SELECT count(*) FROM alerts")


def grow_old(ledger: Path) -> None:
    """Let two hours have passed since all that is kept: retention goes by whole hours. Nobody else has the ledger."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE alerts SET accepted_at = accepted_at - ?", (2 * HOUR,))
        connection.execute("UPDATE events SET at = at - ?", (2 * HOUR,))


def read(ledger: Path) -> Books:
    with _copied(ledger) as connection:
        targets: dict[int, list[str]] = {}
        for alert, target in connection.execute("SELECT alert, target FROM deliveries ORDER BY target"):
            targets.setdefault(alert, []).append(target)
        rows = connection.execute("SELECT key, id, sku, decision, repeats, priority FROM alerts").fetchall()
        names = {key: _uuid(name) for key, name, *_ in rows}
        return Books(
            {names[key]: AlertRow(names[key], *rest, tuple(targets.get(key, ()))) for key, _, *rest in rows},
            {
                key: DeliveryRow(key, names[alert], target, state, bool(repeated))
                for key, alert, target, state, repeated in connection.execute(_DELIVERIES)
            },
            frozenset(connection.execute("SELECT DISTINCT origin, state, why FROM watched").fetchall()),
            connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)],
        )


_KEYS_IN_FLIGHT = f"SELECT key FROM deliveries WHERE state IN {IN_FLIGHT}"
_UNSETTLED = f"SELECT count(*) FROM deliveries WHERE state IN {UNSETTLED}"
_DELIVERIES = "SELECT key, alert, target, state, possibly_repeated FROM deliveries"


def _count(ledger: Path, question: str) -> int:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        found: int = connection.execute(question).fetchone()[0]
        return found


@contextmanager
def _copied(ledger: Path) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if (source := ledger.with_name(ledger.name + suffix)).exists():
                shutil.copy(source, folder)
        with closing(sqlite3.connect(Path(folder) / ledger.name)) as connection:
            yield connection


def _uuid(stored: object) -> UUID:
    return UUID(bytes=stored) if isinstance(stored, bytes) else UUID(str(stored))
