"""An alert becomes a mail by a mail server of one's own; what its readers and servers do with it comes back."""

from datetime import UTC, datetime, timedelta

from tests.story.post import ADA, ADAS_PHONE, BOB, ends, look, post, posting, sign_up
from tests.story.service_rig import ServiceRig
from tests.story.test_purchases import PERSON

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault

S = DeliveryState


async def test_an_alert_is_in_each_mailbox_with_links_of_its_own(town: ServiceRig):
    await posting(town)
    await sign_up(town, ADA, BOB)
    receipt = await town.report("GeForce RTX 5090")
    mails = [await town.sandbox.smtp.expect(to, "RTX 5090", 60) for to in (ADA, BOB)]
    for mail in mails:
        assert mail.subject == "In stock: GeForce RTX 5090 at Best Buy, $1,999.99"
        assert mail.sender == "alerts@club.example"
        assert mail.id.endswith("@club.example")
        assert mail.one_click is not None
        link = next(word for word in mail.text.split() if "/r/" in word)
        assert await town.followed(link.removeprefix(town.alerts.config.public_url)) == (
            "https://bestbuy.example/GeForce-RTX-5090"
        )
        assert link in mail.html
    assert mails[0].one_click != mails[1].one_click
    assert mails[0].id != mails[1].id
    await town.until(lambda: ends(town, receipt) == [("sent", None)] * 2 or None)
    assert town.sandbox.smtp.connections == 1
    assert not any(ADA in repr(fact) for fact in town.facts)


async def test_the_next_mail_asks_once_what_came_of_a_link_that_was_followed(town: ServiceRig):
    town.clock = clock = ManualClock(datetime(2026, 11, 2, 12, tzinfo=UTC))
    await posting(town)
    await sign_up(town, ADA)
    receipt = await town.report("GeForce RTX 5090")
    mail = await town.sandbox.smtp.expect(ADA, "RTX 5090", 60)
    await town.until(lambda: ends(town, receipt) == [("sent", None)] or None)
    clock.advance(60)  # sooner than a person reads it is suspect
    link = next(word for word in mail.text.split() if "/r/" in word)
    await town.followed(link.removeprefix(town.alerts.config.public_url), PERSON)
    clock.advance(timedelta(hours=2).total_seconds())
    await town.report("PlayStation 5")
    second = await town.sandbox.smtp.expect(ADA, "PlayStation 5", 60)
    assert "You had a look at GeForce RTX 5090. What came of it?" in second.text
    page = next(word for word in second.text.split() if "/a/" in word)
    status, shown = await look(page)
    assert (status, "GeForce RTX 5090" in shown) == (200, True)
    await town.report("Switch 2")
    assert "You had a look" not in (await town.sandbox.smtp.expect(ADA, "Switch 2", 60)).text


async def test_the_mails_button_is_silence(town: ServiceRig):
    await posting(town)
    await sign_up(town, ADA, BOB)
    await town.report("RTX 5090")
    mail = await town.sandbox.smtp.expect(ADA, "RTX 5090", 60)
    assert mail.one_click is not None
    status, page = await look(mail.one_click)  # as programs do that follow links
    assert (status, "Unsubscribe" in page) == (200, True)
    assert (await town.get("/api/v1/suppressions"))["suppressions"] == []
    for _ in range(2):
        status, _ = await post(mail.one_click, **{"List-Unsubscribe": "One-Click"})
        assert status == 200
    told = (await town.get("/api/v1/suppressions"))["suppressions"]
    assert [(one["shown"], one["why"]) for one in told] == [("a***@example.com", "one_click")]
    await town.report("RTX 5080")
    await town.sandbox.smtp.expect(BOB, "RTX 5080", 60)
    assert len(town.sandbox.smtp.mailbox(ADA)) == 1


async def test_a_mailbox_that_is_gone_is_told_nothing_more_and_its_owner_gets_a_text(town: ServiceRig):
    town.sandbox.smtp.missing.add(ADA)
    await posting(town)
    (ada,) = await sign_up(town, ADA, phone=ADAS_PHONE)
    receipt = await town.report("RTX 5090")
    await town.sandbox.twilio.phone(ADAS_PHONE).expect_sms("RTX 5090", 60)
    refused = await town.settled(receipt, S.REFUSED)
    assert refused.detail == "there is no such mailbox: 550 5.1.1 <***>: there is no such mailbox here"

    async def states() -> dict[str, tuple[str, str | None]]:
        person = await town.get(f"/api/v1/contacts/{ada['id']}")
        return {one["kind"]: (one["state"], one.get("why")) for one in person["addresses"]}

    assert (await states())["mailbox"] == ("dead", "bounced")
    await town.report("RTX 5080")
    assert (await states())["phone"][0] == "active"
    assert len([entry for entry in town.sandbox.journal if entry.action == "rcpt"]) == 0  # only faults are entered
    assert town.sandbox.smtp.mails == []


async def test_a_full_mailbox_is_tried_again_and_a_bare_refusal_kills_nobody(town: ServiceRig):
    await posting(town)
    (ada,) = await sign_up(town, ADA, phone=ADAS_PHONE)
    town.sandbox.faults.next("smtp", Fault.status(451, "4.3.0 try again"), action="rcpt")
    town.sandbox.faults.next("smtp", Fault.status(550, "no"), action="mail_text")
    receipt = await town.report("RTX 5090")
    await town.sandbox.twilio.phone(ADAS_PHONE).expect_sms("RTX 5090", 60)
    assert (await town.settled(receipt, S.REFUSED)).attempts == 2
    person = await town.get(f"/api/v1/contacts/{ada['id']}")
    assert {one["state"] for one in person["addresses"]} == {"active"}


async def test_an_urgent_mail_whose_answer_was_lost_is_sent_once_more_under_the_same_name(town: ServiceRig):
    await posting(town)
    await sign_up(town, ADA)
    town.sandbox.faults.next("smtp", Fault.lost("reset"), action="mail_text")
    receipt = await town.report("RTX 5090")
    sent = await town.settled(receipt, S.SENT)
    assert sent.possibly_repeated
    first, second = town.sandbox.smtp.mailbox(ADA)
    assert first.id == second.id


async def test_one_that_is_not_repeated_may_have_arrived(town: ServiceRig):
    await posting(town, on_lost_answer="hold")
    await sign_up(town, ADA)
    town.sandbox.faults.next("smtp", Fault.lost("reset"), action="mail_text")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, S.POSSIBLY_SENT)
    assert len(town.sandbox.smtp.mailbox(ADA)) == 1


async def test_a_cut_before_the_mail_has_left_is_no_doubt(town: ServiceRig):
    await posting(town, on_lost_answer="hold")
    await sign_up(town, ADA)
    town.sandbox.faults.next("smtp", Fault.lost("reset"), action="data")
    receipt = await town.report("RTX 5090")
    sent = await town.settled(receipt, S.SENT)
    assert (sent.attempts, sent.possibly_repeated) == (2, False)
    assert len(town.sandbox.smtp.mailbox(ADA)) == 1


async def test_a_mailbox_is_confirmed_by_the_link_that_came_there(town: ServiceRig):
    await posting(town)
    contact = await town.call("POST", "/api/v1/contacts", {"tags": ["vip"], "mailboxes": [{"address": ADA}]}, 201)
    (mailbox,) = contact["addresses"]
    path = f"/api/v1/contacts/{contact['id']}/mailboxes/{mailbox['id']}/confirmation"
    begun = await town.call("POST", path, {}, 202)
    assert begun["sends_left"] == 2
    mail = await town.sandbox.smtp.expect(ADA, "Confirm it for Restock Club", 60)
    link = next(word for word in mail.text.split() if "/join/" in word)
    assert link in mail.html

    async def state() -> tuple[str, str]:
        (one,) = (await town.get(f"/api/v1/contacts/{contact['id']}"))["addresses"]
        return one["state"], one["consent"]

    for _ in range(2):
        assert (await look(link))[0] == 200
    assert await state() == ("unverified", "none")
    assert (await post(link, do="confirm"))[0] == 303
    assert await state() == ("active", "granted")
    assert (await post(link, do="confirm"))[0] == 410  # once
    await town.report("RTX 5090")
    await town.sandbox.smtp.expect(ADA, "RTX 5090", 60)


async def test_a_mailbox_that_is_none_is_told_to_whoever_asks_for_the_link(town: ServiceRig):
    town.sandbox.smtp.missing.add(ADA)
    await posting(town)
    contact = await town.call("POST", "/api/v1/contacts", {"mailboxes": [{"address": ADA}]}, 201)
    path = f"/api/v1/contacts/{contact['id']}/mailboxes/{contact['addresses'][0]['id']}/confirmation"
    told = await town.call("POST", path, {}, 422)
    assert told["error"]["code"] == "invalid_mailbox"
    for _ in range(2):
        await town.call("POST", path, {}, 422)
    await town.call("POST", path, {}, 429)
