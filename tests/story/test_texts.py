"""An alert becomes a text on somebody's phone, and what the person and the provider say comes back."""

import json
from typing import Any

import pytest
from benchmarks.program import free_port
from tests.story.service_rig import ServiceRig

from tocsin import Receipt
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.facts import DeliveryMoved, TargetDisabled
from tocsin.sandbox import Fault
from tocsin.sandbox.twilio.account import SENDER
from tocsin.sandbox.twilio.phone import Handset

ADA, BOB = "+14155550101", "+14155550102"
S = DeliveryState


async def texting(town: ServiceRig, *numbers: str, **sms: Any) -> None:
    """The service with one list, `sms:ops`, of these numbers, that gets everything."""
    port, account = free_port(), town.sandbox.twilio.account
    address = f"http://127.0.0.1:{port}"
    discord = {name: town.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
    block = {
        "enabled": True,
        "api_base": town.sandbox.url,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "from_number": SENDER,
        "verify_service": account.verify_service,
        "lists": {"ops": {"to": list(numbers)}},
        **sms,
    }
    channels = {
        "discord": {"enabled": True, "api_base": town.sandbox.url, "webhooks": discord},
        "sms": block,
    }
    town.sandbox.call_back(address)
    await town.open(
        server={"port": port, "public_url": address},
        alerts={"channels": channels},
        retailers={"bestbuy": {"name": "Best Buy"}},
        routes=[{"name": "all", "match": {}, "to": ["sms:ops"], "fallback": ["discord:general"]}],
    )


def phone(town: ServiceRig, number: str = ADA) -> Handset:
    return town.sandbox.twilio.phone(number)


def moves(town: ServiceRig, receipt: Receipt) -> list[tuple[str, str | None]]:
    return [
        (fact.to.value, fact.why and fact.why.value)
        for fact in town.facts
        if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
    ]


async def test_an_alert_is_on_the_phone_with_its_link_and_known_to_be_there(town: ServiceRig):
    await texting(town, ADA)
    receipt = await town.report("GeForce RTX 5090")
    text = (await phone(town).expect_sms("RTX 5090", 60)).body
    words, _, link = text.rpartition(" ")
    assert words == "IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99"
    assert (
        await town.followed(link.removeprefix(town.alerts.config.public_url))
        == "https://bestbuy.example/GeForce-RTX-5090"
    )
    await town.settled(receipt, S.DELIVERED)
    assert len(phone(town).texts) == 1
    assert not town.sandbox.journal.repeated("twilio")
    assert not any(ADA in repr(fact) for fact in town.facts)


async def test_each_of_a_list_is_told(town: ServiceRig):
    await texting(town, ADA, BOB)
    receipt = await town.report()
    for number in (ADA, BOB):
        await phone(town, number).expect_sms("RTX 5090", 60)
    await town.until(lambda: [to for to, _ in moves(town, receipt)].count("delivered") == 2 or None)


async def test_who_is_written_down_with_a_reload_is_told_and_who_is_not_any_more_is_not(town: ServiceRig):
    await texting(town, ADA)
    settings = json.loads((town.folder / "tocsin.json").read_text())
    settings["alerts"]["channels"]["sms"]["lists"] = {"ops": {"to": [BOB]}}
    (town.folder / "tocsin.json").write_text(json.dumps(settings))
    await town.alerts.reload()
    await town.report()
    await phone(town, BOB).expect_sms("RTX 5090", 60)
    assert phone(town, ADA).texts == []


async def test_a_list_that_a_call_keeps_is_told_by_the_route_that_named_it_before(town: ServiceRig):
    await texting(town, BOB)
    settings = json.loads((town.folder / "tocsin.json").read_text())
    settings["routes"][0]["to"] = ["sms:night"]
    (town.folder / "tocsin.json").write_text(json.dumps(settings))
    await town.alerts.reload()
    row = f"{ADA},owls,2026-11-01,form,Text me about restocks."
    file = f"phone,tags,consent_at,consent_source,consent_text\n{row}\n"
    await town.upload("/api/v1/contacts/import", file)
    await town.call("PUT", "/api/v1/lists/sms:night", {"tag": "owls"}, 201)
    await town.report()
    await phone(town, ADA).expect_sms("RTX 5090", 60)
    assert phone(town, BOB).texts == []


async def test_a_text_whose_answer_was_lost_is_on_the_phone_once_and_found(town: ServiceRig):
    await texting(town, ADA)
    town.sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
    receipt = await town.report()
    await town.settled(receipt, S.DELIVERED)
    assert ("sent", Why.FOUND.value) in moves(town, receipt)
    assert len(phone(town).texts) == 1
    assert len(town.sandbox.journal.accepted("twilio", "create")) == 1


async def test_who_is_blocked_at_the_provider_is_told_nothing_more_and_the_list_goes_on(town: ServiceRig):
    town.sandbox.twilio.account.opted_out.add((ADA, SENDER))
    await texting(town, ADA, BOB)
    refused = await town.settled(await town.report("RTX 5090"), S.REFUSED)
    assert refused.detail.startswith("21610 ")
    await phone(town, BOB).expect_sms("RTX 5090", 60)
    suppressions = await suppressed(town)
    assert [(one["why"], one["shown"]) for one in suppressions] == [("provider_opt_out", "+1 *** *** 0101")]
    second = await town.report("RTX 5080")
    await phone(town, BOB).expect_sms("RTX 5080", 60)
    await town.settled(second, S.DELIVERED)
    assert phone(town, ADA).texts == []
    assert not [fact for fact in town.facts if isinstance(fact, TargetDisabled)]


async def test_stop_is_silence_and_start_ends_it(town: ServiceRig):
    await texting(town, ADA, BOB)
    await phone(town).write("STOP")
    assert [one["why"] for one in await suppressed(town)] == ["stop"]
    await town.report("RTX 5090")
    await phone(town, BOB).expect_sms("RTX 5090", 60)
    await phone(town).write("START")
    await town.report("RTX 5080")
    await phone(town).expect_sms("RTX 5080", 60)
    assert not any("RTX 5090" in text for text in phone(town).texts)  # a port in a link may have these digits, too


async def test_help_is_answered_with_what_the_file_says(town: ServiceRig):
    town.sandbox.twilio.inbox.advanced = False
    await texting(town, ADA, on_help="Restock Club <ops@example.org>")
    await phone(town).write("help")
    assert phone(town).texts[-1] == "Restock Club <ops@example.org>"


async def test_a_forged_callback_changes_nothing(town: ServiceRig):
    await texting(town, ADA)
    caller = town.sandbox.twilio.caller
    caller.held = True
    receipt = await town.report()
    await town.settled(receipt, S.SENT)
    await town.sandbox.journal.until(lambda: len(caller.waiting) == 2 or None, 60)
    url, fields = caller.waiting[-1]
    assert (await caller.call_now(url, {**fields, "MessageStatus": "failed"}, token="somebody else")).status == 403
    assert [to for to, _ in moves(town, receipt)][-1] == "sent"
    await caller.release(backwards=True, times=2)
    await town.settled(receipt, S.DELIVERED)


async def test_what_the_provider_does_not_take_goes_to_the_fallback(town: ServiceRig):
    await texting(town, "+15005530006")
    await town.report("RTX 5090")
    await town.room("general").expect("RTX 5090", 60)


@pytest.mark.parametrize("kind", ["emoji", "{product}: {link}"])
async def test_a_text_of_ones_own(town: ServiceRig, kind: str):
    await texting(town, ADA, texts={"in_stock": kind})
    await town.report("RTX 5090")
    message = await phone(town).expect_sms("RTX 5090", 60)
    assert message.segments == (2 if kind == "emoji" else 1)


async def suppressed(town: ServiceRig) -> list[Any]:
    return list((await town.get("/api/v1/suppressions"))["suppressions"])
