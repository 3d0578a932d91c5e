"""How often Discord lets one post: buckets told in headers, one that is not, one for the address, and the ban.

Source: Discord documentation, "Rate Limits"; the hidden limit of a channel and the usual numbers are from
discord-api-docs issues 367 and 1454. Assumptions, since nobody tells: the buckets of edits and reads, the scope of a
429 from the hidden limit, the length of a ban, and that edits do not count towards the hidden limit.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import sha256
from math import ceil

from tocsin.core.clock import Clock
from tocsin.sandbox.buckets import Bucket, Limit
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.faults import BAN_PAGE, VIA

PER_WEBHOOK = Limit(5, 2.0)
PER_CHANNEL = Limit(30, 60.0)
PER_ADDRESS = Limit(50, 1.0)
INVALID_REQUESTS = Limit(10_000, 600.0)
COUNTS_AS_INVALID = frozenset({401, 403, 429})


class DiscordLimits:
    def __init__(self, clock: Clock, *, enabled: bool) -> None:
        self.enabled = enabled
        self.refused: Counter[str] = Counter()
        self._clock = clock
        self._told: dict[tuple[str, str], Bucket] = {}
        self._hidden: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(PER_CHANNEL))
        self._addresses: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(PER_ADDRESS))
        self._invalid: defaultdict[str, Bucket] = defaultdict(lambda: Bucket(INVALID_REQUESTS))

    @property
    def too_many(self) -> int:
        """How many 429 the limits themselves provoked: none, for a sender that paces well."""
        return self.refused.total()

    def invalid(self, address: str) -> int:
        """How many requests of this address count towards its ban now."""
        return INVALID_REQUESTS.requests - self._invalid[address].remaining(self._clock.monotonic())

    def banned(self, address: str) -> Answer | None:
        """The page of Cloudflare, which stands before Discord: an address it has banned does not reach the rest."""
        if not self.enabled or self._invalid[address].remaining(self._clock.monotonic()):
            return None
        self.refused["ban"] += 1
        return BAN_PAGE

    def too_fast(self, address: str) -> Answer | None:
        """The limit over everything that an address asks without a token of its own."""
        now, bucket = self._clock.monotonic(), self._addresses[address]
        return None if not self.enabled or bucket.take(now) else self._refuse("global", bucket.reset_after(now))

    def use(self, route: str, resource: str, channel: str | None = None) -> tuple[Answer | None, Mapping[str, str]]:
        """Count one request against its bucket and, where `channel` is given, the hidden one of that channel.

        Answers with the 429, or with the headers to tell.
        """
        if not self.enabled:
            return None, VIA
        now = self._clock.monotonic()
        bucket = self._told.setdefault((route, resource), Bucket(PER_WEBHOOK))
        if not bucket.take(now):
            return self._refuse("user", bucket.reset_after(now), self._headers(route, bucket)), {}
        hidden = self._hidden[channel] if channel else None
        if hidden and not hidden.take(now):
            return self._refuse("shared", hidden.reset_after(now), self._headers(route, bucket)), {}
        return None, self._headers(route, bucket)

    def note(self, address: str, answer: Answer) -> None:
        """An answer that left: 401, 403 and 429 bring a ban nearer, but for those of a shared limit."""
        if answer.status in COUNTS_AS_INVALID and answer.headers.get("X-RateLimit-Scope") != "shared":
            self._invalid[address].take(self._clock.monotonic())

    def _refuse(self, scope: str, seconds: float, headers: Mapping[str, str] = VIA) -> Answer:
        self.refused[scope] += 1
        extra = {"Retry-After": str(ceil(seconds)), "X-RateLimit-Scope": scope}
        if scope == "global":
            extra["X-RateLimit-Global"] = "true"
        body = {
            "message": "You are being rate limited.",
            "retry_after": round(seconds, 3),
            "global": scope == "global",
        }
        return Answer.json(429, body, {**headers, **extra})

    def _headers(self, route: str, bucket: Bucket) -> Mapping[str, str]:
        now = self._clock.monotonic()
        reset_after = bucket.reset_after(now)
        return {
            **VIA,
            "X-RateLimit-Limit": str(bucket.limit.requests),
            "X-RateLimit-Remaining": str(bucket.remaining(now)),
            "X-RateLimit-Reset": f"{self._clock.now().timestamp() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": sha256(route.encode()).hexdigest()[:32],
        }
