"""Somebody clears the folder of the ledger while it is open: nothing is acknowledged that nobody will find again."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.fault_rig import FaultRig
from tests.faults.machine import kept
from tests.faults.test_intake import detections, post
from tests.faults.test_ledger import ledger_of, opening

from tocsin.core.condition import Condition, What
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import LedgerOwnedError
from tocsin.core.facts import ConditionBegan, ConditionOver

HELD = {"rate_limit": "1/1h"}


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.replace(file)


def moved_with_its_folder(file: Path) -> None:
    """As where a volume is unmounted: everything is somewhere else."""
    elsewhere = file.parent / "elsewhere"
    elsewhere.mkdir()
    for each in file.parent.glob("tocsin.db*"):
        each.rename(elsewhere / each.name)


def lasting(village: FaultRig) -> set[What]:
    return {notice.condition.what for notice in village.alerts.pipeline.watch.conditions.listed()}


async def told_of(village: FaultRig, kind: type[ConditionBegan | ConditionOver]) -> Condition:
    def told() -> Condition | None:
        conditions = (fact.notice.condition for fact in village.facts if isinstance(fact, kind))
        return next((condition for condition in conditions if condition.what is What.LEDGER_GONE), None)

    found = await village.until(told)
    assert isinstance(found, Condition)
    return found


async def refused(village: FaultRig, sku: int = 1000) -> str:
    """The word with which an alert is turned away now."""
    status, answer, headers = await post(village, detections(1, sku))
    assert status == 503, answer
    assert int(headers["Retry-After"]) >= 1
    return str(answer["error"]["code"])


@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        ("", deleted),
        ("", replaced),
        ("", moved_with_its_folder),
        ("-wal", deleted),
        ("-wal", replaced),
        ("-shm", deleted),
    ],
)
async def test_what_is_not_the_file_that_was_opened_takes_no_alert(
    village: FaultRig, suffix: str, how: Callable[[Path], None]
):
    await village.open()
    before = await village.report("RTX 5090")
    how(ledger_of(village).with_name("tocsin.db" + suffix))
    assert await refused(village) == "ledger_gone"
    ready = await village.get("/readyz", status=503)
    assert f"tocsin.db{suffix} was" in ready["problems"][0]
    await village.until(lambda: What.LEDGER_GONE in lasting(village) or None)
    await village.get("/healthz")
    await village.settled(before, DeliveryState.SENT)


async def test_other_doors_that_promise_to_keep_something_refuse_it_as_well(village: FaultRig):
    await village.open()
    ledger_of(village).unlink()
    for path, body in (
        ("/api/v1/stock", {"sku": "1", "retailer": "bestbuy", "in_stock": False}),
        ("/api/v1/tokens", {"name": "new", "scopes": ["read"]}),
    ):
        answer = await village.call("POST", path, body, status=503)
        assert answer["error"]["code"] == "ledger_gone"


async def test_with_the_very_file_back_in_its_place_it_goes_on(village: FaultRig):
    await village.open()
    file = ledger_of(village)
    file.rename(file.with_name("moved"))
    assert await refused(village) == "ledger_gone"
    assert (await told_of(village, ConditionBegan)).detail == f"{file} was taken away while it was open"
    file.with_name("moved").rename(file)
    status, answer, _ = await post(village, detections(1))
    assert status == 202, answer
    assert (await village.get("/readyz"))["ready"] is True
    await told_of(village, ConditionOver)


async def test_a_log_that_was_deleted_takes_nothing_along_where_the_service_stops_in_good_order(village: FaultRig):
    await village.open(discord=HELD)
    _, answer, _ = await post(village, detections(20))
    ledger_of(village).with_name("tocsin.db-wal").unlink()
    assert await refused(village) == "ledger_gone"
    await village.close()
    assert kept(ledger_of(village)) == {item["id"] for item in answer["results"]}
    await village.open(discord=HELD)
    assert (await post(village, detections(1, 100)))[0] == 202


async def test_a_log_that_was_deleted_is_in_the_ledger_by_the_next_look(village: FaultRig):
    """Should the service be killed, too."""
    await village.open(discord=HELD)
    _, answer, _ = await post(village, detections(20))
    file = ledger_of(village)
    file.with_name("tocsin.db-wal").unlink()
    await village.alerts.ledger.watch()
    # Between two commits: what is copied while something is written is no ledger at any moment.
    await village.alerts.ledger._writer.read(lambda _: shutil.copy(file, file.with_name("killed.db")))
    assert kept(file.with_name("killed.db")) == {item["id"] for item in answer["results"]}


async def test_a_lock_file_that_was_deleted_lets_nobody_in_and_is_put_back(village: FaultRig):
    await village.open()
    file = ledger_of(village)
    lock = file.with_name("tocsin.db.lock")
    assert "lock file is gone" in await _refused_without(lock, file)
    lock.unlink(missing_ok=True)
    await village.alerts.ledger.watch()
    assert lock.read_text() == str(os.getpid())
    await village.until(lambda: What.LOCK_GONE in lasting(village) or None)
    with pytest.raises(LedgerOwnedError, match=f"process {os.getpid()} owns"):
        await opening(file)
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)


def _take_away(lock: Path) -> None:
    lock.unlink(missing_ok=True)


async def _refused_without(lock: Path, file: Path) -> str:
    """Why nobody is let in while the lock file is gone: the service puts it back every second."""
    for _ in range(20):
        _take_away(lock)
        with pytest.raises(LedgerOwnedError, match="owns this ledger") as refused:
            await opening(file)
        if "lock file is gone" in str(refused.value):
            break
    return str(refused.value)


async def test_the_files_of_a_ledger_are_for_nobody_else(village: FaultRig):
    umask = os.umask(0o022)
    try:
        await village.open()
        await village.report("RTX 5090")
        await village.alerts.ledger.backup(str(village.folder / "tocsin.db.before-0001"))
        names = {"", "-wal", "-shm", ".lock", ".before-0001"}
        assert modes(village) == dict.fromkeys(names, 0o600)
    finally:
        os.umask(umask)


async def test_files_that_are_open_to_others_from_before_are_closed_to_them(village: FaultRig):
    await village.open(discord=HELD)
    await village.report("RTX 5090")
    file = ledger_of(village)
    crashed = {suffix: file.with_name("tocsin.db" + suffix).read_bytes() for suffix in ("", "-wal")}
    await village.close()
    for suffix, content in (*crashed.items(), (".lock", b"1"), (".before-0001", b"x")):
        old = file.with_name("tocsin.db" + suffix)
        old.write_bytes(content)
        old.chmod(0o644)
    await village.open(discord=HELD)
    assert set(modes(village).values()) == {0o600}


def modes(village: FaultRig) -> dict[str, int]:
    return {
        path.name.removeprefix("tocsin.db"): stat.S_IMODE(path.stat().st_mode)
        for path in village.folder.glob("tocsin.db*")
    }
