"""The Discord channel: webhooks, one message per attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any
from uuid import UUID

import orjson

from tocsin.channels.abilities import Message
from tocsin.channels.contract import Attempt, Link, Member, Report
from tocsin.channels.discord.address import Address, normalise
from tocsin.channels.discord.answers import ANSWER_LENGTH, report_of
from tocsin.channels.discord.embed import template_fault
from tocsin.channels.discord.entry import Entry
from tocsin.channels.discord.message import fitting, message_of, standing
from tocsin.channels.discord.notice import AT_ONCE, notices_of
from tocsin.channels.discord.reference import LONGEST, reference_of
from tocsin.channels.discord.setup import DiscordSettings, Face, Webhook
from tocsin.channels.status import works
from tocsin.channels.transport import Answer, Transport
from tocsin.core.clock import Clock
from tocsin.core.condition import Notice
from tocsin.core.delivery import Target
from tocsin.core.mention import NOBODY, Mention
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

_SUSPECTS = 1000
_BLAMES_CONTENT = (400, 413)
_GONE = (401, 404)
_UNKNOWN_CHANNEL = "10003 "
_NOWHERE = Webhook(url=Secret(""))
_NOT_CONFIGURED = Deferred(Delay.UNREACHABLE, detail="this webhook is not in the configuration any more")


class Discord:
    """Satisfies `Channel`, `Edits`, `NotifiesOperators`, `Probes`, `RingsOut` and `SharesGate`. Raises ValueError for
    an address that is no webhook's.
    """

    name = "discord"
    notices_at_once = AT_ONCE

    def __init__(self, settings: DiscordSettings, transport: Transport, clock: Clock, link: Link) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._link = link
        self._addresses = {name: _address(webhook, settings.api_base) for name, webhook in settings.webhooks.items()}
        self._places: dict[str, str] = {}  # webhook -> the Discord channel it writes to
        self._suspects: dict[UUID, None] = {}  # alerts to be sent alone: a message they were in was refused
        self._headers = {"Content-Type": "application/json", "User-Agent": _user_agent(settings.public_url)}

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:
        if len(records) == 1 or records[0].alert.id in self._suspects:
            return 1
        whole = fitting([self._entry(target, record, reference=LONGEST) for record in records])
        return next((n for n, record in enumerate(records[:whole]) if record.alert.id in self._suspects), whole)

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return self.render_ringing(target, records, NOBODY)

    def render_ringing(self, target: Target, records: Sequence[AlertRecord], mention: Mention) -> Mapping[str, Any]:
        entries = [self._entry(target, record) for record in records]
        return message_of(entries, mention, silent=False, thread_name=self._webhook(target).thread_name)

    async def send(self, attempt: Attempt) -> Report:
        address = self._addresses.get(attempt.target.name)
        if address is None:
            return _unanswered(_NOT_CONFIGURED, len(attempt.members))
        entries = self._entries(attempt.target, attempt.members)
        body = message_of(
            entries,
            attempt.mention,
            silent=attempt.silent,
            thread_name=self._webhook(attempt.target).thread_name,
        )
        report = await self._call("POST", address, address.execute(), body, len(attempt.members))
        return self._part(attempt.members, report) if _blames_all(report) else _with_faults(report, entries)

    async def edit(self, message: Message) -> Report:
        """A forum post is a thread with the id of its first message (Discord documentation, Channels Resource)."""
        address = self._addresses.get(message.target.name)
        if address is None:
            return _unanswered(_NOT_CONFIGURED, len(message.members))
        body = standing(self._entries(message.target, message.members))
        if not self._webhook(message.target).thread_name:
            return await self._call("PATCH", address, address.message(message.reference), body, len(message.members))
        post = Address(address.url, message.reference)
        report = await self._call("PATCH", post, post.message(message.reference), body, len(message.members))
        return _post_gone(report) if report.answer.startswith(_UNKNOWN_CHANNEL) else report

    async def notify(self, target: Target, notices: Sequence[Notice]) -> Report:
        address = self._addresses.get(target.name)
        if address is None:
            return _unanswered(_NOT_CONFIGURED, 1)
        body = notices_of(notices, self._webhook(target).thread_name)
        return await self._call("POST", address, address.execute(), body, 1)

    async def shared_gate(self, target: Target) -> str | None:
        """All webhooks of one Discord channel share its limit of messages per minute."""
        place = await self._place(target)
        return place and f"discord:channel:{place}"

    async def probe(self) -> bool | None:
        """Read a webhook: that it is gone says nothing of Discord (its documentation, Get Webhook with Token)."""
        address = next(iter(self._addresses.values()), None)
        if address is None:
            return None
        answer = await self._transport.request("GET", address.inspect(), headers=self._headers)
        return None if isinstance(answer, Answer) and answer.status in _GONE else works(answer)

    async def _place(self, target: Target) -> str | None:
        """The id of the Discord channel behind a webhook, asked once: of one that is gone, too."""
        address = self._addresses.get(target.name)
        if address and target.name not in self._places:
            answer = await self._transport.request("GET", address.inspect(), headers=self._headers)
            if place := _member_of(answer, "channel_id"):
                self._places[target.name] = place
            elif isinstance(answer, Answer) and answer.status in _GONE:
                self._places[target.name] = ""
        return self._places.get(target.name) or None

    async def _call(self, method: str, address: Address, url: Secret, body: Mapping[str, Any], members: int) -> Report:
        answer = await self._transport.request(method, url, headers=self._headers, body=orjson.dumps(body))
        if isinstance(answer, Answer):
            return report_of(address.hidden_in(answer), members, self._clock.now())
        return _unanswered(answer, members)

    def _part(self, members: Sequence[Member], report: Report) -> Report:
        """Discord does not say which alert it minds: each is sent alone, so that only the faulty one is lost."""
        for member in members:
            self._suspects[member.record.alert.id] = None
        while len(self._suspects) > _SUSPECTS:
            del self._suspects[next(iter(self._suspects))]
        alone = Deferred(Delay.PROVIDER_TROUBLE, detail=f"refused together, to be sent alone: {report.answer}")
        return Report((alone,) * len(members), report.budget, report.status, report.answer)

    def _entries(self, target: Target, members: Sequence[Member]) -> list[Entry]:
        return [
            self._entry(
                target, member.record, reference_of(member.delivery), self._link(member.delivery, member.record)
            )
            for member in members
        ]

    def _entry(
        self, target: Target, record: AlertRecord, reference: str | None = None, link: str | None = None
    ) -> Entry:
        alert = record.alert
        face = self._settings.faces.get(alert.retailer, Face(alert.retailer))
        template = self._webhook(target).templates.get(alert.type) or self._settings.templates.get(alert.type)
        return Entry(record, face, reference, link, template)

    def _webhook(self, target: Target) -> Webhook:
        return self._settings.webhooks.get(target.name, _NOWHERE)


def _address(webhook: Webhook, api_base: str | None) -> Address:
    return Address(Secret(normalise(webhook.url.reveal(), api_base)), webhook.thread_id)


def _user_agent(public_url: str | None) -> str:
    """The form that Discord asks for; without it Cloudflare may block us (Discord documentation, API Reference)."""
    return f"DiscordBot ({public_url or 'https://pypi.org/project/tocsin'}, {version('tocsin')})"


def _unanswered(outcome: Outcome, members: int) -> Report:
    detail = "" if isinstance(outcome, Sent) else outcome.detail
    return Report((outcome,) * members, answer=detail)


def _post_gone(report: Report) -> Report:
    """The channel that Discord does not know is the post of that one message: somebody deleted it."""
    return replace(report, outcomes=(Refused(Refusal.MESSAGE_GONE, report.answer),) * len(report.outcomes))


def _with_faults(report: Report, entries: Sequence[Entry]) -> Report:
    """The timeline tells of a template that broke: the built-in one stood in for it."""
    faults = [fault for entry in entries if (fault := template_fault(entry))]
    return replace(report, answer=f"{faults[0]}; {report.answer}"[:ANSWER_LENGTH]) if faults else report


def _blames_all(report: Report) -> bool:
    """A message with several alerts was refused for something in it, and no single alert is named."""
    refused = all(isinstance(outcome, Refused) and not outcome.why.disables_target for outcome in report.outcomes)
    return refused and report.status in _BLAMES_CONTENT and len(report.outcomes) > 1


def _member_of(answer: Answer | Deferred | Unknown, name: str) -> str | None:
    if not isinstance(answer, Answer) or answer.status != 200:  # noqa: PLR2004 - HTTP OK
        return None
    try:
        value = orjson.loads(answer.body)[name]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else None
