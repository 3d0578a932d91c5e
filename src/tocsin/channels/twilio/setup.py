"""What the channel is made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urlsplit

from tocsin.channels.twilio.template import Template
from tocsin.core.alert import AlertType
from tocsin.core.secret import Secret
from tocsin.core.wording import Wording

API = "https://api.twilio.com"
VERIFY_API = "https://verify.twilio.com"
ACCOUNTS_API = "https://accounts.twilio.com"


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
    `first_text` says to whoever was imported who writes, and how to stop.

    Twilio documents none of these: `never_arrived_after` a text that it does not list has not arrived, `clock_slack` is
    between its clock and ours, `code_life` is of a code (support can change it). `connection` are overrides of how it
    calls us (`rc=5&rp=all`), behind the address as its fragment.
    """

    account_sid: str
    auth_token: Secret | None = None
    api_key: ApiKey | None = None
    from_number: str | None = None
    messaging_service: str | None = None
    verify_service: str | None = None
    tells_consent: bool = False
    public_url: str | None = None
    api_base: str | None = None
    templates: Mapping[AlertType, Template] = field(default_factory=dict)
    shops: Mapping[str, str] = field(default_factory=dict)
    replies: Replies = field(default_factory=Replies)
    first_text: str | None = None
    never_arrived_after: timedelta = timedelta(seconds=30)
    clock_slack: timedelta = timedelta(minutes=1)
    code_life: timedelta = timedelta(minutes=10)
    connection: str | None = None

    @property
    def introduction(self) -> Wording:
        """What the first text to whoever was imported begins with."""
        host = urlsplit(self.public_url or "").hostname
        text = self.first_text or f"{host or 'Tocsin'}: alerts you agreed to. Reply STOP to end them."
        return Wording(f"first-text-{Wording('', text).sha256[:8]}", text)

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
        return f"{(self.api_base or API).rstrip('/')}/2010-04-01/Accounts/{quote(self.account_sid, safe='')}"

    @property
    def consent_api(self) -> str:
        return f"{(self.api_base or ACCOUNTS_API).rstrip('/')}/v1/Consents/Bulk"

    @property
    def verify_api(self) -> str:
        return f"{(self.api_base or VERIFY_API).rstrip('/')}/v2/Services/{quote(self.verify_service or '', safe='')}"


def faults_of(settings: TwilioSettings) -> list[str]:
    """Without what Twilio takes nothing. Whether a name is right, it knows itself."""
    faults = []
    if not (settings.auth_token or settings.api_key):
        faults.append("an auth token or an API key is missing")
    if not (settings.from_number or settings.messaging_service):
        faults.append("a sender is missing: from_number or messaging_service_sid")
    return faults


def is_sid(text: str, prefix: str) -> bool:
    """Whether it has the form in which Twilio names what starts so: `AC` an account, `SK` a key, and so on."""
    return re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", text) is not None
