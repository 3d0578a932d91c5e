"""What stands in the simulated Twilio: an account with its senders, messages, and who has opted out. No HTTP here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

from tocsin.core.clock import Clock
from tocsin.sandbox.twilio.segments import segments_of

SENDER = "+15005550006"  # the one that Twilio's test credentials can send from
QUEUE_HOURS = 10  # a sender's queue holds what it can send in so long
PRICE = 0.0079  # dollars a segment

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "read"})


@dataclass(slots=True, kw_only=True)
class Message:
    """`status` as Twilio has it; `waits` are the seconds that it may stay in the queue. `listed`: it is one of the
    account's own messages, not one that Verify sent.
    """

    sid: str
    to: str
    sender: str | None
    service: str | None
    body: str
    status: str
    created_at: datetime
    updated_at: datetime
    direction: str = "outbound-api"
    callback: str | None = None
    waits: int = QUEUE_HOURS * 3600
    error: int | None = None
    sent_at: datetime | None = None
    listed: bool = True

    @property
    def segments(self) -> int:
        return segments_of(self.body)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def as_json(self, account: str, now: datetime, billed_after: float) -> dict[str, Any]:
        billed = self.sent_at is not None and now >= self.sent_at + timedelta(seconds=billed_after)
        uri = f"/2010-04-01/Accounts/{account}/Messages/{self.sid}"
        return {
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": _rfc2822(self.created_at),
            "date_sent": self.sent_at and _rfc2822(self.sent_at),
            "date_updated": _rfc2822(self.updated_at),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": None if self.error is None else "see the dictionary of errors",
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "0" if self.sender is None else str(self.segments),
            "price": f"{-PRICE * self.segments:.5f}" if billed else None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


@dataclass(slots=True)
class Sender:
    """A number that sends so many segments a second, one after the other."""

    number: str
    rate: float = 1.0
    free_at: float = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.free_at - now)

    def is_full(self, now: float) -> bool:
        return self.wait(now) >= QUEUE_HOURS * 3600

    def take(self, segments: int, now: float) -> float:
        """In how many seconds a message that is queued now will leave."""
        leaves_in = self.wait(now)
        self.free_at = now + leaves_in + (segments / self.rate if self.rate else 0.0)
        return leaves_in


@dataclass(slots=True)
class Key:
    sid: str
    secret: str


class Account:
    """Ids and tokens follow from names, so that a restarted sandbox keeps them."""

    def __init__(self, clock: Clock, *, limits: bool) -> None:
        self.sid = "AC" + _hex("account")
        self.token = _hex("token")
        self.key = Key("SK" + _hex("key"), _hex("secret"))
        self.service = "MG" + _hex("messaging service")
        self.verify_service = "VA" + _hex("verify service")
        self.rate = 1.0 if limits else 0.0
        self.senders: dict[str, Sender] = {}
        self.messages: dict[str, Message] = {}
        self.opted_out: set[tuple[str, str]] = set()  # phone, and the sender or service that it does not want
        self.rescheduling = False  # the Compliance Toolkit, at night
        self.list_lag = 0.0  # seconds until a new message is listed
        self.billed_after = 60.0
        self._clock = clock
        self._made = 0
        self.own(SENDER)

    def block(self) -> Mapping[str, str]:
        """By the keys that a configuration has for it."""
        return {
            "twilio_sid": self.sid,
            "twilio_auth": self.token,
            "from_number": next(iter(self.senders)),
            "messaging_service_sid": self.service,
            "verify_service": self.verify_service,
        }

    def own(self, number: str) -> Sender:
        """The account has bought this number."""
        return self.senders.setdefault(number, Sender(number, self.rate))

    def knows(self, user: str, password: str) -> bool:
        return (user, password) in ((self.sid, self.token), (self.key.sid, self.key.secret))

    def pool(self) -> Iterator[Sender]:
        """The senders of the messaging service: all there are, the least busy first."""
        yield from sorted(self.senders.values(), key=lambda sender: sender.free_at)

    def post(self, fields: Mapping[str, str], status: str) -> Message:
        now = self._clock.now()
        message = Message(
            sid=self.next_sid("SM"),
            to=fields["To"],
            sender=fields.get("From") or None,
            service=fields.get("MessagingServiceSid") or None,
            body=fields["Body"],
            status=status,
            created_at=now,
            updated_at=now,
            callback=fields.get("StatusCallback") or None,
            waits=int(fields.get("ValidityPeriod") or QUEUE_HOURS * 3600),
        )
        self.messages[message.sid] = message
        return message

    def keep(self, *, to: str, sender: str, body: str, status: str, direction: str) -> Message:
        """A message that nobody posted: one that a phone wrote, or an answer to one."""
        message = self.post({"To": to, "From": sender, "Body": body}, status)
        message.direction, message.sent_at = direction, self._clock.now()
        return message

    def move(self, message: Message, status: str, error: int | None = None) -> None:
        now = self._clock.now()
        message.status, message.error, message.updated_at = status, error, now
        if status in ("sent", "delivered", "undelivered"):
            message.sent_at = message.sent_at or now

    def next_sid(self, prefix: str) -> str:
        self._made += 1
        return prefix + _hex(f"{prefix} {self._made} {self._clock.now().isoformat()}")


@dataclass(slots=True)
class Phone:
    """A person's: what it shows, oldest first, and how it takes what comes. `fails_with` is the code of a phone that
    gets nothing; `silent`: its carrier never reports that something arrived.
    """

    number: str
    shown: list[Message] = field(default_factory=list)
    fails_with: int | None = None
    silent: bool = False


def _hex(name: str) -> str:
    return sha256(f"tocsin sandbox twilio {name}".encode()).hexdigest()[:32]


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0))
