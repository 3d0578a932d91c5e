"""The line to a mail server: what surely was not sent is told from what may have been, at every step of one mail."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tocsin.channels.smtp.answers import Reply, Stage, outcome_of
from tocsin.channels.smtp.line import Letter, Line, Patience, Said
from tocsin.channels.smtp.server import MailServer
from tocsin.channels.transport import Transport
from tocsin.core.leave import TAKEN_OVER, leaving_while
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.sandbox import Fault, Sandbox

ADA = "ada@example.com"
CONTENT = (
    "From: alerts@example.org\r\nTo: ada@example.com\r\nSubject: In stock\r\n"
    "Date: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <code@example.org>\r\nMIME-Version: 1.0\r\n\r\n"
    ".a line that begins with a dot\r\n..two of them\r\n.\r\nthe end\r\n"
)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


@pytest.fixture
def line(sandbox: Sandbox, transport: Transport) -> Line:
    return line_to(sandbox.smtp.url, transport)


def line_to(url: str, transport: Transport, **how: Any) -> Line:
    return Line(MailServer.of(Secret(url)), transport, name="example.org", **how)


def letter(to: str = ADA) -> Letter:
    return Letter(sender="alerts@example.org", recipient=to, content=CONTENT.encode())


def outcome(said: Said) -> Outcome:
    return outcome_of(said, "code@example.org") if isinstance(said, Reply) else said


async def test_a_mail_arrives_as_it_was_written(sandbox: Sandbox, line: Line):
    sent = outcome(await line.deliver(letter()))
    assert isinstance(sent, Sent)
    assert sent.reference == "code@example.org"
    (mail,) = sandbox.smtp.mailbox(ADA)
    assert mail.raw == CONTENT.encode()
    assert mail.id == "code@example.org"


async def test_one_connection_carries_many_mails(sandbox: Sandbox, line: Line):
    for number in range(5):
        await line.deliver(letter(f"reader{number}@example.com"))
    assert (len(sandbox.smtp.mails), sandbox.smtp.connections) == (5, 1)


async def test_mails_that_come_together_go_one_after_the_other(sandbox: Sandbox, line: Line):
    await asyncio.gather(*(line.deliver(letter(f"reader{number}@example.com")) for number in range(5)))
    assert (len(sandbox.smtp.mails), sandbox.smtp.connections) == (5, 1)


async def test_a_refused_reader_does_not_harm_the_connection_nor_the_next(sandbox: Sandbox, line: Line):
    sandbox.smtp.missing.add("gone@example.com")
    gone = outcome(await line.deliver(letter("gone@example.com")))
    assert isinstance(gone, Refused)
    assert gone.why is Refusal.TARGET_GONE
    assert "gone@example.com" not in gone.detail
    assert isinstance(outcome(await line.deliver(letter())), Sent)
    assert sandbox.smtp.connections == 1


@pytest.mark.parametrize("end", ["reset", "goodbye"])
async def test_a_kept_connection_that_was_closed_is_renewed(sandbox: Sandbox, line: Line, end: str):
    await line.deliver(letter())
    fault = Fault.reset() if end == "reset" else Fault.status(421, "4.4.2 you were idle")
    sandbox.faults.next("smtp", fault, action="mail")
    assert isinstance(outcome(await line.deliver(letter("bob@example.com"))), Sent)
    assert (len(sandbox.smtp.mails), sandbox.smtp.connections) == (2, 2)


async def test_a_new_connection_is_not_tried_twice(sandbox: Sandbox, line: Line):
    sandbox.faults.next("smtp", Fault.reset(), action="mail")
    assert isinstance(outcome(await line.deliver(letter())), Deferred)
    assert sandbox.smtp.connections == 1


@pytest.mark.parametrize("step", ["connect", "ehlo", "auth", "mail", "rcpt", "data"])
@pytest.mark.parametrize("fault", [Fault.reset(), Fault.lost("reset")])
async def test_what_is_cut_before_the_text_has_left_was_surely_not_sent(
    sandbox: Sandbox, line: Line, step: str, fault: Fault
):
    sandbox.faults.next("smtp", fault, action=step)
    cut = outcome(await line.deliver(letter()))
    assert isinstance(cut, Deferred)
    assert cut.why is Delay.UNREACHABLE
    assert sandbox.smtp.mails == []
    assert isinstance(outcome(await line.deliver(letter())), Sent)


@pytest.mark.parametrize(("fault", "taken"), [(Fault.reset(), 0), (Fault.lost("reset"), 1)])
async def test_what_is_cut_after_it_may_have_been_sent(sandbox: Sandbox, line: Line, fault: Fault, taken: int):
    sandbox.faults.next("smtp", fault, action="mail_text")
    cut = outcome(await line.deliver(letter()))
    assert isinstance(cut, Unknown)
    assert cut.why is Doubt.ANSWER_LOST
    assert len(sandbox.smtp.mails) == taken


async def test_an_answer_that_never_comes_may_have_been_one(sandbox: Sandbox, transport: Transport):
    line = line_to(sandbox.smtp.url, transport, patience=Patience(mail=0.01))
    sandbox.faults.next("smtp", Fault.lost("hang"), action="mail_text")
    assert isinstance(outcome(await line.deliver(letter())), Unknown)
    sandbox.faults.release()


async def test_a_step_that_is_never_answered_before_it_was_surely_nothing(sandbox: Sandbox, transport: Transport):
    line = line_to(sandbox.smtp.url, transport, patience=Patience(command=0.01))
    sandbox.faults.next("smtp", Fault.hang(), action="mail")
    assert isinstance(outcome(await line.deliver(letter())), Deferred)
    sandbox.faults.release()


@pytest.mark.parametrize("door", ["starttls_url", "smtps_url"])
async def test_tls_from_the_first_byte_or_from_the_second_command(sandbox: Sandbox, transport: Transport, door: str):
    line = line_to(getattr(sandbox.smtp, door), transport, tls=sandbox.smtp.certificate.client)
    assert isinstance(outcome(await line.deliver(letter())), Sent)


@pytest.mark.parametrize("door", ["starttls_url", "smtps_url"])
async def test_a_certificate_that_nobody_vouches_for_ends_it(sandbox: Sandbox, transport: Transport, door: str):
    shut = outcome(await line_to(getattr(sandbox.smtp, door), transport).deliver(letter()))
    assert isinstance(shut, Deferred)
    assert (shut.why, "SSL" in shut.detail) == (Delay.UNREACHABLE, True)


async def test_without_starttls_nothing_is_said_where_it_is_needed(sandbox: Sandbox, transport: Transport):
    shut = outcome(await line_to(f"{sandbox.smtp.url}?starttls=yes", transport).deliver(letter()))
    assert isinstance(shut, Deferred)
    assert "STARTTLS" in shut.detail
    assert not [entry for entry in sandbox.journal if entry.action == "auth"]


async def test_a_wrong_password_is_for_a_human_to_mend(sandbox: Sandbox, transport: Transport):
    url = sandbox.smtp.url.replace("sandbox-password", "wrong")
    shut = outcome(await line_to(url, transport).deliver(letter()))
    assert isinstance(shut, Deferred)
    assert shut.why is Delay.CREDENTIALS


async def test_nobody_there(sandbox: Sandbox, transport: Transport):
    url = sandbox.smtp.url
    await sandbox.smtp.close()
    shut = outcome(await line_to(url, transport).deliver(letter()))
    assert isinstance(shut, Deferred)
    assert shut.why is Delay.UNREACHABLE
    assert "sandbox-password" not in shut.detail


@pytest.mark.parametrize(
    "to", ["a@example.com>\r\nRCPT TO:<b@example.com", "a\x00@example.com", "a b@example.com", "ä@example.com", ""]
)
def test_no_address_is_two_commands(to: str):
    with pytest.raises(ValueError, match="address"):
        letter(to)


def test_a_stage_is_about_us_until_somebody_is_named():
    assert [stage for stage in Stage if stage.is_about_us] == [Stage.CONNECTED, Stage.LOGIN, Stage.SENDER]


async def test_a_mail_that_may_not_leave_any_more_is_announced_and_never_written(sandbox: Sandbox, line: Line):
    with leaving_while(lambda: False):
        assert await line.deliver(letter()) == TAKEN_OVER
    assert sandbox.smtp.mails == []
    assert isinstance(outcome(await line.deliver(letter())), Sent)
