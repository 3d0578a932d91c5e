"""From the configuration to the rules in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from tocsin.config.configuration import Config
from tocsin.config.settings import Settings
from tocsin.config.settings.channel import Channel
from tocsin.config.settings.decisions import PriceLimits, ProductSettings, QuietHoursSettings, RouteSettings
from tocsin.config.settings.discord import Discord, MentionSettings, Webhook, webhook_identity
from tocsin.config.settings.webhook import Webhooks
from tocsin.core.alert import FLOOR, AlertType, Band
from tocsin.core.delivery import Target
from tocsin.rules.catalog import Catalog, Product, Retailer, fold_sku
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.mentions import MentionRule
from tocsin.rules.objective import Objective
from tocsin.rules.quiet import QuietHours, QuietRule
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook
from tocsin.rules.window import Rate


@dataclass(frozen=True, slots=True)
class ProviderLimits:
    """What a channel of this version can do: its provider's documented limits (those of `shared` may hold for several
    targets together, those of `whole` hold for all of them), how much one request may carry, and how many may be under
    way at once on one lane.
    """

    rates: tuple[Rate, ...] = ()
    shared: tuple[Rate, ...] = ()
    whole: tuple[Rate, ...] = ()
    bundle: int = 1
    in_flight: int = 4


# The channels that this version has.
PROVIDER_LIMITS: Mapping[str, ProviderLimits] = MappingProxyType(
    {
        # Discord documentation, Rate Limits: 5 requests in 2 s for a webhook, as its headers say, and 30 messages a
        # minute for all webhooks of one Discord channel. All that an address asks: 50 in a second, of which 20 are
        # left to looks and to neighbours. Webhook Resource: up to 10 embeds in a message.
        "discord": ProviderLimits(
            (Rate(5, timedelta(seconds=2)),),
            shared=(Rate(30, timedelta(minutes=1)),),
            whole=(Rate(30, timedelta(seconds=1)),),
            bundle=10,
        ),
        # Nobody documents what a receiver can bear: `rate_limit` says it, or its 429. Sixteen at once bring a hundred
        # alerts within a second to one that needs 100 ms for each.
        "webhook": ProviderLimits(in_flight=16),
    }
)

# What is left of an offer without pacing: towards this machine nobody has to be spared.
UNPACED = ProviderLimits(in_flight=64)

HIGH_PRIORITY = "high_priority"
GENERAL = "general"

# Where the file says nothing of mentions: everyone hears of what is in stock and important, now and then.
HIGH_PRIORITY_MENTIONS = (
    MentionRule(
        match=Match(types=frozenset({AlertType.IN_STOCK}), min_priority=9),
        everyone=True,
        budget=Rate(1, timedelta(minutes=10)),
    ),
)


def rulebook(config: Config) -> Rulebook:
    settings = config.settings
    catalog = _catalog(settings)
    return Rulebook(
        catalog=catalog,
        filters=_filters(settings, catalog),
        dedup=AlertDeduplicator(DedupPolicy(**dict(settings.dedup))),
        routing=_routing(settings),
        objective=_objective(settings),
        operators=settings.operators.to,
        retention=settings.storage.retention,
    )


def routes(settings: Settings) -> tuple[Route, ...]:
    """Those of the file, or those that hold where it has none."""
    if settings.routes is None:
        return tuple(_default_routes(settings))
    return tuple(_route(number, route) for number, route in enumerate(settings.routes, start=1))


def _objective(settings: Settings) -> Objective | None:
    """When alerts count as told in time."""
    asked = settings.operators.objective
    return None if asked is None else Objective(within=asked.within, of=asked.of)


def _route(number: int, route: RouteSettings) -> Route:
    return Route(
        name=route.name or f"route {number}",
        match=route.match,
        to=route.to,
        fallback=route.fallback,
        parallel=route.parallel,
        stop=route.stop,
    )


def _default_routes(settings: Settings) -> Iterator[Route]:
    """The high band goes to `high_priority`, the rest to `general`; where one of them is missing, all to the other,
    and to a webhook that stands alone whatever its name.
    """
    discord = settings.alerts.channels.discord
    names = discord.names if discord and discord.enabled else frozenset()
    known = names & {HIGH_PRIORITY, GENERAL} or (names if len(names) == 1 else frozenset())
    if len(known) == 1:
        yield Route(name="everything", match=EVERYTHING, to=tuple(Target("discord", name) for name in known))
    elif known:
        high = Match(min_priority=FLOOR[Band.HIGH])
        yield Route(name="high band", match=high, to=(Target("discord", HIGH_PRIORITY),))
        yield Route(name="the rest", match=Match(unrouted=True), to=(Target("discord", GENERAL),))


def _catalog(settings: Settings) -> Catalog:
    products = {name: _product(name, product, settings) for name, product in settings.products.items()}
    retailers = {
        key: Retailer(
            key=key,
            title=retailer.name or key,
            icon=retailer.icon,
            aliases=retailer.aliases,
            to=retailer.to,
            link=retailer.link,
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
        lanes={lane.name: lane for _, lane in places},
    )


def _places(settings: Settings) -> Iterator[tuple[TargetPolicy, LanePolicy]]:
    """One for each place on a channel that this version has, with its lane."""
    channels = settings.alerts.channels
    if channels.discord and channels.discord.enabled:
        yield from _discord_places(channels.discord, settings)
    if channels.webhook and channels.webhook.enabled:
        yield from _webhook_places(channels.webhook, settings)


def _discord_places(discord: Discord, settings: Settings) -> Iterator[tuple[TargetPolicy, LanePolicy]]:
    lanes = _lanes(discord)
    for name, webhook in discord.webhooks.items():
        policy = replace(
            _target(Target("discord", name), lanes[name], discord, settings),
            mentions=_mentions(name, webhook),
            quiet=_quiet(webhook, settings.quiet_hours),
            join=(discord.join if webhook.join is None else webhook.join) or None,
        )
        yield policy, _lane("discord", lanes[name], discord)


def _webhook_places(webhook: Webhooks, settings: Settings) -> Iterator[tuple[TargetPolicy, LanePolicy]]:
    """Each endpoint has a lane of its own: what its receiver can bear is its own matter."""
    for name, endpoint in webhook.endpoints.items():
        target = Target("webhook", name)
        lane = _lane("webhook", str(target), webhook)
        yield (
            _target(target, lane.name, webhook, settings),
            replace(lane, gate=replace(lane.gate, bundle=endpoint.bundle)),
        )


def _lane(channel: str, name: str, settings: Channel) -> LanePolicy:
    """What every lane has from its channel."""
    own = (settings.rate_limit,) if settings.rate_limit else ()
    known = PROVIDER_LIMITS[channel]
    offer = known if settings.pacing != "none" else replace(UNPACED, bundle=known.bundle)
    return LanePolicy(
        name=name,
        channel=channel,
        gate=GatePolicy(
            rates=own + offer.rates + offer.shared,
            share=settings.share,
            bundle=offer.bundle,
            max_in_flight=offer.in_flight,
        ),
        shared=GatePolicy(rates=offer.shared, share=settings.share),
        whole=GatePolicy(rates=offer.whole, share=settings.share),
    )


def _target(target: Target, lane: str, channel: Channel, settings: Settings) -> TargetPolicy:
    """What every target has from its channel."""
    return TargetPolicy(
        target=target,
        lane=lane,
        max_age={**settings.max_age, **channel.max_age},
        fail_over_after=channel.fail_over_after,
        on_lost_answer=channel.on_lost_answer,
        shadow="shadow" in (settings.mode, channel.mode),
    )


def _lanes(discord: Discord) -> Mapping[str, str]:
    """Names of one and the same webhook share its lane: the limit is Discord's, not the name's."""
    first: dict[str, str] = {}
    return {
        name: f"discord:{first.setdefault(webhook_identity(webhook.url.reveal()), name)}"
        if webhook.url
        else f"discord:{name}"
        for name, webhook in discord.webhooks.items()
    }


def _mentions(name: str, webhook: Webhook) -> tuple[MentionRule, ...]:
    if webhook.mentions is None:
        return HIGH_PRIORITY_MENTIONS if name == HIGH_PRIORITY else ()
    return tuple(_mention(mention) for mention in webhook.mentions)


def _mention(mention: MentionSettings) -> MentionRule:
    return MentionRule(match=mention.match, everyone=mention.everyone, roles=mention.roles, budget=mention.budget)


def _quiet(webhook: Webhook, known: Mapping[str, QuietHoursSettings]) -> QuietRule | None:
    if webhook.quiet is None:
        return None
    hours = known[webhook.quiet.hours]
    named = QuietHours(start=hours.start, end=hours.end, zone=hours.tz, loud=hours.loud, name=webhook.quiet.hours)
    return QuietRule(named, webhook.quiet.do)
