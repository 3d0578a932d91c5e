"""What the HTTP doors are made of: every part by name, none found by itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.access.entrance import Entrance
from tocsin.access.tokens import Tokens
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit
from tocsin.ledger.contract import Archive, Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.demo import Demo
from tocsin.pipeline.feed import Feed
from tocsin.pipeline.intake.intake import Intake
from tocsin.pipeline.operations import Operations
from tocsin.pipeline.sending.receipts import Receipts
from tocsin.pipeline.watch.conditions import Conditions
from tocsin.pipeline.watch.monitors import Monitors
from tocsin.web.terminal import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`metrics_from` are addresses or networks."""

    version: str = "0"
    metrics_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`reload` raises InvalidConfigError; `not_ready` names what keeps us from accepting, and is empty where nothing
    does; `public_url` is where the service is known from outside; `stats` is how it does now; `terminal` is known once
    the doors are open.
    """

    intake: Intake
    monitors: Monitors
    conditions: Conditions
    operations: Operations
    ledger: Ledger
    archive: Archive
    feed: Feed
    tokens: Tokens
    active: Active
    clock: Clock
    emit: Emit
    reload: Callable[[], Awaitable[object]]
    not_ready: Callable[[], Awaitable[Sequence[str]]]
    metrics: Callable[[], bytes]
    stats: Callable[[], Awaitable[Mapping[str, Any]]]
    terminal: Callable[[], Terminal]
    demo: Demo
    receipts: Receipts
    public_url: Callable[[], str | None]
    link_secret: bytes
    entrance: Entrance = field(default_factory=Entrance)
    settings: WebSettings = field(default_factory=WebSettings)
