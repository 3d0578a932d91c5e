"""One alert as a Discord embed: each type with its own colour, wording and emphasis."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from tocsin.channels.discord import limits
from tocsin.channels.discord.entry import Entry
from tocsin.channels.discord.markdown import caption, literal
from tocsin.channels.discord.template import BrokenTemplateError
from tocsin.channels.links import web_address
from tocsin.channels.money import money
from tocsin.channels.product import stock_of
from tocsin.core.alert import AlertType
from tocsin.core.record import rfc3339

SOLD_OUT_COLOUR = 0x747F8D
_TEST = "TEST · "
_REFERENCE = " · ref "
_DETAIL = 100  # units for a SKU, a variant, a seller: ten alerts have to share a message


@dataclass(frozen=True, slots=True)
class Look:
    """`call` names the type in a sentence of its own, `door` is what the button to the product says before "at"."""

    colour: int
    before: str
    after: str
    call: str
    door: str


_LOOKS: Mapping[AlertType, Look] = MappingProxyType(
    {
        AlertType.IN_STOCK: Look(0x00FF00, "🚨 ", " IN STOCK!", "In stock", "Buy"),
        AlertType.PRICE_DROP: Look(0x3498DB, "📉 ", " price drop", "Price drop", "Buy"),
        AlertType.RESTOCK_SOON: Look(0xF1C40F, "⏳ ", " back soon", "Restock soon", "Watch"),
        AlertType.BACK_ORDER: Look(0xE67E22, "📦 ", " on back order", "Back order", "Order"),
    }
)
_TEST_LOOK = Look(0x9B59B6, "", "", "Test", "Open the page")


def look_of(entry: Entry) -> Look:
    """A test looks like no alert: nobody may take it for one."""
    return _TEST_LOOK if entry.record.is_test else _LOOKS[entry.alert.type]


def embed_of(entry: Entry) -> dict[str, Any]:
    """Every part within its own limit; what is not known is left out. A template that breaks changes nothing."""
    try:
        return _drawn(entry)
    except BrokenTemplateError:
        return _drawn(replace(entry, template=None))


def template_fault(entry: Entry) -> str | None:
    """Why the entry's template was not used; None where it was, or where there is none."""
    try:
        _from_template(entry)
    except BrokenTemplateError as broken:
        return f"the template for {entry.alert.type} broke ({broken.message}), the built-in one was sent"
    return None


def reference_in(embed: Mapping[str, Any]) -> str | None:
    """The reference that an embed of ours carries in its footer."""
    footer = embed.get("footer")
    text = footer.get("text") if isinstance(footer, dict) else None
    return text.rpartition(_REFERENCE)[2] if isinstance(text, str) and _REFERENCE in text else None


def _drawn(entry: Entry) -> dict[str, Any]:
    """Raises BrokenTemplateError where the entry's template makes nothing that fits."""
    parts = {
        "title": _title(entry),
        "url": entry.address,
        "description": _description(entry),
        "color": SOLD_OUT_COLOUR if entry.record.closed_at else look_of(entry).colour,
        "author": _author(entry),
        "thumbnail": _picture(entry),
        "fields": _fields(entry),
        "footer": {"text": _footer(entry)},
        "timestamp": rfc3339(entry.alert.timestamp),
    }
    return {name: part for name, part in (parts | _from_template(entry)).items() if part}


def _from_template(entry: Entry) -> dict[str, Any]:
    """Sold out is always said in our words, and a test says that it is one whatever its template says."""
    if entry.template is None or entry.record.closed_at:
        return {}
    parts = entry.template.parts(entry.values())
    if entry.record.is_test and "title" in parts:
        parts["title"] = f"{_TEST}{parts['title']}"
    return parts


def _title(entry: Entry) -> str:
    test = _TEST if entry.record.is_test else ""
    if entry.record.closed_at:
        return f"{test}~~{literal(entry.product, limits.TITLE - 20)}~~"
    look = look_of(entry)
    is_bargain = not test and entry.alert.type is AlertType.PRICE_DROP and entry.percent
    after = f": {entry.percent}% off" if is_bargain else look.after
    room = limits.TITLE - limits.length(test + look.before + after) - 2
    return f"{test}{look.before}{literal(entry.product, room)}{after}"


def _description(entry: Entry) -> str:
    if entry.sold_out_after:
        return f"**Sold out** after {entry.sold_out_after}."
    return f"{_lead(entry, literal(entry.retailer, _DETAIL))} · detected {entry.detected}"


def _lead(entry: Entry, retailer: str) -> str:
    if entry.record.is_test:
        return f"**This is a test**, nothing is for sale at {retailer}"
    match entry.alert.type:
        case AlertType.IN_STOCK:
            return f"**Buy it now** at {retailer}"
        case AlertType.PRICE_DROP:
            return f"{_bargain(entry)} at {retailer}"
        case AlertType.RESTOCK_SOON:
            return f"Expected back soon at {retailer}, not for sale yet"
        case AlertType.BACK_ORDER:
            return f"Can be ordered at {retailer}, ships later"


def _bargain(entry: Entry) -> str:
    price, previous = entry.alert.shown_price, entry.alert.previous_price
    if price is None or previous is None or previous <= price:
        return "**Price drop**"
    return f"**{money(previous - price, _currency(entry))} less**"


def _author(entry: Entry) -> dict[str, str]:
    author = {"name": caption(entry.retailer, _DETAIL)}
    icon = web_address(entry.face.icon, limits.ADDRESS)
    return author | ({"icon_url": icon} if icon else {})


def _picture(entry: Entry) -> dict[str, str] | None:
    """Discord fetches it: a picture that is not there only leaves the place empty."""
    address = web_address(entry.alert.metadata.get("image_url"), limits.ADDRESS)
    return {"url": address} if address else None


def _fields(entry: Entry) -> list[dict[str, Any]]:
    alert = entry.alert
    told = {
        "Price": "" if alert.price is None else f"**{money(alert.price, _currency(entry))}**",
        "Was": _previous(entry),
        "Stock": literal(stock_of(alert), _DETAIL),
        "Variant": literal(alert.variant or "", _DETAIL),
        "Seller": literal(alert.seller or "", _DETAIL),
        "SKU": literal(alert.sku, _DETAIL),
    }
    return [{"name": name, "value": value, "inline": True} for name, value in told.items() if value]


def _previous(entry: Entry) -> str:
    previous = entry.alert.previous_price
    if previous is None or previous == entry.alert.shown_price:
        return ""
    return f"~~{money(previous, _currency(entry))}~~" + (f" ({entry.percent}% less)" if entry.percent else "")


def _currency(entry: Entry) -> str:
    return literal(entry.alert.currency, 8)


def _footer(entry: Entry) -> str:
    """Discord writes the embed's timestamp behind it, in each reader's own zone."""
    return "Detected" if entry.reference is None else f"Detected{_REFERENCE}{entry.reference}"
