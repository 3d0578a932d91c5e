"""An address of a contact: one phone, mailbox, device or browser, and whether it may be told anything."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.core.secret import Secret


class AddressKind(StrEnum):
    PHONE = "phone"
    MAILBOX = "mailbox"
    DEVICE = "device"  # an app on it, by its FID or token of Firebase
    BROWSER = "browser"  # a PushSubscription

    @property
    def channel(self) -> str:
        """The channel that consent for this kind is consent to. A phone that stopped texts is not called either."""
        return _CHANNELS[self]


_CHANNELS = {
    AddressKind.PHONE: "sms",
    AddressKind.MAILBOX: "email",
    AddressKind.DEVICE: "push",
    AddressKind.BROWSER: "push",
}


class AddressState(StrEnum):
    UNVERIFIED = "unverified"  # nobody has shown yet that it is theirs
    ACTIVE = "active"
    SUPPRESSED = "suppressed"  # its owner does not want to hear from us; only the owner can change that
    DEAD = "dead"  # nothing arrives there


class AddressWhy(StrEnum):
    """The reasons why an address is suppressed or dead."""

    STOP = "stop"  # by text
    ONE_CLICK = "one_click"  # by the mail client's button
    PAGE = "page"  # by the preference page
    COMPLAINT = "complaint"  # reported as spam
    PROVIDER_OPT_OUT = "provider_opt_out"  # the provider holds a block of its own
    OPERATOR = "operator"
    ERASED = "erased"  # its contact was erased
    LANDLINE = "landline"
    UNKNOWN_NUMBER = "unknown_number"
    BOUNCED = "bounced"
    UNREGISTERED = "unregistered"  # the app was taken off the device
    GONE = "gone"


DEADLY = frozenset(
    {
        AddressWhy.LANDLINE,
        AddressWhy.UNKNOWN_NUMBER,
        AddressWhy.BOUNCED,
        AddressWhy.UNREGISTERED,
        AddressWhy.GONE,
    }
)


class Consent(StrEnum):
    """What the newest entry about an address says."""

    NONE = "none"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressValue:
    """What reaches a person, normalised. `compared` is what equal ones have in common: the number in E.164, the mailbox
    in lower case with the ASCII form of its domain, the token or FID, the endpoint of a subscription. `shown` is what
    may be seen of it. `zone`: where a number belongs, a name of the IANA database. `app` is what two addresses of one
    app on one device have in common, whichever way it registers.
    """

    kind: AddressKind
    secret: Secret
    compared: Secret
    shown: str
    zone: str | None = None
    app: Secret | None = None
