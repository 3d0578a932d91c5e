"""Mail by a mail server, from an attempt to its report."""

from pathlib import Path

import pytest
from tests.channels.scenes import NOW, a_record, an_attempt
from tests.golden.test_digest import LEAVE, Pages, gathered

from tocsin.channels.contract import Attempt
from tocsin.channels.email.settings import Email
from tocsin.channels.smtp.carrier import SMTP
from tocsin.channels.smtp.channel import channel_of
from tocsin.channels.spec import Surroundings, UnfitError
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.outcome import Deferred, Delay, Refused, Sent
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindrance
from tocsin.sandbox import Fault, Sandbox

ADA = "ada@example.com"
CODES = Codes(lambda: b"links")
VIP = Target("email", "vip")


def settings(url: str) -> Email:
    return Email.model_validate({"smtp_url": url, "from": "Restock Club <alerts@club.example>"})


def around(transport: Transport) -> Surroundings:
    return Surroundings(
        transport=transport,
        clock=ManualClock(NOW),
        link=lambda delivery, _: f"https://club.example/r/{delivery.key}",
        pages=Pages(),
        codes=CODES,
        keys=Path(),
        retailers={},
    )


def a_mail() -> Attempt:
    return gathered([a_record()])


async def test_a_mail_is_called_by_its_delivery_and_a_digest_by_its_first(sandbox: Sandbox):
    async with Transport() as transport:
        channel = channel_of(settings(sandbox.smtp.url), around(transport))
        single = await channel.send(gathered([a_record()]))
        both = await channel.send(gathered([a_record(), a_record(2, product_name="PlayStation 5")]))
    assert [type(one) for one in (*single.outcomes, *both.outcomes)] == [Sent] * 3
    assert [mail.id for mail in sandbox.smtp.mailbox(ADA)] == [f"{CODES.of(100)}@club.example"] * 2
    digest = sandbox.smtp.mailbox(ADA)[1]
    assert "PlayStation 5" in digest.subject
    assert digest.one_click == LEAVE


async def test_nobody_in_particular_gets_no_mail(sandbox: Sandbox):
    async with Transport() as transport:
        report = await channel_of(settings(sandbox.smtp.url), around(transport)).send(an_attempt([a_record()], VIP))
    assert isinstance(report.outcomes[0], Refused)
    assert sandbox.smtp.connections == 0


async def test_all_of_a_digest_share_its_end(sandbox: Sandbox):
    sandbox.smtp.missing.add(ADA)
    async with Transport() as transport:
        channel = channel_of(settings(sandbox.smtp.url), around(transport))
        report = await channel.send(gathered([a_record(), a_record(2)]))
    assert [type(one) for one in report.outcomes] == [Refused] * 2
    assert (report.status, report.answer) == (550, "550 5.1.1 <***>: there is no such mailbox here")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (None, None),
        (Fault.lost("reset"), None),  # it may be there
        (Fault.status(550, "5.1.1 no"), Hindrance.NO_SUCH_MAILBOX),
        (Fault.status(451, "4.3.0 later"), Hindrance.UNAVAILABLE),
        (Fault.status(550, "5.7.26 who are you?"), Hindrance.MISCONFIGURED),
    ],
)
async def test_a_link_to_a_mailbox(sandbox: Sandbox, fault: Fault | None, why: Hindrance | None):
    if fault is not None:
        sandbox.faults.next("smtp", fault, action="mail_text")
    async with Transport() as transport:
        channel = channel_of(settings(sandbox.smtp.url), around(transport))
        hindered = await channel.send_link(Secret(ADA), "https://club.example/join/1?a=1&b=2")
    assert (hindered and hindered.why) == why
    if fault is None:
        (mail,) = sandbox.smtp.mailbox(ADA)
        assert "https://club.example/join/1?a=1&b=2" in mail.text
        assert mail.one_click is None


async def test_a_sender_that_is_refused_is_for_a_human_to_mend(sandbox: Sandbox):
    sandbox.faults.next("smtp", Fault.status(550, "5.1.8 bad domain"), action="mail")
    async with Transport() as transport:
        (outcome,) = (await channel_of(settings(sandbox.smtp.url), around(transport)).send(a_mail())).outcomes
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.CREDENTIALS


def test_an_address_that_is_none_is_told_by_its_key():
    with pytest.raises(UnfitError) as unfit:
        channel_of(settings("http://mail.example"), around(Transport()))
    assert [flaw.path for flaw in unfit.value.flaws] == [("smtp_url",)]


def test_a_password_that_anybody_can_read_is_told():
    told = [path for path, _ in SMTP.cautions(settings("smtp://u:p@mail.example?starttls=no"))]
    assert told == [("smtp_url",)]
    assert list(SMTP.cautions(settings("smtps://u:p@mail.example"))) == []
