"""A week of alerts on five channels, with people and robots who follow links, and shops and networks who tell what was
bought, correct it and take it back: the figures are what a plain count says, to the cent.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.story.service_rig import ServiceRig
from tests.story.test_browser_push import WEB, subscribed
from tests.story.test_people import PHONE, texts_of
from tests.story.test_purchases import BOT, PERSON
from tests.story.test_webhooks import HERE

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.facts import DeliveryMoved
from tocsin.sandbox.twilio.account import PRICE

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAYS, DAY = 7, 86_400
TARGETS = ("discord:general", "webhook:partner", "sms:vip", "email:vip", "push:everyone")
CHANNELS = tuple(sorted(target.partition(":")[0] for target in TARGETS))
PER_MONTH = Decimal("20.00")
IMPACT = "Id,State,Amount,Payout,Currency,EventDate,SubId1,CampaignName,Oid\n"
CJ = (
    "commissionId,originalActionId,original,actionStatus,shopperId,advertiserName,eventDate,saleAmountUsd,"
    "pubCommissionAmountUsd\n"
)
RAKUTEN = (
    "Member ID (U1),MID,Advertiser Name,Order ID,Transaction Date,Transaction Time,SKU,Sales,# of Items,"
    "Total Commission,Process Date,Process Time,Currency\n"
)


@dataclass
class Book:
    """What somebody who watched all week would have written down."""

    clicks: dict[str, Counter[str]] = field(default_factory=lambda: {channel: Counter() for channel in CHANNELS})
    bought: list[tuple[str, str, str, str]] = field(default_factory=list)  # channel, state, amount, commission

    def purchases(self, channel: str | None = None) -> list[tuple[str, Decimal, Decimal]]:
        return [
            (state, Decimal(amount), Decimal(commission))
            for whose, state, amount, commission in self.bought
            if channel in (None, whose)
        ]

    def money(self, channel: str | None, cost: Decimal) -> dict[str, Any]:
        known = self.purchases(channel)
        commission = sum((row[2] for row in known if row[0] == "confirmed"), Decimal(0))
        return {
            "purchases": sum(row[0] != "reversed" for row in known),
            "amount": f"{sum((row[1] for row in known if row[0] == 'confirmed'), Decimal(0)):.2f}",
            "commission": f"{commission:.2f}",
            "pending_amount": f"{sum((row[1] for row in known if row[0] == 'pending'), Decimal(0)):.2f}",
            "pending_commission": f"{sum((row[2] for row in known if row[0] == 'pending'), Decimal(0)):.2f}",
            "cost": f"{cost:.2f}",
            "profit": f"{commission - cost:.2f}",
            "roi": round(float((commission - cost) / cost), 4) if cost else None,
        }


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[ServiceRig]:
    """Providers and service have one clock, which is moved."""
    async with ServiceRig(tmp_path, ManualClock(MONDAY)) as place:
        yield place


async def test_the_figures_of_a_week_are_what_a_plain_count_says(town: ServiceRig):
    clock = town.clock
    assert isinstance(clock, ManualClock)
    await _opened(town)
    book, codes = Book(), [await _a_day(town, clock, number) for number in range(DAYS)]
    for number, day in enumerate(codes):
        _write_clicks(book, number)
        assert set(day) == set(CHANNELS)
    await _buy(town, book, codes, clock)
    texts = sum(message.segments for message in town.sandbox.twilio.account.messages.values())
    costs = {"sms": Decimal(str(PRICE)) * texts, "email": PER_MONTH}

    for whole in (False, True):  # as it was kept, and as it is counted anew
        await town.alerts.ledger.analytics.follow(clock.now(), whole=whole)
        told = await town.get(f"/api/v1/analytics/channels?since={MONDAY:%Y-%m-%dT%H:%M:%SZ}")
        rows = {row["channel"]: row for row in told["rows"]}
        assert sorted(rows) == list(CHANNELS)
        for channel, row in rows.items():
            counted = {name: row["clicks"][name] for name in ("people", "suspect", "robots", "unique")}
            expected = {name: book.clicks[channel][name] for name in counted}
            assert (channel, row["due"], row["accepted"], counted) == (channel, DAYS, DAYS, expected)
            money = book.money(channel, costs.get(channel, Decimal(0)))
            assert (channel, {name: row[name] for name in money}) == (channel, money)
        (row,) = (await town.get(f"/api/v1/analytics/overview?since={MONDAY:%Y-%m-%dT%H:%M:%SZ}"))["rows"]
        money = book.money(None, sum(costs.values(), Decimal(0)))
        assert {name: row[name] for name in money} == money
        # Who follows the link in the text and the one in the mail is one person.
        assert (row["alerts"], row["accepted"], row["clicks"]["unique"]) == (DAYS, DAYS * len(CHANNELS), 2 * DAYS)
    days = (await town.get(f"/api/v1/analytics/overview?since={MONDAY:%Y-%m-%dT%H:%M:%SZ}&bucket=day"))["rows"]
    assert [row["alerts"] for row in days if row["alerts"]] == [1] * DAYS
    listed = await town.get("/api/v1/deliveries?figure=accepted&channel=sms&limit=100")
    assert len(listed["deliveries"]) == DAYS


async def _opened(town: ServiceRig) -> None:
    url = town.sandbox.url
    partner = {
        "url": town.sandbox.webhook.url("partner"),
        "secret": town.sandbox.webhook.hook("partner").secrets[0],
        "allow_networks": HERE,
    }
    mail = {
        "enabled": True,
        "api_base": url,
        "postal_address": "1 Main St, Springfield",
        **town.sandbox.sendgrid.account.block(),
        "lists": {"vip": {"tag": "vip"}},
    }
    await town.open(
        server={"port": 0, "public_url": "https://alerts.example"},
        alerts={
            "channels": {
                "discord": {"api_base": url, "webhooks": {"general": town.sandbox.discord.webhook("general")}},
                "webhook": {"enabled": True, "endpoints": {"partner": partner}},
                "sms": texts_of(town),
                "email": mail,
                "push": {"enabled": True, "web": WEB},
            }
        },
        retailers={"bestbuy": {"name": "Best Buy", "link": "https://shop.example/c/1?subId1={click}&u={url}"}},
        costs={"per_segment": {"US": PRICE}, "per_month": {"email": float(PER_MONTH)}},
        routes=[{"name": "all", "match": {}, "to": list(TARGETS)}],
    )
    columns = "phone,email,tags,consent_at,consent_source,consent_text"
    content = f"{columns}\n{PHONE},ada@example.org,vip,{MONDAY:%Y-%m-%d},the shop's form,Tell me.\n"
    assert (await town.upload("/api/v1/contacts/import", content))["created"] == 1
    await subscribed(town, "ada")


async def _a_day(town: ServiceRig, clock: ManualClock, number: int) -> dict[str, str]:
    """One alert, told to everybody; who follows its links; and the codes of these, by channel."""
    receipt = await town.report(f"Product {number}")
    sent: dict[str, Delivery] = {}

    def told() -> bool | None:
        for fact in town.facts:
            moved = fact if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id else None
            if moved is not None and moved.to in (DeliveryState.SENT, DeliveryState.DELIVERED):
                sent[moved.delivery.target.channel] = moved.delivery
        return True if len(sent) == len(CHANNELS) else None

    await town.until(told)
    codes = {channel: town.alerts._codes.of(delivery.key) for channel, delivery in sent.items()}
    await town.followed(f"/r/{codes['webhook']}", PERSON)  # sooner than anybody reads
    clock.advance(60)
    for channel, who in (("discord", BOT), ("discord", PERSON), ("discord", PERSON), ("sms", PERSON), ("sms", PERSON)):
        await town.followed(f"/r/{codes[channel]}", who)
    if number % 2 == 0:
        await town.followed(f"/r/{codes['email']}", PERSON)
    clock.advance(DAY - 60)
    return codes


def _write_clicks(book: Book, number: int) -> None:
    book.clicks["webhook"].update(suspect=1)
    book.clicks["discord"].update(robots=1, people=2, unique=1)
    book.clicks["sms"].update(people=2, unique=1)
    if number % 2 == 0:
        book.clicks["email"].update(people=1, unique=1)


async def _buy(town: ServiceRig, book: Book, codes: list[dict[str, str]], clock: ManualClock) -> None:
    """Six purchases: by a shop's calls, and by the reports of three networks, each told again as something else."""

    def at(day: int) -> datetime:
        """Soon after the clicks of that day."""
        return MONDAY.replace(day=MONDAY.day + day, hour=10)

    order = {"source": "shop", "currency": "USD", "state": "confirmed"}
    first = order | {"external_id": "1", "click": codes[0]["sms"], "at": f"{at(0):%Y-%m-%dT%H:%M:%SZ}"}
    await town.call("POST", "/api/v1/purchases", first | {"amount": "1999.99", "commission": "40.00"}, 201)
    told = await town.call("POST", "/api/v1/purchases", first | {"amount": "1999.99", "commission": "38.55"})
    assert told["result"] == "corrected"
    book.bought.append(("sms", "confirmed", "1999.99", "38.55"))
    second = order | {"external_id": "2", "click": codes[1]["sms"], "at": f"{at(1):%Y-%m-%dT%H:%M:%SZ}"}
    second |= {"amount": "89.99", "commission": "1.80"}
    await town.call("POST", "/api/v1/purchases", second, 201)
    assert (await town.call("POST", "/api/v1/purchases", second | {"state": "reversed"}))["result"] == "reversed"
    book.bought.append(("sms", "reversed", "89.99", "1.80"))

    line = f"A1,PENDING,1999.99,60.00,USD,{at(2):%Y-%m-%dT%H:%M:%SZ},{codes[2]['email']},Best Buy,o-1\n"
    assert (await _report(town, "impact", IMPACT + line))["created"] == 1
    approved = line.replace("PENDING,1999.99,60.00", "APPROVED,1899.90,57.01")
    assert (await _report(town, "impact", IMPACT + approved))["corrected"] == 1
    assert (await _report(town, "impact", IMPACT + approved))["unchanged"] == 1
    book.bought.append(("email", "confirmed", "1899.90", "57.01"))

    lines = [
        f"100,55,true,locked,{codes[3]['discord']},Best Buy,{at(3):%Y-%m-%dT%H:%M:%SZ},499.00,9.98\n",
        f"200,66,true,new,{codes[4]['discord']},Best Buy,{at(4):%Y-%m-%dT%H:%M:%SZ},349.00,6.98\n",
    ]
    assert (await _report(town, "cj", CJ + "".join(lines)))["created"] == 2
    book.bought += [("discord", "confirmed", "499.00", "9.98"), ("discord", "pending", "349.00", "6.98")]

    day = f"{at(5):%m/%d/%Y,%H:%M}"
    sale = f"{codes[5]['discord']},35719,Best Buy,ord-1,{day},14-932,29.99,1,0.60,{day},USD\n"
    assert (await _report(town, "rakuten", RAKUTEN + sale))["created"] == 1
    back = f"{codes[5]['discord']},35719,Best Buy,ord-1,{day},14-932,-29.99,1,-0.60,{day},USD\n"
    assert (await _report(town, "rakuten", RAKUTEN + sale + back))["reversed"] == 1
    book.bought.append(("discord", "reversed", "0.00", "0.00"))
    assert clock.now() > at(5)


async def _report(town: ServiceRig, network: str, content: str) -> Any:
    return await town.upload(f"/api/v1/purchases/import?network={network}", content)
