"""The channels and the mirrors there are: one line each, in the order in which people are shown them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tocsin.channels.apprise.spec import APPRISE
from tocsin.channels.browser.entrance import BROWSERS
from tocsin.channels.discord.spec import DISCORD
from tocsin.channels.email.spec import e_mail
from tocsin.channels.firebase.way import FIREBASE
from tocsin.channels.push.spec import push
from tocsin.channels.sendgrid.carrier import SENDGRID
from tocsin.channels.slack.spec import SLACK
from tocsin.channels.smtp.carrier import SMTP
from tocsin.channels.spec import Spec
from tocsin.channels.telegram.spec import TELEGRAM
from tocsin.channels.twilio.spec import SMS, VOICE
from tocsin.channels.webhook.spec import WEBHOOK
from tocsin.mirrors.airtable.spec import AIRTABLE
from tocsin.mirrors.redis import REDIS
from tocsin.mirrors.spec import MirrorSpec

_LISTED: tuple[Spec[Any], ...] = (
    DISCORD,
    SMS,
    push(FIREBASE, BROWSERS),
    e_mail(SENDGRID, SMTP),
    WEBHOOK,
    VOICE,
    TELEGRAM,
    SLACK,
    APPRISE,
)

CATALOGUE: Mapping[str, Spec[Any]] = MappingProxyType({spec.name: spec for spec in _LISTED})
MIRRORS: Mapping[str, MirrorSpec] = MappingProxyType({spec.name: spec for spec in (AIRTABLE, REDIS)})
