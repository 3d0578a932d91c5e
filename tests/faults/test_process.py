"""Rows 2 to 7, 12 and 41 to 44: the process is killed, stopped, starved; its disk fails it."""

import asyncio
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from benchmarks.crash.tour import Call, Tour
from tests.faults.fault_rig import FaultRig
from tests.faults.machine import Machine, kept, states
from tests.faults.test_intake import detections
from tests.story.service_rig import TOKEN

from tocsin.sandbox import Fault, Sandbox

HELD = {"rate_limit": "1/1h"}
SYNC = "fdatasync,fsync"
MIB = 1024 * 1024
KNOWN = f"Authorization: Bearer {TOKEN}\r\n"

needs_mount = pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0,
    reason="this machine lets nobody mount in a namespace of his own",
)


def heavy(start: int, count: int = 20) -> list[dict[str, Any]]:
    return detections(count, start, metadata={"note": "x" * 12_000})


def traced(*words: str) -> tuple[str, ...]:
    return ("strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", *words)


async def test_row_02_killed_at_some_system_call_it_loses_and_repeats_nothing(tmp_path: Path):
    async with Sandbox(limits=False) as sandbox:
        calls = [Call("pwrite64", 60), Call("connect", 3)]  # `make crash` has more of them
        result = await Tour("calls", tmp_path, sandbox, seed=2, asked=False).run(calls)
    assert result.faults == []
    assert all(result.kills[call.name] == 1 for call in calls)


async def test_row_03_sigterm_under_load_answers_to_the_end_and_leaves_nothing_being_sent(village: FaultRig):
    village.write()
    village.sandbox.faults.next("discord", Fault.hang(), action="execute", times=None)
    async with Machine(village) as machine, machine.live(4) as sockets:
        assert (await machine.post(detections(30)))[0] == 202
        await village.sandbox.faults.expect_hanging()
        machine.serving.tell(signal.SIGTERM)
        goodbyes = await asyncio.gather(*sockets)
        status, answer, headers = await machine.ask("POST", "/api/v1/alerts", detections(1, 100))
        assert (status, answer["error"]["code"]) == (503, "ledger_unavailable")
        assert int(headers["Retry-After"]) >= 1
        assert await machine.status("/readyz") == 503
        assert await machine.status("/healthz") == 200
        assert await machine.status("/api/v1/alerts") == 200
        village.sandbox.faults.clear()
        assert await asyncio.to_thread(machine.serving.wait) == 0
    assert states(village.folder / "tocsin.db") <= {"sent", "pending"}
    assert not village.repeated
    assert {goodbye["code"] for goodbye in goodbyes} == {"restart"}
    assert len({goodbye["retry_after_s"] for goodbye in goodbyes}) == len(goodbyes)


async def test_row_03_a_body_that_is_still_being_sent_is_answered_at_once(village: FaultRig):
    village.write()
    async with Machine(village) as machine, machine.saying(half_an_alert()) as reader:
        await machine.until_status("/readyz", 200)
        machine.serving.tell(signal.SIGTERM)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after" in head.lower()
        assert await asyncio.to_thread(machine.serving.wait) == 0
    assert "xception" not in machine.serving.log


def half_an_alert() -> bytes:
    return f"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\n{KNOWN}Content-Length: 1000\r\n\r\n{{".encode()


async def test_row_03_a_second_sigterm_ends_it_at_once(village: FaultRig):
    village.write()
    village.sandbox.faults.next("discord", Fault.hang(), action="execute", times=None)
    async with Machine(village) as machine:
        await machine.post(detections(1))
        await village.sandbox.faults.expect_hanging()
        machine.serving.tell(signal.SIGTERM)
        await machine.post_until(503, [detections(1, number) for number in range(200)])
        machine.serving.tell(signal.SIGTERM)
        assert await asyncio.to_thread(machine.serving.wait) == 128 + signal.SIGTERM


async def test_row_04_a_pause_of_the_whole_process_repeats_nothing(village: FaultRig):
    """30 s, scaled down by 20: a lease does not exist on one machine, so only time-outs could go wrong."""
    village.write(discord={"pacing": "none"})
    village.sandbox.faults.next("discord", Fault.slow(0.2), action="execute", times=None)
    async with Machine(village) as machine:
        await machine.post(detections(20))
        await village.until_executed(1)
        machine.serving.tell(signal.SIGSTOP)
        await asyncio.sleep(1.5)  # the pause itself
        machine.serving.tell(signal.SIGCONT)
        await village.until_references(20)
        assert await machine.stop() == 0
    assert states(village.folder / "tocsin.db") == {"sent"}
    assert not village.repeated


@needs_mount
async def test_row_05_a_full_disk_is_answered_503_and_recovers_when_space_returns(village: FaultRig):
    disk = village.folder / "disk"
    disk.mkdir()
    village.write(discord=HELD, storage={"url": "sqlite:///disk/tocsin.db"})
    script = 'mount -t tmpfs -o size=6m tmpfs disk && head -c 4000000 /dev/zero > disk/ballast && exec "$@"'
    async with Machine(village, "unshare", "-rm", "sh", "-c", script, "sh") as machine:
        inside = Path(f"/proc/{machine.serving._process.pid}/root{disk}")
        taken = await machine.post_until(503, [heavy(20 * wave) for wave in range(40)])
        taken += await _until_it_says_so(machine)
        assert await machine.status("/api/v1/alerts") == 200
        assert await machine.status("/healthz") == 200
        (inside / "ballast").unlink()
        await machine.until_status("/readyz", 200)
        taken += await machine.post_until(202, [heavy(1000)] * 3)
        for suffix in ("", "-wal"):
            shutil.copy(inside / f"tocsin.db{suffix}", village.folder / f"copy.db{suffix}")
    assert set(taken) == kept(village.folder / "copy.db")


async def _until_it_says_so(machine: Machine) -> list[str]:
    """Post until the full disk is told by `/readyz` too: a log that was folded in meanwhile has made room again. The
    ids of what was taken by the way.
    """
    taken: list[str] = []
    for wave in range(20):
        first = 1100 + 100 * wave
        taken += await machine.post_until(503, [heavy(first + number, 1) for number in range(100)])
        if await machine.status("/readyz") == 503:
            return taken
    raise AssertionError("a full disk is never told")


@pytest.mark.parametrize("which", ["40..44", "40+"], ids=["transient", "persistent"])
async def test_row_06_a_disk_that_cannot_sync_acknowledges_nothing(village: FaultRig, which: str):
    village.write(discord=HELD)
    failing = traced("-e", f"trace={SYNC}", "-e", f"inject={SYNC}:error=EIO:when={which}")
    async with Machine(village, *failing) as machine:
        taken = await machine.post_until(503, [detections(1, wave) for wave in range(200)])
        if which == "40+":
            assert {(await machine.post(detections(1, 1000 + n)))[0] for n in range(3)} <= {503, 0}
        else:
            taken += await machine.post_until(202, [detections(1, 2000)] * 20)
        os.kill(machine.pid, signal.SIGKILL)
    assert set(taken) <= kept(village.folder / "tocsin.db")


async def test_row_07_a_limit_on_the_size_of_files_is_answered_503(village: FaultRig):
    village.write(discord=HELD)
    async with Machine(village, "prlimit", f"--fsize={2 * MIB}:unlimited") as machine:
        taken = await machine.post_until(503, [heavy(20 * wave) for wave in range(40)])
        assert await machine.status("/api/v1/alerts") == 200
        resource.prlimit(machine.pid, resource.RLIMIT_FSIZE, (64 * MIB, resource.RLIM_INFINITY))
        taken += await machine.post_until(202, [heavy(1000)] * 5)
        assert await machine.stop() == 0
    assert set(taken) == kept(village.folder / "tocsin.db")


async def test_row_12_the_disk_has_it_before_the_sender_is_told(village: FaultRig):
    village.write(discord=HELD)
    trace = village.folder / "trace"
    words = (
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-s",
        "40",
        "-o",
        str(trace),
        "-e",
        f"trace={SYNC},read,write,writev,sendmsg",
    )
    async with Machine(village, *words) as machine:
        assert (await machine.post(detections(1)))[0] == 202
        os.kill(machine.pid, signal.SIGKILL)
    lines = trace.read_text(errors="replace").splitlines()
    asked = next(n for n, line in enumerate(lines) if "POST /api/v1/alerts" in line)
    told = next(n for n, line in enumerate(lines) if n > asked and "HTTP/1.1 202" in line)
    assert [line for line in lines[asked:told] if re.search(r"f(data)?sync\(.*= 0|f(data)?sync resumed.*= 0", line)]


async def test_row_41_without_file_descriptors_who_is_slow_gives_way_to_newcomers(village: FaultRig):
    village.write()
    async with Machine(village, "prlimit", "--nofile=64") as machine, machine.crowd(100) as slow:
        await asyncio.to_thread(machine.serving.logs, "trouble", what="descriptors_short")
        for number in range(3):
            assert (await machine.post(detections(1, number)))[0] == 202
        await village.until_references(3)
        assert await machine.status("/readyz") == 200
        assert any(reader.at_eof() for reader in slow)


async def test_row_41_without_file_descriptors_newcomers_wait_for_those_who_may_stay(village: FaultRig):
    village.write()
    stream = f"GET /api/v1/alerts/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    knock = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with Machine(village, "prlimit", "--nofile=64") as machine:
        async with machine.crowd(64, stream) as streams:
            await asyncio.to_thread(machine.serving.logs, "trouble", what="descriptors_short")
            admitted = streams[:20]
            await asyncio.gather(*(reader.readline() for reader in admitted))
            async with machine.saying(knock) as newcomer:
                answered = asyncio.create_task(newcomer.readline())
                assert not (await asyncio.wait([answered], timeout=0.5))[0], "nothing tells that nothing happens"
                answered.cancel()
            assert not any(reader.at_eof() for reader in admitted)
        await machine.until_status("/readyz", 200)
        assert (await machine.post(detections(1, 1)))[0] == 202
        await village.until_references(1)
        assert await machine.stop() == 0


async def test_row_42_out_of_memory_it_keeps_what_it_acknowledged(village: FaultRig):
    village.write(discord=HELD)
    async with Machine(village) as machine:
        _, answer, _ = await machine.ask("POST", "/api/v1/alerts", detections(50))
        taken = [item["id"] for item in answer["results"]]
        bite = (machine.address_space + MIB,) * 2
        resource.prlimit(machine.pid, resource.RLIMIT_AS, bite)
        told = set()
        for status, answer in await asyncio.gather(*(machine.post(heavy(1000 * wave, 70)) for wave in range(20))):
            taken += [item["id"] for item in answer["results"]] if status == 202 else []
            told.add(status)
        await asyncio.to_thread(machine.serving.kill)
    assert told - {202}, "the limit was felt"
    assert told <= {202, 500, 503, 0}
    assert set(taken) <= kept(village.folder / "tocsin.db")
    async with Machine(village) as machine:
        assert (await machine.post(detections(1, 9000)))[0] == 202


async def test_row_43_starved_of_its_processor_it_still_answers_and_sends(village: FaultRig):
    village.write()
    async with Machine(village, "taskset", "-c", "0") as machine:
        with burning(2):
            assert (await machine.post(detections(5)))[0] == 202
            assert await machine.status("/healthz") == 200
            await village.until_references(5)


@pytest.mark.parametrize("way", ["2>&-", "2>/dev/full", "2> >(exec true)"], ids=["closed", "disk full", "nobody reads"])
async def test_row_44_it_goes_on_without_its_log(village: FaultRig, way: str):
    village.write()
    async with Machine(village, "bash", "-c", f'exec "$@" {way}', "bash") as machine:
        assert (await machine.post(detections(3)))[0] == 202
        (village.folder / "tocsin.json").write_text("{")
        machine.serving.tell(signal.SIGHUP)
        await village.until_references(3)
        assert await machine.status("/healthz") == 200
        assert await machine.stop() == 0


@contextmanager
def burning(programs: int) -> Iterator[None]:
    """So many of them want the whole of the first processor."""
    spin = "import time; end = time.monotonic() + 20\nwhile time.monotonic() < end: pass"
    started = [subprocess.Popen(["taskset", "-c", "0", sys.executable, "-c", spin]) for _ in range(programs)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
