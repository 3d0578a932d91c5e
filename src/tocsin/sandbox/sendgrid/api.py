"""SendGrid's Web API v3, simulated: mail/send, what a key may do, and the lists of those to whom nothing goes."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import Any, ClassVar

from tocsin.core.clock import Clock
from tocsin.sandbox.buckets import Bucket, Limit
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import Entry, Journal
from tocsin.sandbox.mail.mailboxes import Mailboxes
from tocsin.sandbox.sendgrid.account import Account, Mail
from tocsin.sandbox.sendgrid.lives import Lives
from tocsin.sandbox.sendgrid.poster import Posted, Poster
from tocsin.sandbox.sendgrid.rules import Fault, faults_of

CODE = "tocsin_delivery"
MOST_BYTES = 30 * 1024 * 1024
PER_MINUTE = Limit(600, 60.0)  # nobody publishes the number; it is told in headers

_SEND, _SCOPES = "/v3/mail/send", "/v3/scopes"
_LIST = re.compile(r"/v3/suppression/(?P<list>[a-z_]+)(?:/(?P<address>[^/]+))?")
_GLOBAL = re.compile(r"/v3/asm/suppressions/global/(?P<address>[^/]+)")


class SendGrid(Mailboxes[Mail]):
    name: ClassVar[str] = "sendgrid"
    prefix: ClassVar[str] = "/v3/"

    def __init__(self, clock: Clock, journal: Journal, *, limits: bool, base: Callable[[], str]) -> None:
        self.account = Account()
        self.poster = Poster(clock, self.account.signer, self._note)
        self.lives = Lives(clock, journal, self.account, self.poster)
        self.largest = MOST_BYTES  # of a request
        self._clock = clock
        self._journal = journal
        self._base = base
        self._bucket = Bucket(PER_MINUTE) if limits else None

    # What tests and demos ask for.

    def arrived(self) -> list[Mail]:
        """The oldest first."""
        return [mail for mail in self.account.mails if mail.arrived]

    def complain(self, mail: Mail) -> None:
        """Its reader calls it spam."""
        self.account.suppress("spam_reports", mail.recipient, self._clock.now())
        self.lives.tell(mail, "spamreport")

    def opened(self, mail: Mail, *, by_machine: bool = False) -> None:
        """Its reader looks at it, or a program fetches its pictures."""
        self.lives.tell(mail, "open", useragent="Mozilla/5.0", ip="203.0.113.9", sg_machine_open=by_machine)

    def block(self) -> Mapping[str, Any]:
        """For a configuration: e-mail that leads here."""
        mail = {"enabled": True, "api_base": self._base(), "postal_address": "1 Main St, Springfield"}
        return {**mail, **self.account.block()}

    def call_back(self, address: str) -> None:
        self.poster.url = f"{address}/hooks/{self.name}/events"

    async def close(self) -> None:
        await self.lives.close()
        await self.poster.close()

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        if path == _SEND:
            return Aim("send", "")
        if path == _SCOPES and method == "GET":
            return Aim("scopes", "")
        if found := _LIST.fullmatch(path) or _GLOBAL.fullmatch(path):
            return Aim("suppression", found["address"] or "")
        return Aim("unknown", method)

    def take(self, call: Call) -> Verdict:
        refused = self._refusal(call)
        if refused is not None:
            return Verdict(accepted=False, answer=refused)
        if call.path == _SCOPES:
            return Verdict(accepted=True, answer=Answer.json(200, {"scopes": ["mail.send"]}))
        return self._send(call) if call.path == _SEND else self._suppressions(call)

    def _refusal(self, call: Call) -> Answer | None:
        """What is looked at before the mail itself."""
        if call.headers.get("Authorization") != f"Bearer {self.account.key}":
            return _errors(401, (None, "The provided authorization grant is invalid, expired, or revoked"))
        if self.aim(call.method, call.path).action == "unknown":
            return _errors(404, (None, "Not Found"))
        if call.path == _SEND and call.method != "POST":
            return _errors(405, (None, "POST method required"))
        if call.path == _SEND and self._bucket and not self._bucket.take(self._clock.monotonic()):
            return _errors(429, (None, "too many requests"), headers=self._limits())
        return None

    def _send(self, call: Call) -> Verdict:
        if len(call.body) > self.largest:
            return self._refused(413, (None, "Payload Too Large"))
        if not call.headers.get("Content-Type", "").startswith("application/json"):
            return self._refused(415, (None, "Content-Type should be application/json."))
        faults = list(faults_of(call.parsed, self.account))
        if faults:
            return self._refused(400, *faults)
        body: Mapping[str, Any] = call.parsed
        if not self.account.may_write_as(body["from"]["email"]):
            words = "The from address does not match a verified Sender Identity. Mail cannot be sent until this is."
            return self._refused(403, ("from", words))
        if not self._pay(len(body["personalizations"])):
            return self._refused(401, (None, "Maximum credits exceeded"))
        mails = list(self._mails(body))
        self.account.mails += mails
        self.lives.begin(mails)
        codes = tuple(str(mail.args[CODE]) for mail in mails if CODE in mail.args)
        answer = Answer(202, {"X-Message-Id": mails[0].id, **self._limits()})
        return Verdict(accepted=True, answer=answer, references=codes, message=mails[0].id)

    def _mails(self, body: Mapping[str, Any]) -> Iterator[Mail]:
        """One for each person. Marks are replaced in subject and content, and nowhere else."""
        now = self._clock.now()
        name = sha256(f"{len(self.account.mails)} {now.isoformat()}".encode()).digest()[:16]
        contents = {one["type"]: one["value"] for one in body.get("content", ())}
        sender = body["from"]
        for one in body["personalizations"]:
            text, html, subject = (
                _filled(told, one.get("substitutions", {}))
                for told in (
                    contents.get("text/plain", ""),
                    contents.get("text/html", ""),
                    _subject(body, one),
                )
            )
            for to in one["to"]:
                yield Mail(
                    id=urlsafe_b64encode(name).decode().rstrip("="),
                    at=now,
                    sender=f"{sender.get('name', '')} <{sender['email']}>".strip(),
                    recipient=to["email"],
                    subject=subject,
                    text=text or _template_text(body, one),
                    html=html,
                    headers={**body.get("headers", {}), **one.get("headers", {})},
                    args={**_texts(body.get("custom_args")), **one.get("custom_args", {})},
                )

    def _pay(self, mails: int) -> bool:
        if self.account.credits is None:
            return True
        if mails > self.account.credits:
            return False
        self.account.credits -= mails
        return True

    def _suppressions(self, call: Call) -> Verdict:
        found = _LIST.fullmatch(call.path) or _GLOBAL.fullmatch(call.path)
        assert found is not None, "the aim has told"
        name = found.groupdict().get("list", "unsubscribes")
        listed = self.account.suppressed.get(name)
        if listed is None:
            return self._refused(404, (None, "Not Found"))
        address = (found["address"] or "").casefold()
        if call.method == "DELETE" and address in listed:
            del listed[address]
            return Verdict(accepted=True, answer=Answer(204))
        told = [
            {"email": email, "created": int(at.timestamp()), "reason": "", "status": ""}
            for email, at in listed.items()
            if not address or email == address
        ]
        return Verdict(accepted=True, answer=Answer.json(200, told))

    def _limits(self) -> Mapping[str, str]:
        if self._bucket is None:
            return {}
        now = self._clock.monotonic()
        reset = self._clock.now() + timedelta(seconds=ceil(self._bucket.reset_after(now)))
        return {
            "X-RateLimit-Limit": str(self._bucket.limit.requests),
            "X-RateLimit-Remaining": str(self._bucket.remaining(now)),
            "X-RateLimit-Reset": str(ceil(reset.timestamp())),
        }

    def _refused(self, status: int, *faults: Fault) -> Verdict:
        return Verdict(accepted=False, answer=_errors(status, *faults, headers=self._limits()))

    def _note(self, posted: Posted) -> None:
        """Calls to us stand in the journal, too."""
        self._journal.add(
            Entry(
                number=self._journal.next_number,
                at=self._clock.now(),
                provider=self.name,
                action="events",
                target="",
                accepted=posted.taken,
                status=posted.status,
                fault=None,
                message=None,
                references=(),
                body=list(posted.events),
            )
        )


def _errors(status: int, *faults: Fault, headers: Mapping[str, str] | None = None) -> Answer:
    told = [{"message": message, "field": field, "help": None} for field, message in faults]
    return Answer.json(status, {"errors": told}, headers)


def _filled(text: str, substitutions: Mapping[str, str]) -> str:
    for mark, value in substitutions.items():
        text = text.replace(mark, value)
    return text


def _subject(body: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    return str(one.get("subject") or body.get("subject") or one.get("dynamic_template_data", {}).get("subject"))


def _template_text(body: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """What a dynamic template makes is SendGrid's: what it was filled with stands in its place."""
    lines = [f"{name}: {value}" for name, value in one.get("dynamic_template_data", {}).items()]
    return "\n".join([f"template {body.get('template_id')}", *lines])


def _texts(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}
