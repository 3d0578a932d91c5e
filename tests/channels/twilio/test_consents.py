"""The provider hears of consent that was given or taken back elsewhere than by text."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import NOW
from tests.channels.twilio.scenes import (
    ACCOUNT,
    ADA,
    SERVICE,
    a_text,
    base,
    channel,
    of_sandbox,
    official,
    seen,
    settings,
)

from tocsin.channels.transport import Transport
from tocsin.channels.twilio.consents import TwilioConsents
from tocsin.core.clock import ManualClock
from tocsin.core.consent import ConsentSource, ConsentTold, ConsentWord
from tocsin.core.outcome import Refused, Sent
from tocsin.core.secret import Secret
from tocsin.sandbox import Fault, Sandbox


def word(number: str = ADA, key: int = 1, **changes: Any) -> ConsentWord:
    told: dict[str, Any] = {
        "id": UUID(int=key),
        "number": Secret(number),
        "granted": True,
        "source": ConsentSource.SIGN_UP_PAGE,
        "at": NOW,
    }
    return ConsentWord(**(told | changes))


async def test_a_word_of_ours_lifts_a_stop_and_brings_it_back(sandbox: Sandbox, clock: ManualClock):
    await sandbox.twilio.phone(ADA).write("STOP")
    async with Transport() as transport:
        made = of_sandbox(sandbox, public_url=None)
        sms, consents = channel(made, transport, clock), TwilioConsents(made, transport)
        assert isinstance((await sms.send(a_text())).outcomes[0], Refused)
        assert await consents.tell([word()]) == ConsentTold()
        assert isinstance((await sms.send(a_text())).outcomes[0], Sent)
        assert await consents.tell([word(granted=False)]) == ConsentTold()
        assert isinstance((await sms.send(a_text())).outcomes[0], Refused)


async def test_what_is_not_taken_is_named_and_the_rest_is_taken(sandbox: Sandbox):
    async with Transport() as transport:
        told = await TwilioConsents(of_sandbox(sandbox), transport).tell([word(), word("5005550100", 2)])
    assert told == ConsentTold({UUID(int=2): "30646 contact_id is not valid"})


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(429, '{"message": "slower"}'), Fault.reset()])
async def test_where_the_request_fails_nothing_counts_as_told(sandbox: Sandbox, fault: Fault):
    sandbox.faults.next("twilio", fault, action="tell_consents")
    async with Transport() as transport:
        told = await TwilioConsents(of_sandbox(sandbox), transport).tell([word(), word("+15005550101", 2)])
    assert told.failed
    assert told.refused == {}


async def test_wrong_keys_tell_nothing(sandbox: Sandbox):
    async with Transport() as transport:
        made = of_sandbox(sandbox, auth_token=Secret("wrong"))
        assert await TwilioConsents(made, transport).tell([word()]) == ConsentTold(failed="401 Authenticate")


@pytest.mark.parametrize(
    ("changes", "sender", "source", "status"),
    [
        ({}, {}, "website", "opt-in"),
        ({"source": ConsentSource.IMPORT}, {}, "offline", "opt-in"),
        ({"source": ConsentSource.INBOUND_TEXT}, {}, "opt-in-message", "opt-in"),
        ({"source": ConsentSource.INBOUND_TEXT, "granted": False}, {}, "opt-out-message", "opt-out"),
        ({"source": ConsentSource.OPERATOR, "granted": False}, {}, "others", "opt-out"),
        ({"source": ConsentSource.MAIL_BUTTON, "granted": False}, {"messaging_service": SERVICE}, "website", "opt-out"),
    ],
)
async def test_it_is_told_as_the_official_library_tells(
    changes: dict[str, Any], sender: dict[str, Any], source: str, status: str
):
    async with far_side(answers(body=b"{}")) as side, Transport() as transport:
        made = settings(api_base=base(side), **sender)
        await TwilioConsents(made, transport).tell([word(**changes)])
    ours = dict(seen(side.requests[0]))
    item = {
        "contact_id": ADA,
        "correlation_id": UUID(int=1).hex,
        "sender_id": sender.get("messaging_service", made.from_number),
        "status": status,
        "source": source,
        "date_of_consent": "2026-11-20T14:00:00.490Z",
    }
    theirs = dict(official(lambda client: client.accounts.v1.bulk_consents.create(items=[item])))
    assert theirs.pop("host") == "accounts.twilio.com"
    assert items(ours.pop("form")) == [item] == listed(theirs.pop("form"))
    assert ours == theirs
    assert ours["login"] == (ACCOUNT, "token")


def items(form: Sequence[tuple[str, str]]) -> list[Any]:
    assert {name for name, _ in form} == {"Items"}
    return [json.loads(value) for _, value in form]


def listed(form: Sequence[tuple[str, str]]) -> list[Any]:
    """The recorder keeps a list of the library as Python writes it."""
    import ast

    ((name, value),) = form
    assert name == "Items"
    return [json.loads(each) for each in ast.literal_eval(value)]
