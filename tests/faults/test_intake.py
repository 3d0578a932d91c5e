"""Rows 31, 32 and 40: too much, too odd, and the same again."""

import asyncio
import gc
import io
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

import aiohttp
from tests.faults.fault_rig import FaultRig
from tests.story.service_rig import TOKEN

from tocsin import Receipt
from tocsin.core.clock import ManualClock, SystemClock
from tocsin.core.decision import Decision
from tocsin.core.delivery import Delivery, DeliveryState

GOOD = {"type": "in_stock", "sku": "1", "retailer": "bestbuy", "price": "10"}
BACKLOG = 10_000  # deliveries: a million, scaled down by a hundred; `python -m benchmarks.backlog` has the whole


def detections(count: int, start: int = 0, **fields: Any) -> list[dict[str, Any]]:
    return [{**GOOD, "sku": f"S{start + number}", **fields} for number in range(count)]


async def post(
    village: FaultRig, body: Any, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, Mapping[str, str]]:
    data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    headers = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
    async with (
        aiohttp.ClientSession() as session,
        session.post(village.alerts.url + "/api/v1/alerts", data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.json(), answer.headers


async def test_row_31_what_the_disk_cannot_take_is_answered_503_and_nothing_accepted_is_shed(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    with closing(sqlite3.connect(village.folder / "tocsin.db", isolation_level=None)) as greedy:
        greedy.execute("BEGIN IMMEDIATE")
        flood = [asyncio.create_task(post(village, detections(50, 50 * wave))) for wave in range(20)]
        refused = [await task for task in flood[:10]]
        greedy.execute("ROLLBACK")
        answers = refused + [await task for task in flood[10:]]
    for status, answer, headers in answers:
        assert status in (202, 503)
        if status == 503:
            assert int(headers["Retry-After"]) >= 1
            assert answer["error"]["code"]
    assert 503 in {status for status, *_ in answers}
    taken = [item["id"] for status, answer, _ in answers if status == 202 for item in answer["results"]]
    with closing(sqlite3.connect(village.folder / "tocsin.db")) as reader:
        assert reader.execute("SELECT count(*) FROM alerts").fetchone()[0] == len(taken)


def deliveries_in_memory() -> int:
    gc.collect()
    return sum(isinstance(thing, Delivery) for thing in gc.get_objects())


async def test_row_31_a_backlog_is_in_the_ledger_and_not_in_memory(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    before = deliveries_in_memory()  # other tests of this process keep some
    for wave in range(BACKLOG // 1000):  # one delivery each
        assert (await post(village, detections(1000, 1000 * wave)))[0] == 202
    await village.alerts.pipeline.sending.dispatcher.look()
    village.facts.clear()
    held = deliveries_in_memory() - before
    assert sum(village.alerts.pipeline.sending.dispatcher.depth().values()) >= BACKLOG - 1
    assert held < 100


async def test_row_31_the_most_important_of_a_backlog_leaves_first(village: FaultRig):
    hooks = {"general": village.sandbox.discord.webhook("general")}
    route = {"name": "all", "match": {}, "to": ["discord:general"]}
    village.clock = clock = ManualClock(SystemClock().now())
    await village.open(discord={"rate_limit": "1/1s", "webhooks": hooks}, routes=[route])
    await village.report("Opens the window")
    await village.room("general").expect("Opens the window")
    await post(village, detections(500, type="back_order", price=None))
    await village.report("RTX 5090", priority=10)
    clock.advance(2)
    await village.room("general").expect("RTX 5090")
    assert "RTX 5090" in village.room("general").messages[1].text


async def test_row_31_what_outlives_its_life_in_the_backlog_is_marked_and_what_is_fresh_leaves(village: FaultRig):
    village.clock = clock = ManualClock(SystemClock().now())
    await village.open(discord={"rate_limit": "1/1h"})
    await village.settled(await village.report("Opens the window"), DeliveryState.SENT)
    status, answer, _ = await post(village, detections(500))
    assert status == 202
    clock.advance(3599)
    fresh = await village.report("RTX 5090")
    await village.alerts.ledger.queue.expire()
    backlog = {UUID(item["id"]) for item in answer["results"]}
    for identifier in backlog:
        await village.settled(Receipt(decision=Decision.ACCEPTED, id=identifier), DeliveryState.EXPIRED)
    clock.advance(2)
    await village.settled(fresh, DeliveryState.SENT)
    assert village.executed("high_priority") == 2


async def test_row_32_what_is_odd_is_refused_by_itself_and_harms_no_neighbour(village: FaultRig):
    await village.open()
    odd = [
        {**GOOD, "product_name": "x" * 1_000_000},
        {**GOOD, "product_name": 7},
        {**GOOD, "price": "NaN"},
        {**GOOD, "price": -1},
        {**GOOD, "metadata": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}},
        {**GOOD, "sku": ""},
        {**GOOD, "url": "javascript:alert(1)"},
        [],
        None,
        "in_stock",
    ]
    good = detections(len(odd) + 1, 100)
    mixed = [item for pair in zip(good, odd, strict=False) for item in pair] + good[-1:]
    status, answer, _ = await post(village, mixed)
    assert status == 202
    decisions = [item["decision"] for item in answer["results"]]
    assert decisions[1::2] == ["invalid"] * len(odd)
    assert decisions[0::2] == ["accepted"] * len(good)


async def test_row_32_naughty_strings_are_text_like_any_other(village: FaultRig):
    await village.open()
    names = [
        "Ω≈ç√∫",
        "\u202egnp.exe",
        "\x07\x1b[31m",
        "'; DROP TABLE alerts;--",
        "{{7*7}}",
        "@everyone",
        "🏳0🌈️",
        "ﷺ" * 80,
    ]
    for name in names:
        receipt = await village.report(name, sku=f"N{names.index(name)}")
        await village.settled(receipt, DeliveryState.SENT)
    messages = village.room().messages
    assert sum(len(message.shown["embeds"]) for message in messages) == len(names)


async def test_row_32_a_body_with_lone_surrogates_and_nul_is_answered(village: FaultRig):
    await village.open()
    lone = b'{"type":"in_stock","sku":"1","retailer":"bestbuy","price":1,"product_name":"\\ud800"}'
    nul = b'{"type":"in_stock","sku":"2","retailer":"bestbuy","price":1,"product_name":"a\\u0000b"}'
    nan = b'{"type":"in_stock","sku":"3","retailer":"bestbuy","price":NaN}'
    for body in (lone, nul, nan):
        assert (await post(village, body))[0] in (202, 400, 422)
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)


async def test_row_40_the_same_key_has_the_same_answer_whether_in_turn_or_at_once(village: FaultRig):
    await village.open()
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(post(village, GOOD, key) for _ in range(8)))
    answers.append(await post(village, GOOD, key))
    assert {status for status, *_ in answers} == {202}
    assert len({json.dumps(answer) for _, answer, _ in answers}) == 1
    (listed,) = (await village.get("/api/v1/alerts"))["alerts"]
    assert listed["repeats"] == 0


async def test_row_40_the_same_key_with_another_body_is_refused(village: FaultRig):
    await village.open()
    key = {"Idempotency-Key": "once"}
    assert (await post(village, GOOD, key))[0] == 202
    status, answer, _ = await post(village, {**GOOD, "sku": "2"}, key)
    assert status == 422
    assert answer["error"]["code"]
    assert len((await village.get("/api/v1/alerts"))["alerts"]) == 1
