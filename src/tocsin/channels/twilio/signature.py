"""The signature of Twilio's callbacks: HMAC-SHA1 under the auth token, over the address and the form.

Twilio, "Webhooks security". Names are sorted, equal values of a name count once, blank values count too. An address
may have been signed with its port or without. A body that is no form stands behind the address as `bodySHA256`.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from tocsin.core.callback import Callback
from tocsin.core.secret import Secret

HEADER = "x-twilio-signature"

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000
_USUAL_PORT = {"https": 443, "http": 80}


def signature_fault(callback: Callback, token: Secret, fragment: str | None = None) -> str | None:
    """Why the call is not Twilio's; None where it is. `fragment` stands behind the address that it was given, and does
    not come with the call: whether it was signed with it, nothing says.
    """
    told = callback.headers.get(HEADER, "")
    if not told:
        return "there is no signature"
    try:
        fields = () if _is_json(callback) else form_of(callback)
        addresses = list(_spellings(callback.url, fragment))
    except ValueError:
        return "nothing that Twilio sends can be read so"
    if not fields and callback.body and not _is_hashed(callback):
        return "the body does not belong to the address"
    right = [signature_of(address, fields, token) for address in addresses]
    matches = [hmac.compare_digest(told.encode(), one.encode()) for one in right]
    return None if any(matches) else "the signature does not fit"


def signature_of(url: str, fields: Sequence[tuple[str, str]], token: Secret) -> str:
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.reveal().encode(), signed.encode(), "sha1")).decode()


def form_of(callback: Callback) -> list[tuple[str, str]]:
    """Names and values as they came, blank ones too. Raises ValueError."""
    text = callback.body.decode("ascii")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")


def _is_json(callback: Callback) -> bool:
    return callback.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM


def _is_hashed(callback: Callback) -> bool:
    told = parse_qs(urlsplit(callback.url).query).get("bodySHA256", [""])
    return hmac.compare_digest(told[0].encode(), hashlib.sha256(callback.body).hexdigest().encode())


def _spellings(url: str, fragment: str | None) -> Iterator[str]:
    """As it stands, without its port, and with the usual one; each with the fragment, too. Raises ValueError for what
    is no address.
    """
    parts = urlsplit(url)
    port = parts.port or _USUAL_PORT.get(parts.scheme)
    for address in (url, _with_host(parts, ""), _with_host(parts, f":{port}")):
        yield address
        if fragment:
            yield f"{address}#{fragment}"


def _with_host(parts: SplitResult, port: str) -> str:
    """Only the port behind the host changes: a user before it stays, and so do the brackets of IPv6."""
    user, at, place = parts.netloc.rpartition("@")
    host = place if parts.port is None else place[: place.rfind(":")]
    return parts._replace(netloc=f"{user}{at}{host}{port}").geturl()
