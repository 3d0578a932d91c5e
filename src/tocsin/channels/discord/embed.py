"""One alert as a Discord embed: each type with its own colour, wording and emphasis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.markdown import caption, literal
from tocsin.channels.discord.settings import Face
from tocsin.channels.links import web_address
from tocsin.channels.money import money, percent_saved
from tocsin.channels.text import plain
from tocsin.core.alert import Alert, AlertType
from tocsin.core.clock import epoch_micros
from tocsin.core.decision import Reason
from tocsin.core.record import AlertRecord, rfc3339

SOLD_OUT_COLOUR = 0x747F8D
_REFERENCE = " · ref "
_DEAREST = Decimal(10) ** 12  # what costs more is a mistake
_DETAIL = 100  # units for a SKU, a variant, a seller: ten alerts have to share a message


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert of a message: `reference` is what its delivery is known by there, `link` the short address."""

    record: AlertRecord
    face: Face
    reference: str | None = None
    link: str | None = None

    @property
    def is_test(self) -> bool:
        return self.record.reason is Reason.TEST or bool(self.record.alert.metadata.get("test"))

    @property
    def product(self) -> str:
        """What to call the product, even where its name has nothing that can be seen."""
        named = (self.record.alert.product_name or "", self.record.alert.sku, "Product")
        return next(filter(None, map(plain, named)))

    @property
    def address(self) -> str | None:
        """Where the reader gets to: by the short link where there is one, so that the click is seen."""
        return self.link or web_address(self.record.alert.url, limits.ADDRESS)


@dataclass(frozen=True, slots=True)
class Look:
    """`call` names the type in a sentence of its own, `door` is what the button to the product says before "at"."""

    colour: int
    before: str
    after: str
    call: str
    door: str


LOOKS: Mapping[AlertType, Look] = MappingProxyType(
    {
        AlertType.IN_STOCK: Look(0x00FF00, "🚨 ", " IN STOCK!", "In stock", "Buy"),
        AlertType.PRICE_DROP: Look(0x3498DB, "📉 ", " price drop", "Price drop", "Buy"),
        AlertType.RESTOCK_SOON: Look(0xF1C40F, "⏳ ", " back soon", "Restock soon", "Watch"),
        AlertType.BACK_ORDER: Look(0xE67E22, "📦 ", " on back order", "Back order", "Order"),
    }
)


def embed_of(entry: Entry) -> dict[str, Any]:
    """Every part within its own limit; what is not known is left out."""
    alert = entry.record.alert
    parts = {
        "title": _title(entry),
        "url": entry.address,
        "description": _description(entry),
        "color": SOLD_OUT_COLOUR if entry.record.closed_at else LOOKS[alert.type].colour,
        "author": _author(entry.face),
        "thumbnail": _picture(alert),
        "fields": _fields(alert),
        "footer": {"text": _footer(entry)},
        "timestamp": rfc3339(alert.timestamp),
    }
    return {name: part for name, part in parts.items() if part}


def _title(entry: Entry) -> str:
    alert = entry.record.alert
    test = "TEST · " if entry.is_test else ""
    if entry.record.closed_at:
        return f"{test}~~{literal(entry.product, limits.TITLE - 20)}~~"
    look = LOOKS[alert.type]
    saved = _saved(alert) if alert.type is AlertType.PRICE_DROP else None
    after = f": {saved}% off" if saved else look.after
    room = limits.TITLE - limits.length(test + look.before + after) - 2
    return f"{test}{look.before}{literal(entry.product, room)}{after}"


def _description(entry: Entry) -> str:
    record = entry.record
    if record.closed_at:
        return f"**Sold out** after {span(record.closed_at - record.accepted_at)}."
    detected = f"detected <t:{epoch_micros(record.alert.timestamp) // 1_000_000}:R>"
    return f"{_lead(record.alert, literal(entry.face.title, _DETAIL))} · {detected}"


def _lead(alert: Alert, retailer: str) -> str:
    match alert.type:
        case AlertType.IN_STOCK:
            return f"**Buy it now** at {retailer}"
        case AlertType.PRICE_DROP:
            return f"{_bargain(alert)} at {retailer}"
        case AlertType.RESTOCK_SOON:
            return f"Expected back soon at {retailer}, not for sale yet"
        case AlertType.BACK_ORDER:
            return f"Can be ordered at {retailer}, ships later"


def _bargain(alert: Alert) -> str:
    previous = previous_price(alert)
    if alert.price is None or previous is None or previous <= alert.price:
        return "**Price drop**"
    return f"**{money(previous - alert.price, literal(alert.currency, 8))} less**"


def _author(face: Face) -> dict[str, str]:
    author = {"name": caption(face.title, _DETAIL)}
    icon = web_address(face.icon, limits.ADDRESS)
    return author | ({"icon_url": icon} if icon else {})


def _picture(alert: Alert) -> dict[str, str] | None:
    """Discord fetches it: a picture that is not there only leaves the place empty."""
    address = web_address(alert.metadata.get("image_url"), limits.ADDRESS)
    return {"url": address} if address else None


def _fields(alert: Alert) -> list[dict[str, Any]]:
    stock = alert.metadata.get("stock")
    told = {
        "Price": _price(alert),
        "Was": _previous(alert),
        "Stock": literal(str(stock), _DETAIL) if isinstance(stock, int | str) and not isinstance(stock, bool) else "",
        "Variant": literal(alert.variant or "", _DETAIL),
        "Seller": literal(alert.seller or "", _DETAIL),
        "SKU": literal(alert.sku, _DETAIL),
    }
    return [{"name": name, "value": value, "inline": True} for name, value in told.items() if value]


def _price(alert: Alert) -> str:
    return "" if alert.price is None else f"**{money(alert.price, literal(alert.currency, 8))}**"


def _previous(alert: Alert) -> str:
    previous = previous_price(alert)
    if previous is None or previous == alert.price:
        return ""
    saved = _saved(alert)
    return f"~~{money(previous, literal(alert.currency, 8))}~~" + (f" ({saved}% less)" if saved else "")


def _saved(alert: Alert) -> int | None:
    previous = previous_price(alert)
    return None if alert.price is None or previous is None else percent_saved(alert.price, previous)


def previous_price(alert: Alert) -> Decimal | None:
    """`metadata.previous_price` comes as its sender wrote it: a number or a decimal string, or anything else."""
    named = alert.metadata.get("previous_price")
    if isinstance(named, bool) or not isinstance(named, int | float | str):
        return None
    try:
        price = Decimal(str(named))
    except InvalidOperation:
        return None
    return price if price.is_finite() and 0 < price < _DEAREST else None


def _footer(entry: Entry) -> str:
    """Discord writes the embed's timestamp behind it, in each reader's own zone."""
    return "Detected" if entry.reference is None else f"Detected{_REFERENCE}{entry.reference}"


def reference_in(embed: Mapping[str, Any]) -> str | None:
    """The reference that an embed of ours carries in its footer."""
    footer = embed.get("footer")
    text = footer.get("text") if isinstance(footer, dict) else None
    return text.rpartition(_REFERENCE)[2] if isinstance(text, str) and _REFERENCE in text else None


def span(duration: timedelta) -> str:
    """`3 min 12 s`: the two greatest units."""
    seconds = max(0, int(duration.total_seconds()))
    counts = {"d": seconds // 86400, "h": seconds // 3600 % 24, "min": seconds // 60 % 60, "s": seconds % 60}
    told = [f"{count} {unit}" for unit, count in counts.items() if count]
    return " ".join(told[:2]) or "0 s"
