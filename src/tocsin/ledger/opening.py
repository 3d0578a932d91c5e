"""A ledger is opened: owned, brought up to date, read for its name, served; and closed in reverse."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, insert, select
from sqlalchemy.exc import DBAPIError

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerUnavailableError
from tocsin.core.facts import Emit, Fact
from tocsin.core.secret import Secret
from tocsin.ledger.cluster.cluster import SqlCluster
from tocsin.ledger.cluster.pulse import Pulse
from tocsin.ledger.engine.connections import parse_url, pulse_engine, reading_engine, sqlite_path, writing_engine
from tocsin.ledger.engine.db_errors import explained
from tocsin.ledger.engine.integrity import verify_quickly
from tocsin.ledger.engine.last_commit import LastCommit
from tocsin.ledger.engine.lock import OwnerLock, making, own_database
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.unfinished import unfinished_of
from tocsin.ledger.engine.upgrade import upgrade
from tocsin.ledger.engine.wal import WalLimits, WriteAheadLog
from tocsin.ledger.engine.writer import Writer
from tocsin.ledger.files import LedgerFiles
from tocsin.ledger.ledger import Name, SqlLedger
from tocsin.ledger.people.people import SqlPeople
from tocsin.ledger.people.vault import Vault

KEY_FILE = "people.key"


def _nobody(_: Fact) -> None:
    """Hear no facts: nobody listens."""


def _lasts() -> None:
    """Nobody takes the files of a PostgreSQL away under its feet."""


@asynccontextmanager
async def open_ledger(
    url: str,
    *,
    clock: Clock,
    emit: Emit = _nobody,
    shared: bool = False,
    limits: WalLimits | None = None,
    people_key: Secret | None = None,
    people_key_file: Path | None = None,
) -> AsyncIterator[SqlLedger]:
    """`sqlite:///path` or `postgresql://…`; made where it is not there, its schema upgraded where it is older.

    This process owns it until the end; `shared` (PostgreSQL only) lets other nodes work on it too. People are kept with
    `people_key`, else with what is in the file: by default `people.key` beside a SQLite ledger. Raises
    LedgerOwnedError, LedgerNewerError, LedgerCorruptError, PeopleKeyError or LedgerUnavailableError, each saying how to
    mend it.
    """
    place = parse_url(url)
    path = sqlite_path(place)
    async with AsyncExitStack() as undo:
        files = None if path is None else _owned(path, undo)
        engine = writing_engine(place, limits)
        undo.callback(engine.dispose)
        wal = WriteAheadLog(path, limits or WalLimits(), emit)
        opening = partial(_open_database, engine, threading.Event(), shared=shared)
        if path is not None and files is not None:
            opening = partial(_open_file, engine, path, files)
        last = LastCommit() if path is None else None
        check = files.check if files else _lasts
        writer = Writer(opening, clock, wal.hear, check=check, alone=not shared or path is not None, last=last)
        undo.push_async_callback(writer.stop)
        name = await _started(writer)
        beside = None if path is None else path.with_name(KEY_FILE)
        vault = Vault(people_key, people_key_file or beside)
        await asyncio.to_thread(vault.unlock, name.people_mark)
        reader = Reader(reading_engine(place))
        undo.push_async_callback(reader.stop)
        await reader.start()
        people = SqlPeople(writer, reader, vault, clock)
        cluster = await _cluster(place, writer, clock, undo) if shared and path is None else None
        yield SqlLedger(writer, reader, name=name, files=files, wal=wal, people=people, cluster=cluster, emit=emit)


def _owned(path: Path, undo: AsyncExitStack) -> LedgerFiles:
    lock = OwnerLock(path)
    undo.callback(lock.release)
    return LedgerFiles(path, lock)


async def _cluster(place: URL, writer: Writer, clock: Clock, undo: AsyncExitStack) -> SqlCluster:
    pulse = Pulse(pulse_engine(place))
    undo.push_async_callback(pulse.stop)
    return SqlCluster(writer, pulse, clock)


async def _started(writer: Writer) -> Name:
    try:
        await writer.start()
        return await writer.read(_name)
    except DBAPIError as problem:
        raise explained(problem) from problem


def _open_file(engine: Engine, path: Path, files: LedgerFiles) -> Connection:
    """Connect at the start, and again after the disk has failed: the ledger is looked at before anything is built on
    it.
    """
    files.opening()
    verify_quickly(path)
    with ExitStack() as undo:
        connection = undo.enter_context(engine.connect())
        upgrade(connection, path)
        _draw_name(connection)
        files.opened()
        undo.pop_all()
    return connection


def _open_database(engine: Engine, made: threading.Event, *, shared: bool) -> Connection:
    """Connect at the start, and again after the connection broke. Only at the start the schema is looked at: a newer
    program may have come to the same ledger since, and this one works beside it until it is stopped.
    """
    with ExitStack() as undo:
        connection = undo.enter_context(engine.connect())
        own_database(connection, shared=shared)
        if not made.is_set():
            _refuse_unfinished(connection)
            with making(connection):
                upgrade(connection, None)
                _draw_name(connection)
            made.set()
        undo.pop_all()
    return connection


def _refuse_unfinished(connection: Connection) -> None:
    """A copy that was broken off is no ledger yet."""
    with connection.begin():
        if unfinished_of(connection) is not None:
            raise LedgerUnavailableError("a copy into this ledger was broken off: run `tocsin db copy` again")


def _draw_name(connection: Connection) -> None:
    """A ledger is named once, when it is made."""
    with connection.begin():
        if connection.execute(select(stream.c.epoch)).first() is None:
            drawn = {"epoch": secrets.token_hex(8), "link_secret": secrets.token_bytes(32)}
            counters = {"position": 0, "alert_key": 0, "delivery_key": 0, "episode_key": 0}
            connection.execute(insert(stream).values(key=1, **drawn, **counters))


def _name(connection: Connection) -> Name:
    with connection.begin():
        row = connection.execute(select(stream.c.epoch, stream.c.link_secret, stream.c.people_mark)).one()
        return Name(row.epoch, bytes(row.link_secret), None if row.people_mark is None else bytes(row.people_mark))
