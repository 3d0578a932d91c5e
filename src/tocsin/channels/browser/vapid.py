"""How push services know us: by one key for the life of the service (RFC 8292).

Each browser binds its subscription to the key that it was given: with another one all of them are lost. So it is made
when somebody first asks for it, kept in a file beside the key of people, and belongs to the backup as that one does.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tocsin.channels.browser.encryption import point_of
from tocsin.core.base64url import encoded
from tocsin.core.file import cause, read_text
from tocsin.core.private_file import PRIVATE, make_once

LIFE = timedelta(hours=12)  # of a signed token; at most 24 hours (RFC 8292, 2)
_RENEWED = LIFE / 2  # before its end: clocks differ
_HALF = 32  # bytes of each half of a signature (RFC 7518, 3.4)
_LONGEST_FILE = 10_000


class KeyFileError(ValueError):
    """The key is not there to be read or written. Its text says how to mend it."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    expires_at: datetime


class Vapid:
    """The key, in its file; and the tokens that are signed with it, one for each push service at a time. `contact` is
    whom the service may write to, `mailto:…` or `https://…`.
    """

    def __init__(self, file: Path, contact: str | None) -> None:
        self._file = file
        self._contact = contact
        self._key: EllipticCurvePrivateKey | None = None
        self._tokens: dict[str, _Token] = {}

    def need(self) -> None:
        """Read the key, or make it. Waits for the disk. Raises KeyFileError."""
        if self._key is None:
            self._key = _read(self._file) or _made(self._file)

    @property
    def ready(self) -> bool:
        return self._key is not None

    @property
    def public(self) -> str:
        """What browsers are given when they subscribe."""
        return encoded(point_of(self._own.public_key()))

    def authorization(self, origin: str, now: datetime) -> str:
        """Write the header for requests to that push service: `https://updates.push.services.mozilla.com`."""
        known = self._tokens.get(origin)
        if known is None or not _RENEWED <= known.expires_at - now <= LIFE:
            known = self._tokens[origin] = self._signed(origin, now + LIFE)
        return f"vapid t={known.text},k={self.public}"

    def _signed(self, origin: str, expires_at: datetime) -> _Token:
        claims = {"aud": origin, "exp": int(expires_at.timestamp())}
        if self._contact:
            claims["sub"] = self._contact
        content = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
        r, s = decode_dss_signature(self._own.sign(content.encode(), ECDSA(SHA256())))
        signature = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
        return _Token(f"{content}.{encoded(signature)}", expires_at)

    @property
    def _own(self) -> EllipticCurvePrivateKey:
        assert self._key is not None, "it is needed before it is used"
        return self._key


def contact_fault(contact: str) -> str:
    """Say why Apple takes no such contact (`BadJwtToken`, Apple's forum, thread 725473); empty where it may."""
    scheme, _, rest = contact.partition(":")
    host = rest.rpartition("@")[2] if scheme == "mailto" else rest.removeprefix("//").partition("/")[0]
    name = host.partition(":")[0].lower()
    if any(sign in contact for sign in "<> "):
        return "it is written without `<`, `>` and spaces"
    if name == "localhost" or name.endswith(".local") or "." not in name:
        return "it has to be reachable from outside"
    return ""


def _part(told: Mapping[str, object]) -> str:
    return encoded(json.dumps(told, separators=(",", ":")).encode())


def _read(file: Path) -> EllipticCurvePrivateKey | None:
    """None where there is no such file."""
    try:
        key = load_pem_private_key(read_text(file, _LONGEST_FILE).encode(), None)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise KeyFileError(f"the key of push cannot be read ({file}: {cause(problem)}): mend its rights") from problem
    except (ValueError, TypeError) as problem:
        raise KeyFileError(f"the key of push is not whole ({file}): put back the one of your backup") from problem
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyFileError(f"the key of push is of another kind ({file}): put back the one of your backup")
    with suppress(PermissionError):
        file.chmod(PRIVATE)
    return key


def _made(file: Path) -> EllipticCurvePrivateKey:
    fresh = generate_private_key(SECP256R1())
    try:
        make_once(file, fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as problem:
        words = f"{file}: {problem.strerror}"
        raise KeyFileError(f"the key of push cannot be written ({words}): mend the rights of its folder") from problem
    return _read(file) or fresh
