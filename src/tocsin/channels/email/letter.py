"""One alert as a mail: it says what, where and for how much at once, why it came, and how it stops."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tocsin.channels.email.house import House
from tocsin.channels.email.mail import LONGEST_ADDRESS, Links, Mail
from tocsin.channels.links import web_address
from tocsin.channels.lists import EVERYONE
from tocsin.channels.money import money, percent_saved
from tocsin.channels.product import product_of, stock_of
from tocsin.channels.template import BrokenTemplateError
from tocsin.channels.text import cut, plain, utf16
from tocsin.core.alert import Alert, AlertType
from tocsin.core.delivery import Target
from tocsin.core.record import AlertRecord

ASKING = "Bought it? Too late? Say so"
LONGEST_SUBJECT = 150  # units of UTF-16: mail programs show half of it
_LONGEST_NAME = 300
_NAME_IN_SUBJECT = 90
_DETAIL = 100


@dataclass(frozen=True, slots=True)
class Look:
    """How a type is told: `call` begins the subject, `lead` the mail, `door` the button."""

    call: str
    lead: str
    door: str
    colour: str  # of the button and the call: at least 4.5:1 under white
    light: str  # the same where the ground is dark


_LOOKS: Mapping[AlertType, Look] = MappingProxyType(
    {
        AlertType.IN_STOCK: Look("In stock", "It can be bought now.", "Buy", "#1e6534", "#82cb92"),
        AlertType.PRICE_DROP: Look("Price drop", "It costs less than before.", "Buy", "#1f5a80", "#8dbcdd"),
        AlertType.RESTOCK_SOON: Look(
            "Back soon", "It is expected back; it cannot be bought yet.", "Look", "#7a2f86", "#d7a3e3"
        ),
        AlertType.BACK_ORDER: Look(
            "Back order", "It can be ordered now, and ships later.", "Order", "#5f594c", "#b5ac9c"
        ),
    }
)
_TEST = Look("TEST", "This is a test: nothing is for sale.", "Open the page", "#5f594c", "#b5ac9c")


def mail_of(record: AlertRecord, target: Target, links: Links, house: House) -> Mail:
    """`target` is the list that it goes to. Whatever the alert holds, its text stays text; it is cut between what a
    reader takes for characters. A template that breaks changes nothing.
    """
    told = Told.of(record, target, links, house)
    own = _from_template(told, record, target)
    subject = cut(plain(own.get("subject", told.subject)), LONGEST_SUBJECT, utf16)
    text = own["text"].splitlines() if "text" in own else _lines(told)
    html = _SHEET.render(told=told, subject=subject, own=Markup(own["html"]) if "html" in own else None)  # noqa: S704 - its values are escaped
    return Mail(
        subject=subject,
        text="\n".join([*text, "", *foot(told.why, told.links, told.house)]) + "\n",
        html=html,
        headers=links.headers,
    )


def data_of(record: AlertRecord, target: Target, links: Links, house: House) -> dict[str, Any]:
    """What a template speaks of; what is not known is an empty text."""
    told = Told.of(record, target, links, house)
    alert = record.alert
    details = {name.lower(): value for name, value in told.details}
    return {
        "type": alert.type.value,
        "priority": alert.priority,
        "band": alert.band.value,
        "test": record.is_test,
        "subject": told.subject,
        "call": told.call,
        "lead": told.look.lead,
        "product": told.product,
        "retailer": told.shop,
        "price": told.price,
        "previous_price": told.before,
        "percent": int(told.percent or 0),
        **{name: details.get(name, "") for name in ("variant", "seller", "stock", "sku")},
        "image_url": told.picture or "",
        "url": told.links.product or "",
        "answer_url": told.links.answer or "",
        "unsubscribe_url": told.links.leave or "",
        "preferences_url": told.links.wishes or "",
        "question": str(told.links.question or ""),
        "why": told.why,
        "sender": house.name,
        "postal_address": house.postal_address or "",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What both forms of a mail say of one alert, in its order."""

    look: Look
    subject: str
    call: str
    product: str
    shop: str
    price: str
    before: str
    percent: str  # by which it fell, where it did
    details: tuple[tuple[str, str], ...]
    picture: str | None
    door: str
    links: Links
    why: str
    house: House

    @classmethod
    def of(cls, record: AlertRecord, target: Target, links: Links, house: House) -> "Told":
        alert = record.alert
        look = _TEST if record.is_test else _LOOKS[alert.type]
        shop = _cut(house.shops.get(alert.retailer, alert.retailer), _DETAIL) or "the shop"
        price, previous = alert.shown_price, alert.previous_price
        cheaper = previous is not None and (price is None or previous > price)
        percent = percent_saved(price, previous) if cheaper and price is not None and previous is not None else None
        shown = "" if price is None else money(price, _cut(alert.currency, 8))
        call = f"{percent}% off" if percent and look is _LOOKS[AlertType.PRICE_DROP] else look.call
        return cls(
            look=look,
            subject=_subject(call, product_of(alert), shop, shown),
            call=call,
            product=_cut(product_of(alert), _LONGEST_NAME),
            shop=shop,
            price=shown,
            before=money(previous, _cut(alert.currency, 8)) if cheaper and previous is not None else "",
            percent=str(percent or ""),
            details=tuple(_details(alert)),
            picture=web_address(alert.metadata.get("image_url"), LONGEST_ADDRESS),
            door=look.door if record.is_test else f"{look.door} at {shop}",
            links=links,
            why=why_of(target, house),
            house=house,
        )


def _subject(call: str, product: str, shop: str, price: str) -> str:
    told = f"{call}: {_cut(product, _NAME_IN_SUBJECT)} at {shop}" + (f", {price}" if price else "")
    return cut(plain(told), LONGEST_SUBJECT, utf16)


def _lines(told: Told) -> Iterator[str]:
    """The plain text: the same, in the same order."""
    yield f"{told.call} at {told.shop}"
    yield ""
    yield told.product
    if told.price or told.before:
        yield f"{told.price} {before(told)}".strip()
    yield told.look.lead
    for name, value in told.details:
        yield f"{name}: {value}"
    if told.links.product:
        yield from ("", f"{told.door}:", told.links.product)


def foot(why: str, links: Links, house: House) -> Iterator[str]:
    """Why the mail came, how it stops, and who sent it: at the end of each plain text."""
    if links.question:
        yield from (str(links.question), "")
    yield from ("-- ", why)
    if links.answer:
        yield f"{ASKING}: {links.answer}"
    if links.leave:
        yield f"No more mail: {links.leave}"
    else:
        yield f"To stop it, answer to {house.address}."
    if links.wishes:
        yield f"Choose what you hear of: {links.wishes}"
    if house.postal_address:
        yield ""
        yield from house.postal_address.splitlines()


def _from_template(told: Told, record: AlertRecord, target: Target) -> dict[str, str]:
    """A test says that it is one, whatever its template says."""
    template = told.house.templates.get(record.alert.type)
    if template is None:
        return {}
    cart = web_address(record.alert.metadata.get("cart_url"), LONGEST_ADDRESS)
    more = {"cart_url": cart or "", "metadata": record.alert.metadata}
    try:
        own = template.parts(data_of(record, target, told.links, told.house) | more)
    except BrokenTemplateError:
        return {}
    if record.is_test and "subject" in own:
        own["subject"] = f"{_TEST.call}: {own['subject']}"
    return own


def before(told: Told) -> str:
    """What it cost before, where it is cheaper now."""
    less = f", {told.percent}% less" if told.percent else ""
    return f"(before: {told.before}{less})" if told.before else ""


def why_of(target: Target, house: House) -> str:
    """Why somebody gets mail of that list."""
    if target.name == EVERYONE:
        return f"You get this mail because you asked {house.name} for alerts."
    return f"You get this mail because your address is on the list {plain(target.name)} of {house.name}."


def _details(alert: Alert) -> Iterator[tuple[str, str]]:
    told = {
        "Variant": alert.variant or "",
        "Seller": alert.seller or "",
        "Stock": stock_of(alert),
        "SKU": alert.sku,
    }
    for name, value in told.items():
        if shown := _cut(value, _DETAIL):
            yield name, shown


def _cut(text: str, limit: int) -> str:
    return cut(plain(text), limit, utf16)


SHEETS = Environment(
    loader=PackageLoader("tocsin.channels.email"),
    autoescape=True,
    auto_reload=False,  # or each mail would look on the disk whether its parts are still the same
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
SHEETS.globals["asking"] = ASKING
_SHEET = SHEETS.get_template("alert.html")
