"""What others are told of texts: their settings, what is hardly meant so, how fast a sender is."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.channels.scenes import NOW
from tests.channels.twilio.scenes import CODES, short_link

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.spec import Surroundings
from tocsin.channels.transport import Transport
from tocsin.channels.twilio.channel import TwilioChannel
from tocsin.channels.twilio.settings import Sms
from tocsin.channels.twilio.spec import cautions, limits, made_of, make, places, problems
from tocsin.core.clock import ManualClock
from tocsin.rules.catalog import Retailer
from tocsin.rules.window import Rate

WRITTEN: dict[str, Any] = {
    "twilio_sid": "AC" + "0" * 32,
    "twilio_auth": "canary",
    "from_number": "+15005550006",
    "verify_service": "VA" + "0" * 32,
    "lists": {"vip": {"tag": "vip"}, "ops": {"to": ["+15005550100"]}},
}


def sms(**changes: Any) -> Sms:
    return Sms.model_validate({name: value for name, value in (WRITTEN | changes).items() if value is not None})


@pytest.mark.parametrize(
    ("block", "missing"),
    [
        ({}, ["twilio_sid", "twilio_auth", "from_number"]),
        ({"twilio_sid": "w", "twilio_auth": "x", "from_number": "y"}, []),
        ({"twilio_sid": "w", "api_key": {}, "messaging_service_sid": "z"}, []),
    ],
)
def test_one_of_two_is_needed(block: dict[str, Any], missing: list[str]):
    assert [path for path, _ in problems(block)] == [(name,) for name in missing]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"twilio_sid": "mine"}, ("twilio_sid",), "AC and 32"),
        ({"verify_service": "VA1"}, ("verify_service",), "VA and 32"),
        ({"verify_service": None}, ("verify_service",), "no phone can be verified"),
        ({"messaging_service_sid": "MG1"}, ("messaging_service_sid",), "MG and 32"),
        ({"first_text": "We write. 🚨 STOP ends it."}, ("first_text",), "more segments"),
        ({"first_text": "We write."}, ("first_text",), "how to stop"),
        ({"api_key": {"sid": "SK1", "secret": "x"}}, ("api_key", "sid"), "SK and 32"),
        ({"twilio_auth": None, "api_key": {"sid": "SK" + "0" * 32, "secret": "x"}}, ("twilio_auth",), "refused"),
        ({"from_number": None, "messaging_service_sid": "MG" + "0" * 32}, ("rate_limit",), "its senders"),
        ({"texts": {"in_stock": "emoji"}}, ("texts", "in_stock"), "2 segments a text (UCS-2, for its 🚨), and each"),
    ],
)
def test_what_is_hardly_meant_so_is_said(changes: dict[str, Any], path: tuple[str, ...], words: str):
    ((where, message),) = cautions(sms(**changes))
    assert where == path
    assert words in message


def test_nothing_is_said_of_what_is_well():
    assert list(cautions(sms(texts={"in_stock": "{product} {link}"}))) == []


@pytest.mark.parametrize(
    ("number", "count"), [("+15005550006", 1), ("+18335550100", 3), ("+4915112345678", 10), (None, None)]
)
def test_a_sender_has_the_pace_of_its_kind(number: str | None, count: int | None):
    settings = sms(from_number=number, messaging_service_sid="MG" + "0" * 32)
    assert limits(settings).rates == (() if count is None else (Rate(count, timedelta(seconds=1)),))


def test_all_lists_share_the_lane_of_the_sender():
    assert [(place.name, place.lane) for place in places(sms())] == [
        ("vip", "main"),
        ("ops", "main"),
        ("everyone", "main"),
    ]


@pytest.mark.parametrize("text", ["{prodct}", "", 7, "{product!r}"])
def test_a_broken_text_is_refused_where_it_stands(text: Any):
    with pytest.raises(ValidationError) as problem:
        sms(texts={"in_stock": text})
    assert problem.value.errors()[0]["loc"] == ("texts", "in_stock")


async def test_a_channel_is_made_of_them():
    retailers = {"bestbuy": Retailer(key="bestbuy", title="Best Buy")}
    async with Transport() as transport:
        around = Surroundings(
            transport=transport,
            clock=ManualClock(NOW),
            link=short_link,
            pages=PageAddresses(None, Passes(bytes), CODES, ManualClock(NOW)),
            codes=CODES,
            keys=Path(),
            public_url="https://alerts.example",
            retailers=retailers,
        )
        written = sms(
            on_help="Restock Club", api_key={"sid": "SK" + "0" * 32, "secret": "s"}, texts={"in_stock": "emoji"}
        )
        assert isinstance(make(written, around), TwilioChannel)
        made = made_of(written, around)
    assert made.login[0] == "SK" + "0" * 32
    assert made.shops == {"bestbuy": "Best Buy"}
    assert made.replies.on_help == "Restock Club"
    assert (made.public_url, made.from_number) == ("https://alerts.example", "+15005550006")
    assert [template.is_unicode for template in made.templates.values()] == [True]
    assert "canary" not in repr(made)
