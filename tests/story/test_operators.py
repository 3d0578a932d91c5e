"""Who looks after the service is told what needs them: once, how to mend it, and when it is over."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.condition import What
from tocsin.core.facts import Attempted, ConditionOver
from tocsin.core.outcome import Deferred, Delay, Sent
from tocsin.rules.breaker import OPENS_AFTER
from tocsin.rules.gate import Gate
from tocsin.sandbox import Fault
from tocsin.sandbox.webhook.receiver import secret_for

STAFF = {"to": ["discord:staff"]}
DEAD = "discord:general is dead and gets nothing any more"
ALIVE = "discord:general gets alerts again"


def hooks(town: ServiceRig, *names: str) -> dict[str, Any]:
    return {"webhooks": {name: town.sandbox.discord.webhook(name) for name in ("general", "staff", *names)}}


async def looked_after(town: ServiceRig, *names: str, operators: Any = None, **blocks: Any) -> None:
    """The service with `discord:general` for alerts and `discord:staff` for operators."""
    route = {"name": "all", "match": {}, "to": ["discord:general"]}
    await town.open(discord=hooks(town, *names), operators=operators or STAFF, routes=[route], **blocks)


def headlines(town: ServiceRig, room: str = "staff") -> list[str]:
    return [embed["title"].replace("\\", "") for message in town.room(room).messages for embed in embeds(message)]


def embeds(message: Any) -> Iterator[Any]:
    yield from message.shown["embeds"]


async def later(town: ServiceRig) -> None:
    """Whatever operators were still to be told, they have been: further looks tell them nothing."""
    for _ in range(3):
        await town.alerts.pipeline.watch.operators.stop()
        await town.alerts.pipeline.watch.conditions.look()
        await town.alerts.pipeline.watch.operators.look()
    await town.alerts.pipeline.watch.operators.stop()


async def kill(town: ServiceRig, name: str = "general") -> None:
    town.sandbox.discord.kill(name)
    await town.report("RTX 5090")


async def enable(town: ServiceRig, name: str = "general") -> None:
    await town.call("POST", f"/api/v1/channels/discord/targets/{name}/enable")


async def test_a_dead_webhook_is_told_to_staff_once_with_how_to_mend_it_and_when_it_is_over(town: ServiceRig):
    await looked_after(town)
    await kill(town)
    told = await town.room("staff").expect(DEAD)
    assert "10015 Unknown Webhook" in told.text
    assert "POST /api/v1/channels/discord/targets/general/enable" in told.text
    await town.report("PS5 Pro")
    await later(town)
    assert headlines(town) == [DEAD]
    await enable(town)
    assert "Lasted" in (await town.room("staff").expect(ALIVE)).text
    await later(town)
    assert headlines(town) == [DEAD, ALIVE]


async def test_what_lasts_is_shown_with_how_to_mend_it(town: ServiceRig):
    await looked_after(town)
    assert (await town.get("/api/v1/conditions")) == {"conditions": []}
    await kill(town)
    await town.room("staff").expect(DEAD)
    (shown,) = (await town.get("/api/v1/conditions"))["conditions"]
    assert (shown["what"], shown["about"], shown["headline"]) == ("target_disabled", "discord:general", DEAD)
    assert "enable" in shown["mend"]
    assert shown["over_at"] is None
    await enable(town)
    await town.told(ConditionOver)
    assert (await town.get("/api/v1/conditions")) == {"conditions": []}


async def test_a_restart_tells_nobody_twice_and_what_ended_meanwhile_is_told(town: ServiceRig):
    await looked_after(town)
    await kill(town)
    await town.room("staff").expect(DEAD)
    await town.close()
    await looked_after(town)
    await later(town)
    assert headlines(town) == [DEAD]
    await town.alerts.ledger.operations.enable(town.alerts.config.settings.routes[0].to[0])
    await town.close()
    await looked_after(town)
    await town.room("staff").expect(ALIVE)
    await later(town)
    assert headlines(town) == [DEAD, ALIVE]


async def test_what_began_while_operators_could_not_be_told_is_told_after_the_restart(town: ServiceRig):
    await looked_after(town, operators={"to": []})
    await kill(town)
    await town.until(lambda: town.alerts.pipeline.watch.conditions.listed() or None)
    await town.close()
    await looked_after(town)
    await town.room("staff").expect(DEAD)


async def test_a_target_that_left_the_configuration_needs_nobody_any_more(town: ServiceRig):
    await looked_after(town)
    await kill(town)
    await town.room("staff").expect(DEAD)
    town.write(discord={"webhooks": {"staff": town.sandbox.discord.webhook("staff")}}, operators=STAFF)
    await town.alerts.reload()
    await town.room("staff").expect(ALIVE)
    assert (await town.get("/api/v1/conditions")) == {"conditions": []}


async def test_a_lost_monitor_and_its_return_are_told(town: ServiceRig, clock: ManualClock):
    await looked_after(town)
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "interval": 3600})
    clock.advance(24 * 3600)
    told = await town.room("staff").expect("Monitor bestbuy-1 has fallen silent")
    assert "it watches bestbuy" in told.text
    await town.call("POST", "/api/v1/monitors/bestbuy-1/heartbeat")
    clock.advance(60)
    await town.room("staff").expect("Monitor bestbuy-1 is heard again")


async def test_a_breaker_that_opens_is_told_and_flapping_does_not_flood(town: ServiceRig):
    await looked_after(town)
    lane = town.alerts.pipeline.sending.lanes["discord:general"]
    for _ in range(10):
        for _ in range(OPENS_AFTER):
            town.alerts.pipeline.sending.lanes.judge(lane, Deferred(Delay.UNREACHABLE, detail="connection refused"))
        await later(town)
        town.alerts.pipeline.sending.lanes.judge(lane, Sent())
        await later(town)
    failing = "Requests to discord:general fail again and again"
    through = "Requests to discord:general get through again"
    assert headlines(town) == [failing, through, failing]
    assert "connection refused" in town.room("staff").messages[0].text


async def test_the_second_operator_hears_when_staff_is_dead(town: ServiceRig):
    await looked_after(town, "second", operators={"to": ["discord:staff", "discord:second"]})
    town.sandbox.faults.next("discord", Fault.status(404), action="execute", target="staff")
    await kill(town)
    await town.room("second").expect(DEAD)
    await town.room("second").expect("discord:staff is dead")
    await later(town)
    calls = [entry for entry in town.sandbox.journal if (entry.target, entry.action) == ("staff", "execute")]
    assert len(calls) == 1
    await enable(town, "staff")
    await town.room("staff").expect(DEAD)
    await town.room("second").expect("discord:staff gets alerts again")
    await later(town)
    assert headlines(town) == [DEAD]


async def test_a_notice_whose_answer_was_lost_is_told_again(town: ServiceRig):
    await looked_after(town)
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute", target="staff")
    await kill(town)
    await town.room("staff").expect_count(2)
    await later(town)
    assert headlines(town) == [DEAD, DEAD]


async def test_a_429_for_a_notice_is_waited_for(town: ServiceRig):
    await looked_after(town)
    town.sandbox.faults.next("discord", Fault.too_many(0.3, "float"), action="execute", target="staff")
    await kill(town)
    await town.room("staff").expect(DEAD)
    assert headlines(town) == [DEAD]


async def test_alerts_go_first_on_the_lane_that_operators_share(town: ServiceRig):
    route = {"name": "all", "match": {}, "to": ["discord:staff"]}
    dead = {"name": "dead", "match": {"skus": ["gone"]}, "to": ["discord:general"]}
    await town.open(discord={**hooks(town), "rate_limit": "1/1s"}, operators=STAFF, routes=[dead, route])
    town.sandbox.discord.kill("general")
    await town.report("gone", sku="gone", priority=10)
    for number in range(4):
        await town.report(f"Product {number}", sku=f"gone-{number}")
    await town.room("staff").expect(DEAD)
    texts = [message.text for message in town.room("staff").messages]
    assert DEAD in texts[-1].replace("\\", "")


async def test_a_ledger_that_cannot_be_written_is_told_all_the_same(town: ServiceRig):
    await looked_after(town)
    with closing(sqlite3.connect(town.folder / "tocsin.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = await town.room("staff").expect("The ledger cannot be written in time")
        other.execute("ROLLBACK")
    assert "Look at its disk" in told.text
    async with asyncio.timeout(DEADLINE_S):
        while not (kept := await town.alerts.ledger.operations.conditions()):
            await town.alerts.ledger.probe()
    assert [condition.what for condition in kept] == [What.LEDGER_FAILING]
    await later(town)
    assert headlines(town) == ["The ledger cannot be written in time"]


def partner(town: ServiceRig, *, operators: list[str], secret: str) -> dict[str, Any]:
    """A program that listens beside Discord, and gets every alert."""
    endpoint = {"url": town.sandbox.webhook.url("partner"), "secret": secret, "allow_networks": ["127.0.0.0/8"]}
    channels = {
        "discord": {"enabled": True, "api_base": town.sandbox.url, **hooks(town)},
        "webhook": {"enabled": True, "endpoints": {"partner": endpoint}},
    }
    route = {"name": "all", "match": {}, "to": ["discord:general", "webhook:partner"]}
    return {"alerts": {"channels": channels}, "operators": {"to": operators}, "routes": [route]}


async def test_a_key_that_is_refused_is_told_until_it_is_taken_again(town: ServiceRig):
    hook = town.sandbox.webhook.hook("partner")
    await town.open(**partner(town, operators=["discord:staff"], secret=secret_for("another")))
    await town.report("RTX 5090")
    told = await town.room("staff").expect("The key for webhook:partner is refused")
    assert "reload" in told.text
    await town.close()
    await town.open(**partner(town, operators=["discord:staff"], secret=hook.secrets[0]))
    town.alerts.pipeline.sending.lanes["webhook:partner"].limiters[0].gate = Gate()  # its minute has passed
    await town.report("PS5 Pro")
    await town.sandbox.webhook.expect("partner", "PS5 Pro")
    await town.room("staff").expect("The key for webhook:partner is taken again")


async def test_programs_are_told_signed(town: ServiceRig):
    hook = town.sandbox.webhook.hook("partner")
    await town.open(**partner(town, operators=["webhook:partner"], secret=hook.secrets[0]))
    await kill(town)
    body = await town.sandbox.webhook.expect("partner", DEAD)
    assert body["type"] == "operator.condition_began"
    await enable(town)
    body = await town.sandbox.webhook.expect("partner", ALIVE)
    assert (body["type"], body["data"]["mend"]) == ("operator.condition_over", "")


async def test_shadow_tells_nobody_and_shows_everything(town: ServiceRig):
    await looked_after(town, mode="shadow")
    (town.folder / "tocsin.json").write_text("{")
    await town.call("POST", "/api/v1/config/reload", status=422)
    await later(town)
    assert [shown["what"] for shown in (await town.get("/api/v1/conditions"))["conditions"]] == ["config_refused"]
    assert headlines(town) == []


async def test_without_operators_nothing_is_sent_and_everything_is_shown_and_counted(town: ServiceRig):
    await town.open()
    town.sandbox.discord.kill("high_priority")
    await town.report("RTX 5090")
    await town.until(lambda: town.alerts.pipeline.watch.conditions.listed() or None)
    counted = town.alerts.telemetry.exposition().decode()
    assert 'tocsin_conditions{what="target_disabled"} 1.0' in counted
    assert 'tocsin_conditions{what="monitor_lost"} 0.0' in counted
    assert not [fact for fact in town.facts if isinstance(fact, Attempted) and fact.outcome == "notice"]


async def test_no_secret_is_in_any_notice(town: ServiceRig):
    await looked_after(town)
    urls = [town.sandbox.discord.webhook(name) for name in ("general", "staff")]
    town.sandbox.faults.next("discord", Fault.status(404), action="execute", target="general")
    await town.report("RTX 5090")
    await town.room("staff").expect("discord:general is dead")
    (town.folder / "tocsin.json").write_text("{")
    await town.call("POST", "/api/v1/config/reload", status=422)
    await town.room("staff").expect("The configuration was not reloaded")
    told = str([message.shown for message in town.room("staff").messages])
    for secret in (TOKEN, *(url.rsplit("/", 1)[1] for url in urls)):
        assert secret not in told
    assert not re.search(r"webhooks/\d+/\S{20}", told)
    assert {notice.condition.what for notice in town.alerts.pipeline.watch.conditions.listed()} == {
        What.TARGET_DISABLED, What.CONFIG_REFUSED,
    }  # fmt: skip
