"""A receiver of webhooks, simulated: it checks the signature by itself and drops what it has already.

Source: Standard Webhooks 1.0.0, "Verifying signatures". Written without a look at how the channel signs.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tocsin.core.clock import Clock, epoch_micros
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.journal import PATIENCE_S, Journal

TOLERANCE_S = 300  # between the sender's clock and ours
ADDRESS = re.compile(r"/hooks/(?P<name>[^/]+)(?P<plain>/plain)?")
WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(slots=True)
class Hook:
    """One place to POST to. `received` in order, repeats dropped; any of `secrets` is taken; `gone` answers 410."""

    name: str
    secrets: list[str]
    gone: bool = False
    received: list[Any] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    dropped: int = 0
    refused: int = 0

    def as_json(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "secret": self.secrets[0],
            "gone": self.gone,
            "received": len(self.received),
            "dropped": self.dropped,
            "refused": self.refused,
            "last": self.received[-1] if self.received else None,
        }


class Receiver:
    """`/hooks/{name}` wants a signature, `/hooks/{name}/plain` takes any JSON, as a hook of Zapier does."""

    name: ClassVar[str] = "webhook"
    prefix: ClassVar[str] = "/hooks/"

    def __init__(self, clock: Clock, journal: Journal, base: Callable[[], str]) -> None:
        self.hooks: dict[str, Hook] = {}
        self._clock = clock
        self._journal = journal
        self._base = base

    # What tests and demos ask for.

    def hook(self, name: str) -> Hook:
        """Made on first use; its first secret follows from its name."""
        return self.hooks.setdefault(name, Hook(name, [secret_for(name)]))

    def url(self, name: str, *, plain: bool = False) -> str:
        return f"{self._base()}/hooks/{self.hook(name).name}{'/plain' if plain else ''}"

    async def expect(self, name: str, text: str, deadline_s: float = PATIENCE_S) -> Any:
        """The first body received with this text in it, now or within so many real seconds. Raises TimeoutError."""
        hook = self.hook(name)
        return await self._journal.until(
            lambda: next((body for body in hook.received if text in str(body)), None), deadline_s
        )

    def drawn(self) -> list[Mapping[str, Any]]:
        return [hook.as_json() for hook in self.hooks.values()]

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        found = ADDRESS.fullmatch(path)
        return Aim("deliver", found["name"]) if found and method == "POST" else Aim("unknown", "")

    def take(self, call: Call) -> Verdict:
        found = ADDRESS.fullmatch(call.path)
        if found is None or call.method != "POST":
            return _refusal(404, "nothing is here")
        hook = self.hook(found["name"])
        if hook.gone:
            return _refusal(410, "nobody listens here any more")
        if problem := self._problem(hook, call, signed=not found["plain"]):
            hook.refused += 1
            return problem
        return _receive(hook, call, keeps_ids=not found["plain"])

    def _problem(self, hook: Hook, call: Call, *, signed: bool) -> Verdict | None:
        if call.parsed is None:
            return _refusal(400, "the body is not JSON")
        if not signed:
            return None
        identifier, moment = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
        if not identifier or not WHOLE_NUMBER.fullmatch(moment):
            return _refusal(400, "webhook-id and webhook-timestamp are needed")
        if abs(epoch_micros(self._clock.now()) // 1_000_000 - int(moment)) > TOLERANCE_S:
            return _refusal(400, "webhook-timestamp is too far from now")
        content = f"{identifier}.{moment}.".encode() + call.body
        if not any(_signs(secret, content, call.headers.get("webhook-signature", "")) for secret in hook.secrets):
            return _refusal(401, "no signature is by a secret of this hook")
        return None


def secret_for(name: str) -> str:
    """`whsec_` and 32 bytes that follow from the name: a restarted sandbox keeps its secrets."""
    return "whsec_" + base64.b64encode(hashlib.sha256(f"tocsin sandbox {name}".encode()).digest()).decode()


def _receive(hook: Hook, call: Call, *, keeps_ids: bool) -> Verdict:
    """A repeat is answered as if it were news, and counted as nothing."""
    identifier = call.headers.get("webhook-id", "")
    if keeps_ids and identifier in hook.ids:
        hook.dropped += 1
        return Verdict(accepted=True, answer=Answer.json(200, {"status": "known"}), message=identifier)
    hook.ids.add(identifier)
    hook.received.append(call.parsed)
    references = (identifier,) if identifier else ()
    return Verdict(accepted=True, answer=Answer.json(200, {"status": "success"}), references=references)


def _signs(secret: str, content: bytes, header: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    parts = (part.partition(",") for part in header.split(" "))
    return any(version == "v1" and hmac.compare_digest(value.encode(), right.encode()) for version, _, value in parts)


def _refusal(status: int, words: str) -> Verdict:
    return Verdict(accepted=False, answer=Answer.json(status, {"error": words}))
