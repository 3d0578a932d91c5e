"""Messages of FCM HTTP v1, simulated: one is sent to one device, and stands on its lock screen."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.firebase.fields import at
from tocsin.sandbox.firebase.phone import LockScreen
from tocsin.sandbox.firebase.project import PROJECT, Device, Project
from tocsin.sandbox.firebase.refusal import RefusedError, by_code, exhausted, refused
from tocsin.sandbox.firebase.rules import check
from tocsin.sandbox.journal import Journal

SEND = re.compile(r"/v1/projects/(?P<project>[^/]+)/messages:send")
_CHECKED = "fake_message_id"  # what is only checked is called so
_ADDRESS = re.compile(r"[A-Za-z0-9_-]{22}(?::[A-Za-z0-9_-]{100,})?")


class Firebase:
    """`answers` is a code that every message is answered with; None is the truth."""

    name: ClassVar[str] = "firebase"
    prefix: ClassVar[str] = "/v1/projects/"

    def __init__(self, clock: Clock, journal: Journal, *, limits: bool, base: Callable[[], str]) -> None:
        self.project = Project(clock, limits=limits, base=base)
        self.answers: str | None = None
        self._clock = clock
        self._journal = journal
        self._base = base

    # What tests and demos ask for.

    def phone(self, name: str, platform: str = "android", by: str = "token") -> LockScreen:
        """A device with the app, registered by a `token` or by its `fid`."""
        device = self.project.devices.get(name) or self.project.register(name, platform, by)
        return LockScreen(device, self.project, self._clock, self._journal)

    def block(self, folder: Path) -> Mapping[str, Any]:
        """For a configuration: push that leads here, to apps alone."""
        file = self.project.write_account(folder / "firebase.json")
        return {"api_base": self._base(), "firebase_config": str(file.resolve()), "web": {"enabled": False}}

    def phones(self, *names: str) -> Mapping[str, Mapping[str, Any]]:
        """Devices of these names, an iPhone among them by its FID, and what the app on each would register."""
        kinds = {name: ("ios", "fid") if name.startswith("iP") else ("android", "token") for name in names}
        made = {name: self.phone(name, *kind) for name, kind in kinds.items()}
        return {
            name: {"kind": phone.kind, "value": phone.address, "platform": phone.device.platform, "app_version": "2.3"}
            for name, phone in made.items()
        }

    # What the server asks of a provider.

    def aim(self, method: str, path: str) -> Aim:
        return Aim("send" if method == "POST" and SEND.fullmatch(path) else "unknown", "")

    def take(self, call: Call) -> Verdict:
        try:
            return self._act(call)
        except RefusedError as said:
            return Verdict(accepted=False, answer=said.answer)

    def _act(self, call: Call) -> Verdict:
        found = SEND.fullmatch(call.path)
        if found is None or call.method != "POST":
            raise RefusedError(refused("NOT_FOUND", "Requested entity was not found."))
        self._admit(call, found["project"])
        message = check(call.parsed)
        if self.answers:
            raise RefusedError(by_code(self.answers))
        if at(call.parsed, "validate_only") and message.get("topic"):
            return Verdict(accepted=True, answer=Answer.json(200, {"name": f"projects/{PROJECT}/messages/{_CHECKED}"}))
        device = self._found(message)
        told = self.project.count(device, collapses=bool(at(at(message, "android") or {}, "collapse_key")))
        if told is not None:
            subject, wait = told
            raise exhausted(f"{subject}:{device.name}", f"Quota exceeded for this {subject}.", wait)
        return self._shown(device, message, only_checked=bool(at(call.parsed, "validate_only")))

    def _admit(self, call: Call, project: str) -> None:
        kind, _, token = call.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not self.project.knows_token(token):
            words = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise RefusedError(refused("UNAUTHENTICATED", words))
        if project != PROJECT:
            raise RefusedError(refused("PERMISSION_DENIED", f"Permission denied on resource project {project}."))

    def _found(self, message: Mapping[str, Any]) -> Device:
        address = str(message.get("token") or message.get("fid") or "")
        if not address:
            raise RefusedError(refused("INVALID_ARGUMENT", "The sandbox sends to devices alone."))
        if not _ADDRESS.fullmatch(address):
            raise RefusedError(by_code("INVALID_ARGUMENT"))
        device = self.project.device_of(address)
        if device is None:
            raise RefusedError(by_code("UNREGISTERED"))
        if device.answers:
            raise RefusedError(by_code(device.answers))
        return device

    def _shown(self, device: Device, message: Mapping[str, Any], *, only_checked: bool) -> Verdict:
        name = self.project.next_name()
        if not only_checked:
            device.screen.take(message, name, self._clock.now())
        return Verdict(
            accepted=True,
            answer=Answer.json(200, {"name": name}),
            references=tuple(_carried(device, message)),
            message=_standing(device, message) or name,
        )


def _carried(device: Device, message: Mapping[str, Any]) -> list[str]:
    """Which alert it tells whom of: by the code in its link, where it has one. That one is over is no other."""
    data = message.get("data") or {}
    alert, link = data.get("alert_id"), str(data.get("link", ""))
    if not alert or data.get("state") == "sold_out":
        return []
    return [link.rpartition("/r/")[2] if "/r/" in link else f"{alert}@{device.name}"]


def _standing(device: Device, message: Mapping[str, Any]) -> str | None:
    """What stands on the lock screen: a repeat takes its place, and is the same. None: each is one of its own."""
    tag = at(at(at(message, "android") or {}, "notification") or {}, "tag")
    return f"{device.name} {tag}" if tag else None
