"""A message to one browser is encrypted, so that its push service carries what it cannot read (RFC 8291, RFC 8188)."""

import os

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_RECORD = 4096  # bytes, the size that the header names: what every push service takes (RFC 8030, 7.2)
_SALT, _KEY, _NONCE, _SECRET = 16, 16, 12, 32  # bytes
_LAST = b"\x02"  # the delimiter of the last record: there is one only
_TAG = 16

LONGEST = _RECORD - (_SALT + 4 + 1 + 65) - _TAG - len(_LAST)  # bytes of plain text that fit into one message


def encrypted(
    content: bytes,
    key: EllipticCurvePublicKey,
    auth: bytes,
    *,
    own: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Encrypt the content in one record of `aes128gcm`. `own` and `salt` are drawn anew for each message; only the
    examples of the RFC name them. Raises ValueError for what is too long.
    """
    if len(content) > LONGEST:
        raise ValueError(f"a push message has at most {LONGEST} bytes")
    own, salt = own or generate_private_key(SECP256R1()), salt or os.urandom(_SALT)
    mine = point_of(own.public_key())
    shared = own.exchange(ECDH(), key)
    secret = _derived(shared, auth, b"WebPush: info\0" + point_of(key) + mine, _SECRET)
    cipher = AESGCM(_derived(secret, salt, b"Content-Encoding: aes128gcm\0", _KEY))
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", _NONCE)
    head = salt + _RECORD.to_bytes(4, "big") + bytes((len(mine),)) + mine
    return head + cipher.encrypt(nonce, content + _LAST, None)


def point_of(key: EllipticCurvePublicKey) -> bytes:
    """Write a public key as browsers and push services do: 65 bytes, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(secret)
