"""Programs that listen: every alert reaches them once, whatever happens on the way, and they know that it is ours."""

from typing import Any, get_args

import aiohttp
import pytest
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidConfigError
from tocsin.core.facts import DeliveryMoved, LaneClosed, TargetDisabled
from tocsin.core.outcome import Refusal
from tocsin.sandbox import Fault
from tocsin.sandbox.faults import Cut
from tocsin.sandbox.garbage import Garbage
from tocsin.sandbox.webhook.receiver import secret_for

HERE = ["127.0.0.0/8"]


async def listening(town: ServiceRig, *, fallback: tuple[str, ...] = (), **endpoint: Any) -> None:
    """The service with one endpoint, `webhook:partner`, that gets everything."""
    await town.open(**blocks(town, fallback=fallback, **endpoint))


def blocks(
    town: ServiceRig, *, fallback: tuple[str, ...] = (), rate: str = "1000/1s", **endpoint: Any
) -> dict[str, Any]:
    partner = {
        "url": town.sandbox.webhook.url("partner"),
        "secret": town.sandbox.webhook.hook("partner").secrets[0],
        "allow_networks": HERE,
        **endpoint,
    }
    route = {"name": "all", "match": {}, "to": ["webhook:partner"], "fallback": list(fallback)}
    discord = {name: town.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
    channels = {
        "discord": {"enabled": True, "api_base": town.sandbox.url, "webhooks": discord},
        "webhook": {"enabled": True, "rate_limit": rate, "endpoints": {"partner": partner}},
    }
    return {"alerts": {"channels": channels}, "routes": [route]}


async def test_a_program_that_listens_gets_the_alert_signed(town: ServiceRig):
    await listening(town)
    receipt = await town.report("RTX 5090")
    body = await town.sandbox.webhook.expect("partner", "RTX 5090")
    assert (body["type"], body["data"]["id"], body["data"]["price"]) == ("alert.in_stock", str(receipt.id), "1999.99")
    delivery = await town.settled(receipt, DeliveryState.SENT)
    (entry,) = town.sandbox.journal.accepted("webhook")
    assert entry.references == (str(delivery.id),)


async def test_a_lost_answer_is_sent_again_and_dropped_by_its_receiver(town: ServiceRig):
    await listening(town)
    town.sandbox.faults.next("webhook", Fault.lost("reset"), times=2)
    receipt = await town.report("RTX 5090", priority=1)
    delivery = await town.settled(receipt, DeliveryState.SENT)
    hook = town.sandbox.webhook.hook("partner")
    assert (len(hook.received), hook.dropped) == (1, 2)
    assert not delivery.possibly_repeated
    assert not town.sandbox.journal.repeated("webhook")
    moves = [fact.delivery for fact in town.facts if isinstance(fact, DeliveryMoved)]
    assert [(move.state.value, move.why and move.why.value) for move in moves if move.state is not delivery.state] == [
        ("unknown", "answer_lost"), ("pending", "resent"),
    ] * 2  # fmt: skip


async def test_a_lost_answer_of_a_plain_hook_is_flagged_since_nobody_drops_the_repeat(town: ServiceRig):
    await listening(town, url=town.sandbox.webhook.url("partner", plain=True), form="plain", secret=None)
    town.sandbox.faults.next("webhook", Fault.lost("reset"))
    receipt = await town.report("RTX 5090", priority=9)
    delivery = await town.settled(receipt, DeliveryState.SENT)
    assert delivery.possibly_repeated
    assert len(town.sandbox.webhook.hook("partner").received) == 2


async def test_an_overloaded_receiver_is_waited_for_and_gets_it_once(town: ServiceRig):
    await listening(town)
    town.sandbox.faults.next("webhook", Fault.too_many(0.2, "float"))
    town.sandbox.faults.next("webhook", Fault.status(503).taken())
    town.sandbox.faults.next("webhook", Fault.status(500))
    receipt = await town.report("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.SENT)
    hook = town.sandbox.webhook.hook("partner")
    assert (delivery.attempts, len(hook.received), hook.dropped) == (4, 1, 1)
    assert not delivery.possibly_repeated


async def test_a_request_cut_off_by_a_stop_is_repeated_after_the_start_and_dropped(town: ServiceRig):
    await listening(town)
    town.sandbox.faults.next("webhook", Fault.lost("hang"))
    receipt = await town.report("RTX 5090", priority=1)
    await town.sandbox.webhook.expect("partner", "RTX 5090")
    await town.alerts.pipeline.sending.dispatcher.stop(0)
    await town.close()
    await listening(town)
    delivery = await town.settled(receipt, DeliveryState.SENT)
    hook = town.sandbox.webhook.hook("partner")
    assert (len(hook.received), hook.dropped, delivery.possibly_repeated) == (1, 1, False)


MISHAPS = [
    *(Fault.reset(at) for at in get_args(Cut)),
    *(Fault.garbage(what) for what in get_args(Garbage)),
    *(Fault.status(code).taken() for code in (408, 425, 429, 500, 503, 520, 599)),
    Fault.lost("reset"),
    Fault.close_idle(),
    Fault.endless("headers"),
    Fault.endless("body"),
]


async def test_whatever_happens_on_the_way_an_alert_is_received_once_and_never_flagged(hasty: ServiceRig):
    await listening(hasty)
    hook = hasty.sandbox.webhook.hook("partner")
    for fault in MISHAPS:
        hasty.sandbox.faults.next("webhook", fault)
        receipt = await hasty.report(f"After {fault.name}")
        delivery = await hasty.settled(receipt, DeliveryState.SENT)
        assert (fault.name, delivery.possibly_repeated) == (fault.name, False)
    assert [body["data"]["product_name"] for body in hook.received] == [f"After {fault.name}" for fault in MISHAPS]
    assert not hasty.sandbox.journal.repeated("webhook")


async def test_a_receiver_that_says_410_is_called_once_and_the_fallback_takes_over(town: ServiceRig):
    await listening(town, fallback=("discord:general",))
    town.sandbox.webhook.hook("partner").gone = True
    await town.report("RTX 5090")
    await town.room("general").expect("RTX 5090")
    disabled = await town.told(TargetDisabled)
    assert (str(disabled.target), disabled.why) == ("webhook:partner", Refusal.TARGET_GONE)
    await town.report("PS5 Pro")
    await town.room("general").expect("PS5 Pro")
    assert len([entry for entry in town.sandbox.journal if entry.provider == "webhook"]) == 1


async def test_a_redirect_is_refused_and_not_followed(town: ServiceRig):
    await listening(town)
    town.sandbox.faults.next("webhook", Fault.redirect(town.sandbox.webhook.url("elsewhere")))
    receipt = await town.report("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.REFUSED)
    assert "not followed" in delivery.detail
    assert town.sandbox.webhook.hook("elsewhere").received == []
    await town.report("PS5 Pro")
    await town.sandbox.webhook.expect("partner", "PS5 Pro")


async def test_a_secret_is_changed_by_reloads_without_losing_an_alert(town: ServiceRig):
    old, new = secret_for("old"), secret_for("new")
    hook = town.sandbox.webhook.hook("partner")
    hook.secrets = [old]
    await listening(town, secret=old)
    for secret, known in (([new, old], old), ([new, old], new), (new, new)):
        town.write(**blocks(town, secret=secret))
        await town.alerts.reload()
        hook.secrets = [known]
        name = f"Signed by {len(hook.received)}"
        await town.report(name)
        await town.sandbox.webhook.expect("partner", name)
    assert hook.refused == 0


async def test_alerts_that_wait_together_go_in_one_body_where_the_endpoint_asks_for_it(town: ServiceRig):
    await town.open(**blocks(town, bundle=50, rate="1/1s"))
    await town.report("Opens the window")
    await town.sandbox.webhook.expect("partner", "Opens the window")
    for number in range(5):
        await town.report(f"Low {number}", type="back_order", priority=1, price=None)
    await town.report("RTX 5090", priority=10)
    body = await town.sandbox.webhook.expect("partner", "RTX 5090")
    names = [alert["product_name"] for alert in body["data"]["alerts"]]
    assert (body["type"], names[0]) == ("alerts", "RTX 5090")
    assert sorted(names[1:]) == [f"Low {number}" for number in range(5)]
    assert len(town.sandbox.webhook.hook("partner").received) == 2


async def test_an_operator_tries_an_endpoint_and_is_told_what_it_said(town: ServiceRig):
    await listening(town)
    told = await town.call("POST", "/api/v1/channels/webhook/test", {"target": "partner"})
    assert (told["state"], told["status"]) == ("sent", 200)
    assert "success" in told["answer"]


async def test_a_secret_that_the_receiver_does_not_know_shuts_the_lane_and_says_so(town: ServiceRig):
    await listening(town, secret=secret_for("somebody else"))
    receipt = await town.report("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.PENDING)
    assert "no signature is by a secret of this hook" in delivery.detail
    closed = await town.told(LaneClosed)
    assert (closed.lane, closed.why) == ("webhook:partner", "credentials")


async def test_a_private_address_is_not_called_unless_the_operator_vouches_for_it(town: ServiceRig):
    """What is known to be private without asking anybody is refused before the service starts; the rest when called."""
    port = town.sandbox.url.rpartition(":")[2]
    with pytest.raises(InvalidConfigError, match="allow_networks"):
        await listening(town, url=f"http://localhost:{port}/hooks/partner", allow_networks=["10.0.0.0/8"])
    assert [entry for entry in town.sandbox.journal if entry.provider == "webhook"] == []


async def test_the_page_of_the_sandbox_shows_what_arrived(town: ServiceRig):
    await listening(town)
    await town.report("RTX 5090")
    await town.sandbox.webhook.expect("partner", "RTX 5090")
    async with aiohttp.ClientSession() as http, http.get(f"{town.sandbox.url}/rooms") as answer:
        (hook,) = (await answer.json())["hooks"]
    assert (hook["name"], hook["received"], hook["last"]["data"]["product_name"]) == ("partner", 1, "RTX 5090")
