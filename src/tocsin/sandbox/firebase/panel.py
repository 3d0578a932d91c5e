"""Devices with their lock screens, for the sandbox's page."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.sandbox.firebase.api import Firebase
from tocsin.sandbox.firebase.project import Device
from tocsin.sandbox.firebase.refusal import CODES
from tocsin.sandbox.panel import Order

PLATFORMS, WAYS = ("android", "ios"), ("token", "fid")
_NAME = re.compile(r"[A-Za-z0-9 _.-]{1,40}")


class FirebasePanel:
    name: ClassVar[str] = Firebase.name

    def __init__(self, firebase: Firebase) -> None:
        self._firebase = firebase

    def shown(self, most: int) -> Mapping[str, Any]:
        devices = self._firebase.project.devices.values()
        return {"devices": [_drawn(device, most) for device in devices]}

    def orders(self) -> tuple[Order, ...]:
        return (
            Order("GET", "/firebase.json", self._account),
            Order("POST", "/devices", self._register),
            Order("POST", "/devices/{name}", self._change),
        )

    async def _account(self, _: Mapping[str, str], __: Any) -> Mapping[str, Any]:
        """The key file of the service account: `firebase_config` of a configuration."""
        return self._firebase.project.account()

    async def _register(self, _: Mapping[str, str], told: Any) -> Mapping[str, Any]:
        """An app starts on a device; answered with what it would register at the service."""
        order = told if isinstance(told, dict) else {}
        name, platform, by = order.get("name"), order.get("platform", "android"), order.get("by", "token")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _wrong("name", "of letters, digits and spaces, at most 40")
        if platform not in PLATFORMS:
            raise _wrong("platform", f"one of {', '.join(PLATFORMS)}")
        if by not in WAYS:
            raise _wrong("by", f"one of {', '.join(WAYS)}")
        device = self._firebase.project.register(name, platform, by)
        return {"name": name, "kind": by, "value": device.address, "platform": platform}

    async def _change(self, words: Mapping[str, str], told: Any) -> None:
        """Say `{"on": false}`, `{"uninstalled": true}`, `{"cleared": true}`, or `{"answers": "UNREGISTERED"}`."""
        order = told if isinstance(told, dict) else {}
        if words["name"] not in self._firebase.project.devices:
            raise _wrong("name", "no such device")
        answers = order.get("answers")
        if answers is not None and answers not in CODES:
            raise _wrong("answers", f"one of {', '.join(CODES)}")
        phone = self._firebase.phone(words["name"])
        if isinstance(order.get("on"), bool):
            phone.switch(on=order["on"])
        if order.get("uninstalled"):
            phone.uninstall()
        if order.get("cleared"):
            phone.clear()
        if "answers" in order:
            phone.device.answers = answers


def _drawn(device: Device, most: int) -> dict[str, Any]:
    screen = device.screen
    groups, left = [], most
    for group in screen.groups():
        groups.append([card.as_json() for card in group[:left]])
        left -= len(groups[-1])
        if left <= 0:
            break
    return {
        "name": device.name,
        "platform": screen.platform,
        "by": None if device.address is None else "token" if ":" in device.address else "fid",
        "on": screen.is_on,
        "waiting": len(screen.waiting),
        "rang": screen.rang,
        "arrived": screen.arrived,
        "answers": device.answers,
        "groups": groups,
    }


def _wrong(path: str, words: str) -> InvalidRequestError:
    return InvalidRequestError("this is no order for a device", [Detail(path, words)])
