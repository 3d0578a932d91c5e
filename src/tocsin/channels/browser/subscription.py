"""A subscription is where one browser is pushed to, and the keys that only it can read by."""

import json
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from tocsin.core.base64url import decoded
from tocsin.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Subscription:
    """`endpoint` is an address of its push service that lets whoever knows it push there. `key` and `auth` are the
    `p256dh` and `auth` of the Push API.
    """

    endpoint: Secret
    key: EllipticCurvePublicKey
    auth: bytes = field(repr=False)

    @classmethod
    def of(cls, kept: Secret) -> Self:
        """Read what is kept of a browser. Raises ValueError for keys that no browser has."""
        told = json.loads(kept.reveal())
        point = decoded(told["keys"]["p256dh"])
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        return cls(Secret(told["endpoint"]), key, decoded(told["keys"]["auth"]))
