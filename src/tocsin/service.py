"""The service: started in order, stopped in reverse, reloaded, and called from Python."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from tocsin.access.addresses import Proxies
from tocsin.access.entrance import Entrance
from tocsin.access.hosts import Hosts
from tocsin.access.origins import Origins
from tocsin.access.passes import Passes
from tocsin.access.tokens import LOCAL, ConfiguredToken, Tokens, local_token
from tocsin.channels.abilities import TellsBrowsers
from tocsin.channels.contract import Channel
from tocsin.channels.transport import Patience, Transport
from tocsin.cluster.alone import Alone
from tocsin.cluster.contract import Ownership
from tocsin.cluster.membership import Membership
from tocsin.config.configuration import Config, restart_needed
from tocsin.config.digest import digest
from tocsin.config.policy import rulebook
from tocsin.config.reading.loading import examine, load
from tocsin.config.report import check
from tocsin.config.shown import shown
from tocsin.core.clock import Clock, SharedClock, SystemClock
from tocsin.core.decision import Receipt
from tocsin.core.detection import Detection
from tocsin.core.errors import InvalidConfigError, LedgerError
from tocsin.core.facts import Emit, Fact, Reloaded, Trouble
from tocsin.core.link import Codes
from tocsin.core.part import Part
from tocsin.figures import figures
from tocsin.front import Front
from tocsin.ledger.contract import Node
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.demo import Demo
from tocsin.pipeline.intake.intake import receipt_of
from tocsin.pipeline.pipeline import Pipeline
from tocsin.rules.rulebook import Rulebook
from tocsin.telemetry import Telemetry
from tocsin.web import Program, Services, WebSettings
from tocsin.web.terminal import Terminal
from tocsin.wiring import bus, channels, mirrors, node_of

VERSION = version("tocsin")
EMBEDDED = "embedded"  # whom the idempotency keys belong to of a program that has the service inside


class AlertService:
    """The whole service in this process: its ledger, its channels, and its port.

    ```python
    async with AlertService.from_config("alerts.json") as alerts:
        receipt = await alerts.send_alert(type="in_stock", sku="6634940", retailer="bestbuy", price="1999.99")
        print(receipt.decision, alerts.url)
    ```

    From `async with` on alerts are taken, sent and served at `url`; `serve=False` leaves the port shut. At the end what
    is under way gets its answer (18 s at most), and what waits is sent after the next start. One process owns a ledger:
    a second one raises LedgerOwnedError. Entering also raises InvalidConfigError for what only a channel can judge,
    CannotListenError where the port is taken, LedgerUnavailableError, LedgerNewerError, LedgerCorruptError or
    PeopleKeyError where the ledger cannot be opened; all are TocsinError, and each says how to mend it.

    It belongs to one event loop. Times are aware datetimes, money is a decimal (a string keeps its digits), and what is
    not known is left out.
    """

    patience = Patience()  # with providers

    def __init__(self, config: Config, *, serve: bool = True, clock: Clock | None = None) -> None:
        self.config = config
        self._serve = serve
        self._own_clock = clock or SystemClock()
        self._clock = self._own_clock if config.settings.storage.file else SharedClock(self._own_clock)
        self.telemetry = Telemetry(VERSION, self._clock.monotonic)
        self._active = Active(rulebook(config), {})
        self._reloading = asyncio.Lock()
        self._running: AsyncExitStack | None = None
        self._listeners: list[Emit] = [self.telemetry.hear]

    @classmethod
    def from_config(
        cls,
        path: Path | str | None = None,
        *,
        serve: bool = True,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """The service of a configuration file; without a `path`, of the one that `tocsin serve` would find. `environ`
        stands for the environment, `overrides` are settings by their dotted names: `{"server.port": "0"}`.

        Raises InvalidConfigError with everything that is wrong with the file.
        """
        config = load(Path(path) if path else None, os.environ if environ is None else environ, overrides or {})
        return cls(config, serve=serve, clock=clock)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._running = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._running is not None, "it was started"
        await self._running.aclose()

    async def send_alert(self, **detection: Unpack[Detection]) -> Receipt:
        """Decide, write and plan one detection; returns once that is on disk. It is sent after that.

        The receipt says `accepted`, `duplicate` or `filtered`, and why; the same `idempotency_key` gets the same
        receipt for 24 hours. Raises InvalidAlertError with every field that is wrong, or for a key that was used for
        another detection; LedgerUnavailableError when nothing can be kept now.
        """
        given = {name: value for name, value in detection.items() if value is not None}
        return receipt_of(await self.pipeline.intake.offer(given, owner=EMBEDDED))

    async def close(self, *, sku: str, retailer: str, variant: str | None = None, seller: str | None = None) -> int:
        """The product is sold out there: its episode ends. Returns how many alerts were open; 0 is no error.

        Raises InvalidRequestError for what can be no SKU, retailer, variant or seller, LedgerUnavailableError when
        nothing can be kept now.
        """
        ended = await self.pipeline.intake.close(sku=sku, retailer=retailer, variant=variant, seller=seller)
        return len(ended.events)

    async def reload(self) -> Config:
        """Read the configuration again, and return it. All that can fail comes first; then everything is swapped at
        once. Of what needs a restart `restart_needed` is told; it counts from the next one on, as does who is let in.

        Raises InvalidConfigError, and nothing has changed.
        """
        async with self._reloading:
            try:
                fresh, book, made, tokens = await asyncio.to_thread(self._reread)
                await self._agree_on_keys(made)
                self.tokens.configure(tokens)
            except InvalidConfigError as problem:
                self._hear(Reloaded(problem.message))
                raise
            for setting in restart_needed(self.config, fresh):
                self._hear(Trouble("restart_needed", setting, "It has changed, and counts from the next start on."))
            self.config, self._active.rulebook, self._active.channels = fresh, book, made
            await self.pipeline.reload()
            await self.pipeline.sending.ownership.describe(digest(fresh))
            self._hear(Reloaded())
        return fresh

    def listen(self, listener: Emit) -> None:
        """Hear every fact (`tocsin.core.facts`) from now on: what was decided, sent, refused. It is called in the event
        loop, in the order of what happened, and must not block.
        """
        self._listeners.append(listener)

    @property
    def url(self) -> str:
        """Where the port is on this machine: `http://127.0.0.1:8765`."""
        return self.config.address(self.front.port)

    async def _start(self, stack: AsyncExitStack) -> None:
        """What is started first is stopped last. What only a channel can judge of the configuration is judged before a
        ledger is made; the port opens when everything behind it stands.
        """
        self._codes = Codes(lambda: self.ledger.link_secret)
        self._passes = Passes(lambda: self.ledger.link_secret)
        self._transport = await stack.enter_async_context(Transport(patience=self.patience))
        self._active.channels = await asyncio.to_thread(self._make_channels, self.config)
        self.ledger = await stack.enter_async_context(
            open_ledger(
                self.config.settings.storage.url.reveal(),
                clock=self._clock,
                emit=self._hear,
                people_key=self.config.settings.people.key,
                people_key_file=self.config.people_key_file,
                shared=True,
            )
        )
        await self._agree_on_keys(self._active.channels)
        self.tokens = Tokens(self.ledger.operations, self._clock, shared=self.ledger.cluster is not None)
        copies = mirrors(self.config, self._transport, self._clock, self._hear, ledger=self.ledger.epoch)
        node = node_of(self.config, VERSION)
        around = bus(self.config, node, self._clock, self._hear, ledger=self.ledger.epoch)
        self.pipeline = Pipeline(
            self.ledger,
            await stack.enter_async_context(around),
            self._active,
            self._clock,
            self._hear,
            mirrors=copies,
            ownership=self._ownership(node),
            refresh={Part.TOKENS: self.tokens.refresh},
        )
        self.listen(self.pipeline.hear)
        self._demo = Demo()
        server = self.config.settings.server
        self.front = Front(self._services(), server.host, server.port)
        for figure in figures(self.pipeline, self.front.gateway.gauges, self.ledger.wal):
            self.telemetry.follow(figure)
        await self.tokens.start(await asyncio.to_thread(_configured_tokens, self.config))
        stack.push_async_callback(self.tokens.stop)
        stack.push_async_callback(self.front.stop)
        await stack.enter_async_context(self.pipeline.running())
        self.listen(self.front.gateway.hear)
        stack.push_async_callback(self._demo.stop)
        await stack.enter_async_context(self.front.taking(serve=self._serve))

    async def _agree_on_keys(self, made: Mapping[str, Channel]) -> None:
        """What browsers subscribed with at one node has to be there at each. Raises InvalidConfigError."""
        cluster = self.ledger.cluster
        if cluster is None:
            return
        for channel in made.values():
            if not (isinstance(channel, TellsBrowsers) and channel.tells_browsers):
                continue
            try:
                key = await channel.browser_key()
            except ValueError as problem:
                raise InvalidConfigError(str(problem)) from problem
            if not await cluster.agree_on_browser_key(key):
                raise InvalidConfigError(
                    f"browsers subscribed with another key than the one in {self.config.people_key_file.parent}:"
                    " copy the key file of push there from a node that runs"
                )

    def _ownership(self, node: Node) -> Ownership:
        """Alone with a file; one node of several, be it the only one, on PostgreSQL."""
        if self.ledger.cluster is None:
            return Alone(node)
        steer = self._clock.follow if isinstance(self._clock, SharedClock) else None
        return Membership(self.ledger.cluster, node, self._own_clock, self._hear, steer=steer)

    async def _configuration(self) -> Mapping[str, Any]:
        """What is in force, with where each value came from; secrets masked."""
        report = await asyncio.to_thread(check, self.config)
        return {
            "file": report.file and str(report.file),
            "values": [value.as_json() for value in shown(self.config)],
            "warnings": [caution.as_json() for caution in report.cautions],
        }

    async def _check(self, content: bytes) -> Mapping[str, Any]:
        """What a file with that content would be. Raises InvalidConfigError."""
        return await asyncio.to_thread(_checked, content, self.config.base)

    def _services(self) -> Services:
        server = self.config.settings.server
        return Services(
            program=Program(
                reload=self.reload,
                not_ready=self._not_ready,
                metrics=self.telemetry.exposition,
                terminal=lambda: Terminal(self.url, self.config.local_token_file),
                public_url=lambda: self.config.public_url,
                configuration=self._configuration,
                check=self._check,
                demo=self._demo,
            ),
            ledger=self.ledger,
            pipeline=self.pipeline,
            tokens=self.tokens,
            active=self._active,
            clock=self._clock,
            emit=self._hear,
            entrance=Entrance(
                hosts=Hosts(self.config.hosts),
                origins=Origins(self.config.origins),
                proxies=Proxies(server.trusted_proxies),
            ),
            settings=WebSettings(version=VERSION, metrics_from=tuple(map(str, server.metrics_from))),
        )

    def _reread(self) -> tuple[Config, Rulebook, Mapping[str, Channel], Mapping[str, ConfiguredToken]]:
        """In a thread of its own: a disk that answers slowly keeps nobody waiting."""
        fresh = self.config.reread()
        return fresh, rulebook(fresh), self._make_channels(fresh), _configured_tokens(fresh)

    def _make_channels(self, config: Config) -> Mapping[str, Channel]:
        return channels(config, self._transport, self._clock, codes=self._codes, passes=self._passes)

    async def _not_ready(self) -> Sequence[str]:
        """False alarms cost a load balancer its target: only what keeps alerts from being taken counts."""
        if self.front.closed:
            return ("the service stops",)
        try:
            await self.ledger.probe()
        except LedgerError as problem:
            return (problem.message,)
        return self.front.problems()

    def _hear(self, fact: Fact) -> None:
        for listener in self._listeners:
            listener(fact)


def _configured_tokens(config: Config) -> Mapping[str, ConfiguredToken]:
    configured = {
        name: ConfiguredToken(token.secret, frozenset(token.scopes)) for name, token in config.settings.tokens.items()
    }
    return configured | {LOCAL: local_token(config.local_token_file)}


def _checked(content: bytes, base: Path) -> Mapping[str, Any]:
    """Only what the file itself says is judged: no key is read, and no channel is made."""
    fresh = examine(content, "the file", base)
    rulebook(fresh)
    report = check(fresh).as_json()
    return {key: report[key] for key in ("found", "warnings", "notes")}
