"""Twilio Verify v2, simulated: a code goes to the phone, and is asked for. Source: Twilio, "Verification Resource"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.twilio.account import SENDER
from tocsin.sandbox.twilio.api import Twilio, admit, form_of
from tocsin.sandbox.twilio.refusal import HEADERS, RefusedError
from tocsin.sandbox.twilio.rules import E164, at_once

PLACE = re.compile(r"/v2/Services/(?P<service>[^/]+)/(?P<what>Verifications|VerificationCheck)(?:/(?P<sid>[^/]+))?")
LIFE = timedelta(minutes=10)
MOST_SENDS = MOST_CHECKS = 5
CHANNELS = ("sms", "call", "whatsapp", "email", "auto")
VERIFY_CODES = range(60_000, 61_000)


@dataclass(slots=True)
class Verification:
    sid: str
    to: str
    code: str
    channel: str
    began_at: datetime
    updated_at: datetime
    status: str = "pending"
    sends: list[str] = field(default_factory=list)
    checks: int = 0


class Verify:
    name: ClassVar[str] = "twilio"
    prefix: ClassVar[str] = "/v2/Services/"

    def __init__(self, clock: Clock, twilio: Twilio) -> None:
        self.begun: dict[str, Verification] = {}  # by the number
        self._clock = clock
        self._twilio = twilio

    def aim(self, method: str, path: str) -> Aim:
        match = PLACE.fullmatch(path)
        if match is None:
            return Aim("unknown", "")
        if match["what"] == "VerificationCheck":
            return Aim("check_code", "")
        return Aim("end_verification" if match["sid"] and method == "POST" else "send_code", "")

    def take(self, call: Call) -> Verdict:
        try:
            return self._act(call)
        except RefusedError as refused:
            return Verdict(accepted=False, answer=refused.answer)

    def _act(self, call: Call) -> Verdict:
        account, match = self._twilio.account, PLACE.fullmatch(call.path)
        admit(account, call.headers.get("Authorization", ""))
        if match is None or match["service"] != account.verify_service or call.method != "POST":
            raise RefusedError(20404)
        fields = form_of(call)
        if match["what"] == "VerificationCheck":
            return self._check(fields)
        return self._end(match["sid"], fields) if match["sid"] else self._send(fields)

    def _send(self, fields: Mapping[str, str]) -> Verdict:
        """The same code again, as long as it lives."""
        to, channel = fields.get("To", ""), fields.get("Channel", "")
        if not E164.fullmatch(to) or channel not in CHANNELS:
            raise RefusedError(60200)
        if (code := at_once(to)) is not None and code in VERIFY_CODES:
            raise RefusedError(code)
        verification = self._live(to) or self._begin(to, channel)
        if len(verification.sends) >= MOST_SENDS:
            raise RefusedError(60203)
        verification.channel = channel
        verification.updated_at = self._clock.now()
        verification.sends.append(verification.updated_at.isoformat())
        self._bring(verification)
        return self._told(verification, 201)

    def _check(self, fields: Mapping[str, str]) -> Verdict:
        """Approved, expired, or asked too often: it is not there any more."""
        named = fields.get("VerificationSid", "")
        found = next((one for one in self.begun.values() if named and one.sid == named), None)
        to = found.to if found else fields.get("To", "")
        if not (named or to) or not fields.get("Code"):
            raise RefusedError(60200)
        verification = self._live(to)
        if verification is None:
            raise RefusedError(20404)
        verification.checks += 1
        verification.updated_at = self._clock.now()
        if verification.checks > MOST_CHECKS:
            verification.status = "max_attempts_reached"
            raise RefusedError(60202)
        if fields["Code"] == verification.code:
            verification.status = "approved"
        return self._told(verification, 200)

    def _end(self, sid: str, fields: Mapping[str, str]) -> Verdict:
        verification = next((one for one in self.begun.values() if one.sid == sid and self._live(one.to)), None)
        if verification is None:
            raise RefusedError(20404)
        if fields.get("Status") not in ("canceled", "approved"):
            raise RefusedError(60200)
        verification.status = fields["Status"]
        return self._told(verification, 200)

    def _begin(self, to: str, channel: str) -> Verification:
        now, sid = self._clock.now(), self._twilio.account.next_sid("VE")
        code = f"{int(sha256(sid.encode()).hexdigest(), 16) % 10**6:06}"
        self.begun[to] = Verification(sid, to, code, channel, now, now)
        return self.begun[to]

    def _live(self, to: str) -> Verification | None:
        verification = self.begun.get(to)
        if verification is None or verification.status != "pending":
            return None
        return verification if self._clock.now() < verification.began_at + LIFE else None

    def _bring(self, verification: Verification) -> None:
        body = f"Your sandbox verification code is: {verification.code}"
        message = self._twilio.account.keep(
            to=verification.to, sender=SENDER, body=body, status="delivered", direction="outbound-api"
        )
        message.listed = False
        self._twilio.lives.phone(verification.to).shown.append(message)

    def _told(self, verification: Verification, status: int) -> Verdict:
        body: dict[str, Any] = {
            "sid": verification.sid,
            "service_sid": self._twilio.account.verify_service,
            "account_sid": self._twilio.account.sid,
            "to": verification.to,
            "channel": verification.channel,
            "status": verification.status,
            "valid": verification.status == "approved",
            "date_created": _iso(verification.began_at),
            "date_updated": _iso(verification.updated_at),
            "lookup": {},
            "amount": None,
            "payee": None,
            "send_code_attempts": [
                {"time": at, "channel": verification.channel.upper(), "attempt_sid": None} for at in verification.sends
            ],
        }
        return Verdict(accepted=True, answer=Answer.json(status, body, HEADERS), message=verification.sid)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
