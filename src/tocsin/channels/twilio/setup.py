"""What the channel is made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.channels.twilio.template import Template
from tocsin.core.alert import AlertType
from tocsin.core.secret import Secret

API = "https://api.twilio.com"
VERIFY_API = "https://verify.twilio.com"

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_KEY = re.compile(r"SK[0-9a-fA-F]{32}")
_MESSAGING_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_VERIFY_SERVICE = re.compile(r"VA[0-9a-fA-F]{32}")
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")  # E.164, short code, a word


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """`sid` is `SK…`. It logs in; it does not sign what Twilio calls us with."""

    sid: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What is answered to those who write to us; None where nothing is. `on_stop` goes only to those whom Twilio has
    not answered already.
    """

    on_stop: str | None = None
    on_help: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioSettings:
    """`auth_token` verifies callbacks and logs in, unless there is an `api_key`. A `messaging_service` chooses the
    sender, unless `from_number` names one of its own. `public_url` is where Twilio reaches us: without it nothing is
    heard of a text once it is sent. `api_base` leads to a simulated Twilio. `shops`: how people call a retailer.
    """

    account_sid: str
    auth_token: Secret | None = None
    api_key: ApiKey | None = None
    from_number: str | None = None
    messaging_service: str | None = None
    verify_service: str | None = None
    public_url: str | None = None
    api_base: str | None = None
    templates: Mapping[AlertType, Template] = field(default_factory=dict)
    shops: Mapping[str, str] = field(default_factory=dict)
    replies: Replies = field(default_factory=Replies)

    @property
    def login(self) -> tuple[str, Secret]:
        """User and password of HTTP Basic. Raises ValueError where there is neither a key nor a token."""
        if self.api_key is not None:
            return self.api_key.sid, self.api_key.secret
        if self.auth_token is not None:
            return self.account_sid, self.auth_token
        raise ValueError("Twilio wants an auth token or an API key")

    @property
    def api(self) -> str:
        """Where everything of the account is."""
        return f"{(self.api_base or API).rstrip('/')}/2010-04-01/Accounts/{self.account_sid}"

    @property
    def verify_api(self) -> str:
        return f"{(self.api_base or VERIFY_API).rstrip('/')}/v2/Services/{self.verify_service}"


def faults_of(settings: TwilioSettings) -> list[str]:
    """Why Twilio would take nothing from these settings; none of them repeats a secret."""
    faults = []
    if not _ACCOUNT.fullmatch(settings.account_sid):
        faults.append("the account is not AC and 32 hexadecimal digits")
    if not (settings.auth_token or settings.api_key):
        faults.append("an auth token or an API key is missing")
    if settings.api_key and not _KEY.fullmatch(settings.api_key.sid):
        faults.append("the API key is not SK and 32 hexadecimal digits")
    if not (settings.from_number or settings.messaging_service):
        faults.append("a sender is missing: from_number or messaging_service_sid")
    if settings.from_number and not _SENDER.fullmatch(settings.from_number):
        faults.append("the sender is no number like +15550100")
    if settings.messaging_service and not _MESSAGING_SERVICE.fullmatch(settings.messaging_service):
        faults.append("the messaging service is not MG and 32 hexadecimal digits")
    if settings.verify_service and not _VERIFY_SERVICE.fullmatch(settings.verify_service):
        faults.append("the verify service is not VA and 32 hexadecimal digits")
    return faults


def warnings_of(settings: TwilioSettings) -> list[str]:
    """What works less well than its owner may think."""
    warnings = [f"{kind}: {template.cost}" for kind, template in settings.templates.items() if template.segments > 1]
    if not settings.public_url:
        warnings.append("without server.public_url nobody hears whether a text arrived, nor what people answer")
    elif "_" in settings.public_url.partition("://")[2].partition("/")[0]:
        warnings.append("Twilio calls no host with an underscore in its name: server.public_url has one")
    if settings.auth_token is None:
        warnings.append("callbacks are signed with the auth token: with an API key alone all of them are refused")
    if not settings.verify_service:
        warnings.append("without a verify service no phone can be verified by a code")
    return warnings
