"""The service: every part wired together, started in order, stopped in reverse. Nothing else names concrete classes."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self, Unpack

from tocsin.access.addresses import Proxies
from tocsin.access.entrance import Entrance
from tocsin.access.hosts import Hosts
from tocsin.access.origins import Origins
from tocsin.access.tokens import LOCAL, ConfiguredToken, Tokens, local_token
from tocsin.bus.inprocess import InProcessBus
from tocsin.channels.contract import Channel
from tocsin.channels.transport import Patience, Transport
from tocsin.config.configuration import Config, restart_needed
from tocsin.config.policy import rulebook
from tocsin.config.reading.loading import load
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.decision import Receipt
from tocsin.core.delivery import Delivery
from tocsin.core.detection import Detection
from tocsin.core.errors import InvalidConfigError, LedgerError
from tocsin.core.facts import Emit, Fact, Reloaded, Trouble
from tocsin.core.link import Codes
from tocsin.core.record import AlertRecord
from tocsin.figures import lane_figures, ledger_figures, objective_figures, socket_figures, upkeep_figures
from tocsin.gateway.server import Gateway
from tocsin.gateway.settings import GatewaySettings
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.demo import Demo
from tocsin.pipeline.feed import Feed
from tocsin.pipeline.intake.intake import Intake, receipt_of
from tocsin.pipeline.operations import Operations
from tocsin.pipeline.sending.dispatcher import Dispatcher
from tocsin.pipeline.sending.doubts import Doubts
from tocsin.pipeline.sending.editor import Editor
from tocsin.pipeline.sending.lane_watch import LaneWatch
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.receipts import Receipts
from tocsin.pipeline.sending.sender import Sender
from tocsin.pipeline.sending.shared_gates import SharedGates
from tocsin.pipeline.sending.shut_lanes import ShutLanes
from tocsin.pipeline.sending.targets import Targets
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.pipeline.watch.detectors import Detectors
from tocsin.pipeline.watch.last_minute import LastMinute
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.pipeline.watch.objective import Objectives
from tocsin.pipeline.watch.operators import Operators
from tocsin.pipeline.watch.refusals import Refusals
from tocsin.pipeline.watch.upkeep import Upkeep
from tocsin.pipeline.watch.vitals import Vitals
from tocsin.rules.rulebook import Rulebook
from tocsin.telemetry import Telemetry
from tocsin.web import PatientHttp, Services, WebSettings, build_app
from tocsin.web.doors import Doors
from tocsin.web.terminal import Terminal
from tocsin.wiring import channels

VERSION = version("tocsin")
GRACE_S = 18.0  # longer than a request to a provider may take
EMBEDDED = "embedded"  # whom the idempotency keys belong to of a program that has the service inside


class AlertService:
    """`async with AlertService.from_config("alerts.json") as alerts:`; `serve=False` leaves the doors shut."""

    patience = Patience()  # with providers

    def __init__(self, config: Config, *, serve: bool = True, clock: Clock | None = None) -> None:
        self.config = config
        self._serve = serve
        self._clock = clock or SystemClock()
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
        """Raises InvalidConfigError with everything that is wrong with the file."""
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

    async def _start(self, stack: AsyncExitStack) -> None:
        """What is started first is stopped last. The doors open when everything behind them stands, and are closed when
        what is under way has come to its end: whoever knocks meanwhile is told when to come back. What only a channel
        can judge of the configuration is judged before a ledger is made.
        """
        clock, emit = self._clock, self._hear
        self._codes = Codes(lambda: self.ledger.link_secret)
        self._transport = await stack.enter_async_context(Transport(patience=self.patience))
        self._active.channels = await asyncio.to_thread(self._make_channels, self.config)
        self.ledger, self.archive = await stack.enter_async_context(
            open_ledger(
                self.config.settings.storage.url.reveal(),
                clock=clock,
                emit=emit,
                people_key=self.config.settings.people.key,
                people_key_file=self.config.people_key_file,
            )
        )
        self._make_senders()
        self._make_takers()
        self._make_watch()
        self._make_doors()
        for part in (self.targets, self.monitors, self.objectives, self.last_minute, self.feed):
            await part.start()
        stack.push_async_callback(self.feed.stop)
        await self.tokens.start(await asyncio.to_thread(self._configured_tokens, self.config))
        stack.push_async_callback(self.tokens.stop)
        stack.push_async_callback(self.doors.stop)
        stack.push_async_callback(self.lanes.stop)
        await self.dispatcher.start()
        stack.push_async_callback(self.dispatcher.stop, GRACE_S)
        stack.push_async_callback(self.doubts.stop)
        stack.push_async_callback(self.editor.stop)
        await self.conditions.start()
        stack.push_async_callback(self.conditions.stop)
        stack.push_async_callback(self.operators.stop)
        await self.upkeep.start()
        stack.push_async_callback(self.upkeep.stop)
        self.listen(self.gateway.hear)
        stack.push_async_callback(self.demo.stop)
        await self._open_doors(stack)

    async def _open_doors(self, stack: AsyncExitStack) -> None:
        """The first step of a stop: nothing more is taken, and live readers are told to come back."""
        await self.gateway.start()
        stack.push_async_callback(self.gateway.stop)
        stack.callback(self.web.close)
        if self._serve:
            await self.doors.start()

    async def send_alert(self, **detection: Unpack[Detection]) -> Receipt:
        """Decide, write and plan; returns once that is on disk.

        Raises InvalidAlertError with every field that is wrong, LedgerUnavailableError when nothing can be kept now.
        """
        given = {name: value for name, value in detection.items() if value is not None}
        return receipt_of(await self.intake.offer(given, owner=EMBEDDED))

    async def close(self, *, sku: str, retailer: str, variant: str | None = None, seller: str | None = None) -> int:
        """The product is sold out there: its episode ends. Returns how many alerts were open.

        Raises InvalidRequestError for what can be no SKU, retailer, variant or seller.
        """
        return len((await self.intake.close(sku=sku, retailer=retailer, variant=variant, seller=seller)).events)

    async def reload(self) -> Config:
        """Read the configuration again. All that can fail comes first; then everything is swapped at once.

        Raises InvalidConfigError, and nothing has changed.
        """
        async with self._reloading:
            try:
                fresh, book, made, tokens = await asyncio.to_thread(self._reread)
                self.tokens.configure(tokens)
            except InvalidConfigError as problem:
                self._hear(Reloaded(problem.message))
                raise
            await self._swap(fresh, book, made)
        return fresh

    def _reread(self) -> tuple[Config, Rulebook, Mapping[str, Channel], Mapping[str, ConfiguredToken]]:
        """In a thread of its own: a disk that answers slowly keeps nobody waiting."""
        fresh = self.config.reread()
        return fresh, rulebook(fresh), self._make_channels(fresh), self._configured_tokens(fresh)

    async def _swap(self, fresh: Config, book: Rulebook, made: Mapping[str, Channel]) -> None:
        for setting in restart_needed(self.config, fresh):
            self._hear(Trouble("restart_needed", setting, "It has changed, and counts from the next start on."))
        self.config, self._active.rulebook, self._active.channels = fresh, book, made
        self.lanes.adopt()
        await self.dispatcher.look()
        self._hear(Reloaded())

    def listen(self, listener: Emit) -> None:
        """Hear every fact from now on: what was decided, sent, refused. A listener must not block."""
        self._listeners.append(listener)

    @property
    def url(self) -> str:
        """Where the doors are on this machine."""
        return self.config.address(self.doors.port)

    def _make_senders(self) -> None:
        """What brings deliveries to their targets."""
        clock, emit = self._clock, self._hear
        ledger, archive = self.ledger, self.archive
        self.targets = Targets(ledger, archive, emit)
        self.attempts = Sender(
            ledger=ledger,
            archive=archive,
            active=self._active,
            targets=self.targets,
            clock=clock,
            emit=emit,
            random=Random(),  # noqa: S311 - it spreads retries, and keeps no secret
        )
        gates, shut = SharedGates(self._active, self.targets, clock), ShutLanes(ledger, archive, clock)
        self.lanes = Lanes(self._active, gates, shut, clock, emit)
        self.doubts = Doubts(
            archive=archive,
            attempts=self.attempts,
            lanes=self.lanes,
            active=self._active,
            clock=clock,
            emit=emit,
            random=Random(),  # noqa: S311 - as above
        )
        self.dispatcher = Dispatcher(
            ledger=ledger,
            archive=archive,
            attempts=self.attempts,
            doubts=self.doubts,
            lanes=self.lanes,
            active=self._active,
            clock=clock,
            emit=emit,
        )
        self.lane_watch = LaneWatch(self.lanes, self.targets, clock, emit)
        self.editor = Editor(
            ledger=ledger,
            archive=archive,
            active=self._active,
            dispatcher=self.dispatcher,
            lanes=self.lanes,
            targets=self.targets,
            clock=clock,
            emit=emit,
        )

    def _make_takers(self) -> None:
        """What takes alerts and orders in."""
        clock, emit = self._clock, self._hear
        ledger, archive = self.ledger, self.archive
        self.tokens = Tokens(ledger, archive, clock)
        self.monitors = Monitors(ledger, archive, clock, emit)
        bus = InProcessBus()
        self.feed = Feed(archive, bus, clock, emit, ledger.epoch)
        self.intake = Intake(
            ledger=ledger,
            archive=archive,
            bus=bus,
            targets=self.targets,
            active=self._active,
            wake=self.dispatcher.wake,
            clock=clock,
            emit=emit,
        )
        self.operations = Operations(
            ledger=ledger,
            archive=archive,
            dispatcher=self.dispatcher,
            lane_watch=self.lane_watch,
            attempts=self.attempts,
            targets=self.targets,
            active=self._active,
            clock=clock,
            emit=emit,
        )

    def _make_watch(self) -> None:
        """What looks after everything, and tells operators."""
        clock, emit = self._clock, self._hear
        ledger, archive = self.ledger, self.archive
        self.objectives = Objectives(archive, self._active, clock, emit)
        self.detectors = Detectors(clock, emit)
        self.last_minute = LastMinute(archive, clock)
        self.vitals = Vitals(
            last_minute=self.last_minute,
            dispatcher=self.dispatcher,
            objectives=self.objectives,
            operations=self.operations,
        )
        self.listen(self.last_minute.hear)
        self.listen(self.objectives.hear)
        self.listen(self.detectors.hear)
        self.listen(Refusals(clock, emit).hear)
        self.conditions = Conditions(
            ledger=ledger,
            archive=archive,
            lanes=self.lanes,
            targets=self.targets,
            monitors=self.monitors,
            active=self._active,
            clock=clock,
            emit=emit,
        )
        self.listen(self.conditions.hear)
        self.operators = Operators(
            conditions=self.conditions,
            dispatcher=self.dispatcher,
            lanes=self.lanes,
            targets=self.targets,
            active=self._active,
            clock=clock,
            emit=emit,
        )
        self.upkeep = Upkeep(
            ledger=ledger,
            dispatcher=self.dispatcher,
            doubts=self.doubts,
            lanes=self.lanes,
            editor=self.editor,
            intake=self.intake,
            lane_watch=self.lane_watch,
            monitors=self.monitors,
            conditions=self.conditions,
            operators=self.operators,
            objectives=self.objectives,
            active=self._active,
            clock=clock,
            emit=emit,
        )

    def _make_doors(self) -> None:
        server = self.config.settings.server
        self.demo = Demo()
        entrance = Entrance(
            hosts=Hosts(self.config.hosts),
            origins=Origins(self.config.origins),
            proxies=Proxies(server.trusted_proxies),
        )
        self.gateway = Gateway(
            feed=self.feed,
            tokens=self.tokens,
            offer=lambda value, owner: self.intake.offer(value, owner=owner),
            catalog=lambda: self._active.rulebook.catalog,
            vitals=self.vitals.as_json,
            clock=self._clock,
            settings=GatewaySettings(),
            entrance=entrance,
            emit=self._hear,
        )
        for figure in (
            *lane_figures(self.dispatcher, self.lanes, self.lane_watch),
            *upkeep_figures(self.monitors, self.conditions),
            *socket_figures(self.gateway.gauges),
            *objective_figures(self.objectives),
            *ledger_figures(self.ledger.wal),
        ):
            self.telemetry.follow(figure)
        self.web = build_app(
            Services(
                intake=self.intake,
                monitors=self.monitors,
                conditions=self.conditions,
                operations=self.operations,
                ledger=self.ledger,
                archive=self.archive,
                feed=self.feed,
                tokens=self.tokens,
                active=self._active,
                clock=self._clock,
                emit=self._hear,
                reload=self.reload,
                not_ready=self._not_ready,
                metrics=self.telemetry.exposition,
                stats=self.vitals.as_json,
                terminal=lambda: Terminal(self.url, self.config.local_token_file),
                demo=self.demo,
                receipts=Receipts(self.ledger, self.dispatcher, self._active, self._hear),
                public_url=lambda: self.config.public_url,
                link_secret=self.ledger.link_secret,
                entrance=entrance,
                settings=WebSettings(
                    version=VERSION,
                    metrics_from=tuple(map(str, server.metrics_from)),
                ),
            )
        )
        self.doors = Doors(
            self.gateway.asgi(self.web),
            http=PatientHttp,
            ws=self.gateway.ws_protocol,
            newcomers=self.gateway.newcomers,
            host=server.host,
            port=server.port,
            emit=self._hear,
        )

    def _make_channels(self, config: Config) -> Mapping[str, Channel]:
        return channels(config, self._transport, self._clock, self._link, self._codes)

    def _configured_tokens(self, config: Config) -> Mapping[str, ConfiguredToken]:
        configured = {
            name: ConfiguredToken(token.secret, frozenset(token.scopes))
            for name, token in config.settings.tokens.items()
        }
        return configured | {LOCAL: local_token(config.local_token_file)}

    def _link(self, delivery: Delivery, record: AlertRecord) -> str | None:
        """The short link of a delivery, where the service can be reached from outside; else the product's own."""
        start = self.config.public_url
        if start is None or record.alert.url is None:
            return record.alert.url
        return f"{start}/r/{self._codes.of(delivery.key)}"

    async def _not_ready(self) -> Sequence[str]:
        """False alarms cost a load balancer its target: only what keeps alerts from being taken counts."""
        if self.web.closed:
            return ("the service stops",)
        try:
            await self.ledger.probe()
        except LedgerError as problem:
            return (problem.message,)
        return self.doors.problems()

    def _hear(self, fact: Fact) -> None:
        for listener in self._listeners:
            listener(fact)
