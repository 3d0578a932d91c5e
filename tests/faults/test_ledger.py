"""Rows 8 to 11, 13 and 45: the ledger is locked, damaged, read for long, upgraded, restored."""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.contract.books import Books
from tests.faults.fault_rig import FaultRig
from tests.faults.test_intake import detections, post

from tocsin.core.clock import ManualClock, SystemClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import LedgerCorruptError, LedgerNewerError, LedgerOwnedError, LedgerUnavailableError
from tocsin.core.facts import Fact, Trouble
from tocsin.core.killpoint import STATUS
from tocsin.ledger.engine.integrity import verify
from tocsin.ledger.engine.wal import WalLimits
from tocsin.ledger.opening import open_ledger
from tocsin.sandbox import Fault

PAGE = 4096
LEAF = 13  # the first byte of such a page of a table (sqlite.org/fileformat.html)


def ledger_of(village: FaultRig) -> Path:
    return village.folder / "tocsin.db"


async def opening(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}", clock=SystemClock()):
        pass


async def filled(village: FaultRig, alerts: int = 300) -> Path:
    """The file of a service that has stopped in good order."""
    await village.open(discord={"rate_limit": "1/1h"})
    await post(village, detections(alerts))
    await village.close()
    return ledger_of(village)


async def test_row_08_a_locked_ledger_is_answered_503_and_taken_again_when_it_is_free(village: FaultRig):
    await village.open()
    with closing(sqlite3.connect(ledger_of(village), isolation_level=None)) as greedy:
        greedy.execute("BEGIN IMMEDIATE")
        status, answer, headers = await post(village, detections(1))
        greedy.execute("ROLLBACK")
    assert (status, answer["error"]["code"]) == (503, "ledger_unavailable")
    assert int(headers["Retry-After"]) >= 1
    assert (await post(village, detections(1)))[0] == 202


async def test_row_08_an_outcome_is_offered_until_a_locked_ledger_takes_it(village: FaultRig):
    await village.open()
    village.sandbox.faults.next("discord", Fault.hang(), action="execute")
    receipt = await village.report("RTX 5090")
    await village.sandbox.faults.expect_hanging()
    with closing(sqlite3.connect(ledger_of(village), isolation_level=None)) as greedy:
        greedy.execute("BEGIN IMMEDIATE")
        village.sandbox.faults.release()
        trouble = await village.until(
            lambda: next((f for f in village.facts if isinstance(f, Trouble) and f.what == "settle_failed"), None)
        )
        greedy.execute("ROLLBACK")
    assert trouble.mend
    await village.settled(receipt, DeliveryState.SENT)
    assert village.executed("high_priority") == 1


def header(content: bytearray) -> None:
    content[:100] = bytes(100)


def middle(content: bytearray) -> None:
    start = len(content) // 2 // PAGE * PAGE
    content[start : start + 8 * PAGE] = os.urandom(8 * PAGE)


def bit(content: bytearray) -> None:
    """The kind of a page in the middle of a tree."""
    page = next(at for at in range(len(content) // 2 // PAGE * PAGE, len(content), PAGE) if content[at] == LEAF)
    content[page] ^= 1


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


@pytest.mark.parametrize("damage", [header, middle, bit, cut])
async def test_row_09_a_damaged_ledger_is_not_started_and_the_backup_to_put_back_is_named(
    village: FaultRig, damage: Callable[[bytearray], None]
):
    file = await filled(village)
    content = bytearray(file.read_bytes())
    damage(content)
    file.write_bytes(content)
    backup = file.with_name("tocsin.db.before-0002")
    backup.touch()
    with pytest.raises(LedgerCorruptError, match=re.escape(str(backup))):
        await opening(file)
    with pytest.raises(LedgerCorruptError, match="tocsin db backup"):
        verify(file)
    assert file.read_bytes() == content


async def test_row_09_a_log_that_was_cut_short_gives_back_what_was_whole(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    for wave in range(5):
        await post(village, detections(50, 50 * wave))
    torn = village.folder / "torn.db"
    for suffix in ("", "-wal"):
        shutil.copy(ledger_of(village).with_name("tocsin.db" + suffix), torn.with_name(torn.name + suffix))
    log = torn.with_name(torn.name + "-wal")
    os.truncate(log, log.stat().st_size - 100)
    await opening(torn)
    verify(torn)
    with closing(sqlite3.connect(torn)) as reader:
        alerts, positions = (
            reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("alerts", "events")
        )
    assert alerts == positions >= 200


async def test_row_10_a_long_reader_is_told_of_delays_the_checkpoint_and_no_commit_up_to_a_bound(tmp_path: Path):
    """Scaled down by 256: folded in at 64 KiB, told at 256 KiB; the bound of 4 GiB by 4096."""
    file, told = tmp_path / "ledger.db", list[Fact]()
    log = file.with_name(file.name + "-wal")
    normal = WalLimits()
    limits = WalLimits(normal.folded_at // 256, normal.cut_to // 256, normal.alarm_at // 256, normal.most // 4096)
    clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    async with open_ledger(f"sqlite:///{file}", clock=clock, emit=told.append, limits=limits) as ledger:
        books = Books(ledger, clock)
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM alerts").fetchone()
            taken = 0
            while not ledger.wal.full:
                await books.append(*(books.detected(f"{taken}-{number}") for number in range(20)))
                taken += 20
            with pytest.raises(LedgerUnavailableError, match="reader"):
                await books.append(books.detected("one too many"))
            grown = ledger.wal.size
            reader.execute("COMMIT")
        sizes = [fact for fact in told if isinstance(fact, Trouble) and fact.what == "wal_grown"]
        for number in range(3):
            await books.append(books.detected(f"after {number}"))
        assert log.stat().st_size <= limits.cut_to + PAGE
    assert limits.most < grown < 2 * limits.most
    assert 1 <= len(sizes) <= 3
    assert alerts_in(file) == taken + 3


async def test_row_10_how_long_the_log_is_can_be_measured(village: FaultRig):
    await village.open()
    size = ledger_of(village).with_name("tocsin.db-wal").stat().st_size
    assert f"tocsin_ledger_wal_bytes {float(size)}".encode() in village.alerts.telemetry.exposition()


async def test_row_11_a_second_writer_is_not_possible(village: FaultRig):
    await village.open()
    with pytest.raises(LedgerOwnedError, match=str(os.getpid())):
        await opening(ledger_of(village))
    with village.alerts.ledger.history._reader._engine.connect() as reading:
        assert reading.exec_driver_sql("PRAGMA query_only").scalar() == 1
        assert reading.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
    assert village.alerts.ledger._writer._thread._max_workers == 1


async def test_row_13_a_migration_that_dies_midway_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "tocsin.json").write_text('{"server": {"port": 0}}')
    died = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "serve", "--config", str(tmp_path / "tocsin.json"),
        env={**os.environ, "TOCSIN_KILL_AT": "migration_step"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert await died.wait() == STATUS
    with closing(sqlite3.connect(tmp_path / "tocsin.db")) as reader:
        assert reader.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alerts'").fetchone() == (0,)
    await opening(tmp_path / "tocsin.db")


async def test_row_13_an_older_program_refuses_a_newer_ledger_and_leaves_it_alone(village: FaultRig):
    file = await filled(village, alerts=1)
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        writer.commit()
    with pytest.raises(LedgerNewerError, match="newer"):
        await opening(file)
    with closing(sqlite3.connect(file)) as reader:
        assert reader.execute("SELECT count(*) FROM alerts").fetchone() == (1,)


async def test_row_45_what_was_in_flight_at_the_backup_is_in_doubt_once_it_is_restored(village: FaultRig):
    await village.open(discord={"on_lost_answer": "hold"})
    village.sandbox.faults.next("discord", Fault.hang(), action="execute")
    receipt = await village.report("RTX 5090")
    await village.sandbox.faults.expect_hanging()
    backup = village.folder / "backup.db"
    await village.alerts.ledger.backup(str(backup))
    village.sandbox.faults.release()
    await village.settled(receipt, DeliveryState.SENT)
    await village.close()
    restore(backup, ledger_of(village))
    village.facts.clear()
    await village.open(discord={"on_lost_answer": "hold"})
    await village.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert village.executed("high_priority") == 1


async def test_row_45_what_outlived_its_life_before_the_restore_is_not_sent(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"}, max_age={"in_stock": "1s"})
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    waiting = await village.report("PS5 Pro")
    backup = village.folder / "backup.db"
    await village.alerts.ledger.backup(str(backup))
    await village.settled(waiting, DeliveryState.EXPIRED)
    await village.close()
    restore(backup, ledger_of(village))
    village.facts.clear()
    await village.open(max_age={"in_stock": "1s"})
    await village.settled(waiting, DeliveryState.EXPIRED)
    assert village.executed("high_priority") == 1


async def test_row_03_what_has_no_answer_when_the_grace_is_over_is_in_doubt_and_not_sending(village: FaultRig):
    await village.open()
    village.sandbox.faults.next("discord", Fault.hang(), action="execute")
    receipt = await village.report("RTX 5090")
    await village.sandbox.faults.expect_hanging()
    await village.alerts.pipeline.sending.dispatcher.stop(grace_s=0.01)
    (delivery,) = await village.deliveries(receipt)
    assert (delivery["state"], delivery["why"]) == ("unknown", "crashed")


def alerts_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as reader:
        return int(reader.execute("SELECT count(*) FROM alerts").fetchone()[0])


def restore(backup: Path, ledger: Path) -> None:
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, ledger)
