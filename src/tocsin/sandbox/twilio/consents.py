"""Twilio's Consent API, simulated: who may be written to, told from outside.

Source: Twilio, "Consent Management API".
"""

import json
import re
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.twilio.api import Twilio, admit
from tocsin.sandbox.twilio.refusal import HEADERS, RefusedError
from tocsin.sandbox.twilio.rules import E164

PATH = "/v1/Consents/Bulk"
AT_ONCE = 25
CORRELATION = re.compile(r"[0-9a-f]{32}")
SOURCES = ("website", "offline", "opt-in-message", "opt-out-message", "others")


class Consents:
    name: ClassVar[str] = "twilio"
    prefix: ClassVar[str] = "/v1/Consents/"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    def aim(self, method: str, path: str) -> Aim:
        return Aim("tell_consents" if (method, path) == ("POST", PATH) else "unknown", "")

    def take(self, call: Call) -> Verdict:
        try:
            items = self._items(call)
        except RefusedError as refused:
            return Verdict(accepted=False, answer=refused.answer)
        told = [self._hear(item) for item in items]
        return Verdict(accepted=True, answer=Answer.json(201, {"items": told}, HEADERS))

    def _items(self, call: Call) -> list[str]:
        admit(self._twilio.account, call.headers.get("Authorization", ""))
        if self.aim(call.method, call.path).action == "unknown":
            raise RefusedError(20404)
        items = [value for name, value in parse_qsl(call.body.decode()) if name == "Items"]
        if not 0 < len(items) <= AT_ONCE:
            raise RefusedError(20001)
        return items

    def _hear(self, text: str) -> dict[str, Any]:
        """A later word overrides a STOP, and the other way round."""
        account = self._twilio.account
        try:
            item = json.loads(text)
        except json.JSONDecodeError:
            item = {}
        faults = _faults(item, {account.service, *account.senders})
        if not faults:
            scope = (item["contact_id"], item["sender_id"])
            (account.opted_out.discard if item["status"] == "opt-in" else account.opted_out.add)(scope)
        return {
            "correlation_id": item.get("correlation_id"),
            "error_code": 30646 if faults else 0,
            "error_messages": faults,
        }


def _faults(item: dict[str, Any], senders: set[str]) -> list[str]:
    checks = {
        "contact_id": bool(E164.fullmatch(str(item.get("contact_id")))),
        "correlation_id": bool(CORRELATION.fullmatch(str(item.get("correlation_id")))),
        "sender_id": item.get("sender_id") in senders,
        "status": item.get("status") in ("opt-in", "opt-out"),
        "source": item.get("source") in SOURCES,
    }
    return [f"{name} is not valid" for name, right in checks.items() if not right]
