"""What the channel is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from tocsin.channels.email.house import House
from tocsin.channels.email.settings import Email
from tocsin.channels.sendgrid.signature import key_of
from tocsin.channels.spec import Surroundings
from tocsin.core.alert import AlertType
from tocsin.core.secret import Secret

API = "https://api.sendgrid.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridSetup:
    """`event_key` tells whether events are SendGrid's: without it none is heard. `template_ids` are of templates that
    stand there, in place of our mail.
    """

    key: Secret
    house: House
    api_base: str = API
    event_key: EllipticCurvePublicKey | None = None
    template_ids: Mapping[AlertType, str] = field(default_factory=dict)


def setup_of(settings: Email, around: Surroundings) -> SendGridSetup:
    """Raises ValueError for an event_key that is none, UnfitError for templates that are broken."""
    assert settings.sendgrid_key is not None, "whoever has none uses another carrier"
    return SendGridSetup(
        key=settings.sendgrid_key,
        house=House.of(settings, around),
        api_base=(settings.api_base or API).rstrip("/"),
        event_key=None if settings.event_key is None else key_of(settings.event_key),
        template_ids=settings.template_ids,
    )
