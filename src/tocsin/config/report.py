"""What `tocsin check` says of a configuration that loads: what is in it, and what is probably not meant so."""

import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.catalogue import CATALOGUE
from tocsin.config.configuration import Config
from tocsin.config.policy import JOIN_WORDING, routes, spending_of
from tocsin.config.reading.problems import KeyPath, did_you_mean, dotted
from tocsin.config.settings import Settings
from tocsin.core.delivery import Target
from tocsin.rules.glob import Globs, is_glob
from tocsin.rules.match import Match

_SHORT_SECRET = 32  # characters of a token that cannot be guessed
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that works, but hardly as it was meant. `place` is `alerts.json:12:7` where the file says it."""

    path: str
    message: str
    place: str = ""

    def as_json(self) -> dict[str, str]:
        return {"path": self.path, "message": self.message, "place": self.place}


@dataclass(frozen=True, slots=True)
class Report:
    """`found` counts what there is, by its plural: `{"routes": 2, "webhooks": 3, …}`. Paths are absolute. `notes` say
    how far something reaches that is as it should be.
    """

    file: Path | None
    ledger: str
    found: Mapping[str, int]
    cautions: tuple[Caution, ...]
    notes: tuple[Caution, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "file": str(self.file) if self.file else None,
            "ledger": self.ledger,
            "found": dict(self.found),
            "warnings": [caution.as_json() for caution in self.cautions],
            "notes": [note.as_json() for note in self.notes],
        }


def check(config: Config) -> Report:
    """Looks at the modes of secret files and for the ledger's folder, and at nothing else outside."""
    return Report(
        file=config.file,
        ledger=config.settings.storage.url.without_password,
        found=_found(config.settings),
        cautions=tuple(_cautions(config)),
        notes=tuple(Caution(dotted(path), message, config.where(path)) for path, message in _limits(config.settings)),
    )


def _found(settings: Settings) -> Mapping[str, int]:
    """The targets of channels by what they are called there: webhooks, endpoints, lists."""
    enabled = list(settings.alerts.channels.enabled())
    targets: Counter[str] = Counter()
    for spec, channel in enabled:
        targets.update({key: len(getattr(channel, key)) for key in spec.named_in if spec.make})
    return {
        "channels": len(enabled),
        **targets,
        "routes": len(routes(settings)),
        "products": len(settings.products),
        "retailers": len(settings.retailers),
        "tokens": len(settings.tokens),
    }


def _cautions(config: Config) -> Iterator[Caution]:
    for look in (
        _absent_channels,
        _unreached,
        _not_kept,
        _operators,
        _of_channels,
        _unused,
        _unknown_words,
        _later,
        _spending,
        _shadows,
        _without_effect,
        _links,
        _tokens,
    ):
        for path, message in look(config.settings):
            yield Caution(dotted(path), message, config.where(path))
    yield from _no_folder(config)
    yield from _env_file(config)
    yield from _open_files(config)


_Finding = tuple[KeyPath, str]


def _absent_channels(settings: Settings) -> Iterator[_Finding]:
    for spec, _ in settings.alerts.channels.enabled():
        if spec.make is None:
            path = ("alerts", "channels", spec.name)
            yield path, f"this version has no {spec.name} channel yet: it plans no deliveries"


def _unreached(settings: Settings) -> Iterator[_Finding]:
    """Channels that no alert ever reaches, and targets that reach nobody."""
    reached = {target.channel for target in _reachable(settings)}
    live = _live(settings)
    for name in sorted(live - reached):
        if CATALOGUE[name].make:
            yield ("alerts", "channels", name), f"{name} is enabled, and no route or retailer leads there"
    for number, route in enumerate(settings.routes or ()):
        for target in route.to:
            if target.channel not in live:
                yield ("routes", number, "to"), f"{target} gets nothing while {target.channel} is not enabled"


def _not_kept(settings: Settings) -> Iterator[_Finding]:
    """Lists that the file does not have, so that a call must say who is on them."""
    targets = {
        Target(spec.name, place.name)
        for spec, channel in settings.alerts.channels.enabled()
        if spec.list_by_call
        for place in spec.targets(channel)
    }
    channels = {target.channel for target in targets}
    for path, target in _routed(settings):
        if target.channel in channels and target not in targets:
            yield path, f"the file has no list {target}: nobody is told until a call keeps it"


def _routed(settings: Settings) -> Iterator[tuple[KeyPath, Target]]:
    """The targets of routes and retailers, where they are named."""
    for number, route in enumerate(settings.routes or ()):
        yield from ((("routes", number, "to", at), target) for at, target in enumerate(route.to))
        yield from ((("routes", number, "fallback", at), target) for at, target in enumerate(route.fallback))
    for name, retailer in settings.retailers.items():
        yield from ((("retailers", name, "to", at), target) for at, target in enumerate(retailer.to))


def _live(settings: Settings) -> frozenset[str]:
    """The names of the enabled channels."""
    return frozenset(spec.name for spec, _ in settings.alerts.channels.enabled())


def _reachable(settings: Settings) -> Iterator[Target]:
    for route in routes(settings):
        yield from (*route.to, *route.fallback)
    for retailer in settings.retailers.values():
        yield from retailer.to
    yield from settings.operators.to


def _operators(settings: Settings) -> Iterator[_Finding]:
    """Places where nobody would hear what the service has to say of itself."""
    live, lists = _live(settings), _lists(settings)
    for number, target in enumerate(settings.operators.to):
        path = ("operators", "to", number)
        if target.channel not in live:
            yield path, f"{target} is told nothing while {target.channel} is not enabled"
        elif CATALOGUE[target.channel].make is None:
            yield path, f"this version has no {target.channel} channel yet: {target} is told nothing"
        elif target in lists:
            yield path, f"{target} is a list of people: what operators are told goes to channels alone"


def _lists(settings: Settings) -> frozenset[Target]:
    return frozenset(
        Target(spec.name, place.name)
        for spec, channel in settings.alerts.channels.enabled()
        for place in spec.targets(channel)
        if place.people
    )


def _of_channels(settings: Settings) -> Iterator[_Finding]:
    """What each enabled channel itself points out."""
    for spec, channel in settings.alerts.channels.enabled():
        for path, message in spec.cautions(channel):
            yield ("alerts", "channels", spec.name, *path), message


def _unused(settings: Settings) -> Iterator[_Finding]:
    matches = list(_matches(settings))
    limits = settings.alerts.filters.products
    joining = any(True for _ in _joins(settings))
    for name, product in settings.products.items():
        asked = any(_names(match.products, name) or _names(match.families, product.family) for _, match in matches)
        if not (asked or joining or name in limits):
            yield ("products", name), "no route, mention or price limit speaks of it"
        if not product.skus:
            yield ("products", name), "it has no skus, so no alert is ever about it"
    used = {name for path, name in settings.alerts.below() if path[-2:] == ("quiet", "hours")}
    for name in settings.quiet_hours:
        if name not in used:
            yield ("quiet_hours", name), "no target keeps these hours"


def _joins(settings: Settings) -> Iterator[KeyPath]:
    """Where the file says that alerts join messages."""
    for spec, channel in settings.alerts.channels.written():
        if "join" in spec.uses:
            for path, value in channel.below(("alerts", "channels", spec.name)):
                if path[-1] == "join" and value:
                    yield path


def _unknown_words(settings: Settings) -> Iterator[_Finding]:
    """Words of conditions that no alert can ever meet. In routes, plain ones are errors already."""
    families = {product.family for product in settings.products.values() if product.family}
    for path, match in _matches(settings):
        asked = [("families", word, families) for word in sorted(match.families)]
        asked += [("products", word, set(settings.products)) for word in sorted(match.products)]
        for key, word, known in asked:
            if not any(_names({word}, name) for name in known):
                yield (*path, key), f'products knows nothing of "{word}"{did_you_mean(word, known)}'


def _matches(settings: Settings) -> Iterator[tuple[KeyPath, Match]]:
    """Every condition of the file."""
    return ((path, value) for path, value in settings.below() if isinstance(value, Match))


def _names(words: frozenset[str] | set[str], name: str | None) -> bool:
    return name is not None and (name in words or Globs.of(filter(is_glob, words)).hold(name))


def _later(settings: Settings) -> Iterator[_Finding]:
    """What is read and checked, and not acted upon."""
    if settings.cluster.url and settings.storage.url.reveal().startswith("sqlite"):
        yield ("cluster", "url"), "one process owns a SQLite ledger: it is used with PostgreSQL only"
    for name in settings.people.wordings:
        if name != JOIN_WORDING:
            yield ("people", "wordings", name), f"nothing is asked in these words: there is {JOIN_WORDING}"


def _spending(settings: Settings) -> Iterator[_Finding]:
    """A cap in one currency, and what is spent in another."""
    for spec, channel in settings.alerts.channels.enabled():
        policy = spending_of(spec, channel, settings.costs)
        listed = spec.spending(channel)
        if policy is None or listed is None:
            continue
        for currency in sorted({listed.unit.currency, policy.unit.currency}):
            if not policy.knows(currency):
                path = ("alerts", "channels", spec.name, "spend_cap", "currency")
                yield path, f"costs.rates do not say what {currency} is worth in {policy.currency}: they count alike"


def _shadows(settings: Settings) -> Iterator[_Finding]:
    if settings.mode == "shadow":
        yield ("mode",), "shadow: everything is decided and shown, nothing is sent"
    for spec, channel in settings.alerts.channels.enabled():
        if channel.mode == "shadow" and settings.mode != "shadow":
            path = ("alerts", "channels", spec.name, "mode")
            yield path, f"shadow: everything for {spec.name} is shown, nothing is sent"


def _without_effect(settings: Settings) -> Iterator[_Finding]:
    """Keys that are right where they stand, and of no use there."""
    for path in () if settings.products else _joins(settings):
        yield path, "products lists nothing: no alert ever joins a message"
    for spec, channel in settings.alerts.channels.enabled():
        for key, able in _OF_SOME.items():
            if getattr(channel, key) and key not in spec.uses:
                those = " and ".join(other.title for other in CATALOGUE.values() if key in other.uses)
                yield ("alerts", "channels", spec.name, key), f"messages of {those} alone {able}: not used"


# Keys of every channel that only some act upon.
_OF_SOME = {"templates": "have templates", "join": "can be joined"}


def _limits(settings: Settings) -> Iterator[_Finding]:
    for name, limits in settings.alerts.filters.products.items():
        path = ("alerts", "filters", "products", name)
        yield path, f"these limits are in {limits.currency}: an alert in another currency is not limited"


def _links(settings: Settings) -> Iterator[_Finding]:
    reachable = settings.server.public_url or settings.links.public_url
    for name, retailer in settings.retailers.items():
        path, link = ("retailers", name, "link"), retailer.link or ""
        if link and "{url}" not in link:
            yield path, "without {url} every product of this shop has the same link"
        if "{click}" in link and not reachable:
            yield path, "without server.public_url no click has a code: purchases cannot be credited by it"
        if "{tracking}" in link and not retailer.tracking:
            yield path, "`tracking` says the id of no channel: {tracking} is left out"
        if retailer.tracking and "{tracking}" not in link:
            yield ("retailers", name, "tracking"), "no link brings these along: {tracking} stands for them in `link`"


def _tokens(settings: Settings) -> Iterator[_Finding]:
    for name, token in settings.tokens.items():
        if len(token.secret.reveal()) < _SHORT_SECRET:
            yield ("tokens", name, "secret"), f"shorter than {_SHORT_SECRET} characters: it can be guessed"


def _no_folder(config: Config) -> Iterator[Caution]:
    ledger = config.settings.storage.file
    if ledger and not ledger.parent.is_dir():
        path = ("storage", "url")
        message = f"the folder {ledger.parent} is not there: it has to be made before the service starts here"
        yield Caution(dotted(path), message, config.where(path))


def _env_file(config: Config) -> Iterator[Caution]:
    if config.env_file_missing:
        yield Caution("env_file", "the file is not there", config.where(("env_file",)))


def _open_files(config: Config) -> Iterator[Caution]:
    """Others on this machine can read what should be secret."""
    for path in config.private_files:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if mode & _OTHERS:
            yield Caution(str(path), f"its mode is {mode:04o}: others can read the secrets in it; chmod 600 mends it")
