"""An alert becomes mails, and what people and the provider say of them comes back."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from tests.story.mailing import ADA, BOB, counted, mailing, sign_up, suppressed
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.facts import DeliveryMoved
from tocsin.sandbox import Fault
from tocsin.sandbox.twilio.account import SENDER

S = DeliveryState


async def test_300_people_are_told_by_one_request_with_300_different_links(town: ServiceRig):
    await mailing(town)
    people = [f"person{number}@example.com" for number in range(300)]
    await sign_up(town, *people)
    receipt = await town.report("GeForce RTX 5090")
    await town.until(lambda: counted(town, receipt).get("delivered") == 300 or None)
    (request,) = town.sandbox.journal.accepted("sendgrid", "send")
    assert (len(request.body["personalizations"]), len(request.references)) == (300, 300)
    assert not town.sandbox.journal.repeated("sendgrid")
    mails = [mail for person in people for mail in town.sandbox.sendgrid.mailbox(person)]
    assert len(mails) == 300
    for links in ([mail.one_click for mail in mails], [bought(town, mail) for mail in mails]):
        assert len(set(links)) == 300
        assert all(links)
    assert await town.followed(bought(town, mails[7])) == "https://bestbuy.example/GeForce-RTX-5090"
    (told,) = (await town.get(f"/api/v1/alerts/{receipt.id}"))["lists"]
    assert (told["target"], told["recipients"]["delivered"]) == ("email:vip", 300)
    assert not any("@example.com" in repr(fact) for fact in town.facts)


async def test_who_presses_the_mail_programs_button_gets_no_more_and_the_others_do(town: ServiceRig):
    await mailing(town)
    await sign_up(town, ADA, BOB)
    await town.report("RTX 5090")
    mail = await town.sandbox.sendgrid.expect(ADA, "RTX 5090", 60)
    assert await town.sandbox.mail.press(mail) == 200
    assert await town.sandbox.mail.press(mail) == 200  # as often as it likes
    assert await suppressed(town) == [("a***@example.com", "one_click")]
    await town.report("RTX 5080")
    await town.sandbox.sendgrid.expect(BOB, "RTX 5080", 60)
    assert [one.subject for one in town.sandbox.sendgrid.mailbox(ADA)] == [mail.subject]


async def test_forged_events_change_nothing_and_replayed_ones_nothing_more(town: ServiceRig):
    await mailing(town)
    await sign_up(town, ADA)
    post = town.sandbox.sendgrid.poster
    post.held = True
    receipt = await town.report()
    await town.settled(receipt, S.SENT)
    await town.sandbox.journal.until(lambda: len(post.waiting) == 2 or None, 60)
    events = tuple(post.waiting)
    bounce = [{**events[-1], "event": "bounce", "type": "bounce", "sg_event_id": "forged"}]
    forged = await post.post(bounce, signer=generate_private_key(SECP256R1()))
    late = await post.post(bounce, signed_at=1_600_000_000)
    assert (forged.status, late.status) == (403, 403)
    assert (counted(town, receipt), await suppressed(town)) == ({"sent": 1}, [])
    await post.release(backwards=True, times=2)
    await town.settled(receipt, S.DELIVERED)
    assert (await post.post(events)).status == 200
    assert [to for to, _ in moves(town, receipt)] == ["sent", "delivered"]


async def test_of_many_events_with_a_broken_one_the_others_count(town: ServiceRig):
    await mailing(town)
    people = [f"person{number}@example.com" for number in range(20)]
    await sign_up(town, *people)
    post = town.sandbox.sendgrid.poster
    post.held = True
    receipt = await town.report()
    await town.sandbox.journal.until(lambda: len(post.waiting) == 40 or None, 60)
    events: list[Any] = [*post.waiting]
    assert (await post.post([*events[:20], {"event": ["x"]}, None, *events[20:]])).status == 200
    await town.until(lambda: counted(town, receipt).get("delivered") == 20 or None)


async def test_a_mail_that_bounces_becomes_a_text_and_the_mailbox_is_dead(town: ServiceRig):
    account = town.sandbox.twilio.account
    sms = {
        "enabled": True,
        "api_base": town.sandbox.url,
        "twilio_sid": account.sid,
        "twilio_auth": account.token,
        "from_number": SENDER,
        "lists": {"vip": {"tag": "vip"}},
    }
    routes = [{"match": {}, "to": ["email:vip"], "fallback": ["sms:vip"]}]
    await mailing(town, routes=routes, channels={"sms": sms})
    await sign_up(town, "bounce@example.com", phone="+14155550101")
    await town.report("RTX 5090")
    await town.sandbox.twilio.phone("+14155550101").expect_sms("RTX 5090", 60)
    (contact,) = (await town.get("/api/v1/contacts?kind=mailbox"))["contacts"]
    assert ("dead", "bounced") in [(one["state"], one["why"]) for one in contact["addresses"]]
    await sign_up(town, ADA)
    await town.report("RTX 5080")
    await town.sandbox.sendgrid.expect(ADA, "RTX 5080", 60)
    last = town.sandbox.journal.accepted("sendgrid", "send")[-1]
    assert [one["to"] for one in last.body["personalizations"]] == [[{"email": ADA}]]


async def test_who_calls_it_spam_hears_no_more(town: ServiceRig):
    await mailing(town)
    await sign_up(town, ADA)
    await town.report("RTX 5090")
    town.sandbox.sendgrid.complain(await town.sandbox.sendgrid.expect(ADA, "RTX 5090", 60))
    await town.sandbox.journal.until(lambda: _told(town, "spamreport"), 60)
    assert await suppressed(town) == [("a***@example.com", "complaint")]


@pytest.mark.parametrize("fate", ["blocked", "deferred"])
async def test_who_is_only_blocked_or_late_stays(town: ServiceRig, fate: str):
    await mailing(town)
    await sign_up(town, f"{fate}@example.com")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, S.REFUSED if fate == "blocked" else S.DELIVERED)
    assert await suppressed(town) == []


async def test_a_lost_answer_is_300_doubts_that_events_end_one_by_one(town: ServiceRig):
    await mailing(town, email={"on_lost_answer": "hold"})
    people = [f"person{number}@example.com" for number in range(30)]
    await sign_up(town, *people)
    town.sandbox.sendgrid.poster.held = True
    town.sandbox.faults.next("sendgrid", Fault.lost("reset"), action="send")
    receipt = await town.report()
    await town.until(lambda: counted(town, receipt).get("possibly_sent") == 30 or None)
    await town.sandbox.journal.until(lambda: len(town.sandbox.sendgrid.poster.waiting) == 60 or None, 60)
    await town.sandbox.sendgrid.poster.release()
    await town.until(lambda: counted(town, receipt).get("delivered") == 30 or None)
    assert len(town.sandbox.journal.accepted("sendgrid", "send")) == 1
    assert {why for to, why in moves(town, receipt) if to == "delivered"} <= {None, Why.FOUND.value}


async def test_credits_that_are_used_up_hold_the_mail_back_and_tell_operators_so(town: ServiceRig):
    town.sandbox.sendgrid.account.credits = 0
    await mailing(town, operators={"to": ["discord:general"]})
    await sign_up(town, ADA)
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, S.PENDING)
    told = await town.get(f"/api/v1/alerts/{receipt.id}/recipients?target=email:vip")
    assert "credits of the account are used up" in repr(told)
    assert town.sandbox.sendgrid.mailbox(ADA) == []


def bought(town: ServiceRig, mail: Any) -> str:
    """The path of the link behind the button."""
    start = f"{town.alerts.config.public_url}/r/"
    (line,) = [line for line in mail.text.splitlines() if line.startswith(start)]
    assert f'href="{line}"' in mail.html
    return line.removeprefix(str(town.alerts.config.public_url))


def moves(town: ServiceRig, receipt: Any) -> list[tuple[str, str | None]]:
    return [
        (fact.to.value, fact.why and fact.why.value)
        for fact in town.facts
        if isinstance(fact, DeliveryMoved) and fact.delivery.alert_id == receipt.id
    ]


def _told(town: ServiceRig, event: str) -> bool | None:
    """It was heard: the call that told of it was answered."""
    calls = [entry for entry in town.sandbox.journal if entry.action == "events" and entry.status == 200]
    return any(one["event"] == event for entry in calls for one in entry.body) or None
