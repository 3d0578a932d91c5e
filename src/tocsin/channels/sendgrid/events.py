"""What SendGrid tells of mails later, as signals (SendGrid, "Event Webhook Reference").

Events come in any order, some twice, up to a hundred or so in one call, and new ones appear without notice: what is not
known here is no fault, and one that is broken keeps no other from being heard.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.sendgrid.request import CODE
from tocsin.channels.text import cut, plain, utf16
from tocsin.core.address import AddressWhy
from tocsin.core.callback import Callback
from tocsin.core.link import Codes
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind

_LONGEST_ID, _LONGEST_ADDRESS, _LONGEST_WORDS = 200, 320, 256
_K = SignalKind

# What an event says of the mail. A click or an open that a program made says as well that the mail is there.
_OF_MAIL: Mapping[str, SignalKind] = MappingProxyType(
    {
        "processed": _K.ACCEPTED,
        "deferred": _K.ACCEPTED,
        "delivered": _K.DELIVERED,
        "bounce": _K.FAILED,
        "dropped": _K.FAILED,
        "open": _K.OPENED,
        "click": _K.DELIVERED,
        "spamreport": _K.DELIVERED,
        "unsubscribe": _K.DELIVERED,
        "group_unsubscribe": _K.DELIVERED,
    }
)
# What it says of the person: that one wants no more, or wants mail again.
_OF_PERSON: Mapping[str, tuple[SignalKind, AddressWhy | None]] = MappingProxyType(
    {
        "spamreport": (_K.SHUT, AddressWhy.COMPLAINT),
        "unsubscribe": (_K.OPTED_OUT, AddressWhy.ONE_CLICK),
        "group_unsubscribe": (_K.OPTED_OUT, AddressWhy.ONE_CLICK),
        "group_resubscribe": (_K.OPTED_IN, None),
    }
)
# Why SendGrid did not even try. The other reasons are of that one mail.
_DROPPED: Mapping[str, AddressWhy] = MappingProxyType(
    {
        "bounced address": AddressWhy.BOUNCED,
        "spam reporting address": AddressWhy.COMPLAINT,
        "unsubscribed address": AddressWhy.PROVIDER_OPT_OUT,
        "invalid": AddressWhy.GONE,
    }
)


def signals_of(callback: Callback, channel: str, codes: Codes) -> Sequence[Signal]:
    """Raises ValueError for what is no list of events."""
    if callback.kind != "events":
        raise ValueError(f"nothing is reported as {callback.kind!r}")
    try:
        told = orjson.loads(callback.body)
    except orjson.JSONDecodeError as problem:
        raise ValueError(f"no JSON: {problem}") from None
    if isinstance(told, list):
        return [signal for event in told for signal in _signals(event, channel, codes)]
    raise ValueError("a list of events is expected")


def _signals(event: object, channel: str, codes: Codes) -> Iterator[Signal]:
    if not isinstance(event, dict):
        return
    name, event_id = event.get("event"), event.get("sg_event_id")
    if not isinstance(name, str) or not isinstance(event_id, str) or not 0 < len(event_id) <= _LONGEST_ID:
        return
    yield from _of_mail(event, name, event_id, channel, codes)
    yield from _of_person(event, name, event_id, channel)


def _of_mail(event: Mapping[str, Any], name: str, event_id: str, channel: str, codes: Codes) -> Iterator[Signal]:
    """The account may send mail that is none of ours: only what carries our code is about a delivery."""
    code, kind = event.get(CODE), _OF_MAIL.get(name)
    delivery = codes.key_of(code) if isinstance(code, str) else None
    if kind is None or delivery is None:
        return
    if kind is _K.OPENED and event.get("sg_machine_open") is True:
        kind = _K.DELIVERED
    yield Signal(channel=channel, event_id=event_id, kind=kind, delivery=delivery, detail=_words(event, name))


def _of_person(event: Mapping[str, Any], name: str, event_id: str, channel: str) -> Iterator[Signal]:
    mailbox = event.get("email")
    kind, why = _OF_PERSON.get(name) or (_K.SHUT, _why_shut(event, name))
    if (why is None and kind is _K.SHUT) or not isinstance(mailbox, str) or not 0 < len(mailbox) <= _LONGEST_ADDRESS:
        return
    yield Signal(
        channel=channel,
        event_id=f"{event_id}:person",
        kind=kind,
        detail=_words(event, name),
        person=Secret(mailbox),
        why=why,
    )


def _why_shut(event: Mapping[str, Any], name: str) -> AddressWhy | None:
    """`blocked` is a refusal of that one mail, not a mailbox that is not there."""
    if name == "bounce":
        return AddressWhy.BOUNCED if event.get("type", "bounce") == "bounce" else None
    return _DROPPED.get(str(event.get("reason", "")).strip().lower()) if name == "dropped" else None


def _words(event: Mapping[str, Any], name: str) -> str:
    """For the timeline, without the address."""
    said = " ".join(str(event[key]) for key in ("status", "reason", "response") if isinstance(event.get(key), str))
    mailbox = event.get("email")
    if isinstance(mailbox, str) and mailbox:
        said = said.replace(mailbox, "***")
    kind = event.get("type") if name == "bounce" else None
    return cut(plain(f"{kind or name}: {said}".removesuffix(": ")), _LONGEST_WORDS, utf16)
