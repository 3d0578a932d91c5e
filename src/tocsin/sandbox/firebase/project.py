"""A Firebase project, simulated: its service account, the tokens that were given out, and its devices. No HTTP here."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tocsin.core.clock import Clock
from tocsin.sandbox.firebase.screen import Screen

PROJECT = "tocsin-sandbox"
EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"
TOKEN_PATH = "/firebase/token"  # noqa: S105 - where tokens are given out
TOKEN_LIFE = 3599  # seconds
PER_PROJECT, PER_DEVICE, PER_HOUR = 600_000, 240, 5_000  # messages a minute, a minute, an hour
BURST, REFILL_S = 20, 180.0  # of messages that collapse


@dataclass(slots=True, kw_only=True)
class Device:
    """An app on a device. `address` is what it is registered by; None once the app was taken off it. `answers` is a
    code that Firebase has for it, whatever is sent.
    """

    name: str
    platform: str
    address: str | None
    screen: Screen
    answers: str | None = None
    used: deque[float] = field(default_factory=deque)
    burst: float = BURST
    counted_at: float = 0.0

    @property
    def fid(self) -> str:
        return _fid(self.name)


class Project:
    """The key of its service account is another one with each start; addresses of devices follow from their names."""

    def __init__(self, clock: Clock, *, limits: bool, base: Callable[[], str]) -> None:
        self.limits = limits
        self.devices: dict[str, Device] = {}
        self.tokens: dict[str, float] = {}  # by token, when it ends
        self.token_life = TOKEN_LIFE
        self.used: deque[float] = deque()
        self._clock = clock
        self._base = base
        self._addressed: dict[str, Device] = {}
        self._sent = 0

    @cached_property
    def key(self) -> RSAPrivateKey:
        return generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def key_id(self) -> str:
        return sha256(f"{PROJECT} {self.key.public_key().public_numbers().n}".encode()).hexdigest()[:40]

    def account(self) -> Mapping[str, Any]:
        """The key file as the console hands it out."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": self.key_id,
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "client_id": "100000000000000000000",
            "auth_uri": f"{self._base()}/firebase/auth",
            "token_uri": f"{self._base()}{TOKEN_PATH}",
            "universe_domain": "googleapis.com",
        }

    def write_account(self, file: Path) -> Path:
        file.write_text(json.dumps(self.account(), indent=2) + "\n")
        return file

    def register(self, name: str, platform: str = "android", by: str = "token") -> Device:
        """An app starts there for the first time, or registers the other way: with a `token` or by its `fid` alone."""
        address = _fid(name) if by == "fid" else _token(name)
        device = self.devices.get(name)
        if device is None:
            device = Device(name=name, platform=platform, address=address, screen=Screen(platform))
            self.devices[name] = device
        device.address, device.platform = address, platform
        self._addressed[address] = device
        return device

    def device_of(self, address: str) -> Device | None:
        device = self._addressed.get(address)
        return device if device is not None and device.address == address else None

    def give_token(self) -> str:
        token = f"ya29.{sha256(f'{len(self.tokens)} {self.key_id}'.encode()).hexdigest()}"
        self.tokens[token] = self._clock.monotonic() + self.token_life
        return token

    def knows_token(self, token: str) -> bool:
        return self.tokens.get(token, float("-inf")) > self._clock.monotonic()

    def next_name(self) -> str:
        self._sent += 1
        return f"projects/{PROJECT}/messages/0:{self._clock.now().timestamp():.0f}{self._sent:08d}%sandbox"

    def count(self, device: Device, *, collapses: bool) -> tuple[str, float] | None:
        """Take a message's share of every quota: the words of the one that has none left, and for how many seconds."""
        now = self._clock.monotonic()
        for used, keep in ((self.used, 60.0), (device.used, 3600.0)):
            while used and used[0] <= now - keep:
                used.popleft()
        if not self.limits:
            return None
        if len(self.used) >= PER_PROJECT:
            return "project", self.used[0] + 60 - now
        last_minute = sum(at > now - 60 for at in device.used)
        if last_minute >= PER_DEVICE or len(device.used) >= PER_HOUR:
            return "device", 60.0
        device.burst = min(BURST, device.burst + (now - device.counted_at) / REFILL_S)
        device.counted_at = now
        if collapses and device.burst < 1:
            return "device", REFILL_S
        device.burst -= collapses
        self.used.append(now)
        device.used.append(now)
        return None


def _fid(name: str) -> str:
    """22 characters of base64, the first of which says that it is one (Firebase Installations)."""
    return "e" + _letters(f"fid {name}", 21)


def _token(name: str) -> str:
    return f"{_fid(name)}:APA91b{_letters(f'token {name}', 134)}"


def _letters(seed: str, count: int) -> str:
    made = ""
    while len(made) < count:
        made += sha256(f"tocsin sandbox {seed} {len(made)}".encode()).hexdigest()
    return made[:count]
