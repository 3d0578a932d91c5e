"""What lists of people cost: to decide who is told, to plan, claim and settle for thousands, to read the directory."""

import asyncio
import random
import sqlite3
import tempfile
import tracemalloc
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from tocsin.channels.contract import Attempt, Report
from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import SystemClock
from tocsin.core.decision import Accepted, Chosen, Plan, Reason, Ruling
from tocsin.core.delivery import Target
from tocsin.core.outcome import Sent
from tocsin.core.recipients import Audience, audience_of, shards_of
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.ledger.contract import Decide, Item, Ledger, Submission
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.opening import open_ledger
from tocsin.ledger.people.schema import addresses, contact_tags, contacts, preferences
from tocsin.ledger.people.vault import Vault
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.directory import directory_of
from tocsin.pipeline.sending.sending import Sending
from tocsin.rules.audience import Directory, ListPolicy, Wish
from tocsin.rules.catalog import Catalog
from tocsin.rules.choice import Choice
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import Match
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

MANY, LIST, ALERTS, EACH = 100_000, 10_000, 100, 1000
PHONES = frozenset({AddressKind.PHONE})
VIP, HOOK = Target("sms", "vip"), Target("discord", "general")
TAGS = ("vip", "members", "everybody")
AT_ONCE = 64  # requests under way
TOLD_S = 8.0  # for the telling: all of them take longer
KEY = Secret("a key for a benchmark, long enough")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def measure() -> list[tuple[str, str, str]]:
    rows = list(_decided())
    async with _kept(LIST) as (ledger, _):
        rows += await _appended(ledger)
    async with _kept(EACH) as (ledger, file):
        rows += await _told(ledger, file)
    async with _kept(MANY) as (ledger, _):
        rows += await _read(ledger)
    return rows


def _decided() -> Iterator[tuple[str, str, str]]:
    directory = _made_up()
    alert = _alert(0)
    lists = [(Target("sms", tag), ListPolicy(kinds=PHONES, tag=tag)) for tag in TAGS]

    def three() -> list[Chosen]:
        choice = Choice(directory, alert, Catalog(), NOW)
        return [choice.of(*each) for each in lists]

    def five() -> Chosen:
        return Choice(directory, alert, Catalog(), NOW).of(VIP, ListPolicy(kinds=PHONES, tag="vip", most=5))

    whole = directory.kinds[AddressKind.PHONE]
    yield f"three lists of {MANY:,} addresses, 20 wishes", f"{_each(three):.0f} µs", ""
    yield "five of one list", f"{_each(five):.0f} µs", ""
    yield f"{MANY:,} addresses cut into shards", f"{_each(lambda: list(shards_of(whole))):.0f} µs", "~ 36 µs"


async def _appended(ledger: Ledger) -> list[tuple[str, str, str]]:
    """In turn, so that whatever else the machine does is shared."""
    took: dict[str, list[float]] = {"list": [], "hook": []}
    for number in range(60):
        for name, decide in (("list", _telling(audience_of(range(1, LIST + 1)))), ("hook", _telling(None))):
            began = perf_counter()
            await ledger.queue.append(Submission((Item(_alert(number)),)), decide)
            took[name].append(perf_counter() - began)
    with_list, without = (1000 * sorted(each)[len(each) // 2] for each in took.values())
    return [(f"append for {LIST:,} people beside one target", f"{with_list:.2f} ms, {without:.2f} ms", "+ < 3 ms")]


async def _told(ledger: Ledger, file: Path) -> list[tuple[str, str, str]]:
    """Through the dispatcher and a channel that answers at once, for so long as is given to it."""
    before, began = _rows(file), perf_counter()
    decide = _telling(audience_of(range(1, EACH + 1)))
    for number in range(ALERTS):
        await ledger.queue.append(Submission((Item(_alert(1000 + number)),)), decide)
    planned, waiting = perf_counter() - began, _rows(file)
    channel = AtOnce()
    sending = Sending(ledger, Active(_book(), {channel.name: channel}), SystemClock(), lambda _: None)
    began = perf_counter()
    async with sending.running():
        while channel.told < ALERTS * EACH and perf_counter() - began < TOLD_S:  # noqa: ASYNC110 - what is measured gets no event more
            await asyncio.sleep(0.05)
    took, after = perf_counter() - began, _rows(file)
    return [
        (f"{ALERTS} alerts to {EACH:,} people each, planned", f"{planned:.2f} s, {waiting - before:,} rows", ""),
        (
            f"claimed, answered at once and settled, {AT_ONCE} under way",
            f"{channel.told / took:,.0f} people/s, {(after - waiting) / channel.told:.2f} rows each",
            "",
        ),
    ]


class AtOnce:
    """A channel whose provider answers before anything else happens."""

    name = "sms"

    def __init__(self) -> None:
        self.told = 0

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, _target: Target, _records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return {}

    async def send(self, attempt: Attempt) -> Report:
        self.told += len(attempt.members)
        return Report(tuple(Sent() for _ in attempt.members))


def _book() -> Rulebook:
    """Nothing waits but for a free place on the lane."""
    lane = LanePolicy(name="sms:main", channel="sms", gate=GatePolicy(max_in_flight=AT_ONCE))
    targets = {VIP: TargetPolicy(target=VIP, lane=lane.name)}
    routing = RoutingPolicy(routes=(), targets=targets, lanes={lane.name: lane})
    return Rulebook(catalog=Catalog(), filters=FilterPolicy(), dedup=AlertDeduplicator(DedupPolicy()), routing=routing)


def _rows(file: Path) -> int:
    """Of all tables, read from outside."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = [connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables]
        return sum(counts)


async def _read(ledger: Ledger) -> list[tuple[str, str, str]]:
    began = perf_counter()
    picture = await ledger.people.picture()
    read = perf_counter()
    directory_of(picture)
    took = (read - began, perf_counter() - read)
    tracemalloc.start()
    kept = directory_of(await ledger.people.picture())
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.version == picture.version
    return [
        (
            f"directory of {MANY:,} addresses",
            f"{1000 * sum(took):.0f} ms ({1000 * took[0]:.0f} read), {held / 1e6:.1f} MB",
            "",
        )
    ]


def _each(work: Callable[[], object], times: int = 200) -> float:
    """Microseconds, the best of three rounds."""
    rounds = []
    for _ in range(3):
        began = perf_counter()
        for _ in range(times):
            work()
        rounds.append((perf_counter() - began) / times * 1e6)
    return min(rounds)


def _made_up() -> Directory:
    chance = random.Random(1)

    def some(share: float) -> Audience:
        return audience_of(slot for slot in range(1, MANY + 1) if chance.random() < share)

    return Directory(
        version=1,
        kinds={AddressKind.PHONE: audience_of(range(1, MANY + 1))},
        tags={tag: some(0.5) for tag in TAGS},
        suppressed=some(0.01),
        willing=some(0.95),
        matches=tuple(Wish(Match(families=frozenset({f"family {each}"})), some(0.02)) for each in range(20)),
        contacts=array("q", range(MANY + 1)),
    )


def _telling(people: Audience | None) -> Decide:
    def decide(_alert: Alert, _last: object, now: datetime) -> Ruling:
        target, lane = (HOOK, "discord:general") if people is None else (VIP, "sms:main")
        chosen = None if people is None else Chosen(now=people)
        plan = Plan(target=target, lane=lane, due=now, expires_at=now + timedelta(hours=1), people=chosen)
        return Accepted(Reason.NEW, (plan,))

    return decide


def _alert(number: int) -> Alert:
    now = datetime.now(UTC)
    return Alert(
        id=new_id(now), type=AlertType.RESTOCK_SOON, priority=5, sku=f"sku {number}", retailer="shop", timestamp=now
    )


@asynccontextmanager
async def _kept(many: int) -> AsyncIterator[tuple[Ledger, Path]]:
    """A ledger with so many people, each with a phone, a tag and, a fifth of them, wishes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        url = f"sqlite:///{file}"
        async with open_ledger(url, clock=SystemClock(), people_key=KEY):
            pass
        await asyncio.to_thread(_fill, url, many)
        async with open_ledger(url, clock=SystemClock(), people_key=KEY) as ledger:
            yield ledger, file


def _fill(url: str, many: int) -> None:
    vault, now = Vault(KEY, None), datetime.now(UTC)
    values = [_phone(number) for number in range(1, many + 1)]
    lookups = [vault.lookup(value) for value in values]
    engine = writing_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(
            insert(contacts),
            [
                {
                    "key": key,
                    "id": uuid4(),
                    "name": "",
                    "searched": "",
                    "state": "active",
                    "version": 1,
                    "created_at": now,
                    "updated_at": now,
                }
                for key in range(1, many + 1)
            ],
        )
        connection.execute(
            insert(addresses),
            [
                {
                    "key": key,
                    "id": uuid4(),
                    "contact": key,
                    "kind": "phone",
                    "value": vault.seal(value, lookup),
                    "lookup": lookup,
                    "shown": value.shown,
                    "state": "active",
                    "consent": "granted",
                    "created_at": now,
                }
                for key, (value, lookup) in enumerate(zip(values, lookups, strict=True), start=1)
            ],
        )
        connection.execute(insert(contact_tags), [{"contact": key, "tag": TAGS[key % 3]} for key in range(1, many + 1)])
        connection.execute(
            insert(preferences),
            [
                {"contact": key, "body": f'{{"match":{{"families":["family {key % 20}"]}}}}'}
                for key in range(1, many + 1, 5)
            ],
        )
    engine.dispose()


def _phone(number: int) -> AddressValue:
    text = Secret(f"+1{2000000000 + number}")
    return AddressValue(kind=AddressKind.PHONE, secret=text, compared=text, shown="+1 *** *** 0000")
