"""The SMS channel: one text for each person, by way of Twilio (Twilio, "Message Resource")."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from tocsin.channels.contract import Attempt, Link, Member, Report
from tocsin.channels.status import works
from tocsin.channels.transport import Answer, Transport
from tocsin.channels.twilio.answers import Message, parsed, report_of
from tocsin.channels.twilio.body import body_of
from tocsin.channels.twilio.callbacks import CODE, reply_to, signals_of, twiml
from tocsin.channels.twilio.consents import TwilioConsents
from tocsin.channels.twilio.login import PATIENCE, form_headers, headers_of
from tocsin.channels.twilio.segments import segments
from tocsin.channels.twilio.setup import TwilioSettings, faults_of
from tocsin.channels.twilio.signature import signature_fault
from tocsin.channels.twilio.verify import TwilioVerify
from tocsin.core.callback import Callback
from tocsin.core.clock import Clock
from tocsin.core.consent import ConsentTold, ConsentWord
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind
from tocsin.core.verification import Approved, By, CodeSent, Hindered, Hindrance

NAME = "sms"
PROVIDER = "twilio"

SHORTEST_WAIT, LONGEST_WAIT = 1, 36_000  # seconds of ValidityPeriod

_PAGE, _PAGES, _PAGE_BYTES = 50, 4, 1024 * 1024
_PUT_OFF = timedelta(hours=1)
_NO_SERVICE = Hindered(Hindrance.MISCONFIGURED, detail="there is no Verify service")
_NOBODY = Refused(Refusal.INVALID_REQUEST, "a text is for a person of a list")
_RANKS = (
    "failed",
    "undelivered",
    "canceled",
    "scheduled",
    "accepted",
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
)


class TwilioChannel:
    """Satisfies `Channel`, `Measures`, `Prices`, `Probes`, `Finds`, `Receives`, `Verifies` and `HearsConsent`. Raises
    ValueError for settings under which Twilio would take nothing.
    """

    name = NAME
    provider = PROVIDER
    consents_at_once = 25

    def __init__(self, settings: TwilioSettings, transport: Transport, clock: Clock, link: Link, codes: Codes) -> None:
        if faults := faults_of(settings):
            raise ValueError("; ".join(faults))
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._link = link
        self._codes = codes
        self._headers = headers_of(settings)
        self._verify = TwilioVerify(settings, transport, clock) if settings.verify_service else None
        self._consents = TwilioConsents(settings, transport)
        self.introduction = settings.introduction

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return self._sender() | {"Body": self._body(records[0], records[0].alert.url)}

    def units(self, attempt: Attempt) -> int:
        return segments(self._text(attempt.members[0]))

    async def send(self, attempt: Attempt) -> Report:
        member = attempt.members[0]
        if member.recipient is None:
            return Report((_NOBODY,), answer=_NOBODY.detail)
        form = self._form(member, member.recipient.value, attempt.deadline)
        answer = await self._call("POST", "/Messages.json", form)
        if not isinstance(answer, Answer):
            return Report((answer,), answer=answer.detail)
        message = Message.of(parsed(answer))
        if message is not None and message.status == "scheduled":
            return Report((await self._withdrawn(message),), status=answer.status)
        return report_of(answer, self._clock.now())

    async def find(self, attempt: Attempt) -> Report | None:
        """Twilio is asked for what went to that number since then. Filters by the day of sending would pass over what
        still waits there.
        """
        member = attempt.members[0]
        if member.recipient is None:
            return Report((_NOBODY,), answer=_NOBODY.detail)
        listed = await self._listed(member.recipient.value, attempt.started_at - self._settings.clock_slack)
        if listed is None:
            return None
        text, link = self._text(member), self._link(member.delivery, member.record)
        mine = [message for message in listed if message.body == text or _is_ours(message, link, member)]
        if mine:
            return Report((await self._found(max(mine, key=_rank)),))
        # A request may be worked on after we stopped waiting, and the list lags behind.
        if self._clock.now() - attempt.started_at < self._settings.never_arrived_after:
            return None
        return Report((Deferred(Delay.PROVIDER_TROUBLE, timedelta(), "Twilio was asked: it never arrived"),))

    @property
    def hears_consent(self) -> bool:
        return self._settings.tells_consent

    async def tell_consent(self, words: Sequence[ConsentWord]) -> ConsentTold:
        return await self._consents.tell(words)

    @property
    def verifies(self) -> bool:
        return self._verify is not None

    async def send_code(self, number: Secret, by: By, locale: str | None = None) -> CodeSent | Hindered:
        return _NO_SERVICE if self._verify is None else await self._verify.send(number, by, locale)

    async def check_code(self, number: Secret, code: str) -> Approved | Hindered:
        return _NO_SERVICE if self._verify is None else await self._verify.check(number, code)

    def verify(self, callback: Callback) -> str | None:
        token = self._settings.auth_token
        if token is None:
            return "callbacks are signed with the auth token, and none is configured"
        return signature_fault(callback, token, self._settings.connection)

    def read(self, callback: Callback) -> Sequence[Signal]:
        return signals_of(callback, self.name, self._codes)

    def thank(self, callback: Callback) -> tuple[str, bytes]:
        return "text/xml", twiml(reply_to(callback, self._settings.replies))

    async def price(self, reference: str) -> Signal | None:
        """What a text cost, and how many segments it was billed as; None as long as Twilio has not billed it."""
        answer = await self._call("GET", f"/Messages/{reference}.json")
        message = Message.of(_told(answer))
        if message is None or message.cost is None:
            return None
        return Signal(
            channel=self.name,
            event_id=f"{message.sid}:price",
            kind=SignalKind.PRICED,
            reference=message.sid,
            units=message.units,
            cost=message.cost,
        )

    async def probe(self) -> bool | None:
        """Ask for the account (Twilio, "Accounts Resource", Fetch)."""
        return works(await self._call("GET", ".json"))

    def _form(self, member: Member, to: Secret, deadline: datetime) -> dict[str, str]:
        """Twilio drops what could not leave within the rest of its life."""
        left = int((deadline - self._clock.now()).total_seconds())
        form = {"To": to.reveal()}
        if self._settings.public_url:
            code = self._codes.of(member.delivery.key)
            override = f"#{self._settings.connection}" if self._settings.connection else ""
            form["StatusCallback"] = f"{self._settings.public_url}/hooks/{PROVIDER}/status?{CODE}={code}{override}"
        form["ValidityPeriod"] = str(min(max(left, SHORTEST_WAIT), LONGEST_WAIT))
        return form | self._sender() | {"Body": self._text(member)}

    def _sender(self) -> dict[str, str]:
        told = {"From": self._settings.from_number, "MessagingServiceSid": self._settings.messaging_service}
        return {name: value for name, value in told.items() if value}

    def _text(self, member: Member) -> str:
        introduction = self.introduction.text if member.introduces else ""
        return self._body(member.record, self._link(member.delivery, member.record), introduction)

    def _body(self, record: AlertRecord, link: str | None, introduction: str = "") -> str:
        shop = self._settings.shops.get(record.alert.retailer, record.alert.retailer)
        return body_of(record, shop, link, self._settings.templates.get(record.alert.type), introduction)

    async def _found(self, message: Message) -> Outcome:
        return await self._withdrawn(message) if message.status == "scheduled" else message.outcome()

    async def _withdrawn(self, message: Message) -> Outcome:
        """Nobody asked for another hour: Twilio's Compliance Toolkit put it off to the morning, when it is no news."""
        answer = await self._call("POST", f"/Messages/{message.sid}.json", {"Status": "canceled"})
        now = Message.of(_told(answer))
        if now is not None and now.status == "canceled":
            return Deferred(Delay.PROVIDER_TROUBLE, _PUT_OFF, "Twilio put it off to a permitted hour: cancelled there")
        return Unknown(Doubt.PROVIDER_ERROR, "Twilio put it off to a permitted hour, and did not cancel it")

    async def _listed(self, to: Secret, since: datetime) -> list[Message] | None:
        """Newest first, down to `since`; None where the list could not be read to there."""
        found: list[Message] = []
        page: str | None = f"/Messages.json?{urlencode({'To': to.reveal(), 'PageSize': _PAGE})}"
        for _ in range(_PAGES):
            if page is None:
                return found
            answer = await self._call("GET", page)
            said = _told(answer)
            told = said.get("messages")
            if not isinstance(told, list):
                return None
            messages = [message for each in told if (message := Message.of(each)) is not None]
            found += [message for message in messages if _created(message) >= since]
            if any(_created(message) < since for message in messages):
                return found
            page = self._next(said.get("next_page_uri"))
        return None

    def _next(self, uri: object) -> str | None:
        """Only where it leads on in the same list: the key goes with each request."""
        _, mark, query = str(uri).partition(f"/Accounts/{self._settings.account_sid}/Messages.json?")
        return f"/Messages.json?{query}" if mark else None

    async def _call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer | Deferred | Unknown:
        return await self._transport.request(
            method,
            Secret(self._settings.api + path),
            headers=self._headers if form is None else form_headers(self._headers),
            body=None if form is None else urlencode(form).encode(),
            longest=_PAGE_BYTES,
            patience=PATIENCE,
        )


def _told(answer: Answer | Deferred | Unknown) -> Mapping[str, Any]:
    """Nothing where it was refused or lost."""
    return parsed(answer) if isinstance(answer, Answer) and answer.status == 200 else {}  # noqa: PLR2004 - HTTP OK


def _is_ours(message: Message, link: str | None, member: Member) -> bool:
    """The short link of a delivery is in no other text; the address of a product is in many."""
    return bool(link) and link != member.record.alert.url and str(link) in message.body.split()


def _rank(message: Message) -> int:
    return _RANKS.index(message.status) if message.status in _RANKS else len(_RANKS)


def _created(message: Message) -> datetime:
    """RFC 2822, as Twilio writes times; what cannot be read counts as new."""
    try:
        told = parsedate_to_datetime(message.created)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)
