"""What may wait is one mail a day, at its hour where its reader lives; what is urgent is there at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.story.mailing import mailing
from tests.story.post import ADA, BOB, ends, post, posting, sign_up
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault
from tocsin.sandbox.sendgrid.lives import CARRIER_S

S = DeliveryState
DAILY = {"vip": {"tag": "vip", "digest": {"at": "08:00", "tz": "America/New_York"}}}
# New York puts its clocks back at 06:00 UTC on the 1st of November: 08:00 is 12:00 UTC the day before, and 13:00 then.
AFTERNOON = datetime(2026, 10, 31, 18, tzinfo=UTC)
MORNING = datetime(2026, 11, 1, 13, tzinfo=UTC)


@pytest.fixture
def clock(town: ServiceRig) -> ManualClock:
    town.clock = clock = ManualClock(AFTERNOON)
    return clock


def until(clock: ManualClock, moment: datetime) -> None:
    clock.advance((moment - clock.now()).total_seconds())


async def gathered(town: ServiceRig, *names: str) -> None:
    """Of middle importance."""
    for name in names:
        await town.report(name, type="restock_soon", priority=5)


async def test_at_eight_in_the_morning_across_a_change_of_the_clocks(town: ServiceRig, clock: ManualClock):
    await posting(town, lists=DAILY)
    await sign_up(town, ADA)
    await sign_up(town, BOB, zone="Europe/Berlin")
    back = await town.report("PlayStation 5", type="back_order")
    await gathered(town, "RTX 5080")
    over = await town.report("Switch 2", priority=5)
    await town.report("RTX 5090")
    for to in (ADA, BOB):
        await town.sandbox.smtp.expect(to, "In stock: RTX 5090", 60)  # of the high band
    story = await town.get(f"/api/v1/alerts/{back.id}/recipients?target=email:vip")
    assert {one["detail"] for one in story["recipients"]} == {"waits for the digest of 08:00"}
    assert await town.alerts.close(sku="Switch-2", retailer="bestbuy") == 1
    until(clock, datetime(2026, 11, 1, 7, tzinfo=UTC))  # Berlin put its clocks back a week before
    digest = await town.sandbox.smtp.expect(BOB, "Your digest", 60)
    assert digest.subject == "Your digest: RTX 5080, PlayStation 5"
    until(clock, MORNING - timedelta(seconds=1))
    await town.report("RTX 5070")
    await town.sandbox.smtp.expect(ADA, "In stock: RTX 5070", 60)  # the sender works, and has looked what is due
    assert len(town.sandbox.smtp.mailbox(ADA)) == 2
    until(clock, MORNING)
    digest = await town.sandbox.smtp.expect(ADA, "Your digest", 60)
    assert digest.subject == "Your digest: RTX 5080, PlayStation 5"
    assert "Switch 2" not in digest.text
    assert digest.text.index("RTX 5080") < digest.text.index("PlayStation 5")
    assert digest.text.count("/r/") == digest.html.count("/r/") == 2
    assert digest.one_click is not None
    await town.until(lambda: ends(town, back) == [("sent", None)] * 2 or None)
    assert set(ends(town, over)) == {("cancelled", "closed")}
    assert len(town.sandbox.smtp.mailbox(ADA)) == 3


async def test_who_wants_one_gets_one_and_who_wants_none_does_not(town: ServiceRig, clock: ManualClock):
    await posting(town)
    ada, bob = sorted(await sign_up(town, ADA, BOB), key=lambda one: one["addresses"][0]["shown"])
    for contact, digest in ((ada, "daily"), (bob, "never")):
        wish = {"channels": {"email": {"digest": digest}}}
        await town.call("PUT", f"/api/v1/contacts/{contact['id']}/preferences", wish)
    await town.report("RTX 5080", type="back_order")
    await town.sandbox.smtp.expect(BOB, "Back order: RTX 5080", 60)
    await gathered(town, "RTX 5070")
    await town.sandbox.smtp.expect(BOB, "Back soon: RTX 5070", 60)
    assert town.sandbox.smtp.mailbox(ADA) == []
    until(clock, datetime(2026, 11, 1, 8, tzinfo=UTC))  # nobody knows where she lives
    assert (await town.sandbox.smtp.expect(ADA, "Your digest", 60)).subject == "Your digest: RTX 5070, RTX 5080"


async def test_stop_before_it_leaves_wins(town: ServiceRig, clock: ManualClock):
    await posting(town, lists=DAILY)
    await sign_up(town, ADA, BOB)
    await gathered(town, "RTX 5080")
    await town.report("RTX 5090")
    mail = await town.sandbox.smtp.expect(ADA, "RTX 5090", 60)
    assert mail.one_click is not None
    await post(mail.one_click, **{"List-Unsubscribe": "One-Click"})
    until(clock, MORNING)
    await town.sandbox.smtp.expect(BOB, "Your digest", 60)
    assert len(town.sandbox.smtp.mailbox(ADA)) == 1


async def test_a_digest_whose_answer_was_lost_may_have_arrived_with_all_that_was_in_it(
    town: ServiceRig, clock: ManualClock
):
    await posting(town, lists=DAILY)
    await sign_up(town, ADA)
    receipts = [await town.report(name, type="back_order") for name in ("RTX 5080", "RTX 5070")]
    town.sandbox.faults.next("smtp", Fault.lost("reset"), action="mail_text")
    until(clock, MORNING)
    for receipt in receipts:
        await town.settled(receipt, S.POSSIBLY_SENT)
    assert len(town.sandbox.smtp.mailbox(ADA)) == 1


async def test_a_restart_in_the_night_changes_nothing(town: ServiceRig, clock: ManualClock):
    await posting(town, lists=DAILY)
    await sign_up(town, ADA)
    await gathered(town, "RTX 5080", "RTX 5070")
    await town.close()
    until(clock, MORNING + timedelta(minutes=5))
    await posting(town, lists=DAILY)
    mail = await town.sandbox.smtp.expect(ADA, "Your digest", 60)
    assert mail.text.count("/r/") == 2


async def test_by_sendgrid_it_is_one_mail_as_well_and_what_is_heard_of_it_counts_for_all(tmp_path: Path):
    clock = ManualClock(AFTERNOON)  # of both: events are signed with their time
    async with ServiceRig(tmp_path, clock) as town:
        await mailing(town, email={"lists": DAILY})
        await sign_up(town, ADA)
        receipts = [await town.report(name, type="back_order") for name in ("RTX 5080", "RTX 5070")]
        until(clock, MORNING)
        for receipt in receipts:
            await town.settled(receipt, S.SENT)
        clock.advance(CARRIER_S)
        await town.until(lambda: [ends(town, receipt) for receipt in receipts] == [[("delivered", None)]] * 2 or None)
        (entry,) = town.sandbox.journal.accepted("sendgrid", "send")
        assert entry.body["subject"].startswith("Your digest: ")
        assert len(entry.body["personalizations"]) == 1
