"""The way of push to browsers: one encrypted message to a push service for each (RFC 8030)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.abilities import Message
from tocsin.channels.browser.answers import origin_of, report_of
from tocsin.channels.browser.encryption import encrypted
from tocsin.channels.browser.payload import Shown, payload_of
from tocsin.channels.browser.subscription import Subscription
from tocsin.channels.browser.vapid import KeyFileError, Vapid
from tocsin.channels.contract import Attempt, Link, Member, Report
from tocsin.channels.destination import Destination
from tocsin.channels.pages import Pages
from tocsin.channels.push.notification import Notification, notification_of, tag_of
from tocsin.channels.push.template import Template
from tocsin.channels.transport import Addresses, Answer, Patience, Transport, system_addresses
from tocsin.core.address import AddressKind, AddressWhy
from tocsin.core.alert import AlertType, Band
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.destination import known_addresses, shut_out
from tocsin.core.networks import Network
from tocsin.core.outcome import Deferred, Delay, Refusal, Refused, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

TITLE = "Web Push"
PATIENCE = Patience(connect=3.0, read=10.0, total=15.0)
LONGEST_LIFE = 2_592_000  # seconds: what is longer, push services cut
QUIET_LIFE = 3600  # seconds that "sold out" may wait for a browser which may still show the opposite

NO_TEMPLATES: Mapping[AlertType, Template] = MappingProxyType({})

_URGENCY = {Band.HIGH: "high", Band.MEDIUM: "normal", Band.LOW: "low"}  # RFC 8030, 5.3
_NO_KEYS = Refused(Refusal.TARGET_GONE, "its keys are those of no browser", AddressWhy.GONE)


class BrowserWay:
    """Satisfies `Way` and `TellsBrowsers`. `vouched`: the private networks in which push services may be. `shops`: how
    people call a retailer.
    """

    title = TITLE
    kind = AddressKind.BROWSER
    tells_browsers = True

    def __init__(
        self,
        vapid: Vapid,
        transport: Transport,
        clock: Clock,
        link: Link,
        *,
        pages: Pages,
        shops: Mapping[str, str],
        templates: Mapping[AlertType, Template] = NO_TEMPLATES,
        vouched: tuple[Network, ...] = (),
        resolve: Addresses = system_addresses,
    ) -> None:
        self._vapid = vapid
        self._transport = transport
        self._clock = clock
        self._link = link
        self._pages = pages
        self._shops = shops
        self._templates = templates
        self.vouched = vouched
        self._resolve = resolve

    async def browser_key(self) -> str:
        """What browsers subscribe with. Raises KeyFileError."""
        await self._need()
        return self._vapid.public

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        record = records[0]
        shown = Shown(
            record=record,
            notification=self._notification(record),
            delivery=str(record.alert.id),
            link=record.alert.url,
        )
        told: Mapping[str, Any] = orjson.loads(payload_of(shown))
        return told

    async def send(self, attempt: Attempt) -> Report:
        member = attempt.members[0]
        left = int((attempt.deadline - self._clock.now()).total_seconds())
        return await self._push(
            member,
            self._content(member, silent=attempt.silent or member.silent),
            life=min(max(left, 1), LONGEST_LIFE),
            urgency=_URGENCY[member.record.alert.band],
        )

    async def edit(self, message: Message) -> Report:
        """Sold out. What waits at the push service is taken back, and never shows; a browser that is there is shown
        the end quietly, in place of the beginning. Where nothing could be taken back, the end takes the place of what
        waits.
        """
        member = message.members[0]
        taken = await self.take_back(message)
        report = await self._push(
            member, self._content(member, silent=True), life=0 if taken else QUIET_LIFE, urgency="normal"
        )
        if isinstance(report.outcomes[0], Refused):
            return replace(report, outcomes=(replace(report.outcomes[0], why=Refusal.MESSAGE_GONE),))
        return report

    async def take_back(self, message: Message) -> bool:
        """Ask the push service to forget a message that it has not handed on yet. Mozilla's does; where another one
        knows nothing of that, nothing is lost.
        """
        member = message.members[0]
        found = _subscription(member)
        if found is None or not message.reference.startswith(f"{origin_of(found.endpoint.reveal())}/"):
            return False
        answer = await self._call("DELETE", found, message.reference, {})
        return isinstance(answer, Answer) and answer.status // 100 == 2  # noqa: PLR2004 - a success

    async def _push(self, member: Member, content: bytes, *, life: int, urgency: str) -> Report:
        found = _subscription(member)
        if found is None:
            return Report((_NO_KEYS,), answer=_NO_KEYS.detail)
        # Of one topic a push service keeps the newest only, as a browser shows the newest of one tag.
        headers = {
            "TTL": str(life),
            "Topic": tag_of(member.record),
            "Urgency": urgency,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/notification+json",
        }
        body = encrypted(content, found.key, found.auth)
        endpoint = found.endpoint.reveal()
        answer = await self._call("POST", found, endpoint, headers, body)
        if not isinstance(answer, Answer):
            return Report((answer,), answer=answer.detail)
        return report_of(answer, endpoint, str(member.delivery.id), self._clock.now())

    async def _call(
        self, method: str, found: Subscription, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer | Deferred | Refused | Unknown:
        endpoint = found.endpoint.reveal()
        service = origin_of(endpoint)
        try:
            destination = self._destination(found.endpoint)
        except ValueError as problem:
            return Refused(Refusal.TARGET_FORBIDDEN, str(problem))
        try:
            await self._need()
        except KeyFileError as problem:
            return Deferred(Delay.CREDENTIALS, detail=str(problem))
        signed = {"Authorization": self._vapid.authorization(service, self._clock.now())}
        answer = await self._transport.request(
            method,
            Secret(url),
            headers={**signed, **headers},
            body=body,
            addresses=destination.addresses,
            patience=PATIENCE,
        )
        if isinstance(answer, Deferred):
            return replace(answer, part=service)
        return answer

    def _destination(self, endpoint: Secret) -> Destination:
        """Raises ValueError for one that is not called, whoever gave it to us."""
        destination = Destination.of(endpoint, self.vouched, self._resolve)
        known = known_addresses(destination.url.raw_host or "")
        if known and (shut := shut_out(known, self.vouched, usual=destination.usual)):
            raise ValueError(f"{shut} is not called: push.web.allow_networks does not vouch for it")
        return destination

    async def _need(self) -> None:
        if not self._vapid.ready:
            await asyncio.to_thread(self._vapid.need)

    def _content(self, member: Member, *, silent: bool) -> bytes:
        delivery, record = member.delivery, member.record
        return payload_of(
            Shown(
                record=record,
                notification=self._notification(record),
                delivery=str(delivery.id),
                link=self._link(delivery, record),
                page=self._pages.alert(delivery.key),
                silent=silent,
            )
        )

    def _notification(self, record: AlertRecord) -> Notification:
        alert = record.alert
        shop = self._shops.get(alert.retailer, alert.retailer)
        return notification_of(record, shop, template=self._templates.get(alert.type))


def _subscription(member: Member) -> Subscription | None:
    """None where it can be none, whatever was kept."""
    assert member.recipient is not None, "a way is handed persons alone"
    try:
        return Subscription.of(member.recipient.value)
    except (ValueError, KeyError, TypeError):
        return None
