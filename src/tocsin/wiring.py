"""The channels of a configuration, made as the catalogue says, and the mirrors of its history."""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.contract import Channel
from tocsin.channels.product_links import DirectLink, TrackedLink
from tocsin.channels.spec import Surroundings, UnfitError
from tocsin.channels.transport import Transport
from tocsin.config.configuration import Config
from tocsin.config.policy import catalog_of, rulebook
from tocsin.config.reading.problems import Problem, invalid
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import InvalidConfigError, MirrorError
from tocsin.core.facts import Emit
from tocsin.core.link import Codes
from tocsin.mirrors.airtable import Airtable
from tocsin.mirrors.airtable.airtable import API
from tocsin.mirrors.contract import Mirror
from tocsin.mirrors.redis import RedisStream


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


def airtable(config: Config, transport: Transport, clock: Clock, emit: Emit = lambda _: None) -> Airtable | None:
    """The table that the history is copied to; None where there is none."""
    table = config.settings.history.airtable
    if table is None:
        return None
    return Airtable(
        table.token,
        table.base,
        table.table,
        api_base=str(table.api_base or API),
        calls_per_month=table.calls_per_month,
        transport=transport,
        clock=clock,
        emit=emit,
    )


def mirrors(
    config: Config, transport: Transport, clock: Clock, emit: Emit = lambda _: None, *, ledger: str = ""
) -> list[Mirror]:
    """The mirrors of the history, for the ledger of that epoch. Raises InvalidConfigError where one needs what is not
    installed.
    """
    made: list[Mirror] = []
    if table := airtable(config, transport, clock, emit):
        made.append(table)
    if redis := config.settings.history.redis:
        try:
            made.append(RedisStream(redis.url, redis.stream, redis.keep, ledger))
        except MirrorError as problem:
            raise InvalidConfigError(problem.message) from None
    return made


def judge(config: Config) -> None:
    """Whether these channels could be made; nothing is started, nobody is called. Raises InvalidConfigError."""
    rulebook(config)
    channels(config, Transport(), SystemClock(), codes=Codes(bytes), passes=Passes(bytes))
