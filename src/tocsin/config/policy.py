"""From the configuration to the rules in force."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tocsin.channels.settings import ChannelSettings, Quiet
from tocsin.channels.spec import Place, ProviderLimits, Spec
from tocsin.config.configuration import Config
from tocsin.config.settings import Settings
from tocsin.config.settings.costs import Costs
from tocsin.config.settings.decisions import PriceLimits, ProductSettings, QuietHoursSettings, RouteSettings
from tocsin.core.delivery import Target
from tocsin.core.errors import InvalidConfigError
from tocsin.core.file import cause, read_text
from tocsin.core.signal import Cost
from tocsin.rules.attribution import Crediting
from tocsin.rules.catalog import Catalog, Product, Retailer, fold_sku
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.money import MoneyPolicy
from tocsin.rules.objective import Objective
from tocsin.rules.people import FixedList, PeoplePolicy
from tocsin.rules.questions import QuestionRule
from tocsin.rules.quiet import QuietHours, QuietRule
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook
from tocsin.rules.signing_up import SigningUp
from tocsin.rules.spending import SpendPolicy

# What is left of a provider's limits without pacing: towards this machine nobody has to be spared.
UNPACED = ProviderLimits(in_flight=64)

JOIN_WORDING = "join"  # of `people.wordings`: what is agreed to on `/join`
MOST_OF_WORDING = 10_000  # bytes


def rulebook(config: Config) -> Rulebook:
    settings = config.settings
    catalog = catalog_of(settings)
    return Rulebook(
        catalog=catalog,
        filters=_filters(settings, catalog),
        dedup=AlertDeduplicator(DedupPolicy(**dict(settings.dedup))),
        routing=_routing(settings),
        objective=_objective(settings),
        people=_people(settings),
        crediting=Crediting(window=settings.links.attribution_window, bought_mute=settings.links.bought_mute),
        questions=QuestionRule(every=settings.links.ask_every),
        money=_money(settings),
        operators=settings.operators.to,
        retention=settings.storage.retention,
    )


def routes(settings: Settings) -> tuple[Route, ...]:
    """Those of the file, or those that hold where it has none."""
    if settings.routes is None:
        return tuple(
            route
            for spec, block in settings.alerts.channels.enabled()
            for route in (spec.default_routes(block) if spec.make else ())
        )
    return tuple(_route(number, route) for number, route in enumerate(settings.routes, start=1))


def _objective(settings: Settings) -> Objective | None:
    """When alerts count as told in time."""
    asked = settings.operators.objective
    return None if asked is None else Objective(within=asked.within, of=asked.of)


def _money(settings: Settings) -> MoneyPolicy:
    """What is known of amounts: for a text without a price the dearest of the price list."""
    costs = settings.costs
    found = {
        spec.name: spending_of(spec, channel, costs)
        for spec, channel in settings.alerts.channels.enabled()
        if spec.make
    }
    return MoneyPolicy(
        currency=costs.currency,
        worth={name: Decimal(str(rate)) for name, rate in costs.rates.items()},
        unit={name: policy.unit for name, policy in found.items() if policy is not None},
        monthly={name: Cost(Decimal(str(amount)), costs.currency) for name, amount in costs.per_month.items()},
    )


def _people(settings: Settings) -> PeoplePolicy:
    return PeoplePolicy(
        countries=settings.people.countries,
        zone=settings.people.zone,
        accept_imported=settings.people.accept_imported,
        lists={
            Target(spec.name, name): _fixed(block)
            for spec, channel in settings.alerts.channels.written()
            for name, block in getattr(channel, "lists", {}).items()
        },
        signing_up=_signing_up(settings),
    )


def _signing_up(settings: Settings) -> SigningUp:
    """Raises InvalidConfigError where the wording cannot be read."""
    people = settings.people
    file = people.wordings.get(JOIN_WORDING)
    try:
        wording = None if file is None else read_text(file, MOST_OF_WORDING)
    except (OSError, ValueError) as problem:
        raise InvalidConfigError(f"people.wordings.join: {file} cannot be read: {cause(problem)}") from None
    if wording is not None and not wording.strip():
        raise InvalidConfigError(f"people.wordings.join: {file} is empty: it says what people agree to")
    return SigningUp(open=people.signup, name=people.name or "", wording=wording)


def _fixed(block: Any) -> FixedList:
    """Not every channel's lists say all of this."""
    told = {key: getattr(block, key, None) for key in ("tag", "to", "max_recipients")}
    return FixedList(told["tag"], len(told["to"] or ()), told["max_recipients"])


def _route(number: int, route: RouteSettings) -> Route:
    return Route(
        name=route.name or f"route {number}",
        match=route.match,
        to=route.to,
        fallback=route.fallback,
        parallel=route.parallel,
        stop=route.stop,
        critical=route.critical,
    )


def catalog_of(settings: Settings) -> Catalog:
    products = {name: _product(name, product, settings) for name, product in settings.products.items()}
    retailers = {
        key: Retailer(
            key=key,
            title=retailer.name or key,
            icon=retailer.icon,
            aliases=retailer.aliases,
            to=retailer.to,
            link=retailer.link,
            tracking=retailer.tracking,
            zone=retailer.zone,
        )
        for key, retailer in settings.retailers.items()
    }
    return Catalog(products=products, retailers=retailers)


def _product(name: str, product: ProductSettings, settings: Settings) -> Product:
    limits = settings.alerts.filters.products.get(name, PriceLimits())
    return Product(
        name=name,
        family=product.family,
        skus=product.skus,
        min_price=limits.min_price,
        max_price=limits.max_price,
        currency=limits.currency,
    )


def _filters(settings: Settings, catalog: Catalog) -> FilterPolicy:
    filters = settings.alerts.filters
    return FilterPolicy(
        min_price_drop_percent=filters.min_price_drop_percent,
        excluded_retailers=frozenset(map(catalog.canonical, filters.excluded_retailers)),
        priority_skus=frozenset(fold_sku(sku, catalog.canonical) for sku in filters.priority_skus),
        max_age=settings.max_age,
    )


def _routing(settings: Settings) -> RoutingPolicy:
    places = tuple(_places(settings))
    return RoutingPolicy(
        routes=routes(settings),
        targets={target.target: target for target, _ in places},
        lists=dict(_lists_by_calls(settings)),
        lanes={lane.name: lane for _, lane in places},
    )


def _places(settings: Settings) -> Iterator[tuple[TargetPolicy, LanePolicy]]:
    """One for each place on a channel that this version can send to, with its lane."""
    for spec, channel in settings.alerts.channels.enabled():
        for place in spec.targets(channel) if spec.make else ():
            lane = _lane(spec, place, channel, settings.costs)
            yield _target(spec, place, lane.name, channel, settings), lane


def _lists_by_calls(settings: Settings) -> Iterator[tuple[str, TargetPolicy]]:
    """By the name of the channel. They share the lane of its other lists."""
    for spec, channel in settings.alerts.channels.enabled():
        if spec.make and spec.list_by_call:
            place = spec.list_by_call(channel)
            yield spec.name, _target(spec, place, _lane(spec, place, channel, settings.costs).name, channel, settings)


def _lane(spec: Spec[Any], place: Place, channel: ChannelSettings, costs: Costs) -> LanePolicy:
    own = (channel.rate_limit,) if channel.rate_limit else ()
    documented = place.limits or spec.limits
    limits = documented if channel.pacing != "none" else replace(UNPACED, bundle=documented.bundle)
    return LanePolicy(
        name=f"{spec.name}:{place.lane or place.name}",
        channel=spec.name,
        gate=GatePolicy(
            rates=own + limits.rates + limits.shared,
            share=channel.share,
            bundle=limits.bundle,
            max_in_flight=limits.in_flight,
        ),
        shared=GatePolicy(rates=limits.shared, share=channel.share),
        whole=GatePolicy(rates=limits.whole, share=channel.share),
        spending=spending_of(spec, channel, costs),
    )


def spending_of(spec: Spec[Any], channel: ChannelSettings, costs: Costs) -> SpendPolicy | None:
    """Whom a text is for is not known before it is claimed: the dearest country of the price list counts for all."""
    policy = spec.spending(channel)
    if policy is None:
        return None
    worth = {name: Decimal(str(rate)) for name, rate in costs.rates.items()} | {costs.currency: Decimal(1)}
    dearest = max(costs.per_segment.values(), default=None)
    unit = policy.unit if dearest is None else Cost(Decimal(str(dearest)), costs.currency)
    return replace(policy, unit=unit, worth=worth)


def _target(spec: Spec[Any], place: Place, lane: str, channel: ChannelSettings, settings: Settings) -> TargetPolicy:
    join = channel.join if place.join is None else place.join
    return TargetPolicy(
        target=Target(spec.name, place.name),
        lane=lane,
        max_age={**settings.max_age, **channel.max_age},
        fail_over_after=channel.fail_over_after,
        on_lost_answer=channel.on_lost_answer,
        shadow="shadow" in (settings.mode, channel.mode),
        mentions=place.mentions,
        quiet=_quiet(place.quiet, settings.quiet_hours),
        join=(join or None) if "join" in spec.uses else None,
        people=place.people,
    )


def _quiet(quiet: Quiet | None, known: Mapping[str, QuietHoursSettings]) -> QuietRule | None:
    if quiet is None:
        return None
    hours = known[quiet.hours]
    named = QuietHours(start=hours.start, end=hours.end, zone=hours.tz, loud=hours.loud, name=quiet.hours)
    return QuietRule(named, quiet.do)
