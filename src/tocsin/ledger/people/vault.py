"""What reaches people, encrypted under a key that is not in the database; and looked for by a hash under that key.

The key is the configuration's `people.key`, else a file beside the ledger, made when the first person is kept.
"""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import PeopleKeyError
from tocsin.core.file import cause, read_text
from tocsin.core.private_file import PRIVATE, make_once
from tocsin.core.secret import Secret

SHORTEST = 32  # characters of a key
_LONGEST = 10_000
_NONCE = 12  # bytes, as AES-GCM wants them
_TELL = "put back the right one from your backup, or set people.key in the configuration to what it was"


class Vault:
    """`configured` is the key of the configuration; else it is in `file`, where there is a place for one."""

    def __init__(self, configured: Secret | None, file: Path | None) -> None:
        self._configured = configured
        self._file = file
        self._secret: Secret | None = configured

    def unlock(self, mark: bytes | None) -> None:
        """At the start, with the ledger's mark of the key; none while nobody is kept there. Raises PeopleKeyError."""
        if self._secret is None and self._file is not None:
            self._secret = _read(self._file)
        if mark is None:
            return
        if self._secret is None:
            raise PeopleKeyError(f"the key of the people in this ledger is missing ({self._place}): {_TELL}")
        if not hmac.compare_digest(mark, self.mark):
            raise PeopleKeyError(f"the people in this ledger were kept with another key than {self._place}: {_TELL}")

    def need(self) -> None:
        """Whatever is kept from now on is kept with the key: it is made where there is none, and on the disk before
        anything is that needs it. Raises PeopleKeyError.
        """
        if self._secret is not None:
            return
        if self._file is None:
            raise PeopleKeyError("people cannot be kept without a key: set people.key in the configuration")
        _make(self._file)
        self._secret = _read(self._file)

    @property
    def empty(self) -> bool:
        """There is no key, and so nobody who was kept with it."""
        return self._secret is None

    @cached_property
    def mark(self) -> bytes:
        """What tells this key from others, and does not tell it."""
        return self._derive(b"mark")

    def lookup(self, value: AddressValue) -> bytes:
        """The same for equal values, and for nobody to guess without the key."""
        return hmac.digest(self._hashing, f"{value.kind}:{value.compared.reveal()}".encode(), "sha256")

    def app(self, value: AddressValue) -> bytes | None:
        """The same for all addresses of one app on one device; None for what is no app."""
        return None if value.app is None else hmac.digest(self._hashing, f"app:{value.app.reveal()}".encode(), "sha256")

    def digest(self, text: str) -> str:
        return hmac.digest(self._hashing, b"text:" + text.encode(), "sha256").hex()

    def seal(self, value: AddressValue, lookup: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value.secret.reveal().encode(), lookup)

    def open(self, sealed: bytes, lookup: bytes, kind: AddressKind) -> Secret:
        """Raises PeopleKeyError for what was sealed with another key, or for another address."""
        try:
            return Secret(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], lookup).decode())
        except InvalidTag as problem:
            raise PeopleKeyError(f"a {kind} in the ledger cannot be read with {self._place}: {_TELL}") from problem

    @property
    def _place(self) -> str:
        return "people.key of the configuration" if self._configured is not None else str(self._file or "people.key")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._derive(b"values"))

    @cached_property
    def _hashing(self) -> bytes:
        return self._derive(b"look-ups")

    def _derive(self, purpose: bytes) -> bytes:
        assert self._secret is not None, "it is unlocked, or needed, before it is used"
        key = self._secret.reveal().encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tocsin people: " + purpose).derive(key)


def _read(file: Path) -> Secret | None:
    """None where there is no such file."""
    try:
        text = read_text(file, _LONGEST).strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise PeopleKeyError(
            f"the key of people cannot be read ({file}: {cause(problem)}): mend its rights"
        ) from problem
    if len(text) < SHORTEST:
        raise PeopleKeyError(f"the key of people is not whole ({file}): {_TELL}")
    with suppress(PermissionError):
        file.chmod(PRIVATE)
    return Secret(text)


def _make(file: Path) -> None:
    try:
        make_once(file, urlsafe_b64encode(secrets.token_bytes(32)))
    except OSError as problem:
        raise PeopleKeyError(
            f"the key of people cannot be written ({file}: {problem.strerror}): mend the rights of its folder,"
            " or set people.key in the configuration"
        ) from problem
