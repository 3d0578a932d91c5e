"""A browser that has subscribed: its keys, and what it makes of a message, by the official library."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.core.secret import Secret


@dataclass
class Subscriber:
    endpoint: str = "https://push.example/wpush/v2/a-very-secret-address"
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def told(self) -> dict[str, Any]:
        """As `toJSON()` of the Push API gives it."""
        return {"endpoint": self.endpoint, "keys": {"p256dh": b64(self.point), "auth": b64(self.auth)}}

    @property
    def kept(self) -> Secret:
        return Secret(json.dumps(self.told))

    def read(self, body: bytes) -> bytes:
        return bytes(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
