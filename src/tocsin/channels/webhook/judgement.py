"""What is wrong with an endpoint as it is written, before anybody is called."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any
from urllib.parse import SplitResult

from tocsin.channels.webhook.settings import each
from tocsin.channels.webhook.signature import key_of
from tocsin.config.values.addresses import split_url
from tocsin.core.destination import LONGEST, is_usual, known_addresses, shut_out
from tocsin.core.networks import Network
from tocsin.core.secret import Secret


def endpoint_problems(endpoint: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with an endpoint as it is written, by key. Whom a name leads to is only known when it is called."""
    networks = [text for text in _listed(endpoint.get("allow_networks")) if isinstance(text, str)]
    if problem := _url_problem(endpoint.get("url"), networks):
        yield "url", problem
    secrets = _listed(each(endpoint.get("secret")))
    if problem := next(filter(None, map(_key_problem, secrets)), None):
        yield "secret", problem
    elif secrets and endpoint.get("form") in ("plain", "ifttt"):
        yield "secret", f"the form {endpoint['form']} is not signed"
    if endpoint.get("form") in ("plain", "ifttt") and endpoint.get("bundle", 1) != 1:
        yield "bundle", f"the form {endpoint['form']} has one alert in a body"


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _url_problem(url: Any, written: Sequence[str]) -> str | None:
    """As sending judges it, with what is known before anybody is asked."""
    parts = split_url(url)
    if parts is None or not _is_plain(parts) or len(url) > LONGEST:
        return "an address that starts with https:// is needed"
    vouched, usual = tuple(_read(written)), is_usual(parts.scheme, parts.port)
    if not (usual or vouched):
        return "only https:// on port 443 or 8443 is called; elsewhere allow_networks has to vouch for the network"
    if shut_out(known_addresses(parts.hostname or ""), vouched, usual=usual):
        return "a private address: allow_networks has to vouch for its network"
    return None


def _is_plain(parts: SplitResult) -> bool:
    """No user before the host, which would show another one than it leads to; a name that can be asked for."""
    try:
        (parts.hostname or "").encode("idna")
    except UnicodeError:
        return False
    named = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    return bool(named) and "@" not in parts.netloc and "\\" not in parts.geturl()


def _read(written: Sequence[str]) -> Iterator[Network]:
    """Those that are none are told of elsewhere."""
    for text in written:
        try:
            yield ip_network(text)
        except ValueError:
            continue


def _key_problem(secret: Any) -> str | None:
    """As signing judges it."""
    try:
        key_of(Secret(str(secret)))
    except ValueError as problem:
        return str(problem)
    return None
