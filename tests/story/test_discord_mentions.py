"""Whom a Discord message rings out to: those the file names, as often as it says, and nobody because of an alert."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.fault_rig import FaultRig
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault
from tocsin.sandbox.discord.guild import Mentions, Message

CONSOLES, CARDS = "1180000000000000002", "1180000000000000003"
EVERYBODY = [{"match": {}, "everyone": True}]


def quiet_now() -> dict[str, Any]:
    """Hours that began an hour ago and last for two more."""
    now = datetime.now(UTC)
    start, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 2))
    return {"night": {"from": start, "to": end, "tz": "UTC", "except": {"min_priority": 10}}}


async def open_with(town: ServiceRig, mentions: list[dict[str, Any]], *, discord: Any = None, **blocks: Any) -> None:
    """One webhook with these mentions, and what it shows."""
    hook = {"url": town.sandbox.discord.webhook("general"), "mentions": mentions, **blocks.pop("webhook", {})}
    await town.open(discord={"webhooks": {"general": hook}, **(discord or {})}, **blocks)


async def said(town: ServiceRig, name: str, **fields: Any) -> Message:
    await town.report(name, **fields)
    return await town.room("general").expect(name)


async def test_the_first_match_says_whether_everyone_or_roles_are_mentioned(town: ServiceRig):
    rules = [
        {"match": {"min_priority": 10, "types": ["in_stock"]}, "everyone": True},
        {"match": {"families": ["console"]}, "roles": [CONSOLES]},
        {"match": {"products": ["card"]}, "roles": [CARDS, CONSOLES]},
    ]
    products = {"ps5": {"family": "console", "skus": ["PS5"]}, "card": {"skus": ["RTX"]}}
    await open_with(town, rules, products=products)
    assert (await said(town, "Anything", priority=10)).mentions.everyone
    console, card = await said(town, "PS5"), await said(town, "RTX")
    assert (console.mentions.everyone, console.mentions.roles) == (False, (CONSOLES,))
    assert set(card.mentions.roles) == {CARDS, CONSOLES}
    other = await said(town, "Toaster")
    assert (other.mentions.everyone, other.mentions.roles, other.content) == (False, (), "")


async def test_where_the_file_says_nothing_only_high_priority_mentions_everyone_now_and_then(town: ServiceRig):
    await town.open()
    await town.report("RTX 5090", priority=9)
    first = await town.room().expect("RTX 5090")  # alone: what is due together shares a message
    await town.report("PS5 Pro", priority=10)
    await town.report("Steam Deck", type="restock_soon", price=None)
    second = await town.room().expect("PS5 Pro")
    assert (first.mentions.everyone, second.mentions.everyone) == (True, False)
    assert not (await town.room("general").expect("Steam Deck")).mentions.everyone


async def test_each_name_has_its_own_budget_and_past_it_the_alert_goes_out_unmentioned(town: ServiceRig):
    rules = [
        {"match": {"skus": ["PS5-*"]}, "roles": [CONSOLES], "budget": "1/10m"},
        {"match": {"skus": ["RTX-*"]}, "roles": [CARDS], "budget": "2/10m"},
    ]
    await open_with(town, rules)
    ranks = [await said(town, f"{sku} {number}") for number in range(3) for sku in ("PS5", "RTX")]
    assert [message.mentions.roles for message in ranks] == [(CONSOLES,), (CARDS,), (), (CARDS,), (), ()]


async def test_a_budget_is_not_new_after_a_restart(town: ServiceRig):
    await open_with(town, [{"match": {}, "everyone": True, "budget": "1/10m"}])
    receipt = await town.report("Before")
    await town.settled(receipt, DeliveryState.SENT)
    await town.close()
    await open_with(town, [{"match": {}, "everyone": True, "budget": "1/10m"}])
    after = await said(town, "After")
    assert (await town.room("general").expect("Before")).mentions.everyone
    assert not after.mentions.everyone


async def test_a_mention_that_the_process_was_killed_over_counts(tmp_path: Path):
    before, after = tmp_path / "before", tmp_path / "after"
    rules = [{"match": {}, "everyone": True, "budget": "1/10m"}]
    before.mkdir()
    after.mkdir()
    async with FaultRig(before) as killed:
        killed.sandbox.faults.next("discord", Fault.hang(), action="execute")
        await open_with(killed, rules)
        await killed.report("Before")
        await killed.until_executed(1)
        for file in ("tocsin.db", "tocsin.db-wal"):  # what a power cut in this moment would leave
            shutil.copy(before / file, after)
    async with FaultRig(after) as restarted:
        await open_with(restarted, rules)
        again = await restarted.room("general").expect("Before")
        assert not again.mentions.everyone
        assert not (await said(restarted, "After")).mentions.everyone


async def test_a_long_budget_is_as_long_after_a_restart(tmp_path: Path):
    hook = {"mentions": [{"match": {}, "everyone": True, "budget": "1/6h"}]}
    async with FaultRig(tmp_path) as village:
        village.clock = clock = ManualClock(datetime.now(UTC))
        webhooks = {"general": {"url": village.sandbox.discord.webhook("general"), **hook}}
        await village.open(discord={"webhooks": webhooks})
        await village.settled(await village.report("Before"), DeliveryState.SENT)
        await village.close()
        clock.advance(3 * 3600)
        await village.open(discord={"webhooks": webhooks})
        await village.report("After", timestamp=clock.now())
        after = await village.room("general").expect("After")
        assert not after.mentions.everyone
        await village.close()
        clock.advance(4 * 3600)
        await village.open(discord={"webhooks": webhooks})
        await village.report("Later", timestamp=clock.now())
        later = await village.room("general").expect("Later")
        assert later.mentions.everyone


async def test_a_joined_message_mentions_what_its_most_important_mentioning_alert_may(town: ServiceRig):
    rules = [
        {"match": {"skus": ["A-*"]}, "everyone": False},
        {"match": {"skus": ["B-*"]}, "roles": [CARDS]},
        {"match": {"skus": ["C-*"]}, "everyone": True},
    ]
    await open_with(town, rules)
    alerts = [
        {"type": "restock_soon", "sku": sku, "retailer": "bestbuy", "priority": rank, "product_name": f"Product {sku}"}
        for sku, rank in (("C-3", 7), ("A-1", 10), ("B-2", 8))
    ]
    await town.call("POST", "/api/v1/alerts", alerts, status=202)
    (message,) = await town.room("general").expect_count(1)
    assert [embed["title"].split()[2] for embed in message.embeds] == ["A-1", "B-2", "C-3"]
    assert (message.mentions.everyone, message.mentions.roles) == (False, (CARDS,))


async def test_nothing_from_outside_ever_mentions(town: ServiceRig):
    shout = f"@everyone @here <@&{CARDS}> <@1>"
    await open_with(town, EVERYBODY[:0])
    alike = dict.fromkeys(("sku", "retailer", "seller", "variant"), shout)
    metadata = {"stock": shout, "mention": shout, "allowed_mentions": {"parse": ["everyone"]}}
    receipt = await town.report(f"X {shout}", url="https://x.example/@everyone", metadata=metadata, **alike)
    await town.settled(receipt, DeliveryState.SENT)
    (message,) = town.room("general").messages
    assert message.mentions == Mentions()
    (entry,) = town.sandbox.journal.accepted("discord", "execute")
    assert entry.body["allowed_mentions"] == {"parse": []}


async def test_an_alert_that_mentions_rings_out_to_no_more_than_its_rule_says(town: ServiceRig):
    await open_with(town, [{"match": {}, "roles": [CARDS]}])
    message = await said(town, "RTX", product_name=f"RTX @everyone <@&{CONSOLES}>")
    assert (message.mentions.everyone, message.mentions.roles) == (False, (CARDS,))


async def test_quiet_hours_take_the_mention_but_not_from_what_is_loud(town: ServiceRig):
    await open_with(town, EVERYBODY, webhook={"quiet": {"hours": "night", "do": "unmention"}}, quiet_hours=quiet_now())
    assert not (await said(town, "Quiet", priority=9)).mentions.everyone
    assert (await said(town, "Loud", priority=10)).mentions.everyone


async def test_quiet_hours_take_the_sound(town: ServiceRig):
    await open_with(town, EVERYBODY, webhook={"quiet": {"hours": "night", "do": "silent"}}, quiet_hours=quiet_now())
    quiet, loud = await said(town, "Quiet", priority=9), await said(town, "Loud", priority=10)
    assert (quiet.shown.get("flags"), quiet.mentions.everyone) == (4096, False)
    assert (loud.shown.get("flags"), loud.mentions.everyone) == (None, True)


async def test_quiet_hours_hold_an_alert_until_they_end(town: ServiceRig):
    await open_with(town, EVERYBODY, webhook={"quiet": {"hours": "night", "do": "hold"}}, quiet_hours=quiet_now())
    held = await town.report("Quiet", priority=9)
    await said(town, "Loud", priority=10)
    (delivery,) = await town.deliveries(held)
    assert (delivery["state"], delivery["attempts"]) == ("pending", [])
    assert len(town.room("general").messages) == 1


async def test_quiet_hours_drop_an_alert_and_say_so(town: ServiceRig):
    await open_with(town, EVERYBODY, webhook={"quiet": {"hours": "night", "do": "drop"}}, quiet_hours=quiet_now())
    (delivery,) = await town.deliveries(await town.report("Quiet", priority=9))
    assert (delivery["state"], delivery["why"]) == ("cancelled", "quiet")
    assert delivery["detail"] == "dropped by the quiet hours night"


async def test_what_quiet_hours_held_past_its_life_says_so_on_its_timeline(town: ServiceRig):
    hours = quiet_now()
    await open_with(
        town,
        EVERYBODY,
        webhook={"quiet": {"hours": "night", "do": "hold"}},
        quiet_hours=hours,
        max_age={"in_stock": "1s"},
    )
    held = await town.report("Quiet", priority=9)
    await town.settled(held, DeliveryState.EXPIRED)
    (*_, planned, expired) = (await town.get(f"/api/v1/alerts/{held.id}"))["timeline"]
    assert (planned["what"], expired["what"]) == ("planned", "expired")
    by = f"held until {hours['night']['to']} (UTC) by the quiet hours night"
    assert expired["detail"] == f"discord:general: past_life: {by}"


async def test_a_test_message_is_marked_and_never_mentions(town: ServiceRig):
    await open_with(town, EVERYBODY)
    told = await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    assert (told["state"], told["status"]) == ("sent", 200)
    message = await town.room("general").expect("TEST")
    assert not message.mentions.everyone
    assert (await said(town, "RTX 5090")).mentions.everyone
