"""What the provider calls back with becomes signals, and what people write is answered."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.scenes import NOW

from tocsin.channels.twilio.callbacks import meaning_of, reply_to, signals_of, twiml
from tocsin.channels.twilio.setup import Replies
from tocsin.core.address import AddressWhy
from tocsin.core.callback import Callback
from tocsin.core.link import Codes, encode
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind

K = SignalKind
SID = "SM" + "0123456789abcdef" * 2
SECRET = b"links"
PERSON = "+15005550100"
STATUS = {"MessageSid": SID, "SmsSid": SID, "AccountSid": "AC" + "0" * 32, "From": "+15005550006", "To": PERSON}
WORDS = {"MessageSid": SID, "AccountSid": "AC" + "0" * 32, "From": PERSON, "To": "+15005550006", "NumMedia": "0"}


def heard(fields: dict[str, str], kind: str = "status", query: str = "") -> list[Signal]:
    url = f"https://alerts.example/hooks/twilio/{kind}{query}"
    body = urlencode(fields).encode()
    callback = Callback(kind=kind, url=url, headers={}, body=body, at=NOW)
    return list(signals_of(callback, "sms", Codes(lambda: SECRET)))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("accepted", K.ACCEPTED),
        ("scheduled", K.ACCEPTED),
        ("queued", K.ACCEPTED),
        ("sending", K.ACCEPTED),
        ("sent", K.ACCEPTED),
        ("delivered", K.DELIVERED),
        ("read", K.DELIVERED),
        ("undelivered", K.FAILED),
        ("failed", K.FAILED),
        ("canceled", K.FAILED),
    ],
)
def test_a_status_is_a_word_about_the_delivery_whose_code_came_back(status: str, kind: SignalKind):
    (signal,) = heard(STATUS | {"MessageStatus": status}, query=f"?d={encode(7, SECRET)}")
    assert signal == Signal(
        channel="sms", event_id=f"{SID}:{status}", kind=kind, delivery=7, reference=SID, detail=status
    )


@pytest.mark.parametrize("query", ["", "?d=", "?d=nonsense", f"?d={encode(7, b'other')}", "?x=1"])
def test_without_a_code_of_ours_the_message_goes_by_the_providers_name(query: str):
    (signal,) = heard(STATUS | {"MessageStatus": "sent"}, query=query)
    assert (signal.delivery, signal.reference) == (None, SID)


def test_a_status_that_nobody_knows_yet_is_no_fault():
    assert heard(STATUS | {"MessageStatus": "pondered", "NewField": ""}) == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("21610", AddressWhy.PROVIDER_OPT_OUT),
        ("63014", AddressWhy.PROVIDER_OPT_OUT),
        ("30005", AddressWhy.UNKNOWN_NUMBER),
        ("30006", AddressWhy.LANDLINE),
    ],
)
def test_a_failure_that_says_something_of_the_person_says_it_once_more(code: str, why: AddressWhy):
    failed, person = heard(STATUS | {"MessageStatus": "undelivered", "ErrorCode": code})
    assert (failed.kind, failed.detail.split()[:2]) == (K.FAILED, ["undelivered:", code])
    assert (person.kind, person.event_id, person.why) == (K.SHUT, f"{SID}:{why}", why)
    assert person.person == Secret(PERSON)
    assert PERSON not in repr(person)


@pytest.mark.parametrize("code", ["30003", "30007", "30036", "99999"])
def test_other_failures_are_of_that_text_alone(code: str):
    (failed,) = heard(STATUS | {"MessageStatus": "undelivered", "ErrorCode": code})
    assert failed.kind is K.FAILED
    assert code in failed.detail


@pytest.mark.parametrize("fields", [{}, {"MessageSid": "x"}, {"MessageSid": "CA" + "0" * 32}])
def test_what_names_no_message_cannot_be_read(fields: dict[str, str]):
    for kind in ("status", "inbound"):
        with pytest.raises(ValueError, match="MessageSid"):
            heard(fields, kind)
    with pytest.raises(ValueError, match="nothing is reported"):
        heard(STATUS, "other")


WRITTEN = [
    ("STOP", K.OPTED_OUT),
    (" stop. ", K.OPTED_OUT),
    ("StopAll", K.OPTED_OUT),
    ("unsubscribe", K.OPTED_OUT),
    ("Cancel", K.OPTED_OUT),
    ("END", K.OPTED_OUT),
    ("quit", K.OPTED_OUT),
    ("REVOKE", K.OPTED_OUT),
    ("optout", K.OPTED_OUT),
    ("opt out", K.OPTED_OUT),
    ("Please stop texting me", K.OPTED_OUT),
    ("i want to opt-out of this", K.OPTED_OUT),
    ("START", K.OPTED_IN),
    ("unstop", K.OPTED_IN),
    ("Yes", K.OPTED_IN),
    ("yes I bought it", K.SAID),
    ("start the car", K.SAID),
    ("HELP", K.HELP_ASKED),
    ("info", K.HELP_ASKED),
    ("when does it end", K.SAID),
    ("cancel my order at the shop", K.SAID),
    ("nonstop", K.SAID),
    ("", K.SAID),
]


@pytest.mark.parametrize(("words", "kind"), WRITTEN)
def test_what_a_person_writes_is_understood(words: str, kind: SignalKind):
    (signal,) = heard(WORDS | {"Body": words}, "inbound")
    assert (signal.kind, signal.person, signal.event_id) == (kind, Secret(PERSON), f"{SID}:{kind}")
    assert (signal.delivery, signal.reference) == (None, None)
    assert signal.why is (AddressWhy.STOP if kind is K.OPTED_OUT else None)


@pytest.mark.parametrize(("said", "kind"), [("STOP", K.OPTED_OUT), ("START", K.OPTED_IN), ("HELP", K.HELP_ASKED)])
def test_with_advanced_opt_out_the_provider_says_what_was_meant(said: str, kind: SignalKind):
    (signal,) = heard(WORDS | {"Body": "ARRET", "OptOutType": said}, "inbound")
    assert signal.kind is kind


def test_a_short_code_is_nobody_of_ours():
    assert heard(WORDS | {"From": "72345", "Body": "STOP"}, "inbound") == []


@given(st.text())
def test_any_words_are_understood_as_something(words: str):
    assert meaning_of(words).is_of_person


REPLIES = Replies(on_stop="You get no more texts.", on_help="Restock Club <ops@example.org>")


@pytest.mark.parametrize(
    ("fields", "reply"),
    [
        ({"Body": "STOP"}, None),  # Twilio has answered
        ({"Body": "STOP", "OptOutType": "STOP"}, None),
        ({"Body": "please stop"}, "You get no more texts."),
        ({"Body": "HELP"}, "Restock Club <ops@example.org>"),
        ({"Body": "HELP", "OptOutType": "HELP"}, None),
        ({"Body": "START"}, None),
        ({"Body": "thanks"}, None),
    ],
)
def test_a_person_gets_one_answer(fields: dict[str, Any], reply: str | None):
    body = urlencode(WORDS | fields).encode()
    callback = Callback(kind="inbound", url="https://alerts.example/x", headers={}, body=body, at=NOW)
    assert reply_to(callback, REPLIES) == reply
    assert reply_to(callback, Replies()) is None


def test_an_answer_is_the_markup_that_the_provider_reads():
    assert twiml(None) == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    assert b"<Message>Club &lt;ops&gt; &amp; you</Message>" in twiml("Club <ops> & you")
