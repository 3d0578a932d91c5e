"""Webhook addresses: every form that Discord has ever given out, brought to the one that is called."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tocsin.channels.transport import Answer
from tocsin.config.values.addresses import is_loopback, split_url
from tocsin.core.secret import Secret

API = "https://discord.com/api/v10"

# As people copy them. Without a version they would mean v6, whose errors do not say what was wrong.
_DISCORD = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com(?::443)?/api(?:/v\d{1,2})?"
    r"/webhooks/(?P<id>\d{1,20})/(?P<token>[A-Za-z0-9._-]+)/?"
)
_SIMULATED = re.compile(
    r"https?://[^/?#@]+(?:/api(?:/v\d{1,2})?)?/webhooks/(?P<id>\d{1,20})/(?P<token>[A-Za-z0-9._-]+)/?"
)

_HOSTS = frozenset({"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"})
_PATH = re.compile(r"(?:/api(?:/v[0-9]{1,2})?)?/webhooks/([0-9]{1,20})/([A-Za-z0-9._-]+)/?")


def normalise(url: str, api_base: str | None = None) -> str:
    """The address under `/api/v10`, or under `api_base` (a simulated Discord) where one is set.

    Raises ValueError for anything else; its text never repeats the address, which is a secret.
    """
    found = (_SIMULATED if api_base else _DISCORD).fullmatch(url.strip())
    if found is None:
        raise ValueError("not a Discord webhook address: https://discord.com/api/webhooks/ID/TOKEN is expected")
    return f"{api_root(api_base)}/webhooks/{found['id']}/{found['token']}"


def api_root(api_base: str | None) -> str:
    """`api_base` may end before `/api`, after it, or after the version."""
    if api_base is None:
        return API
    base = api_base.rstrip("/")
    if re.search(r"/api/v\d+$", base):
        return base
    return f"{base}/v10" if base.endswith("/api") else f"{base}/api/v10"


def is_webhook_url(url: str, api_base: str | None = None) -> bool:
    """One of the forms in which Discord hands webhook URLs out; on loopback where `api_base` is there too."""
    parts = split_url(url)
    if parts is None or parts.username is not None:
        return False
    if is_loopback(parts.hostname):
        base = split_url(api_base)
        known = base is not None and is_loopback(base.hostname)
    else:
        official = parts.scheme == "https" and parts.hostname in _HOSTS and parts.port in (None, 443)
        known = official and parts.path.startswith("/api/")
    return known and not parts.query and _PATH.fullmatch(parts.path) is not None


def webhook_identity(url: str) -> str:
    """The same for every spelling of one webhook: its id."""
    found = _PATH.fullmatch(urlsplit(url).path)
    return found[1] if found else url


@dataclass(frozen=True, slots=True)
class Address:
    """One webhook as it is called; `thread_id` names the thread of its channel that it writes to."""

    url: Secret
    thread_id: str | None = None

    @property
    def webhook_id(self) -> str:
        return self.url.reveal().rsplit("/", 2)[1]

    def execute(self) -> Secret:
        """`wait`: without it a message that is not saved gives no error. `with_components`: else buttons vanish."""
        return self._with("?wait=true&with_components=true")

    def message(self, reference: str) -> Secret:
        return self._with(f"/messages/{reference}?with_components=true")

    def inspect(self) -> Secret:
        return self.url

    def hidden_in(self, answer: Answer) -> Answer:
        """Error pages repeat the address that was asked for, and what they say goes to the timeline."""
        token = self.url.reveal().rsplit("/", 1)[1].encode()
        return replace(answer, body=answer.body.replace(token, b"***"))

    def _with(self, rest: str) -> Secret:
        thread = f"&thread_id={self.thread_id}" if self.thread_id else ""
        return Secret(f"{self.url.reveal()}{rest}{thread}")
