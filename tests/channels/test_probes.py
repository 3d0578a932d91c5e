"""An idle channel is asked whether it works, by a question that does no harm."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.firebase.scenes import account_of, way
from tests.channels.sendgrid.scenes import channel as sendgrid
from tests.channels.smtp.test_channel import around, settings

from tocsin.channels.abilities import Probes
from tocsin.channels.smtp.channel import channel_of
from tocsin.channels.transport import Transport
from tocsin.core.clock import ManualClock
from tocsin.sandbox import Fault, Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(ManualClock(datetime.now(UTC))) as sandbox:  # certificates are looked at by the real time
        yield sandbox


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


async def probed(channel: object) -> bool | None:
    assert isinstance(channel, Probes)
    return await channel.probe()


async def test_firebase_checks_a_message_that_nobody_is_sent(sandbox: Sandbox, transport: Transport, tmp_path: Path):
    firebase = way(account_of(sandbox, tmp_path), transport, ManualClock(datetime.now(UTC)), api_base=sandbox.url)
    phone = sandbox.firebase.phone("Pixel")
    assert await probed(firebase) is True
    assert list(phone.cards) == []
    for status, said in [(429, None), (503, False), (403, False)]:
        sandbox.faults.next("firebase", Fault.status(status), action="send")
        assert await probed(firebase) is said
    sandbox.firebase.project.tokens.clear()
    assert await probed(firebase) is None, "the token had ended: another one may do"
    assert await probed(firebase) is True


async def test_sendgrid_tells_what_the_key_may_do(sandbox: Sandbox, transport: Transport):
    key = sandbox.sendgrid.account.key
    mail = sendgrid(transport, api_base=sandbox.url, sendgrid_key=key)
    assert await probed(mail) is True
    assert sandbox.sendgrid.account.mails == []
    assert await probed(sendgrid(transport, api_base=sandbox.url, sendgrid_key="SG.other")) is False
    for status, said in [(429, None), (500, False)]:
        sandbox.faults.next("sendgrid", Fault.status(status), action="scopes")
        assert await probed(mail) is said


@pytest.mark.parametrize("door", ["url", "starttls_url", "smtps_url"])
async def test_a_mail_server_is_greeted(sandbox: Sandbox, door: str):
    async with Transport() as transport:
        mail = channel_of(settings(getattr(sandbox.smtp, door)), around(transport))
        mail._line._tls = sandbox.smtp.certificate.client
        assert await probed(mail) is True
        assert not [entry for entry in sandbox.journal if entry.action in ("auth", "mail")]
        sandbox.faults.next("smtp", Fault.status(421, "4.3.2 closing"), action="connect")
        assert await probed(mail) is False


async def test_nobody_there_is_an_answer_too(transport: Transport):
    assert await probed(sendgrid(transport, api_base="http://127.0.0.1:1")) is False
    async with far_side(answers(200, b"no scopes at all")) as side:
        assert await probed(sendgrid(transport, api_base=f"http://127.0.0.1:{side.port}")) is True
