"""Tells Twilio of consent that was given or taken back elsewhere than by text (Twilio, "Consent Management API").

Its own block after a STOP is lifted by a START alone, or by this: a word of ours overrides that STOP, so it is said
only of what the person has said since.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlencode

from tocsin.channels.transport import Answer, Transport
from tocsin.channels.twilio.answers import parsed, short
from tocsin.channels.twilio.login import PATIENCE, form_headers, headers_of
from tocsin.channels.twilio.setup import TwilioSettings
from tocsin.core.consent import ConsentSource, ConsentTold, ConsentWord
from tocsin.core.record import rfc3339
from tocsin.core.secret import Secret

_SOURCES: Mapping[ConsentSource, str] = MappingProxyType(
    {
        ConsentSource.SIGN_UP_PAGE: "website",
        ConsentSource.PREFERENCE_PAGE: "website",
        ConsentSource.MAIL_BUTTON: "website",
        ConsentSource.IMPORT: "offline",
    }
)


class TwilioConsents:
    """One request for up to 25 entries; nothing is repeated here. Twilio takes 100 requests a minute."""

    def __init__(self, settings: TwilioSettings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._headers = form_headers(headers_of(settings))

    async def tell(self, words: Sequence[ConsentWord]) -> ConsentTold:
        """A request that was lost may have been taken: to say the same again does no harm."""
        answer = await self._transport.request(
            "POST",
            Secret(self._settings.consent_api),
            headers=self._headers,
            body=urlencode([("Items", item) for item in self._items(words)]).encode(),
            patience=PATIENCE,
        )
        if not isinstance(answer, Answer):
            return ConsentTold(failed=answer.detail or "no answer")
        if answer.status not in (200, 201):
            return ConsentTold(failed=short(f"{answer.status} {parsed(answer).get('message') or ''}"))
        told = parsed(answer).get("items")
        faults = {str(each.get("correlation_id")): _fault(each) for each in told or () if isinstance(each, dict)}
        return ConsentTold({word.id: why for word in words if (why := faults.get(word.id.hex, ""))})

    def _items(self, words: Sequence[ConsentWord]) -> Iterator[str]:
        sender = self._settings.messaging_service or self._settings.from_number
        for word in words:
            yield json.dumps(
                {
                    "contact_id": word.number.reveal(),
                    "correlation_id": word.id.hex,
                    "sender_id": sender,
                    "status": "opt-in" if word.granted else "opt-out",
                    "source": _source(word),
                    "date_of_consent": rfc3339(word.at),
                }
            )


def _source(word: ConsentWord) -> str:
    if word.source is ConsentSource.INBOUND_TEXT:
        return "opt-in-message" if word.granted else "opt-out-message"
    return _SOURCES.get(word.source, "others")


def _fault(item: Mapping[str, object]) -> str:
    code, messages = item.get("error_code"), item.get("error_messages")
    if not code:
        return ""
    return short(f"{code} {' '.join(map(str, messages)) if isinstance(messages, list) else ''}")
