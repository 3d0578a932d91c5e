"""A large request is decided in parts: others come between, and what cuts it short leaves nothing undecided twice."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import pytest
from tests.faults.fault_rig import FaultRig
from tests.faults.machine import HEADERS, Machine, kept
from tests.faults.test_intake import GOOD, detections, post

from tocsin.core.errors import LedgerUnavailableError
from tocsin.core.facts import Decided
from tocsin.core.record import EventKind
from tocsin.ledger.contract import Appended, Decide, Submission
from tocsin.ledger.queue.close import AT_ONCE
from tocsin.pipeline.intake.decode import PART
from tocsin.pipeline.intake.intake import LARGE

PARTS = 4
KEY = {"Idempotency-Key": "the whole of it"}


def large(**fields: Any) -> list[dict[str, Any]]:
    return detections(PARTS * PART - 1, **fields)


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer["results"]]


def decided(answer: Any) -> Mapping[str, int]:
    return Counter(item["decision"] for item in answer["results"])


class Failing:
    """A queue that cannot keep the part with that number, once."""

    def __init__(self, village: FaultRig, number: int) -> None:
        self._queue = village.alerts.ledger.queue
        self._left = number

    async def append(
        self, submission: Submission, decide: Decide, directory: int | None = None, targets: int | None = None
    ) -> Appended:
        self._left -= 1
        if self._left == 0:
            raise LedgerUnavailableError("the disk is full", retry_after=3)
        return await self._queue.append(submission, decide, directory, targets)


def fail_at(village: FaultRig, number: int) -> None:
    village.alerts.pipeline.intake._queue = Failing(village, number)


@pytest.mark.parametrize("pad", [0, 2 * LARGE // (PARTS * PART)], ids=["many", "large"])
async def test_others_come_between_the_parts_of_a_large_request(village: FaultRig, pad: int):
    await village.open(discord={"rate_limit": "1/1h"})
    request = asyncio.create_task(post(village, large(metadata={"note": "x" * pad})))
    await village.told(Decided)
    other = await village.report("RTX 5090")
    status, answer, _ = await request
    assert (status, decided(answer)) == (202, {"accepted": PARTS * PART - 1})
    first, mine, last = [
        (await village.get(f"/api/v1/alerts/{identifier}"))["position"]
        for identifier in (ids(answer)[0], other.id, ids(answer)[-1])
    ]
    assert first < mine < last


@pytest.mark.parametrize("pad", [0, 2 * LARGE // (PARTS * PART)], ids=["many", "large"])
async def test_the_same_key_has_the_same_answer_whether_in_turn_or_at_once(village: FaultRig, pad: int):
    await village.open(discord={"rate_limit": "1/1h"})
    body = large(metadata={"note": "x" * pad})
    answers = await asyncio.gather(*(post(village, body, KEY) for _ in range(3)))
    answers.append(await post(village, body, KEY))
    assert {status for status, *_ in answers} == {202}
    assert len({json.dumps(answer) for _, answer, _ in answers}) == 1
    assert decided(answers[0][1]) == {"accepted": len(body)}


async def test_a_key_of_a_large_request_is_refused_for_another_before_anything_is_decided(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    assert (await post(village, large(), KEY))[0] == 202
    changed = large()[:-1]
    status, answer, _ = await post(village, [*changed, {**changed[0], "sku": "another"}], KEY)
    assert (status, answer["error"]["code"]) == (422, "idempotency_conflict")
    assert (await village.get("/api/v1/alerts?skus=another"))["alerts"] == []


async def test_what_is_cut_short_says_so_and_the_same_key_goes_on_from_there(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    fail_at(village, 3)
    status, answer, headers = await post(village, large(), KEY)
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "ledger_unavailable", "3")
    assert f"{2 * PART} of {PARTS * PART - 1} alerts were kept" in answer["error"]["message"]
    before = await listed(village)
    status, answer, _ = await post(village, large(), KEY)
    assert (status, decided(answer)) == (202, {"accepted": PARTS * PART - 1})
    assert set(before) <= set(ids(answer))
    assert set(await listed(village)) == set(ids(answer))


async def test_what_is_cut_short_without_a_key_comes_back_as_repeats(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    fail_at(village, 3)
    assert (await post(village, large()))[0] == 503
    status, answer, _ = await post(village, large())
    assert (status, decided(answer)) == (202, {"duplicate": 2 * PART, "accepted": 2 * PART - 1})


async def test_the_first_part_that_cannot_be_kept_leaves_nothing(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    fail_at(village, 1)
    status, answer, _ = await post(village, large(), KEY)
    assert (status, answer["error"]["message"]) == (503, "the disk is full")
    assert await listed(village) == []


async def test_items_that_are_wrong_or_have_keys_of_their_own_are_answered_in_their_places(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"})
    body: list[Any] = large()
    body[PART - 1] = body[PART] = {**body[0], "idempotency_key": "twice"}  # the last of a part, the first of the next
    body[2 * PART] = 7
    status, answer, _ = await post(village, body)
    assert status == 202
    assert answer["results"][PART - 1] == answer["results"][PART]
    assert answer["results"][2 * PART]["decision"] == "invalid"
    assert decided(answer) == {"accepted": len(body) - 3, "duplicate": 2, "invalid": 1}


async def test_others_come_between_the_parts_of_the_end_of_an_episode(village: FaultRig):
    await village.open(discord={"rate_limit": "1/1h"}, dedup={"price_tolerance_percent": 0})
    for start in range(0, 3 * AT_ONCE, PART):
        await post(village, [{**GOOD, "price": f"{price}.00"} for price in range(start + 1, start + PART + 1)])
    sold_out = {"sku": GOOD["sku"], "retailer": GOOD["retailer"], "in_stock": False}
    request = asyncio.create_task(village.call("POST", "/api/v1/stock", sold_out))
    number = itertools.count()
    while not request.done():
        await village.report(f"Other {next(number)}")
    assert len((await request)["closed"]) == 3 * AT_ONCE
    kinds = [event.kind for event in await village.alerts.ledger.history.events(3 * AT_ONCE, 10 * AT_ONCE)]
    first, last = kinds.index(EventKind.CLOSED), len(kinds) - kinds[::-1].index(EventKind.CLOSED)
    assert EventKind.ACCEPTED in kinds[first:last]


async def test_a_kill_between_two_parts_decides_nothing_twice(village: FaultRig):
    village.write(discord={"rate_limit": "1/1h"})
    async with Machine(village, "env", "TOCSIN_KILL_AT=ledger_committed:3") as machine:
        with pytest.raises(aiohttp.ClientError):
            await send(machine, large())
        await asyncio.to_thread(machine.serving.wait)
    ledger = village.folder / "tocsin.db"
    before = kept(ledger)
    assert len(before) == 3 * PART
    async with Machine(village) as machine:
        status, answer = await send(machine, large())
        assert (status, decided(answer)) == (202, {"accepted": PARTS * PART - 1})
        assert await machine.stop() == 0
    assert before <= set(ids(answer)) == kept(ledger)


async def send(machine: Machine, body: Iterable[Any]) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers=HEADERS | KEY) as session,
        session.post(machine.serving.url + "/api/v1/alerts", json=body) as answer,
    ):
        return answer.status, await answer.json()


async def listed(village: FaultRig) -> list[str]:
    """The ids of all alerts that the ledger holds."""
    found: list[str] = []
    page = ""
    while True:
        told = await village.get(f"/api/v1/alerts?limit=500{page}")
        found += [alert["id"] for alert in told["alerts"]]
        if told["next"] is None:
            return found
        page = f"&page={told['next']}"
