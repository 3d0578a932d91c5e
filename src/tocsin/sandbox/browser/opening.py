"""How a browser opens what its push service has brought (RFC 8291, 3; RFC 8188, 2). Written without a look at how the
channel closes it.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HEAD = 16 + 4 + 1  # bytes before the key: salt, size of records, length of the key's name
POINT = 65
TAG = 16


class UnreadableError(ValueError):
    """Nobody can open it with these keys."""


def opened(body: bytes, own: EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Raises UnreadableError."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20] if len(body) > HEAD else 0
    if length != POINT or len(body) < HEAD + POINT + TAG + 1:
        raise UnreadableError("the head names no key of the sender")
    if size <= HEAD + TAG or len(body) - HEAD - POINT > size:
        raise UnreadableError("it is more than one record")
    point, sealed = body[HEAD : HEAD + POINT], body[HEAD + POINT :]
    try:
        shared = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
    except ValueError as problem:
        raise UnreadableError("the sender's key is no point of the curve") from problem
    mine = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _derived(auth, shared, b"WebPush: info\x00" + mine + point, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\x00", 12)
    try:
        padded = AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag as problem:
        raise UnreadableError("it was sealed for somebody else") from problem
    content = padded.rstrip(b"\x00")
    if not content.endswith(b"\x02"):
        raise UnreadableError("it does not end as the last record does")
    return content[:-1]


def _derived(salt: bytes, secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, purpose).derive(secret)
