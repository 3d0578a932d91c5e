"""The channels of a configuration and the mirrors of its history, made as the catalogue says; and how it is called as a
node.
"""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.bus.contract import Bus
from tocsin.bus.inprocess import InProcessBus
from tocsin.bus.valkey import ValkeyBus
from tocsin.channels.contract import Channel
from tocsin.channels.product_links import DirectLink, TrackedLink
from tocsin.channels.spec import Surroundings, UnfitError
from tocsin.channels.transport import Transport
from tocsin.config.configuration import Config
from tocsin.config.digest import digest
from tocsin.config.policy import catalog_of, rulebook
from tocsin.config.reading.problems import Problem, invalid
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import InvalidConfigError, MirrorError
from tocsin.core.facts import Emit
from tocsin.core.link import Codes
from tocsin.ledger.contract import Node
from tocsin.mirrors.contract import Mirror
from tocsin.mirrors.spec import MirrorSurroundings


def channels(
    config: Config, transport: Transport, clock: Clock, *, codes: Codes, passes: Passes
) -> Mapping[str, Channel]:
    """Raises InvalidConfigError for what only a channel itself can judge: its templates, its addresses."""
    catalog, start = catalog_of(config.settings), config.public_url
    direct = DirectLink(catalog.retailers)
    tracked = direct if start is None else TrackedLink(start, codes)
    around = Surroundings(
        transport=transport,
        clock=clock,
        link=tracked,
        pages=PageAddresses(start, passes, codes, clock),
        codes=codes,
        keys=config.people_key_file.parent,
        public_url=start,
        retailers=catalog.retailers,
        product=lambda alert: product.name if (product := catalog.product_of(alert)) else None,
    )
    made: dict[str, Channel] = {}
    for spec, settings in config.settings.alerts.channels.enabled():
        if spec.make is None:
            continue
        try:
            link = tracked if settings.track_links else direct
            made[spec.name] = spec.make(settings, replace(around, link=link))
        except UnfitError as unfit:
            above = ("alerts", "channels", spec.name)
            problems = [Problem((*above, *flaw.path), flaw.message, flaw.place) for flaw in unfit.flaws]
            raise invalid(config.file.name if config.file else "the configuration", problems) from None
        except ValueError as problem:
            raise InvalidConfigError(f"alerts.channels.{spec.name}: {problem}") from None
    return made


def mirrors(
    config: Config, transport: Transport, clock: Clock, emit: Emit = lambda _: None, *, ledger: str = ""
) -> list[Mirror]:
    """The mirrors of the history, for the ledger of that epoch. Raises InvalidConfigError where one needs what is not
    installed.
    """
    around = MirrorSurroundings(transport=transport, clock=clock, emit=emit, ledger=ledger)
    try:
        return [spec.make(settings, around) for spec, settings in config.settings.history.written()]
    except MirrorError as problem:
        raise InvalidConfigError(problem.message) from None


@asynccontextmanager
async def bus(config: Config, node: Node, clock: Clock, emit: Emit, *, ledger: str) -> AsyncIterator[Bus]:
    """The bus of that node of the ledger of that epoch; without a `cluster.url`, or with a file for a ledger, it hears
    itself alone. Raises InvalidConfigError where what is needed is not installed.
    """
    url = config.settings.cluster.url
    if url is None or config.settings.storage.file is not None:
        yield InProcessBus()
        return
    async with ValkeyBus(url, ledger=ledger, node=node.id, clock=clock, emit=emit).running() as running:
        yield running


def node_of(config: Config, version: str) -> Node:
    """Its name is where it listens; of one that takes a free port, by its process."""
    name = f"{socket.gethostname()}:{config.settings.server.port or f'process {os.getpid()}'}"
    return Node(id=uuid4().hex, name=name, version=version, config_digest=digest(config))


def judge(config: Config) -> None:
    """Whether these channels could be made; nothing is started, nobody is called. Raises InvalidConfigError."""
    rulebook(config)
    channels(config, Transport(), SystemClock(), codes=Codes(bytes), passes=Passes(bytes))
