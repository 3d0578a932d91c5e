"""Twilio's Messages, simulated: create, list, fetch, cancel. Source: Twilio, "Message Resource"."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import Entry, Journal
from tocsin.sandbox.twilio.account import Account, Message
from tocsin.sandbox.twilio.caller import FORM, Called, Caller
from tocsin.sandbox.twilio.inbox import Inbox
from tocsin.sandbox.twilio.lives import Lives
from tocsin.sandbox.twilio.phone import Handset
from tocsin.sandbox.twilio.refusal import HEADERS, RefusedError
from tocsin.sandbox.twilio.rules import check

MESSAGES = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages(?:/(?P<sid>[^/]+))?\.json")
ACCOUNT = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)\.json")
ACTIONS: Mapping[tuple[str, bool], str] = {
    ("POST", False): "create",
    ("GET", False): "list",
    ("GET", True): "fetch",
    ("POST", True): "update",
    ("DELETE", True): "delete",
}
PAGE, LARGEST_PAGE = 50, 1000
STOPPABLE = frozenset({"accepted", "scheduled", "queued"})


class Twilio:
    name: ClassVar[str] = "twilio"
    prefix: ClassVar[str] = "/2010-04-01/"

    def __init__(self, clock: Clock, journal: Journal, *, limits: bool) -> None:
        self.account = Account(clock, limits=limits)
        self.caller = Caller(self.account.token, self._note)
        self.lives = Lives(clock, journal, self.account, self.caller)
        self.inbox = Inbox(journal, self.account, self.lives, self.caller)
        self._clock = clock
        self._journal = journal

    # What tests and demos ask for.

    def phone(self, number: str) -> Handset:
        return Handset(self.lives.phone(number), self.inbox, self._journal)

    def drawn(self, limit: int) -> list[dict[str, Any]]:
        """Every phone with its newest texts, for the page."""
        return [
            {
                "number": phone.number,
                "texts": [
                    {
                        "sid": message.sid,
                        "body": message.body,
                        "mine": message.direction == "inbound",
                        "at": message.created_at.isoformat(),
                        "segments": message.segments,
                        "status": message.status,
                        "error": message.error,
                    }
                    for message in self._of(phone.number)[-limit:]
                ],
            }
            for phone in self.lives.phones.values()
        ]

    def call_back(self, address: str) -> None:
        self.inbox.url = f"{address}/hooks/{self.name}/inbound"

    async def close(self) -> None:
        await self.lives.close()
        await self.caller.close()

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        match = MESSAGES.fullmatch(path)
        if method == "GET" and ACCOUNT.fullmatch(path):
            return Aim("account", "")
        return Aim(ACTIONS.get((method, bool(match["sid"])), "unknown") if match else "unknown", "")

    def take(self, call: Call) -> Verdict:
        try:
            return self._act(call)
        except RefusedError as refused:
            return Verdict(accepted=False, answer=refused.answer)

    def _act(self, call: Call) -> Verdict:
        match = MESSAGES.fullmatch(call.path) or ACCOUNT.fullmatch(call.path)
        admit(self.account, call.headers.get("Authorization", ""))
        if match is None or match["account"] != self.account.sid:
            raise RefusedError(20404)
        match self.aim(call.method, call.path).action:
            case "account":
                body = {"sid": self.account.sid, "status": "active", "type": "Full", "friendly_name": "Tocsin"}
                return Verdict(accepted=True, answer=Answer.json(200, body))
            case "create":
                return self._create(form_of(call))
            case "list":
                return self._list(call)
            case "fetch":
                return self._told(self._found(match["sid"]))
            case "update":
                return self._update(self._found(match["sid"]), form_of(call))
            case _:
                raise RefusedError(20404)

    def _create(self, fields: Mapping[str, str]) -> Verdict:
        account = self.account
        check(account, fields)
        sender = account.senders.get(fields.get("From", ""))
        if sender and sender.is_full(self._clock.monotonic()):
            raise RefusedError(21611, sender=sender.number)
        if account.rescheduling:
            return self._made(account.post(fields, "scheduled"))
        message = account.post(fields, "queued" if sender else "accepted")
        self.lives.begin(message)
        return self._made(message)

    def _list(self, call: Call) -> Verdict:
        """Newest first. A filter by the day of sending passes over what is not sent yet."""
        size = _number(call.query.get("PageSize"), PAGE, LARGEST_PAGE)
        after = call.query.get("PageToken", "")
        found = [message for message in reversed(self.account.messages.values()) if self._listed(message, call.query)]
        start = next((place + 1 for place, one in enumerate(found) if "PA" + one.sid == after), 0)
        page, rest = found[start : start + size], found[start + size :]
        query = {name: value for name, value in call.query.items() if name not in ("Page", "PageToken")}
        where = f"{call.path}?{urlencode(query | {'PageSize': size})}"
        number = _number(call.query.get("Page"), 0, 10**6) if after else 0
        more = f"{where}&Page={number + 1}&PageToken=PA{page[-1].sid}" if rest else None
        body = {
            "messages": [self._json(message) for message in page],
            "page": number,
            "page_size": size,
            "start": start,
            "end": max(start, start + len(page) - 1),
            "uri": where,
            "first_page_uri": f"{where}&Page=0",
            "next_page_uri": more,
            "previous_page_uri": None,
        }
        return Verdict(accepted=True, answer=Answer.json(200, body, HEADERS))

    def _listed(self, message: Message, query: Mapping[str, str]) -> bool:
        too_new = message.created_at + timedelta(seconds=self.account.list_lag) > self._clock.now()
        if too_new or not message.listed:
            return False
        if query.get("To", message.to) != message.to or query.get("From", message.sender) != message.sender:
            return False
        return all(_sent_then(message.sent_at, name, day) for name, day in query.items() if name.startswith("DateSent"))

    def _update(self, message: Message, fields: Mapping[str, str]) -> Verdict:
        if fields.get("Status") == "canceled":
            if message.status not in STOPPABLE:
                raise RefusedError(30409)
            self.account.move(message, "canceled")
            self._journal.stir()
            if message.callback:
                self.lives.start(self._called_back(message))
        elif fields.get("Body") == "" and "Body" in fields:
            message.body = ""
        else:
            raise RefusedError(20001)
        return self._told(message)

    async def _called_back(self, message: Message) -> None:
        await self.caller.call(message.callback or "", self.lives.status_fields(message))

    def _told(self, message: Message) -> Verdict:
        return Verdict(accepted=True, answer=Answer.json(200, self._json(message), HEADERS), message=message.sid)

    def _made(self, message: Message) -> Verdict:
        """What stands behind `d` in the address for callbacks is what its sender knows it by."""
        self.lives.phone(message.to)
        names = parse_qs(urlsplit(message.callback or "").query).get("d", ())
        answer = Answer.json(201, self._json(message), HEADERS)
        return Verdict(accepted=True, answer=answer, references=tuple(names), message=message.sid)

    def _json(self, message: Message) -> dict[str, Any]:
        return message.as_json(self.account.sid, self._clock.now(), self.account.billed_after)

    def _found(self, sid: str) -> Message:
        message = self.account.messages.get(sid)
        if message is None:
            raise RefusedError(20404)
        return message

    def _of(self, number: str) -> list[Message]:
        """Whatever was written to that number or from it."""
        return [one for one in self.account.messages.values() if number in (one.to, one.sender)]

    def _note(self, called: Called) -> None:
        """A call of ours is an entry too: what the page shows as it happens."""
        fields = called.fields
        inbound = fields.get("SmsStatus") == "received"
        self._journal.add(
            Entry(
                number=self._journal.next_number,
                at=self._clock.now(),
                provider=self.name,
                action="inbound" if inbound else "callback",
                target=fields["From"] if inbound else fields["To"],
                accepted=called.taken,
                status=called.status,
                fault=None,
                message=fields["MessageSid"],
                references=(),
                body=dict(fields),
            )
        )


def admit(account: Account, authorization: str) -> None:
    """HTTP Basic, by the account's token or by a key. Raises RefusedError."""
    try:
        user, _, password = (
            base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if not account.knows(user, password):
        raise RefusedError(20003)


def form_of(call: Call) -> Mapping[str, str]:
    """Raises RefusedError for a body that is no form."""
    kind = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        return {}
    try:
        return dict(parse_qsl(call.body.decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise RefusedError(20001) from None


def _sent_then(sent_at: datetime | None, name: str, day: str) -> bool:
    if sent_at is None:
        return False
    told = sent_at.date().isoformat()
    match name:
        case "DateSent<":
            return told <= day[:10]
        case "DateSent>":
            return told >= day[:10]
        case _:
            return told == day[:10]


def _number(text: str | None, default: int, most: int) -> int:
    return min(int(text), most) if text and text.isascii() and text.isdigit() else default
