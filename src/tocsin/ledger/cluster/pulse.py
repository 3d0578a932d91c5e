"""A pulse extends the lease on a connection of its own: neither a long commit nor a long report keeps it waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tocsin.ledger.engine.db_errors import explained

T = TypeVar("T")


class Pulse:
    """Who does not wait for an answer any more leaves the connection to it, and a fresh one is made for the next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="pulse")
        self._idle: list[Connection] = []

    async def stop(self) -> None:
        """A thread that still waits for a database that is gone ends with its connection."""
        self._threads.shutdown(wait=False)
        for connection in self._idle:
            await asyncio.to_thread(connection.close)
        self._engine.dispose()

    async def do(self, verb: Callable[[Connection], T]) -> T:
        """Raises LedgerUnavailableError."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._done(verb))

    def _done(self, verb: Callable[[Connection], T]) -> T:
        connection: Connection | None = None
        try:
            connection = self._idle.pop() if self._idle else self._engine.connect()
            result = verb(connection)
        except BaseException as problem:
            if connection is not None:
                connection.close()
            raise (explained(problem) if isinstance(problem, DBAPIError) else problem) from problem
        self._idle.append(connection)
        return result
