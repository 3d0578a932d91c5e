"""Verify v2: a code goes to a phone, and whoever has it types it back (Twilio, "Verification Resource").

Its event stream reports no codes any more: a wrong, expired or exhausted code is known from its check alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlencode

from tocsin.channels.status import retry_after
from tocsin.channels.transport import Answer, Transport
from tocsin.channels.twilio.answers import code_of, parsed, words_of
from tocsin.channels.twilio.login import PATIENCE, form_headers, headers_of
from tocsin.channels.twilio.setup import TwilioSettings
from tocsin.core.clock import Clock
from tocsin.core.secret import Secret
from tocsin.core.verification import Approved, By, CodeSent, Hindered, Hindrance

_USUAL_LIFE = timedelta(minutes=10)  # of a code: after so long a new one may be asked for
MOST_SENDS = MOST_CHECKS = 5
BLOCKED_FOR = timedelta(hours=12)

# Twilio, Error and Warning Dictionary. What is not here goes by the status.
_CODES: Mapping[int, Hindered] = MappingProxyType(
    {
        20003: Hindered(Hindrance.MISCONFIGURED),
        20404: Hindered(Hindrance.EXPIRED),
        20429: Hindered(Hindrance.UNAVAILABLE),
        60200: Hindered(Hindrance.INVALID_NUMBER),
        60202: Hindered(Hindrance.TOO_MANY_CHECKS, _USUAL_LIFE),
        60203: Hindered(Hindrance.TOO_MANY_SENDS, _USUAL_LIFE),
        60205: Hindered(Hindrance.LANDLINE),
        60212: Hindered(Hindrance.TOO_MANY_SENDS, timedelta(minutes=1)),
        60410: Hindered(Hindrance.BLOCKED, BLOCKED_FOR),
    }
)
_STATUSES: Mapping[int, Hindrance] = MappingProxyType(
    {400: Hindrance.INVALID_NUMBER, 401: Hindrance.MISCONFIGURED, 403: Hindrance.BLOCKED}
)
_ENDED: Mapping[str, Hindrance] = MappingProxyType(
    {
        "pending": Hindrance.WRONG,
        "max_attempts_reached": Hindrance.TOO_MANY_CHECKS,
        "expired": Hindrance.EXPIRED,
        "canceled": Hindrance.EXPIRED,
        "deleted": Hindrance.EXPIRED,
        "failed": Hindrance.EXPIRED,
    }
)
_TAKEN = (200, 201)


class TwilioVerify:
    """Every call is one request, and ends in a value. Raises ValueError without a Verify service."""

    def __init__(self, settings: TwilioSettings, transport: Transport, clock: Clock) -> None:
        if not settings.verify_service:
            raise ValueError("a Verify service is missing")
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._headers = form_headers(headers_of(settings))

    async def send(self, number: Secret, by: By, locale: str | None = None) -> CodeSent | Hindered:
        """A first code, or the same one again. `locale` as Twilio writes it: `de`, `pt-BR`."""
        form = {"To": number.reveal(), "Channel": by} | ({"Locale": locale} if locale else {})
        answer = await self._call("/Verifications", form)
        if not isinstance(answer, Answer):
            return answer
        said = parsed(answer)
        if answer.status not in _TAKEN:
            # A 404 here is the service itself: a code that has gone is asked for in a check only.
            hindered = self._hindered(answer)
            return Hindered(Hindrance.MISCONFIGURED, detail=hindered.detail) if _is_missing(answer) else hindered
        attempts = said.get("send_code_attempts")
        sent = len(attempts) if isinstance(attempts, list) else 1
        return CodeSent(by, self._expires_at(said.get("date_created")), max(0, MOST_SENDS - sent))

    async def check(self, number: Secret, code: str) -> Approved | Hindered:
        answer = await self._call("/VerificationCheck", {"To": number.reveal(), "Code": code})
        if not isinstance(answer, Answer):
            return answer
        if answer.status not in _TAKEN:
            return self._hindered(answer)
        status = str(parsed(answer).get("status"))
        return Approved() if status == "approved" else Hindered(_ENDED.get(status, Hindrance.UNAVAILABLE))

    async def _call(self, path: str, form: Mapping[str, str]) -> Answer | Hindered:
        answer = await self._transport.request(
            "POST",
            Secret(self._settings.verify_api + path),
            headers=self._headers,
            body=urlencode(form).encode(),
            patience=PATIENCE,
        )
        return answer if isinstance(answer, Answer) else Hindered(Hindrance.UNAVAILABLE, detail=answer.detail)

    def _hindered(self, answer: Answer) -> Hindered:
        said = parsed(answer)
        known = _CODES.get(code_of(said.get("code")) or 0)
        if known is None:
            known = Hindered(_STATUSES.get(answer.status, Hindrance.UNAVAILABLE))
        wait = retry_after(answer.headers, self._clock.now()) or known.after
        return Hindered(known.why, wait, words_of(answer, said))

    def _expires_at(self, begun: object) -> datetime:
        """The life of a code counts from its first sending, however often it is sent again."""
        try:
            first = datetime.fromisoformat(str(begun))
        except ValueError:
            return self._clock.now() + self._settings.code_life
        return (first if first.tzinfo else self._clock.now()) + self._settings.code_life


def _is_missing(answer: Answer) -> bool:
    return answer.status == 404  # noqa: PLR2004 - HTTP Not Found
