"""SendGrid as a carrier of mail."""

from collections.abc import Iterator

from tocsin.channels.contract import Channel
from tocsin.channels.email.carrier import Carrier
from tocsin.channels.email.settings import Email
from tocsin.channels.sendgrid.channel import MOST, SendGridChannel
from tocsin.channels.sendgrid.setup import setup_of
from tocsin.channels.spec import Finding, ProviderLimits, Surroundings

# SendGrid, "Mail Send": 1,000 recipients a request. No rate is published: its headers say what is left.
LIMITS = ProviderLimits(bundle=MOST)


def cautions(settings: Email) -> Iterator[Finding]:
    if settings.event_key is None:
        yield ("event_key",), "without it nothing is heard of what arrived, what bounced and who complained"


def make(settings: Email, around: Surroundings) -> Channel:
    """Raises ValueError for a key of events that is none."""
    return SendGridChannel(setup_of(settings, around), around)


SENDGRID = Carrier(key="sendgrid_key", make=make, limits=LIMITS, cautions=cautions)
