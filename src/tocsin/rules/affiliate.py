"""How a reader gets to a product: by way of the retailer's affiliate template, where there is one."""

import re
from urllib.parse import quote

from tocsin.core.alert import Alert
from tocsin.rules.catalog import Retailer

# Every character that has a meaning in an address stays; what has none there is escaped.
SAFE = ":/?#[]@!$&'()*+,;=%~-._"
_LONGEST = 2048  # characters of an address that readers' programs take


def product_address(alert: Alert, retailer: Retailer, channel: str, click: str = "") -> str | None:
    """Make the address of the product, with the click's code and what the network knows the channel by. None where the
    alert has no address; the product's own where that way would be too long to be followed.
    """
    if alert.url is None or retailer.link is None:
        return alert.url
    way = through(retailer.link, alert.url, click=click, tracking=retailer.tracking.get(channel, ""))
    return way if len(way) <= _LONGEST else alert.url


def through(template: str, url: str, *, click: str = "", tracking: str = "") -> str:
    """Fill an affiliate template. `{url}` is escaped, unless the template begins with it: then what follows is added to
    the address itself. A parameter that nothing is known for is left out.
    """
    for name, value in (("click", click), ("tracking", tracking)):
        template = template.replace(f"{{{name}}}", quote(value, safe="")) if value else _without(template, name)
    if template.startswith("{url}"):
        way = _added(url, template.removeprefix("{url}").replace("{url}", quote(url, safe="")))
    else:
        way = template.replace("{url}", quote(url, safe=""))
    return quote(way, safe=SAFE)


def _without(template: str, name: str) -> str:
    """The whole parameter where it has nothing else in it: an empty one would be taken for a name."""
    left = re.sub(rf"(?<=[?&])[^?&=#]*=\{{{name}\}}(?:&|(?=#|$))", "", template).replace(f"{{{name}}}", "")
    return re.sub(r"[?&]+(?=#|$)", "", left)


def _added(url: str, more: str) -> str:
    """A path goes to the path and a query to the query, with `?` or `&` as the address needs it, in place of parameters
    of the same names: the address may come with somebody else's. Its fragment stays at the end, unless there is another
    one.
    """
    path, query, fragment = _parts(url, "?")
    further, asked, other = _parts(more, "?&")
    ours = {name for name, _, _ in (part.partition("=") for part in asked.split("&"))}
    kept = (part for part in query.split("&") if part and part.partition("=")[0] not in ours)
    whole = "&".join((*kept, *filter(None, (asked,))))
    return path + further + ("?" + whole if whole else "") + (other or fragment)


def _parts(address: str, marks: str) -> tuple[str, str, str]:
    """Path, query and fragment, the last with its `#`. The query begins behind the first of `marks`."""
    before, fragment_mark, fragment = address.partition("#")
    start = min((before.find(mark) for mark in marks if mark in before), default=len(before))
    return before[:start], before[start + 1 :], fragment_mark + fragment
