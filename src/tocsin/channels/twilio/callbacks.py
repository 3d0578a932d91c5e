"""What Twilio calls back with, as signals: how a text fares, and what people write to us.

Twilio, "Outbound message status in status callbacks" and "Messaging webhooks". Callbacks come in any order and more
than once; new fields and new statuses appear without notice, and are no faults.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.twilio.answers import MESSAGE, code_of, explained
from tocsin.channels.twilio.codes import CODES
from tocsin.channels.twilio.setup import Replies
from tocsin.channels.twilio.signature import form_of
from tocsin.core.address import AddressWhy
from tocsin.core.callback import Callback
from tocsin.core.link import Codes
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind

CODE = "d"  # in the query of the address for status callbacks: whose delivery it is

_LONGEST_WORDS = 320
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")

# What they mean for a delivery. `scheduled` is here too: we never ask for it, see the channel's `send`.
_STATUSES: Mapping[str, SignalKind] = MappingProxyType(
    dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), SignalKind.ACCEPTED)
    | dict.fromkeys(("delivered", "read"), SignalKind.DELIVERED)
    | dict.fromkeys(("undelivered", "failed", "canceled"), SignalKind.FAILED)
)

# Twilio's own words, which it obeys and answers by itself, as the whole of a message in any case ("Advanced Opt-Out").
_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
_START = frozenset({"start", "unstop", "yes"})
_HELP = frozenset({"help", "info"})
# In a sentence these still mean it: "please stop texting me". The others may mean something else there.
_STOP_ANYWHERE = re.compile(r"\b(?:stop|stopall|unsubscribe|quit|revoke|opt[ -]?out)\b", re.IGNORECASE)
_BY_TYPE: Mapping[str, SignalKind] = MappingProxyType(
    {"STOP": SignalKind.OPTED_OUT, "START": SignalKind.OPTED_IN, "HELP": SignalKind.HELP_ASKED}
)


def signals_of(callback: Callback, channel: str, codes: Codes) -> Sequence[Signal]:
    """Raises ValueError for what is no callback of Twilio's."""
    fields = dict(form_of(callback))
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if not MESSAGE.fullmatch(sid):
        raise ValueError("MessageSid is missing")
    match callback.kind:
        case "status":
            return _of_status(callback, fields, sid, channel, codes)
        case "inbound":
            return _of_words(fields, sid, channel)
        case _:
            raise ValueError(f"nothing is reported as {callback.kind!r}")


def reply_to(callback: Callback, replies: Replies) -> str | None:
    """What the answer to an inbound text says. Nothing where Twilio has answered: with Advanced Opt-Out it says so, and
    to its own words of stopping it always does.
    """
    fields = dict(form_of(callback))
    if callback.kind != "inbound" or fields.get("OptOutType"):
        return None
    words = fields.get("Body", "")
    match meaning_of(words):
        case SignalKind.OPTED_OUT:
            return None if _bare(words) in _STOP else replies.on_stop
        case SignalKind.HELP_ASKED:
            return replies.on_help
        case _:
            return None


def twiml(reply: str | None) -> bytes:
    message = "" if reply is None else f"<Message>{escape(reply)}</Message>"
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'.encode()


def meaning_of(words: str) -> SignalKind:
    """Whoever wants it to stop is understood in a sentence too; nobody is signed up again by one."""
    bare = _bare(words)
    if bare in _STOP or _STOP_ANYWHERE.search(words):
        return SignalKind.OPTED_OUT
    if bare in _START:
        return SignalKind.OPTED_IN
    return SignalKind.HELP_ASKED if bare in _HELP else SignalKind.SAID


def _of_status(callback: Callback, fields: Mapping[str, str], sid: str, channel: str, codes: Codes) -> Sequence[Signal]:
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    kind = _STATUSES.get(status)
    if kind is None:
        return ()
    code = code_of(fields.get("ErrorCode")) if kind is SignalKind.FAILED else None
    told = Signal(
        channel=channel,
        event_id=f"{sid}:{status}",
        kind=kind,
        delivery=_delivery(callback, codes),
        reference=sid,
        detail=f"{status}: {explained(code)}" if code else status,
    )
    known = CODES.get(code or 0)
    if known is None or known.shuts is None or not _NUMBER.fullmatch(fields.get("To", "")):
        return (told,)
    return told, Signal(
        channel=channel,
        event_id=f"{sid}:{known.shuts}",
        kind=SignalKind.SHUT,
        detail=explained(code),
        person=Secret(fields["To"]),
        why=known.shuts,
    )


def _of_words(fields: Mapping[str, str], sid: str, channel: str) -> Sequence[Signal]:
    if not _NUMBER.fullmatch(fields.get("From", "")):
        return ()  # a short code, or a word: nobody of ours
    words = fields.get("Body", "")
    kind = _BY_TYPE.get(fields.get("OptOutType", "").upper()) or meaning_of(words)
    said = cut(plain(words[: 4 * _LONGEST_WORDS]), _LONGEST_WORDS, utf16)
    return (
        Signal(
            channel=channel,
            event_id=f"{sid}:{kind}",
            kind=kind,
            detail=said,
            person=Secret(fields["From"]),
            why=AddressWhy.STOP if kind is SignalKind.OPTED_OUT else None,
        ),
    )


def _delivery(callback: Callback, codes: Codes) -> int | None:
    told = parse_qs(urlsplit(callback.url).query).get(CODE)
    return codes.key_of(told[0]) if told else None


def _bare(words: str) -> str:
    return words.strip().strip(".!\"'").casefold()
