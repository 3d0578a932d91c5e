"""What a person says to us, or a provider says of an address, as an entry of consent."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from tocsin.core.address import AddressKind, AddressValue, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import InvalidRequestError
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract.people import ConsentDraft, Said
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of


class _Meaning(NamedTuple):
    event: ConsentEvent
    source: ConsentSource
    by_person: bool


# What is not here says nothing of consent.
_MEANINGS: Mapping[tuple[SignalKind, AddressKind], _Meaning] = MappingProxyType(
    {
        (SignalKind.OPTED_OUT, AddressKind.PHONE): _Meaning(
            ConsentEvent.WITHDRAWN, ConsentSource.INBOUND_TEXT, by_person=True
        ),
        (SignalKind.OPTED_IN, AddressKind.PHONE): _Meaning(
            ConsentEvent.RESUMED, ConsentSource.INBOUND_TEXT, by_person=True
        ),
        (SignalKind.OPTED_OUT, AddressKind.MAILBOX): _Meaning(
            ConsentEvent.WITHDRAWN, ConsentSource.MAIL_BUTTON, by_person=True
        ),
        (SignalKind.OPTED_IN, AddressKind.MAILBOX): _Meaning(
            ConsentEvent.RESUMED, ConsentSource.MAIL_BUTTON, by_person=True
        ),
        **{
            (SignalKind.SHUT, kind): _Meaning(ConsentEvent.REFUSED_BY_PROVIDER, ConsentSource.PROVIDER, by_person=False)
            for kind in (AddressKind.PHONE, AddressKind.MAILBOX)
        },
    }
)


def said_of(signals: Iterable[Signal], provider: str, at: datetime) -> Iterator[Said]:
    """Those of persons whose address could be anybody's here."""
    for signal in signals:
        value = None if signal.person is None else _value(signal.person)
        if value is not None:
            yield Said(signal=signal, value=value, draft=_draft(signal, value.kind, provider, at))


def shut(why: AddressWhy, said: str, channel: str) -> ConsentDraft:
    """What a provider answered to a request about the address that it was for."""
    return ConsentDraft(
        event=ConsentEvent.REFUSED_BY_PROVIDER,
        source=ConsentSource.PROVIDER,
        author=f"provider:{channel}",
        why=why,
        provider={"said": said},
    )


def written_value(address: Secret) -> AddressValue:
    """A phone or a mailbox, whichever it is written as. Raises InvalidRequestError."""
    text = address.reveal()
    return mailbox_of(text) if "@" in text else phone_of(text)


def _value(person: Secret) -> AddressValue | None:
    """None where nobody is kept with such a one."""
    try:
        return written_value(person)
    except InvalidRequestError:
        return None


def _draft(signal: Signal, kind: AddressKind, provider: str, at: datetime) -> ConsentDraft | None:
    meaning = _MEANINGS.get((signal.kind, kind))
    if meaning is None:
        return None
    return ConsentDraft(
        event=meaning.event,
        source=meaning.source,
        author="person" if meaning.by_person else f"provider:{provider}",
        at=at,
        why=signal.why,
        evidence={"words": signal.detail} if meaning.by_person else None,
        provider={"event": signal.event_id} | ({} if meaning.by_person else {"said": signal.detail}),
    )
