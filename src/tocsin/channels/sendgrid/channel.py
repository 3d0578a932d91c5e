"""E-mail by SendGrid: one request for all of a list that are told of one alert (SendGrid, "Mail Send")."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import orjson

from tocsin.channels.contract import Attempt, Member, Report
from tocsin.channels.email.confirmation import confirmation_of, hindrance_of
from tocsin.channels.email.digest import digest_of
from tocsin.channels.email.letter import data_of, mail_of
from tocsin.channels.email.mail import LONGEST_ADDRESS, Links
from tocsin.channels.email.spec import NAME
from tocsin.channels.links import web_address
from tocsin.channels.sendgrid.answers import report_of
from tocsin.channels.sendgrid.events import signals_of
from tocsin.channels.sendgrid.request import Person, body_of, message_of, templated, templated_body_of
from tocsin.channels.sendgrid.setup import SendGridSetup
from tocsin.channels.sendgrid.signature import signature_fault
from tocsin.channels.spec import Surroundings
from tocsin.channels.status import works
from tocsin.channels.transport import Answer, Patience
from tocsin.core.callback import Callback
from tocsin.core.delivery import Target
from tocsin.core.outcome import Deferred, Refusal, Refused, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal
from tocsin.core.verification import Hindered

PROVIDER = "sendgrid"
MOST = 1000  # recipients of a request

PATIENCE = Patience(connect=2.0, read=15.0, total=16.0)  # a thousand people are a megabyte

_NOBODY = Refused(Refusal.INVALID_REQUEST, "a mail is for a person of a list")


class SendGridChannel:
    """Satisfies `Channel`, `Probes`, `Receives` and `SendsLinks`."""

    name = NAME
    provider = PROVIDER

    def __init__(self, setup: SendGridSetup, around: Surroundings) -> None:
        self._setup = setup
        self._transport = around.transport
        self._clock = around.clock
        self._link = around.link
        self._pages = around.pages
        self._codes = around.codes
        self._most = MOST
        self._headers = {
            "Authorization": f"Bearer {setup.key.reveal()}",
            "Content-Type": "application/json",
            "User-Agent": f"Tocsin/{version('tocsin')}",
        }

    def pack(self, _target: Target, records: Sequence[AlertRecord]) -> int:
        """Fewer once a request was too large."""
        return min(len(records), self._most)

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """What is the same for all, with no links of anybody's."""
        record = records[0]
        links = Links(product=web_address(record.alert.url, LONGEST_ADDRESS))
        if template := self._setup.template_ids.get(record.alert.type):
            return templated(template, self._setup.house.sender) | {
                "dynamic_template_data": data_of(record, target, links, self._setup.house)
            }
        return message_of(mail_of(record, target, links, self._setup.house), self._setup.house.sender)

    async def send(self, attempt: Attempt) -> Report:
        if any(member.recipient is None for member in attempt.members):
            return Report((_NOBODY,) * len(attempt.members), answer=_NOBODY.detail)
        answer = await self._post(self._body(attempt))
        if not isinstance(answer, Answer):
            return Report((answer,) * len(attempt.members), answer=answer.detail)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            self._most = max(1, len(attempt.members) // 2)
        return report_of(answer, len(attempt.members), self._clock.now())

    async def send_link(self, mailbox: Secret, link: str, locale: str | None = None) -> Hindered | None:
        del locale  # there are no other words yet
        house = self._setup.house
        message = message_of(confirmation_of(link, house), house.sender)
        answer = await self._post({"personalizations": [{"to": [{"email": mailbox.reveal()}]}], **message})
        if not isinstance(answer, Answer):
            return hindrance_of(answer)
        (outcome,) = report_of(answer, 1, self._clock.now()).outcomes
        return hindrance_of(outcome)

    async def probe(self) -> bool | None:
        """Ask what the key may do (SendGrid, "API Key Permissions", Retrieve a list of scopes): every key may."""
        url = Secret(f"{self._setup.api_base}/v3/scopes")
        return works(await self._transport.request("GET", url, headers=self._headers))

    def verify(self, callback: Callback) -> str | None:
        if self._setup.event_key is None:
            return "events are signed, and no event_key is configured to tell by"
        return signature_fault(callback, self._setup.event_key)

    def read(self, callback: Callback) -> Sequence[Signal]:
        return signals_of(callback, self.name, self._codes)

    def thank(self, _: Callback) -> tuple[str, bytes]:
        return "text/plain", b""

    async def _post(self, body: Mapping[str, Any]) -> Answer | Deferred | Unknown:
        return await self._transport.request(
            "POST",
            Secret(f"{self._setup.api_base}/v3/mail/send"),
            headers=self._headers,
            body=orjson.dumps(body),
            patience=PATIENCE,
        )

    def _body(self, attempt: Attempt) -> Mapping[str, Any]:
        """All members are told of the same alert, but for those of a digest: they are of one person, and one mail."""
        record, house = attempt.members[0].record, self._setup.house
        people = [self._person(member) for member in attempt.members]
        if attempt.digest:
            mail = digest_of(attempt, self._link, self._pages, house)
            return {"personalizations": [people[0].personalization], **message_of(mail, house.sender)}
        if template := self._setup.template_ids.get(record.alert.type):
            fill = partial(data_of, record, attempt.target, house=house)
            return templated_body_of(template, fill, house.sender, people)
        write = partial(mail_of, record, attempt.target, house=house)
        return body_of(attempt.id.hex, write, house.sender, people)

    def _person(self, member: Member) -> Person:
        recipient = member.recipient
        assert recipient is not None, "a mail is for a person of a list"
        links = Links.of(member, self._link, self._pages)
        return Person(recipient.value, self._codes.of(member.delivery.key), links)
