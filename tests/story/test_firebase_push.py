"""An alert becomes a notification on somebody's phones, by Firebase: once on each, quietly replaced once it is over."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import PartRefused, TargetDisabled
from tocsin.sandbox import Fault
from tocsin.sandbox.firebase.phone import LockScreen

S = DeliveryState


async def pushing(town: ServiceRig, *phones: str, platform: str = "android", **push: Any) -> list[LockScreen]:
    """A service that pushes to apps, and Ada with these phones."""
    file = town.sandbox.firebase.project.write_account(town.folder / "firebase.json")
    channel = {"firebase_config": str(file), "api_base": town.sandbox.url, "web": {"enabled": False}, **push}
    await town.open(
        alerts={"channels": {"push": channel}},
        retailers={"bestbuy": {"name": "Best Buy"}},
        routes=[{"name": "all", "match": {}, "to": ["push:everyone"]}],
    )
    ada = await town.call("POST", "/api/v1/contacts", {"name": "Ada"}, 201)
    screens = [town.sandbox.firebase.phone(name, platform) for name in phones]
    for screen in screens:
        await register(town, ada, screen)
    return screens


async def register(town: ServiceRig, contact: Mapping[str, Any], screen: LockScreen, status: int = 201) -> None:
    """As the app does whenever it starts."""
    told = {"kind": screen.kind, "value": screen.address, "platform": screen.device.platform, "app_version": "2.3"}
    await town.call("PUT", f"/api/v1/contacts/{contact['id']}/devices/{screen.device.name}", told, status)


async def people(town: ServiceRig) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (await town.get("/api/v1/contacts"))["contacts"]
    return found


async def standing(town: ServiceRig) -> list[tuple[str, str | None]]:
    """Of each device: its state, and why."""
    return sorted(
        (one["state"], one.get("why") or "") for contact in await people(town) for one in contact["addresses"]
    )


async def test_two_phones_one_dies_and_the_other_still_gets_each_alert_once(town: ServiceRig):
    lost, kept = await pushing(town, "lost", "kept")
    await town.report("RTX 5090")
    await lost.expect("RTX 5090", DEADLINE_S)
    await kept.expect("RTX 5090", DEADLINE_S)
    lost.uninstall()
    await town.report("RTX 5080")
    await kept.expect("RTX 5080", DEADLINE_S)
    async with asyncio.timeout(DEADLINE_S):
        while await standing(town) != [("active", ""), ("dead", "unregistered")]:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.05)
    await town.report("RTX 5070")
    await kept.expect("RTX 5070", DEADLINE_S)
    await town.until(lambda: _states(town, 5))
    assert (kept.device.screen.arrived, len(kept.cards), len(lost.cards)) == (3, 3, 1)
    assert await standing(town) == [("active", ""), ("dead", "unregistered")]
    sent = [entry for entry in town.sandbox.journal if entry.action == "send"]
    assert [entry.status for entry in sent].count(404) == 1, "a dead address costs quota once"
    assert town.sandbox.journal.repeated("firebase") == {}
    assert not [fact for fact in town.facts if isinstance(fact, TargetDisabled)], "the list lives on"
    assert len(town.sandbox.journal.accepted("firebase", "token")) == 1


def _states(town: ServiceRig, many: int) -> bool | None:
    """So many requests are answered."""
    return len([entry for entry in town.sandbox.journal if entry.action == "send"]) >= many or None


async def test_a_late_404_of_the_old_address_does_not_remove_the_new_one(town: ServiceRig):
    (phone,) = await pushing(town, "pixel")
    phone.uninstall()
    town.sandbox.faults.next("firebase", Fault.slow(1.0), action="send")
    receipt = await town.report("RTX 5090")
    await town.until(lambda: _states(town, 1))  # its 404 is on the way
    phone.register("fid")
    (ada,) = await people(town)
    await register(town, ada, phone, 200)
    refused = await town.settled(receipt, S.REFUSED)
    assert "UNREGISTERED" in refused.detail
    assert await standing(town) == [("active", "")]
    await town.report("RTX 5080")
    assert (await phone.expect("RTX 5080", DEADLINE_S)).title == "In stock: RTX 5080"
    assert await standing(town) == [("active", "")]


async def test_sold_out_takes_the_place_quietly_and_only_of_the_newest(town: ServiceRig):
    (phone,) = await pushing(town, "iphone", platform="ios")
    await town.settled(await town.report("RTX 5090"), S.SENT)
    await town.settled(await town.report("RTX 5090", type="price_drop", price="1799.99"), S.SENT)
    assert (len(phone.cards), phone.device.screen.arrived, phone.device.screen.rang) == (1, 2, 2)
    await town.alerts.close(sku="RTX-5090", retailer="bestbuy")
    over = await phone.expect("Sold out", DEADLINE_S)
    assert (over.sound, over.level, over.data["state"]) == (None, "passive", "sold_out")
    assert (len(phone.cards), phone.device.screen.arrived, phone.device.screen.rang) == (1, 3, 2)


async def test_a_push_whose_answer_was_lost_is_repeated_and_stands_there_once(town: ServiceRig):
    (phone,) = await pushing(town, "pixel")
    town.sandbox.faults.next("firebase", Fault.lost("reset"), action="send")
    await town.settled(await town.report("RTX 5090"), S.SENT)
    await town.until(lambda: phone.device.screen.arrived == 2 or None)
    assert len(phone.cards) == 1


async def test_a_missing_key_of_apple_stops_iphones_alone_and_operators_hear_of_it(town: ServiceRig):
    iphone, pixel = await pushing(town, "iphone", "pixel", platform="ios")
    pixel.device.platform = pixel.device.screen.platform = "android"
    (ada,) = await people(town)
    await register(town, ada, pixel, 200)
    iphone.device.answers = "THIRD_PARTY_AUTH_ERROR"
    await town.report("RTX 5090")
    await pixel.expect("RTX 5090", DEADLINE_S)
    told = await town.told(PartRefused)
    assert told.about == "push (Firebase, Apple)"
    conditions = (await town.get("/api/v1/conditions"))["conditions"]
    assert [one["what"] for one in conditions] == ["part_refused"]
    await town.report("RTX 5080")
    await pixel.expect("RTX 5080", DEADLINE_S)
    assert await standing(town) == [("active", ""), ("active", "")]


async def test_who_sleeps_hears_nothing_and_who_wants_a_siren_hears_it(town: ServiceRig):
    (phone,) = await pushing(town, "pixel", sounds={"high": "bell"})
    (ada,) = await people(town)
    place = f"/api/v1/contacts/{ada['id']}/preferences"
    await town.report("RTX 5090")
    assert (await phone.expect("RTX 5090", DEADLINE_S)).channel == "alerts_bell"
    await town.call("PUT", place, {"channels": {"push": {"sound": "siren"}}})
    await town.report("RTX 5080")
    assert (await phone.expect("RTX 5080", DEADLINE_S)).sound == "siren"
    hour, now = timedelta(hours=1), town.clock.now()
    hours = {"from": f"{now - hour:%H:%M}", "to": f"{now + hour:%H:%M}"}
    await town.call("PUT", place, {"quiet": {**hours, "do": "silent"}})
    await town.report("RTX 5070")
    assert (await phone.expect("RTX 5070", DEADLINE_S)).sound is None
