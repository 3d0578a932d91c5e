"""A mail server as a carrier of mail."""

from collections.abc import Iterator

from tocsin.channels.email.carrier import Carrier
from tocsin.channels.email.settings import Email
from tocsin.channels.smtp.channel import channel_of
from tocsin.channels.smtp.server import MailServer
from tocsin.channels.spec import Finding, ProviderLimits

LIMITS = ProviderLimits(in_flight=1)  # there is one connection


def cautions(settings: Email) -> Iterator[Finding]:
    if settings.smtp_url is None:
        return
    try:
        server = MailServer.of(settings.smtp_url)
    except ValueError:
        return  # told as a fault
    if server.login_is_overheard:
        yield ("smtp_url",), "user and password go over the network as they are: anybody on the way can read them"


SMTP = Carrier(key="smtp_url", make=channel_of, limits=LIMITS, cautions=cautions)
