"""A service in whose rooms there is something to see."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.browser.club import ROUTE, join, told_by_text
from tests.story.service_rig import ServiceRig

from tocsin.core.clock import epoch_micros
from tocsin.core.delivery import DeliveryState
from tocsin.ledger.contract import UptimeRow
from tocsin.rules.uptime import marked

HERE = ["127.0.0.0/8"]
ALERTS: Sequence[dict[str, Any]] = (
    {"name": "Raspberry Pi 5 16GB", "sku": "A3K9", "type": "back_order", "retailer": "amazon", "price": "119.99"},
    {"name": "Steam Deck OLED 1TB", "sku": "6565837", "type": "restock_soon", "retailer": "newegg", "price": None},
    {"name": "Ryzen 7 9800X3D", "sku": "14-932-101", "type": "price_drop", "price": "412.00"}
    | {"metadata": {"previous_price": "479.00"}},
    {"name": "Nintendo Switch 2 + Mario Kart World Bundle", "sku": "6587845", "retailer": "amazon", "price": "499.99"},
    {"name": "Pokémon TCG: Prismatic Evolutions Elite Trainer Box", "sku": "7781203", "type": "price_drop"}
    | {"price": "48.99", "metadata": {"previous_price": "49.99"}},
    {"name": "PlayStation 5 Pro 2TB", "sku": "6632394", "retailer": "newegg", "price": "699.99"},
    {"name": "GeForce RTX 5090 Founders Edition", "sku": "6634940", "variant": "Titanium", "metadata": {"stock": 3}}
    | {"priority": 10},
)
GONE = {"sku": "6632394", "retailer": "newegg", "in_stock": False}


@asynccontextmanager
async def peopled(*, club: bool = False, **settings: Any) -> AsyncIterator[ServiceRig]:
    """A service with two channels where alerts have just been told; of a club, with a third for its members."""
    with tempfile.TemporaryDirectory() as place:
        async with ServiceRig(Path(place)) as town:
            partner = {
                "url": town.sandbox.webhook.url("partner"),
                "secret": town.sandbox.webhook.hook("partner").secrets[0],
                "allow_networks": HERE,
            }
            hooks = {name: town.sandbox.discord.webhook(name) for name in ("high_priority", "general")}
            discord = {"enabled": True, "api_base": town.sandbox.url, "webhooks": hooks, **settings.pop("discord", {})}
            channels = {"discord": discord, "webhook": {"enabled": True, "endpoints": {"partner": partner}}}
            await town.open(
                alerts={"channels": {**channels, "sms": told_by_text(town)} if club else channels},
                routes=[
                    *([ROUTE] if club else []),
                    {"name": "high", "match": {"min_priority": 8}, "to": ["discord:high_priority", "webhook:partner"]},
                    {"name": "rest", "match": {"unrouted": True}, "to": ["discord:general"]},
                ],
                **settings,
            )
            for alert in ALERTS:
                await town.report(**alert)
            await town.call("POST", "/api/v1/stock", GONE)
            await town.call("PUT", "/api/v1/monitors/newegg-1", {"retailer": "newegg", "interval": 60})
            yield town


async def furnish(town: ServiceRig) -> None:
    """So that each room has something in it, and one target that needs somebody."""
    await join(town)
    for number, price in enumerate((549, 529, 535, 499, 489)):
        await town.report("GeForce RTX 5070", sku="5070", type="price_drop", price=str(price), priority=8 + number % 2)
    skus = ["6634940", "5070", "never-seen"]
    await town.call("PUT", "/api/v1/monitors/bestbuy-1", {"retailer": "bestbuy", "skus": skus, "interval": 60})
    town.sandbox.discord.kill("general")
    await town.settled(await town.report("Intel Arc B580", sku="B580", priority=5), DeliveryState.REFUSED)
    now = epoch_micros(datetime.now(UTC)) // 60_000_000
    worked = {channel: {minute for minute in range(now - 1300, now) if minute % 97} for channel in ("discord", "sms")}
    broken = {"discord": {*range(now - 700, now - 660), now - 61, now - 12}, "sms": set[int]()}
    for channel, minutes in worked.items():
        up, down = marked(minutes - broken[channel]), marked(broken[channel])
        await town.alerts.ledger.analytics.note_uptime(
            [UptimeRow(channel, hour, up.get(hour, 0), down.get(hour, 0)) for hour in up.keys() | down.keys()]
        )
    await town.alerts.pipeline.following.follow()


# The rooms: where each is, and what stands there once it is whole.
ROOMS = {
    "now": ("", "GeForce RTX 5070"),
    "watch": ("?room=watch", "never-seen"),
    "statistics": ("?room=statistics&last=24h", "What it brought"),
    "channels": ("?room=channels", "target gone"),
    "people": ("?room=people", "Ada Lovelace"),
    "settings": ("?room=settings", "alerts.channels.discord"),
    "operations": ("?room=operations", "bestbuy-1"),
}
