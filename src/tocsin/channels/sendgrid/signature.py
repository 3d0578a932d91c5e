"""The signature of SendGrid's events: ECDSA (P-256, SHA-256) over the timestamp and the very bytes of the body.

SendGrid, "Event Webhook Security Features". It names no window, and calls again for 24 hours what was not taken: what
is older is refused, and within the window an event that came before changes nothing.
"""

import base64
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tocsin.core.callback import Callback
from tocsin.core.secret import Secret

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

AHEAD, BACK = timedelta(minutes=5), timedelta(hours=25)

_LONGEST = 12  # digits of a timestamp


def key_of(written: Secret) -> EllipticCurvePublicKey:
    """Read the public key as SendGrid shows it: base64 of its DER form. Raises ValueError."""
    try:
        key = load_der_public_key(base64.b64decode(written.reveal(), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("event_key: it is no public key as SendGrid shows it") from None
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ValueError("event_key: SendGrid signs with a key of the curve P-256")


def signature_fault(callback: Callback, key: EllipticCurvePublicKey) -> str | None:
    """Why the call is not SendGrid's; None where it is."""
    signature, timestamp = (callback.headers.get(name, "") for name in (SIGNATURE, TIMESTAMP))
    if not signature or not timestamp:
        return "there is no signature"
    try:
        key.verify(base64.b64decode(signature, validate=True), timestamp.encode() + callback.body, ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return "the signature does not fit"
    return _age_fault(timestamp, callback.at)


def _age_fault(timestamp: str, now: datetime) -> str | None:
    """Asked only of a timestamp that was signed."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _LONGEST):
        return "its timestamp is none"
    signed_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(timestamp))
    if signed_at - now > AHEAD:
        return "it was signed in the future"
    return "it was signed too long ago" if now - signed_at > BACK else None
