"""The channels of a configuration, made as the catalogue says."""

from collections.abc import Mapping

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.contract import Channel, Link
from tocsin.channels.spec import Surroundings, UnfitError
from tocsin.channels.transport import Transport
from tocsin.config.configuration import Config
from tocsin.config.policy import catalog_of, rulebook
from tocsin.config.reading.problems import Problem, invalid
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import InvalidConfigError
from tocsin.core.link import Codes


def channels(
    config: Config, transport: Transport, clock: Clock, *, link: Link, codes: Codes, passes: Passes
) -> Mapping[str, Channel]:
    """Raises InvalidConfigError for what only a channel itself can judge: its templates, its addresses."""
    around = Surroundings(
        transport=transport,
        clock=clock,
        link=link,
        pages=PageAddresses(config.public_url, passes, codes, clock),
        codes=codes,
        public_url=config.public_url,
        retailers=catalog_of(config.settings).retailers,
    )
    made: dict[str, Channel] = {}
    for spec, settings in config.settings.alerts.channels.enabled():
        if spec.make is None:
            continue
        try:
            made[spec.name] = spec.make(settings, around)
        except UnfitError as unfit:
            above = ("alerts", "channels", spec.name)
            problems = [Problem((*above, *flaw.path), flaw.message, flaw.place) for flaw in unfit.flaws]
            raise invalid(config.file.name if config.file else "the configuration", problems) from None
        except ValueError as problem:
            raise InvalidConfigError(f"alerts.channels.{spec.name}: {problem}") from None
    return made


def judge(config: Config) -> None:
    """Whether these channels could be made; nothing is started, nobody is called. Raises InvalidConfigError."""
    rulebook(config)
    channels(config, Transport(), SystemClock(), link=lambda *_: None, codes=Codes(bytes), passes=Passes(bytes))
