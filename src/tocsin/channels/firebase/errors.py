"""What Firebase's error codes mean for a message and for the device that it was for.

Sources: Firebase, "FCM error codes" (ErrorCode of the REST reference); google.rpc.Code; its SDKs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused

SOON = timedelta(seconds=10)  # Firebase wants to be left alone for so long after trouble of its own
QUOTA = timedelta(minutes=1)  # and until the quota is refilled, in the minute that follows

NEVER_REGISTERED = (
    "Firebase knows no such registration. A FID alone is no address: the app has to register with FCM "
    "(Android: firebase-messaging 25.1 or newer with firebase_messaging_installation_id_enabled; "
    "iOS: 12.18 or newer with FirebaseMessagingInstallationIdEnabled)"
)


@dataclass(frozen=True, slots=True)
class Code:
    """`outcome` is that of a request which was answered with the code. `of_platform`: it holds for whatever runs on the
    same platform; `for_operators`: it is nothing that the device can mend.
    """

    outcome: Outcome
    of_platform: bool = False
    for_operators: bool = False


def _gone(why: AddressWhy) -> Outcome:
    return Refused(Refusal.TARGET_GONE, shuts=why)


# The codes of an FcmError. INVALID_ARGUMENT is not here: see `answers`, it has two meanings.
FCM: Mapping[str, Code] = MappingProxyType(
    {
        "UNREGISTERED": Code(_gone(AddressWhy.UNREGISTERED)),
        "SENDER_ID_MISMATCH": Code(_gone(AddressWhy.GONE), for_operators=True),
        "THIRD_PARTY_AUTH_ERROR": Code(Deferred(Delay.CREDENTIALS), of_platform=True, for_operators=True),
        "QUOTA_EXCEEDED": Code(Deferred(Delay.RATE_LIMITED, QUOTA)),
        "UNAVAILABLE": Code(Deferred(Delay.PROVIDER_TROUBLE, SOON)),
        "INTERNAL": Code(Deferred(Delay.PROVIDER_TROUBLE, SOON)),
    }
)

# The statuses of an error without an FcmError. A bare NOT_FOUND says nothing of the device: it may be the project.
STATUSES: Mapping[str, Outcome] = MappingProxyType(
    {
        "NOT_FOUND": Refused(Refusal.UNDELIVERED),
        "PERMISSION_DENIED": Deferred(Delay.CREDENTIALS),
        "RESOURCE_EXHAUSTED": Deferred(Delay.RATE_LIMITED, QUOTA),
        "UNAVAILABLE": Deferred(Delay.PROVIDER_TROUBLE, SOON),
        "INTERNAL": Deferred(Delay.PROVIDER_TROUBLE, SOON),
    }
)

UNKNOWN_ADDRESS: Outcome = _gone(AddressWhy.GONE)
UNINSTALLED: Outcome = _gone(AddressWhy.UNREGISTERED)
WRONG_MESSAGE: Outcome = Refused(Refusal.INVALID_REQUEST)
