"""Where something is: web pages, services, networks, files."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator, PlainSerializer, PlainValidator, StringConstraints, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.core.networks import is_local_name
from tocsin.core.secret import Secret

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_SQLITE_FILE = re.compile(r"sqlite:///[^?#:]+")


class ServiceUrl(Secret):
    """The address of a database or a server, which may carry a password."""

    __slots__ = ()

    @property
    def without_password(self) -> str:
        parts = urlsplit(self.reveal())
        if parts.password is None and "password" not in parts.query:
            return self.reveal()
        host = parts.netloc.rpartition("@")[2]
        place = parts.netloc if parts.password is None else f"{parts.username}:***@{host}"
        return urlunsplit(parts._replace(netloc=place, query="***" if "password" in parts.query else parts.query))


def service_url(*schemes: str) -> Callable[[object], ServiceUrl]:
    """A reader of addresses with one of these schemes."""

    def read(value: object) -> ServiceUrl:
        parts = split_url(value)
        if parts is None or parts.scheme.lower() not in schemes:
            expected = ", ".join(f"{scheme}://" for scheme in schemes)
            raise PydanticCustomError("service_url", "an address that starts with {expected}", {"expected": expected})
        return ServiceUrl(str(value))

    return read


def ledger_url(value: object) -> ServiceUrl:
    """`sqlite:///file` or a PostgreSQL address."""
    if not isinstance(value, str) or not value.startswith("sqlite:"):
        return service_url("sqlite", "postgresql", "postgresql+psycopg")(value)
    if not _SQLITE_FILE.fullmatch(value) or not value.isprintable():
        raise PydanticCustomError("ledger_url", "the ledger is a file: sqlite:///tocsin.db")
    return ServiceUrl(value)


def web_url(value: str) -> str:
    parts = split_url(value)
    if parts is None or parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise PydanticCustomError("web_url", "an address that starts with https:// or http://")
    return value


def base_url(value: str) -> str:
    """An address that others begin with: a path goes on behind it."""
    if set(value) & set("?#"):
        raise PydanticCustomError("base_url", "an address without ? and #: paths are added to its end")
    return web_url(value)


def host_name(value: str) -> str:
    if not is_host(value):
        words = 'an address or a name, without scheme and port: "0.0.0.0", "alerts.example"'
        raise PydanticCustomError("host_name", words)
    return value


def is_host(text: str) -> bool:
    """Whether it is the address of a machine, or could be its name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _HOST_NAME.fullmatch(text) is not None
    return True


def origin(value: str) -> str:
    """A page's origin as browsers send it."""
    parts = split_url(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
        raise PydanticCustomError("origin", 'an origin is written "https://board.example", without a path')
    return value.lower()


def affiliate_link(value: str) -> str:
    """`{url}` becomes the product's address, `{click}` the code of the click, `{tracking}` the tracking id of the
    channel; each is percent-encoded. A template that begins with `{url}` adds to that address.
    """
    unknown = set(re.findall(r"[{}][^{}]*}?", value)) - {"{url}", "{click}", "{tracking}"}
    if unknown:
        raise PydanticCustomError("link", "only {url}, {click} and {tracking} may stand in braces")
    if value.startswith("{url}"):
        if not re.match(r"{url}(?:[?&/#]|$)", value):
            raise PydanticCustomError("link", 'what is added to {url} begins with ? or &: "{url}?tag=me-20"')
        web_url(value.replace("{url}", "https://shop.example", 1))
        return value
    return web_url(value)


def network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise PydanticCustomError("network", 'an address or a network: "10.0.0.0/8"') from None
    return value


def beside_the_file(path: Path, info: ValidationInfo) -> Path:
    """Relative paths start at the configuration file."""
    return Path(info.context["base"]) / path if info.context else path


def split_url(value: object) -> SplitResult | None:
    """None for what is no address, has spaces or control characters, or a port that is none."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return None
    return parts


def is_loopback(host: str | None) -> bool:
    """Whether nobody outside this machine can be meant by it."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return is_local_name(host)


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
WebUrl = Annotated[Text, AfterValidator(web_url)]
BaseUrl = Annotated[Text, AfterValidator(base_url)]
HostName = Annotated[Text, AfterValidator(host_name)]
Origin = Annotated[Text, AfterValidator(origin)]
AffiliateLink = Annotated[Text, AfterValidator(affiliate_link)]
Network = Annotated[str, AfterValidator(network)]
File = Annotated[Path, AfterValidator(beside_the_file)]
RedisUrl = Annotated[
    ServiceUrl,
    PlainValidator(service_url("redis", "rediss", "unix")),
    PlainSerializer(lambda url: url.without_password),
    WithJsonSchema({"type": "string"}),
]
LedgerUrl = Annotated[
    ServiceUrl,
    PlainValidator(ledger_url),
    PlainSerializer(lambda url: url.without_password),
    WithJsonSchema({"type": "string"}),
]
