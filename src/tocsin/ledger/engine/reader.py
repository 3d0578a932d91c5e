"""Reads, on connections that cannot write: a heavy report never delays a commit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from tocsin.ledger.engine.connections import READERS
from tocsin.ledger.engine.db_errors import breaks_connection, explained
from tocsin.ledger.engine.schema import stream

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Each read sees one moment of the ledger, commits included that were told of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="reader")

    async def start(self) -> None:
        """Every connection is opened now: later its file may have been taken away, or be another one."""
        in_a_thread = asyncio.get_running_loop().run_in_executor
        opened = [await in_a_thread(self._threads, self._opened) for _ in range(READERS)]
        for connection in opened:
            connection.close()

    async def stop(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def read(self, look: Callable[Concatenate[Connection, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        """What `look` finds. Raises LedgerError where the database cannot be read."""
        call = partial(self._look, look, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _opened(self) -> Connection:
        try:
            connection = self._engine.connect()
            with connection.begin():
                connection.scalar(select(stream.c.epoch))
        except DBAPIError as problem:
            raise explained(problem) from problem
        return connection

    def _look(self, look: Callable[Concatenate[Connection, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        """A connection that breaks on the way costs nobody an answer where there is another one to be had."""
        try:
            return self._look_once(look, *arguments, **named)
        except DBAPIError as problem:
            if not breaks_connection(problem):
                raise explained(problem) from problem
        try:
            return self._look_once(look, *arguments, **named)
        except DBAPIError as problem:
            raise explained(problem) from problem

    def _look_once(self, look: Callable[Concatenate[Connection, P], T], *arguments: P.args, **named: P.kwargs) -> T:
        with self._engine.connect() as connection, connection.begin():
            return look(connection, *arguments, **named)
