"""The webhook channel: one POST for each delivery, with the same id however often it is repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import orjson

from tocsin.channels.contract import Attempt, Link, Report
from tocsin.channels.destination import Destination, Resolve, post, system_resolve
from tocsin.channels.transport import Answer, Patience, Transport
from tocsin.channels.webhook.answers import report_of
from tocsin.channels.webhook.body import body_of
from tocsin.channels.webhook.settings import Endpoint
from tocsin.channels.webhook.signature import headers_of, key_of
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.mention import Mention
from tocsin.core.outcome import Deferred, Delay
from tocsin.core.record import AlertRecord

PATIENCE = Patience(connect=2.0, read=15.0, total=15.0)  # Standard Webhooks, "Request timeouts": 15 to 30 s

_NOT_CONFIGURED = Deferred(Delay.UNREACHABLE, detail="this endpoint is not in the configuration any more")
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"Tocsin/{version('tocsin')}"}
_ANY_JSON = "/json/with/key/"  # in the addresses of IFTTT that take more than three values


@dataclass(frozen=True, slots=True)
class _Place:
    endpoint: Endpoint
    destination: Destination

    @property
    def drops_repeats(self) -> bool:
        """Receivers of signed requests go by their `webhook-id`; a hook of Zapier or IFTTT takes each for news."""
        return self.endpoint.form == "standard" and bool(self.endpoint.secrets)

    def body(self, record: AlertRecord, link: str | None) -> Mapping[str, Any]:
        any_json = _ANY_JSON in self.destination.url.path
        return body_of(self.endpoint.form, record, link, any_json=any_json)


class Webhooks:
    """Satisfies `Channel` and `RepeatsSafely`. Raises ValueError for an address or a secret that is none."""

    name = "webhook"

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        transport: Transport,
        clock: Clock,
        link: Link,
        *,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._places = {name: _place(endpoint) for name, endpoint in endpoints.items()}
        self._transport = transport
        self._clock = clock
        self._link = link
        self._resolve = resolve

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:  # noqa: ARG002 - the contract has them
        """One: an id names one delivery, so that it means the same in every repeat."""
        return 1

    def render(self, target: Target, records: Sequence[AlertRecord], mention: Mention) -> Mapping[str, Any]:  # noqa: ARG002 - nobody is mentioned here
        return self._places[target.name].body(records[0], records[0].alert.url)

    def repeats_safely(self, target: Target) -> bool:
        place = self._places.get(target.name)
        return place is not None and place.drops_repeats

    async def send(self, attempt: Attempt) -> Report:
        place = self._places.get(attempt.target.name)
        if place is None:
            return Report((_NOT_CONFIGURED,), answer=_NOT_CONFIGURED.detail)
        (member,) = attempt.members
        body = orjson.dumps(place.body(member.record, self._link(member.delivery, member.record)))
        now = self._clock.now()
        answer = await post(
            self._transport,
            place.destination,
            headers={**_HEADERS, **headers_of(str(member.delivery.id), now, body, place.endpoint.secrets)},
            body=body,
            patience=PATIENCE,
            resolve=self._resolve,
        )
        if isinstance(answer, Answer):
            return report_of(answer, place.destination.url, self._clock.now(), repeats_safely=place.drops_repeats)
        return Report((answer,), answer=answer.detail)


def _place(endpoint: Endpoint) -> _Place:
    for secret in endpoint.secrets:
        key_of(secret)
    return _Place(endpoint, Destination.of(endpoint.url, endpoint.vouched))
