"""Rows 37 and 38: a configuration that cannot be read, and one that no longer knows what waits."""

import asyncio
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.deadline import DEADLINE_S
from tests.faults.fault_rig import FaultRig

from tocsin.config.configuration import Config
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidConfigError
from tocsin.core.facts import Reloaded
from tocsin.sandbox import Fault

RELOADS = 100


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"alerts": {"chan', b"\xff\xfe\x00", b"[]", b'{"nonsense": 1}', b'"' + b"x" * 2_000_000 + b'"'],
    ids=["empty", "brace", "half written", "no text", "array", "unknown", "huge"],
)
async def test_row_37_a_bad_file_changes_nothing_and_says_why(village: FaultRig, content: bytes):
    await village.open()
    file = village.folder / "tocsin.json"
    good = file.read_bytes()
    file.write_bytes(content)
    with pytest.raises(InvalidConfigError):
        await village.alerts.reload()
    assert (await village.told(Reloaded)).problem
    assert b"tocsin_config_last_reload_successful 0.0" in village.alerts.telemetry.exposition()
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    file.write_bytes(good)
    await village.alerts.reload()
    assert b"tocsin_config_last_reload_successful 1.0" in village.alerts.telemetry.exposition()


async def test_row_37_a_file_that_is_gone_changes_nothing(village: FaultRig):
    await village.open()
    (village.folder / "tocsin.json").unlink()
    with pytest.raises(InvalidConfigError):
        await village.alerts.reload()
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)


def the_file_itself(folder: Path, pipe: Path) -> None:
    (folder / "tocsin.json").unlink()
    pipe.rename(folder / "tocsin.json")


def a_file_of_variables(folder: Path, pipe: Path) -> None:
    change(folder, lambda blocks: blocks | {"env_file": pipe.name})


def a_secret_file(folder: Path, pipe: Path) -> None:
    token = {"secret": f"${{file:{pipe.name}}}", "scopes": ["read"]}
    change(folder, lambda blocks: blocks | {"tokens": blocks["tokens"] | {"other": token}})


def a_template(folder: Path, pipe: Path) -> None:
    def templated(blocks: dict[str, Any]) -> dict[str, Any]:
        blocks["alerts"]["channels"]["discord"]["templates"] = {"in_stock": pipe.name}
        return blocks

    change(folder, templated)


def the_local_token(folder: Path, pipe: Path) -> None:
    pipe.rename(folder / "tocsin.token")


def change(folder: Path, how: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    file = folder / "tocsin.json"
    file.write_text(json.dumps(how(json.loads(file.read_text()))))


@pytest.mark.parametrize("where", [the_file_itself, a_file_of_variables, a_secret_file, a_template, the_local_token])
async def test_row_37_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(
    village: FaultRig, where: Callable[[Path, Path], None]
):
    await village.open()
    os.mkfifo(village.folder / "pipe")
    where(village.folder, village.folder / "pipe")
    with pytest.raises(InvalidConfigError, match="a pipe, where a file is expected"):
        await village.alerts.reload()
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)


async def test_row_37_a_disk_that_answers_slowly_keeps_nobody_waiting_but_who_asked(village: FaultRig):
    await village.open()
    answers, read_again = threading.Event(), village.alerts.config.again

    def slowly() -> Config:
        assert answers.wait(DEADLINE_S)
        return read_again()

    village.alerts.config = replace(village.alerts.config, again=slowly)
    first, second = (asyncio.create_task(village.alerts.reload()) for _ in range(2))
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    assert not first.done()
    answers.set()
    assert await first == await second


async def test_row_37_a_hundred_reloads_under_load_drop_nothing(village: FaultRig):
    await village.open()
    receipts = []
    for number in range(RELOADS):
        if number % 5 == 0:
            receipts.append(await village.report(f"Product {number}"))
        village.write(dedup={"cooldown": f"{60 + number}m"})
        await village.alerts.reload()
    for receipt in receipts:
        await village.settled(receipt, DeliveryState.SENT)
    assert not village.repeated


async def test_row_38_what_waits_for_a_target_that_is_gone_is_held_and_shown_and_goes_on_when_it_is_back(
    village: FaultRig,
):
    await village.open(discord={"rate_limit": "1/2s"})
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    waiting = await village.report("PS5 Pro")
    general = {"general": village.sandbox.discord.webhook("general")}
    everything = {"routes": [{"name": "all", "match": {}, "to": ["discord:general"]}]}
    village.write(discord={"webhooks": general}, **everything)
    await village.alerts.reload()
    shown = (await village.get("/api/v1/channels"))["channels"]
    (held,) = (lane for channel in shown if channel["channel"] is None for lane in channel["held"])
    assert (held["lane"], held["pending"]) == ("discord:high_priority", {"high": 1})
    (delivery,) = await village.deliveries(waiting)
    assert delivery["state"] == "pending"
    village.write(discord={"rate_limit": "1/2s"})
    await village.alerts.reload()
    await village.settled(waiting, DeliveryState.SENT)


async def test_row_38_what_is_in_flight_when_its_target_goes_is_settled_all_the_same(village: FaultRig):
    await village.open()
    village.sandbox.faults.next("discord", Fault.hang(), action="execute")
    receipt = await village.report("RTX 5090")
    await village.sandbox.faults.expect_hanging()
    general = {"general": village.sandbox.discord.webhook("general")}
    village.write(discord={"webhooks": general}, routes=[{"name": "all", "match": {}, "to": ["discord:general"]}])
    await village.alerts.reload()
    village.sandbox.faults.release()
    await village.settled(receipt, DeliveryState.SENT)
