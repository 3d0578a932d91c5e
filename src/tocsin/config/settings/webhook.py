"""Webhooks to other programs: named endpoints, what they are sent, and how they know that it is ours."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult

from pydantic import BeforeValidator, Field

from tocsin.config.settings.block import Block
from tocsin.config.settings.channel import Channel
from tocsin.config.values.addresses import Network as NetworkText
from tocsin.config.values.addresses import split_url
from tocsin.config.values.names import Name, SecretText
from tocsin.config.values.quantities import NotBoolean
from tocsin.core.destination import LONGEST, is_usual, known_addresses, shut_out
from tocsin.core.networks import Network

_KEY_SIZES = range(24, 65)  # bytes (Standard Webhooks, "Signature scheme")


def _each(value: Any) -> Any:
    """One, several with spaces between them, or a list; an empty text stays one, to be refused."""
    if isinstance(value, str):
        return value.split() or [value]
    return () if value is None else value


Secrets = Annotated[tuple[SecretText, ...], BeforeValidator(_each, json_schema_input_type=str | list[str] | None)]


class Endpoint(Block):
    url: SecretText | None = None
    """Where to POST."""
    form: Literal["standard", "plain", "ifttt"] = "standard"
    """`standard` is that of Standard Webhooks; `plain` and `ifttt` are for services that take no signature."""
    secret: Secrets = ()
    """The key of the signature, `whsec_…`; several while one takes over from another. Without one nothing is signed."""
    allow_networks: tuple[NetworkText, ...] = ()
    """Private networks that the operator vouches for."""
    bundle: Annotated[int, Field(ge=1, le=100), NotBoolean] = 1
    """Up to so many alerts in one body while many are due; only with the form `standard`."""


def _from_url(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) or value is None else value


class Webhooks(Channel):
    endpoints: Mapping[
        Name, Annotated[Endpoint, BeforeValidator(_from_url, json_schema_input_type=str | Endpoint | None)]
    ] = {}
    """A name with a URL, or with an object."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.endpoints)


def endpoint_problems(endpoint: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with an endpoint as it is written, by key. Whom a name leads to is only known when it is called."""
    networks = [each for each in _listed(endpoint.get("allow_networks")) if isinstance(each, str)]
    if problem := _url_problem(endpoint.get("url"), networks):
        yield "url", problem
    secrets = _listed(_each(endpoint.get("secret")))
    if not all(map(_is_key, secrets)):
        yield "secret", "a signing secret is whsec_ and the base64 of 24 to 64 random bytes"
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
    for each in written:
        try:
            yield ip_network(each)
        except ValueError:
            continue


def _is_key(secret: Any) -> bool:
    try:
        return len(base64.b64decode(str(secret).removeprefix("whsec_"), validate=True)) in _KEY_SIZES
    except (binascii.Error, ValueError):
        return False
