"""The disk of PostgreSQL is full: it is said so, nothing is half kept, and it goes on by itself."""

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.contract.books import opened
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock
from tocsin.core.errors import LedgerUnavailableError

SIZE, BALLAST = 17 * 1024 * 1024, 4 * 1024 * 1024  # bytes; an empty database has 8 MB


@pytest.fixture
def small_disk(postgresql: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[tuple[str, Path]]:
    """The url of an empty database on a disk of its own, and a file there that can be taken away."""
    disk = Path(f"/tmp/tocsin-disk-{os.getpid()}")  # the server's user has to come in
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=777", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        disk.rmdir()
        pytest.skip("only root may make a small disk for another process")
    name = f"full_{worker_id}"
    try:
        (disk / "space").mkdir(mode=0o700)
        server = psycopg.conninfo.conninfo_to_dict(postgresql.replace("postgresql://postgres:@/", "postgresql:///"))
        shutil.chown(disk / "space", Path(str(server["host"])).stat().st_uid)
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk / 'space'}'")
            connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        (disk / "ballast").write_bytes(bytes(BALLAST))
        yield postgresql.replace("/postgres?", f"/{name}?"), disk / "ballast"
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.execute(f"DROP TABLESPACE {name}")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
        disk.rmdir()


async def test_a_full_disk_is_told_keeps_nothing_half_and_is_gone_on_from(
    small_disk: tuple[str, Path], clock: ManualClock
):
    place, ballast = small_disk
    async with opened(place, clock, shared=True) as books, asyncio.timeout(DEADLINE_S):
        taken, problem = 0, None
        while problem is None:
            bulk = [books.detected(f"{taken}-{one}", metadata={"note": os.urandom(6000).hex()}) for one in range(50)]
            try:
                await books.append(*bulk)
                taken += 1
            except LedgerUnavailableError as told:
                problem = told
        assert "the disk of the database is full" in problem.message
        assert (await books.history.span())[1] == 50 * taken
        with contextlib.suppress(LedgerUnavailableError):
            await books.ledger.probe()
        ballast.unlink()
        await books.append(books.detected("after"))
        assert (await books.history.span())[1] == 50 * taken + 1
