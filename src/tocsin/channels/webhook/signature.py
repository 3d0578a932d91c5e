"""The signature of Standard Webhooks 1.0.0: `v1`, HMAC-SHA256 over id, time of the attempt and body."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.core.clock import epoch_micros
from tocsin.core.secret import Secret

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes (Standard Webhooks, "Signature scheme")


def key_of(secret: Secret) -> bytes:
    """The bytes that a written secret, `whsec_` and base64, stands for.

    Raises ValueError where they are not 24 to 64: above all for an empty one, under which anybody could sign.
    """
    try:
        key = base64.b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except ValueError:  # of base64, and of what is not ASCII
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"a signing secret is {_PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} random bytes")
    return key


def headers_of(identifier: str, moment: datetime, body: bytes, secrets: Sequence[Secret]) -> Mapping[str, str]:
    """`identifier` is the same in every repeat, `moment` is this attempt's. Without secrets nothing is signed."""
    seconds = str(epoch_micros(moment) // 1_000_000)
    told = {"webhook-id": identifier, "webhook-timestamp": seconds}
    if secrets:
        signed = b".".join((identifier.encode(), seconds.encode(), body))
        told["webhook-signature"] = " ".join(_signature(secret, signed) for secret in secrets)
    return told


def _signature(secret: Secret, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
