"""The webhook channel: one POST for each delivery, with the same id however often it is repeated."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import orjson

from tocsin.channels.contract import Attempt, Link, Member, Report
from tocsin.channels.destination import Destination
from tocsin.channels.transport import Addresses, Answer, Patience, Transport, system_addresses
from tocsin.channels.webhook.answers import report_of
from tocsin.channels.webhook.body import body_of, bundle_of, fitting
from tocsin.channels.webhook.endpoint import Endpoint
from tocsin.channels.webhook.notice import notice_of
from tocsin.channels.webhook.signature import headers_of, key_of
from tocsin.core.clock import Clock
from tocsin.core.condition import Notice
from tocsin.core.delivery import Target
from tocsin.core.outcome import Deferred, Delay, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

PATIENCE = Patience(connect=2.0, read=15.0, total=15.0)  # Standard Webhooks, "Request timeouts": 15 to 30 s

_NOT_CONFIGURED = Deferred(Delay.UNREACHABLE, detail="this endpoint is not in the configuration any more")
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"Tocsin/{version('tocsin')}"}
_ANY_JSON = "/json/with/key/"  # in the addresses of IFTTT that take more than three values


@dataclass(frozen=True, slots=True)
class _Place:
    endpoint: Endpoint
    destination: Destination
    url: Secret

    @property
    def any_json(self) -> bool:
        return _ANY_JSON in self.destination.url.path

    @property
    def drops_repeats(self) -> bool:
        """Receivers of signed requests go by their `webhook-id`; a hook of Zapier or IFTTT takes each for news.

        A lost bundle may be repeated in other company, under another id.
        """
        return self.endpoint.form == "standard" and self.endpoint.bundle == 1 and bool(self.endpoint.secrets)

    def body(self, records: Sequence[AlertRecord], links: Sequence[str | None], now: datetime) -> Mapping[str, Any]:
        if self.endpoint.bundle > 1:
            return bundle_of(records, links, now)
        return body_of(self.endpoint.form, records[0], links[0], any_json=self.any_json)


class Webhooks:
    """Satisfies `Channel`, `NotifiesOperators` and `RepeatsSafely`. Raises ValueError for an address or a secret that
    is none.
    """

    name = "webhook"
    notices_at_once = 1  # each has an id by which a repeat is known

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        transport: Transport,
        clock: Clock,
        link: Link,
        *,
        resolve: Addresses = system_addresses,
    ) -> None:
        self._places = {name: _place(endpoint, resolve) for name, endpoint in endpoints.items()}
        self._transport = transport
        self._clock = clock
        self._link = link

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:
        """One, unless the endpoint asks for more: so an id means the same delivery in every repeat."""
        place = self._places.get(target.name)
        return fitting(records[: place.endpoint.bundle]) if place else 1

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        links = [record.alert.url for record in records]
        return self._places[target.name].body(records, links, self._clock.now())

    def repeats_safely(self, target: Target) -> bool:
        place = self._places.get(target.name)
        return place is not None and place.drops_repeats

    async def send(self, attempt: Attempt) -> Report:
        place = self._places.get(attempt.target.name)
        if place is None:
            return _unanswered(_NOT_CONFIGURED, len(attempt.members))
        body = self._body(place, attempt, self._clock.now())
        return await self._call(place, _id_of(attempt.members), body, len(attempt.members))

    async def notify(self, target: Target, notices: Sequence[Notice]) -> Report:
        place = self._places.get(target.name)
        if place is None:
            return _unanswered(_NOT_CONFIGURED, 1)
        body = notice_of(place.endpoint.form, notices[0], any_json=place.any_json)
        return await self._call(place, notices[0].id, body, 1)

    async def _call(self, place: _Place, identifier: str, told: Mapping[str, Any], members: int) -> Report:
        now, body = self._clock.now(), orjson.dumps(told)
        answer = await self._transport.request(
            "POST",
            place.url,
            headers={**_HEADERS, **headers_of(identifier, now, body, place.endpoint.secrets)},
            body=body,
            addresses=place.destination.addresses,
            patience=PATIENCE,
        )
        if not isinstance(answer, Answer):
            return _unanswered(answer, members)
        return report_of(
            answer,
            place.destination.url,
            members,
            self._clock.now(),
            repeats_safely=place.drops_repeats,
        )

    def _body(self, place: _Place, attempt: Attempt, now: datetime) -> Mapping[str, Any]:
        links = [self._link(member.delivery, member.record) for member in attempt.members]
        return place.body([member.record for member in attempt.members], links, now)


def _id_of(members: Sequence[Member]) -> str:
    """That of the delivery, the same in every repeat; a bundle's is the same for the same members."""
    if len(members) == 1:
        return str(members[0].delivery.id)
    together = "\n".join(sorted(str(member.delivery.id) for member in members))
    return hashlib.sha256(together.encode()).hexdigest()[:32]


def _unanswered(outcome: Deferred | Unknown, members: int) -> Report:
    return Report((outcome,) * members, answer=outcome.detail)


def _place(endpoint: Endpoint, resolve: Addresses) -> _Place:
    for secret in endpoint.secrets:
        key_of(secret)
    destination = Destination.of(endpoint.url, endpoint.vouched, resolve)
    return _Place(endpoint, destination, Secret(str(destination.url)))
