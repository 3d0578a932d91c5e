"""What is decided about an alert: filters, products, repeats, routes, quiet hours."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from tocsin.config.values.addresses import AffiliateLink, Text, WebUrl
from tocsin.config.values.block import Block
from tocsin.config.values.conditions import Conditions, RouteConditions
from tocsin.config.values.names import Currency, TargetName
from tocsin.config.values.quantities import Duration, Lasting, Percent, Price, TimeOfDay, Zone
from tocsin.core.alert import AlertType


class PriceLimits(Block):
    min_price: Price | None = None
    """Below it an alert is filtered: a spare part, a wrong price."""
    max_price: Price | None = None
    """Above it an alert is filtered: a reseller."""
    currency: Currency = "USD"
    """That of the limits (ISO 4217); an alert in another one is not limited."""


class Filters(Block):
    min_price_drop_percent: Percent = Decimal(0)
    """Smaller price drops are filtered."""
    excluded_retailers: tuple[Text, ...] = ()
    """Nothing of these is told."""
    priority_skus: tuple[Annotated[Text, Field(coerce_numbers_to_str=True)], ...] = ()
    """SKUs, or `retailer:sku`, whose alerts get priority 10."""
    products: Mapping[Text, PriceLimits] = {}
    """Price limits by product."""


class ProductSettings(Block):
    family: Text | None = None
    """The family it belongs to."""
    skus: tuple[Annotated[Text, Field(coerce_numbers_to_str=True)], ...] = ()
    """`retailer:sku`, or a bare SKU for every retailer."""


class RetailerSettings(Block):
    name: Text | None = None
    """What people read."""
    icon: WebUrl | None = None
    """A picture for embeds."""
    aliases: tuple[Text, ...] = ()
    """Other spellings that mean this retailer."""
    to: tuple[TargetName, ...] = ()
    """Further targets for alerts of this retailer."""
    link: AffiliateLink | None = None
    """An affiliate template with `{url}`, `{click}` and `{tracking}`."""
    tracking: Mapping[Text, Text] = {}
    """The tracking id of each channel at the network: `{"sms": "me-sms-20"}`."""
    zone: Zone | None = None
    """The time zone of its network's reports; null: UTC."""


class Dedup(Block):
    cooldown: Duration = timedelta(hours=1)
    """For so long the same fact is a repeat of the alert before."""
    by_type: Mapping[AlertType, Duration] = {}
    """Cooldowns by alert type."""
    price_tolerance_percent: Percent = Decimal(1)
    """A price within it is the same price."""
    realert: Literal["cooldown", "episode"] = "cooldown"
    """Whether a repeat becomes news after the cooldown, or not while the episode lasts."""
    reopen_after_close: Duration = timedelta(minutes=2)
    """Back sooner than this after sold out, it is the same restock."""
    close_after_silence: Lasting | None = None
    """An episode ends when the detector is silent for so long."""


class QuietHoursSettings(Block):
    start: Annotated[TimeOfDay, Field(alias="from")]
    """When they begin."""
    end: Annotated[TimeOfDay, Field(alias="to")]
    """When they end; it may be the next morning."""
    tz: Zone
    """The zone of both."""
    loud: Annotated[Conditions | None, Field(alias="except")] = None
    """Alerts that are never quietened."""


class RouteSettings(Block):
    name: Text | None = None
    """What the timeline calls it; `route 1` and so on where none is given."""
    match: RouteConditions
    """Which alerts; `{}` is every one, `unrouted` those that no route before matched."""
    to: tuple[TargetName, ...]
    """The targets."""
    fallback: tuple[TargetName, ...] = ()
    """Who is told instead when a target fails."""
    parallel: bool = False
    """Tell the fallback at once, too."""
    stop: bool = False
    """Later routes are not looked at."""
    critical: bool = False
    """Pass the mutes and quiet hours of people; never their consent, a break, or what else they wish."""
