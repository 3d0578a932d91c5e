"""What a push service takes, as strictly as the strictest of them (RFC 8030, 5; RFC 8188, 2; RFC 8292, 2 to 4)."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.core.clock import epoch_micros
from tocsin.sandbox.browser.refusal import RefusedError, TokenError
from tocsin.sandbox.exchange import Call

LONGEST_LIFE = 30 * 86_400  # seconds
LARGEST = 4096  # bytes
LONGEST_TOKEN = timedelta(hours=24)

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_SIGNED = re.compile(r"vapid (?=.*\bt=(?P<t>[\w.-]+))(?=.*\bk=(?P<k>[\w-]+))[\w.=, -]+")
_MAILTO = re.compile(r"mailto:[^@\s<>]+@(?P<host>[^@\s<>]+)")


def life(call: Call) -> int:
    """In seconds."""
    told = call.headers.get("TTL", "")
    if not (told.isascii() and told.isdecimal()):
        raise RefusedError(400, 111, "TTL must be greater than or equal to 0")
    return min(int(told), LONGEST_LIFE)


def topic(call: Call) -> str:
    told = call.headers.get("Topic", "")
    if told and not _TOPIC.fullmatch(told):
        raise RefusedError(400, 113, "Topic must be no greater than 32 characters, and of base64url")
    return str(told)


def urgency(call: Call) -> str:
    told = call.headers.get("Urgency", "normal")
    if told not in _URGENCIES:
        raise RefusedError(400, 110, "Urgency is none of RFC 8030")
    return str(told)


def check_body(call: Call) -> None:
    if call.headers.get("Content-Encoding") != "aes128gcm":
        raise RefusedError(400, 110, "Unknown Content-Encoding")
    if len(call.body) > LARGEST:
        raise RefusedError(413, 104, f"Data payload must be smaller than {LARGEST} bytes")


def sender(call: Call, origin: str) -> str:
    """The key of whoever signed the request."""
    found = _SIGNED.fullmatch(call.headers.get("Authorization", ""))
    if found is None:
        raise RefusedError(401, 109, "Request did not validate: missing or malformed Authorization")
    claims = _verified(found["t"], found["k"])
    _check_claims(claims, origin, call.at)
    return found["k"]


def _verified(token: str, key: str) -> Mapping[str, Any]:
    try:
        head, body, signature = token.split(".")
        raw, header = _bytes(signature), json.loads(_bytes(head))
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        signer = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes(key))
        signer.verify(encode_dss_signature(r, s), f"{head}.{body}".encode(), ECDSA(SHA256()))
        claims = json.loads(_bytes(body))
    except (ValueError, InvalidSignature) as problem:
        raise TokenError from problem
    if header.get("alg") != "ES256" or len(raw) != 64 or not isinstance(claims, dict):  # noqa: PLR2004 - r and s
        raise TokenError
    return claims


def _check_claims(claims: Mapping[str, Any], origin: str, at: datetime) -> None:
    ends, now = claims.get("exp"), epoch_micros(at) / 1_000_000
    if isinstance(ends, bool) or not isinstance(ends, int | float):
        raise RefusedError(401, 109, "exp is no number")
    if not now < ends <= now + LONGEST_TOKEN.total_seconds() or claims.get("aud") != origin:
        raise TokenError
    if not _is_reachable(str(claims.get("sub", ""))):
        raise TokenError


def _is_reachable(contact: str) -> bool:
    """As Apple wants it."""
    found = _MAILTO.fullmatch(contact)
    host = found["host"] if found else (urlsplit(contact).hostname or "") if contact.startswith("https://") else ""
    return "." in host and not host.endswith(".local") and host != "localhost"


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
