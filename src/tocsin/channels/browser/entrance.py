"""What others must know of the way to browsers."""

from collections.abc import Iterator

from tocsin.channels.browser.vapid import Vapid, contact_fault
from tocsin.channels.browser.way import BrowserWay
from tocsin.channels.push.settings import Push
from tocsin.channels.push.template import Template
from tocsin.channels.push.way import Entrance
from tocsin.channels.spec import Finding, Surroundings
from tocsin.core.address import AddressKind
from tocsin.core.networks import networks

KEY_FILE = "vapid.key"


def is_open(settings: Push) -> bool:
    return settings.web.enabled


def cautions(settings: Push) -> Iterator[Finding]:
    contact = settings.web.contact
    if contact is None:
        yield (
            ("web", "contact"),
            "without a contact nothing is shown on Apple's devices: their push service wants somebody to write to",
        )
    elif fault := contact_fault(contact):
        yield ("web", "contact"), f"Apple takes no such contact, and shows nothing: {fault}"


def make(settings: Push, around: Surroundings) -> BrowserWay:
    web = settings.web
    return BrowserWay(
        Vapid(around.keys / KEY_FILE, web.contact),
        around.transport,
        around.clock,
        around.link,
        pages=around.pages,
        shops=around.shops,
        templates={kind: Template(text.title, text.body) for kind, text in settings.texts.items()},
        vouched=networks(web.allow_networks),
    )


BROWSERS = Entrance(kind=AddressKind.BROWSER, is_open=is_open, make=make, cautions=cautions)
