"""The token that opens Firebase: a signed word of the service account is exchanged for it, about once an hour.

RFC 7523 as Google takes it ("Using OAuth 2.0 for Server to Server Applications"). The `aud` of the word is the constant
below, also where the key file's `token_uri` leads elsewhere.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.channels.firebase.account import ServiceAccount
from tocsin.channels.status import retry_after, seconds_of
from tocsin.channels.text import cut, plain, utf16
from tocsin.channels.transport import Answer, Transport
from tocsin.core.base64url import encoded
from tocsin.core.clock import Clock
from tocsin.core.outcome import Deferred, Delay
from tocsin.core.secret import Secret

AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
LIFE = 3600  # seconds that a word is good for, the most that is taken
EARLY = timedelta(minutes=5)  # before a token's end, another is fetched

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_WORDS = 256
_RETRY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Token:
    """Times by the monotonic clock."""

    value: Secret
    renew_at: float
    ends_at: float


class Grant:
    """However many senders ask at once, one request leaves; while a token that is about to end is replaced, it is
    still used.
    """

    def __init__(self, account: ServiceAccount, transport: Transport, clock: Clock) -> None:
        self._account = account
        self._transport = transport
        self._clock = clock
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()
        self._fetched = self._refusals = 0
        self._last: Secret | Deferred = Deferred(Delay.UNREACHABLE)

    async def token(self) -> Secret | Deferred:
        """The token to send with, or why there is none now."""
        token, now = self._token, self._clock.monotonic()
        if token is not None and now < token.renew_at:
            return token.value
        if token is not None and now < token.ends_at and self._fetching.locked():
            return token.value
        asked = self._fetched
        async with self._fetching:
            if self._fetched == asked:
                self._last = await self._fetch()
                self._fetched += 1
        if isinstance(self._last, Deferred) and token is not None and self._clock.monotonic() < token.ends_at:
            return token.value
        return self._last

    def refuse(self, token: Secret) -> bool:
        """Firebase does not take that one. True where another may do: it was not the one in use any more, or the first
        since one was taken.
        """
        if self._token is None or self._token.value != token:
            return True
        self._token = None
        self._refusals += 1
        return self._refusals == 1

    def accept(self) -> None:
        """Firebase has taken the token in use."""
        self._refusals = 0

    async def _fetch(self) -> Secret | Deferred:
        answer = await self._transport.request(
            "POST",
            Secret(self._account.token_uri),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({"grant_type": _GRANT, "assertion": self._assertion()}).encode(),
        )
        if not isinstance(answer, Answer):
            return Deferred(Delay.UNREACHABLE, _RETRY, f"no token was fetched: {answer.detail}")
        said = _parsed(answer)
        value, life = said.get("access_token"), seconds_of(said.get("expires_in"))
        if answer.status != 200 or answer.broken or not isinstance(value, str) or not value or life is None:  # noqa: PLR2004 - HTTP OK
            return self._refused(answer, said)
        ends_at = self._clock.monotonic() + life.total_seconds()
        early = min(EARLY, life / 2).total_seconds()
        self._token = _Token(Secret(value), ends_at - early, ends_at)
        return self._token.value

    def _refused(self, answer: Answer, said: dict[str, object]) -> Deferred:
        words = f"{said.get('error', '')} {said.get('error_description', '')}".strip() or f"status {answer.status}"
        detail = cut(plain(f"no token is given: {words}"), _LONGEST_WORDS, utf16)
        wait = retry_after(answer.headers, self._clock.now())
        if answer.status in (400, 401, 403):
            return Deferred(Delay.CREDENTIALS, wait, detail)
        if answer.status == 429:  # noqa: PLR2004 - HTTP Too Many Requests
            return Deferred(Delay.RATE_LIMITED, wait, detail)
        return Deferred(Delay.PROVIDER_TROUBLE, wait or _RETRY, detail)

    def _assertion(self) -> str:
        now = int(self._clock.now().timestamp())
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": self._account.key_id} if self._account.key_id else {})
        claims = {"iss": self._account.email, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + LIFE}
        signed = f"{encoded(orjson.dumps(header))}.{encoded(orjson.dumps(claims))}"
        return f"{signed}.{encoded(self._account.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _parsed(answer: Answer) -> dict[str, object]:
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
