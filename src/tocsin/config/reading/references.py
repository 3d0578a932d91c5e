"""What one part of the file says of another: targets, quiet hours, products, and what enabled channels need."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from tocsin.catalogue import CATALOGUE
from tocsin.config.reading.problems import KeyPath, did_you_mean
from tocsin.config.reading.tree import EACH, find, keys_at
from tocsin.config.values.addresses import is_host, is_loopback, split_url
from tocsin.core.secret import Secret
from tocsin.core.wordlist import words_of
from tocsin.rules.catalog import fold
from tocsin.rules.glob import is_glob

Finding = tuple[KeyPath, str]

_CHANNELS = ("alerts", "channels")
# Lists of targets; what they say is `channel:name`.
_TARGET_LISTS: tuple[tuple[object, ...], ...] = (
    ("operators", "to", EACH),
    ("retailers", EACH, "to", EACH),
    ("routes", EACH, "to", EACH),
    ("routes", EACH, "fallback", EACH),
)
_LIMITS = ("min_price", "max_price")
_OFF = frozenset({"false", "0", "off", "no", "n", "f"})


def dangling(tree: Any) -> Iterator[Finding]:
    """Everything that this tree of values says about parts of it that are not there, or not as they must be.

    Works on values that nobody has checked: what is of the wrong type is left to those who report that.
    """
    for check in _CHECKS:
        yield from check(tree)


def is_enabled(tree: Any, channel: str) -> bool:
    """Whether a channel is written down and not switched off."""
    return any(
        isinstance(block, dict) and str(block.get("enabled", True)).lower() not in _OFF
        for _, block in find(tree, (*_CHANNELS, channel))
    )


def _targets(tree: Any) -> Iterator[Finding]:
    for pattern in _TARGET_LISTS:
        for path, value in find(tree, pattern):
            of_people = pattern[0] != "operators"
            problem = (
                _target_problem(tree, value, of_people=of_people) if isinstance(value, str) and ":" in value else None
            )
            if problem:
                yield path, problem


def _target_problem(tree: Any, value: str, *, of_people: bool) -> str | None:
    """A list may be kept by a call later, unless its name is nearly that of one that is written down."""
    channel, _, name = value.partition(":")
    if channel not in CATALOGUE:
        return f"there is no channel {_quoted(channel)}{did_you_mean(channel, CATALOGUE)}"
    if channel not in keys_at(tree, *_CHANNELS):
        return f"alerts.channels has no {channel}"
    named_in = CATALOGUE[channel].named_in
    written = [each for key in named_in for each in keys_at(tree, *_CHANNELS, channel, key)]
    names = [*written, *CATALOGUE[channel].given]
    if of_people and CATALOGUE[channel].list_by_call and not did_you_mean(name, names):
        return None
    if name not in names:
        near = did_you_mean(value, (f"{channel}:{each}" for each in names))
        return f"{channel} has no {named_in[0].removesuffix('s')} {_quoted(name)}{near}"
    return None


def _quiet_hours(tree: Any) -> Iterator[Finding]:
    """Those that a named place of any channel keeps."""
    hours = keys_at(tree, "quiet_hours")
    for path, value in find(tree, (*_CHANNELS, EACH, EACH, EACH, "quiet", "hours")):
        if isinstance(value, str) and value not in hours:
            yield path, f"quiet_hours has no {_quoted(value)}{did_you_mean(value, hours)}"


def _endless_hours(tree: Any) -> Iterator[Finding]:
    """They would begin as they end, day after day, and a target would be quiet for ever."""
    for path, hours in find(tree, ("quiet_hours", EACH)):
        if isinstance(hours, dict) and hours.get("from") is not None and hours.get("from") == hours.get("to"):
            yield (*path, "to"), "they end when they begin, so they would never end: another time is needed"


def _route_products(tree: Any) -> Iterator[Finding]:
    """A route for a product or a family that nobody described would never be taken."""
    families = {family for _, family in find(tree, ("products", EACH, "family")) if isinstance(family, str)}
    known = {"product": set(keys_at(tree, "products")), "family": families}
    for thing, key in (("product", "products"), ("family", "families")):
        for path, word in _words(tree, ("routes", EACH, "match", key)):
            if not is_glob(word) and word not in known[thing]:
                yield path, f"products has no {thing} {_quoted(word)}{did_you_mean(word, known[thing])}"


def _words(tree: Any, pattern: tuple[object, ...]) -> Iterator[tuple[KeyPath, str]]:
    """The words of a condition: a list, or one string with commas."""
    for path, value in find(tree, pattern):
        words = find(value, (EACH,), path) if isinstance(value, list) else ((path, each) for each in _parts(value))
        yield from ((place, word.strip()) for place, word in words if isinstance(word, str) and word.strip())


def _parts(value: Any) -> list[str]:
    return words_of(value) if isinstance(value, str) else []


def _filtered_products(tree: Any) -> Iterator[Finding]:
    known = keys_at(tree, "products")
    for name in keys_at(tree, "alerts", "filters", "products"):
        if name not in known:
            yield ("alerts", "filters", "products", name), f"products has no {_quoted(name)}{did_you_mean(name, known)}"


def _impossible_limits(tree: Any) -> Iterator[Finding]:
    """Limits that no price can meet would filter every alert of the product."""
    for path, limits in find(tree, ("alerts", "filters", "products", EACH)):
        least, most = (_amount(limits.get(key)) if isinstance(limits, dict) else None for key in _LIMITS)
        if least is not None and most is not None and least > most:
            yield (
                (*path, "max_price"),
                "no price is above min_price and below this: nothing of the product would be told",
            )


def _amount(value: Any) -> Decimal | None:
    """None for what is no price: that is told of elsewhere."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _judged_by_channels(tree: Any) -> Iterator[Finding]:
    """What each enabled channel itself finds wrong with its block."""
    for spec in CATALOGUE.values():
        for path, block in find(tree, (*_CHANNELS, spec.name)) if is_enabled(tree, spec.name) else ():
            yield from (((*path, *place), problem) for place, problem in spec.problems(block))


def _needs(tree: Any) -> Iterator[Finding]:
    for spec in CATALOGUE.values():
        for key in spec.settings.needs if is_enabled(tree, spec.name) else ():
            if all(value is None for _, value in find(tree, (*_CHANNELS, spec.name, key))):
                yield (*_CHANNELS, spec.name, key), "this key is needed while the channel is enabled"


def _pacing(tree: Any) -> Iterator[Finding]:
    for path, value in find(tree, (*_CHANNELS, EACH, "pacing")):
        base = next((base for _, base in find(tree, (*path[:-1], "api_base"))), None)
        if value == "none" and not (isinstance(base, str) and is_loopback(_host(base))):
            yield path, "limits of a provider are only dropped where api_base is on loopback"


def _api_bases(tree: Any) -> Iterator[Finding]:
    for path, value in find(tree, (*_CHANNELS, EACH, "api_base")):
        if isinstance(value, str) and value.startswith("http://") and not is_loopback(_host(value)):
            yield path, "secrets travel to this address: https:// is needed outside of loopback"


def _host(url: str) -> str | None:
    parts = split_url(url)
    return parts.hostname if parts else None


def _equal_tokens(tree: Any) -> Iterator[Finding]:
    seen: dict[Secret, str] = {}
    for path, value in find(tree, ("tokens", EACH, "secret")):
        if isinstance(value, str) and value:
            first = seen.setdefault(Secret(value), str(path[1]))
            if first != path[1]:
                yield path, f"the same secret as tokens.{first}: callers could not be told apart"


def _open_to_strangers(tree: Any) -> Iterator[Finding]:
    """Reachable from other machines, and nobody has a token but this machine's own commands."""
    for path, host in find(tree, ("server", "host")):
        if isinstance(host, str) and is_host(host) and not is_loopback(host) and not keys_at(tree, "tokens"):
            yield path, "strangers can reach this address: configure `tokens`, or listen on 127.0.0.1"


def _reserved_tokens(tree: Any) -> Iterator[Finding]:
    if "local" in keys_at(tree, "tokens"):
        yield ("tokens", "local"), "this name belongs to the token of the commands on this machine"


def _spellings(tree: Any) -> Iterator[Finding]:
    """One spelling cannot mean two retailers."""
    seen = {fold(key): key for key in keys_at(tree, "retailers")}
    for path, alias in find(tree, ("retailers", EACH, "aliases", EACH)):
        if isinstance(alias, str) and seen.setdefault(fold(alias), str(path[1])) != path[1]:
            yield path, f"this spelling means {_quoted(seen[fold(alias)])} already"


def _tracking(tree: Any) -> Iterator[Finding]:
    """A tracking id says by which channel somebody came: it is one channel's, and no other's."""
    for path, told in find(tree, ("retailers", EACH, "tracking")):
        seen: dict[str, str] = {}
        for channel, tracking in told.items() if isinstance(told, dict) else ():
            if channel not in CATALOGUE:
                near = did_you_mean(str(channel), CATALOGUE)
                yield (*path, channel), f"there is no channel {_quoted(str(channel))}{near}"
            elif isinstance(tracking, str) and seen.setdefault(tracking, channel) != channel:
                yield (*path, channel), f"{seen[tracking]} has the same tracking id: nobody could tell them apart"


def _monthly_costs(tree: Any) -> Iterator[Finding]:
    for name in keys_at(tree, "costs", "per_month"):
        if name not in CATALOGUE:
            yield ("costs", "per_month", name), f"there is no channel {_quoted(name)}{did_you_mean(name, CATALOGUE)}"


def _route_names(tree: Any) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, name in find(tree, ("routes", EACH, "name")):
        if isinstance(name, str) and name in seen:
            yield path, f"another route is called {_quoted(name)}"
        seen.add(str(name))


def _quoted(name: str) -> str:
    """A name as messages repeat it: short, on one line."""
    return repr(name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + "…").replace("'", '"')


_MAX_NAME = 60
_CHECKS = (
    _targets,
    _quiet_hours,
    _endless_hours,
    _route_products,
    _filtered_products,
    _impossible_limits,
    _judged_by_channels,
    _needs,
    _pacing,
    _api_bases,
    _equal_tokens,
    _open_to_strangers,
    _reserved_tokens,
    _spellings,
    _tracking,
    _monthly_costs,
    _route_names,
)
