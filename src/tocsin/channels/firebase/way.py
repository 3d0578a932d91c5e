"""The way of push to apps: one message for each device, by FCM HTTP v1."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from tocsin.channels.abilities import Message
from tocsin.channels.contract import Attempt, Link, Matter, Member, Report
from tocsin.channels.firebase.account import ServiceAccount, read_account
from tocsin.channels.firebase.answers import Word, word_of
from tocsin.channels.firebase.budgets import Budgets
from tocsin.channels.firebase.device import aimed_at, is_fid, platform_of
from tocsin.channels.firebase.grant import Grant
from tocsin.channels.firebase.message import Manner, message_of, sound_for
from tocsin.channels.pages import Pages
from tocsin.channels.push.channel import NAME
from tocsin.channels.push.notification import Notification, notification_of
from tocsin.channels.push.settings import Push
from tocsin.channels.push.template import Template
from tocsin.channels.push.way import Entrance, Way
from tocsin.channels.spec import ProviderLimits, Surroundings
from tocsin.channels.status import works
from tocsin.channels.transport import Answer, Patience, Transport
from tocsin.core.address import AddressKind
from tocsin.core.alert import AlertType, Band
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.outcome import Deferred, Delay, Unknown
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.rules.personal import wishes_of
from tocsin.rules.step import CREDENTIALS_WAIT
from tocsin.rules.window import Rate

TITLE = "Firebase"
API = "https://fcm.googleapis.com"

# Firebase, "Throttling and quotas": 600,000 messages a minute for a project; 240 a minute, 5,000 an hour for a device.
LIMITS = ProviderLimits(
    whole=(Rate(600_000, timedelta(minutes=1)),),
    each=(Rate(240, timedelta(minutes=1)), Rate(5_000, timedelta(hours=1))),
)
AT_ONCE = 100  # requests under way, and so connections: it takes 1,000 of a project, which other programs share

_PROBE = orjson.dumps({"validate_only": True, "message": {"topic": "tocsin"}})
_UNAUTHORIZED = 401
_PATIENCE = Patience(connect=2.0, read=10.0, total=12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirebaseSettings:
    """`shops`: how people call a retailer. `api_base` leads to a simulated Firebase."""

    account: ServiceAccount
    api_base: str | None = None
    sounds: Mapping[Band, str]
    templates: Mapping[AlertType, Template]
    shops: Mapping[str, str]

    @property
    def address(self) -> Secret:
        project = quote(self.account.project, safe="")
        return Secret(f"{(self.api_base or API).rstrip('/')}/v1/projects/{project}/messages:send")


class FirebaseWay:
    """Satisfies `Way` and `Probes`. A platform whose key Firebase misses rests by itself."""

    title = TITLE
    kind = AddressKind.DEVICE

    def __init__(self, settings: FirebaseSettings, around: Surroundings) -> None:
        self._settings = settings
        self._transport: Transport = around.transport
        self._clock: Clock = around.clock
        self._link: Link = around.link
        self._pages: Pages = around.pages
        self._product = around.product
        self._grant = Grant(settings.account, around.transport, around.clock)
        self._budgets = Budgets(LIMITS.each)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._resting: dict[str, tuple[float, Deferred]] = {}  # by platform, until when, and what was said

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """As it is sent within its first ten minutes."""
        record = records[0]
        manner = Manner(
            deadline=record.accepted_at + timedelta(minutes=10),
            sound=sound_for(None, self._settings.sounds.get(record.alert.band), ()),
        )
        return {"message": message_of(record, self._shown(record), record.alert.url, manner, record.accepted_at)}

    async def send(self, attempt: Attempt) -> Report:
        member = attempt.members[0]
        return await self._tell(member, attempt.deadline, silent=attempt.silent or member.silent)

    async def edit(self, message: Message) -> Report:
        """What is sold out takes the place of what is shown, without a sound."""
        member = message.members[0]
        return await self._tell(member, member.delivery.expires_at, silent=True)

    async def probe(self) -> bool | None:
        """Have a message checked that nobody is sent (Firebase, "projects.messages.send", `validate_only`)."""
        token = await self._grant.token()
        if isinstance(token, Deferred):
            return None if token.why is Delay.RATE_LIMITED else False
        answer = await self._post(_PROBE, token)
        if isinstance(answer, Answer) and answer.status == _UNAUTHORIZED and self._grant.refuse(token):
            return None  # another token may do
        return works(answer)

    async def _tell(self, member: Member, deadline: datetime, *, silent: bool) -> Report:
        recipient = member.recipient
        assert recipient is not None, "a way is handed persons alone"
        resting = self._platform_rests(recipient) or self._device_rests(recipient)
        if resting is not None:
            return Report((resting,), answer=resting.detail)
        async with self._room:
            token = await self._grant.token()
            if isinstance(token, Deferred):
                return Report((token,), answer=token.detail)
            collapses = self._budgets.spend(recipient.lookup, self._clock.monotonic())
            manner = Manner(deadline=deadline, sound=None if silent else self._sound(member), collapses=collapses)
            answer = await self._post(self._body(member, recipient, manner), token)
        if not isinstance(answer, Answer):
            return Report((answer,), answer=answer.detail)
        word = word_of(answer, self._clock.now(), by_fid=is_fid(recipient.value.reveal()))
        return self._heard(word, recipient, token, answer.status)

    async def _post(self, body: bytes, token: Secret) -> Answer | Deferred | Unknown:
        headers = {"Authorization": f"Bearer {token.reveal()}", "Content-Type": "application/json"}
        return await self._transport.request(
            "POST", self._settings.address, headers=headers, body=body, patience=_PATIENCE
        )

    def _body(self, member: Member, recipient: Recipient, manner: Manner) -> bytes:
        record, now = member.record, self._clock.now()
        link, page = self._link(member.delivery, record), self._pages.alert(member.delivery.key)
        message = message_of(record, self._shown(record), link, manner, now, page=page)
        return orjson.dumps({"message": message | aimed_at(recipient)})

    def _shown(self, record: AlertRecord) -> Notification:
        alert = record.alert
        shop = self._settings.shops.get(alert.retailer, alert.retailer)
        return notification_of(record, shop, self._product(alert), self._settings.templates.get(alert.type))

    def _sound(self, member: Member) -> str:
        assert member.recipient is not None, "a way is handed persons alone"
        usual = self._settings.sounds.get(member.record.alert.band)
        return sound_for(wishes_of(member.recipient).by(NAME).sound, usual, member.recipient.sounds)

    def _platform_rests(self, recipient: Recipient) -> Deferred | None:
        platform = platform_of(recipient)
        until, said = self._resting.get(platform, (0.0, None))
        left = until - self._clock.monotonic()
        return replace(said, after=timedelta(seconds=left)) if said is not None and left > 0 else None

    def _device_rests(self, recipient: Recipient) -> Deferred | None:
        wait = self._budgets.opens_in(recipient.lookup, self._clock.monotonic())
        if not wait:
            return None
        return Deferred(Delay.RATE_LIMITED, wait, "the device has got all that it may get now", part="device")

    def _heard(self, word: Word, recipient: Recipient, token: Secret, status: int) -> Report:
        outcome = word.outcome
        if word.of_token and isinstance(outcome, Deferred) and self._grant.refuse(token):
            # Nothing has left by it: the next request goes with another token, which decides.
            outcome = replace(outcome, why=Delay.PROVIDER_TROUBLE, after=timedelta(), part="token")
        if not word.of_token:
            self._grant.accept()
        platform = platform_of(recipient)
        if word.of_platform and isinstance(outcome, Deferred):
            outcome = replace(outcome, part=platform or "device")
            if platform:
                rest = max(outcome.after or CREDENTIALS_WAIT, CREDENTIALS_WAIT)
                self._resting[platform] = (self._clock.monotonic() + rest.total_seconds(), outcome)
        matter = (Matter(f"{TITLE}, {platform or 'one platform'}", word.words),) if word.for_operators else ()
        return Report((outcome,), status=status, answer=word.words, matters=matter)


def make(settings: Push, around: Surroundings) -> Way:
    assert settings.firebase_config is not None, "this way is open with it alone"
    made = FirebaseSettings(
        account=read_account(settings.firebase_config),
        api_base=settings.api_base,
        sounds=settings.sounds,
        templates={kind: Template(text.title, text.body) for kind, text in settings.texts.items()},
        shops=around.shops,
    )
    return FirebaseWay(made, around)


FIREBASE = Entrance(
    kind=AddressKind.DEVICE,
    is_open=lambda settings: settings.firebase_config is not None,
    make=make,
    limits=LIMITS,
)
