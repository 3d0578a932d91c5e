"""Names every part that the HTTP doors are made of; none is found by itself."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tocsin.access.entrance import Entrance
from tocsin.access.tokens import Tokens
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit
from tocsin.ledger.contract import Ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.demo import Demo
from tocsin.pipeline.pipeline import Pipeline
from tocsin.web.terminal import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`metrics_from` are addresses or networks."""

    version: str = "0"
    metrics_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program that the doors belong to, as far as they ask it. `reload` raises InvalidConfigError; `not_ready`
    names what keeps it from accepting, and is empty where nothing does; `public_url` is where it is known from outside,
    None where it is not; `configuration` tells what is in force, without secrets, and `check` what a file would be, or
    raises InvalidConfigError; `terminal` is known once the doors are open.
    """

    reload: Callable[[], Awaitable[object]]
    not_ready: Callable[[], Awaitable[Sequence[str]]]
    metrics: Callable[[], bytes]
    terminal: Callable[[], Terminal]
    public_url: Callable[[], str | None]
    configuration: Callable[[], Awaitable[Mapping[str, Any]]]
    check: Callable[[bytes], Awaitable[Mapping[str, Any]]]
    demo: Demo


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    program: Program
    ledger: Ledger
    pipeline: Pipeline
    tokens: Tokens
    active: Active
    clock: Clock
    emit: Emit
    entrance: Entrance = field(default_factory=Entrance)
    settings: WebSettings = field(default_factory=WebSettings)
