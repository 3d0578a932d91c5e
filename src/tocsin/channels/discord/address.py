"""Webhook addresses: every form that Discord has ever given out, brought to the one that is called."""

import re
from dataclasses import dataclass, replace

from tocsin.channels.transport import Answer
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
