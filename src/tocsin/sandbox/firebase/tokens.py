"""The exchange of tokens: a signed word of a service account for a token that lasts an hour (RFC 7523)."""

import binascii
from base64 import urlsafe_b64decode
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim, Answer, Call, Verdict
from tocsin.sandbox.firebase.project import EMAIL, TOKEN_PATH, Project

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPES = frozenset(
    {"https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform"}
)
_TIMEFRAME = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
LONGEST_LIFE, SLACK = 3600, 300  # seconds


class Tokens:
    name: ClassVar[str] = "firebase"
    prefix: ClassVar[str] = TOKEN_PATH

    def __init__(self, clock: Clock, project: Project) -> None:
        self._clock = clock
        self._project = project

    def aim(self, method: str, path: str) -> Aim:
        return Aim("token" if (method, path) == ("POST", TOKEN_PATH) else "unknown", "")

    def take(self, call: Call) -> Verdict:
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        if call.method != "POST" or call.path != TOKEN_PATH:
            return Verdict(accepted=False, answer=Answer(404))
        if form.get("grant_type") != GRANT:
            return _no("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        problem = self._problem(form.get("assertion", ""))
        if problem is not None:
            return problem
        body = {
            "access_token": self._project.give_token(),
            "expires_in": self._project.token_life,
            "token_type": "Bearer",
        }
        return Verdict(accepted=True, answer=Answer.json(200, body))

    def _problem(self, assertion: str) -> Verdict | None:
        parts = assertion.split(".")
        try:
            header, claims, signature = (_decoded(part) for part in parts)
            head, told = orjson.loads(header), orjson.loads(claims)
        except (ValueError, binascii.Error):
            return _no("invalid_grant", "Invalid JWT: Failed to parse.")
        if head.get("alg") != "RS256" or head.get("kid") not in (None, self._project.key_id):
            return _no("invalid_grant", "Invalid JWT Signature.")
        if told.get("iss") != EMAIL:
            return _no("invalid_grant", "Invalid grant: account not found")
        try:
            signed = ".".join(parts[:2]).encode()
            self._project.key.public_key().verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return _no("invalid_grant", "Invalid JWT Signature.")
        return self._wrong_claim(told)

    def _wrong_claim(self, told: dict[str, Any]) -> Verdict | None:
        now, issued, ends = self._clock.now().timestamp(), told.get("iat"), told.get("exp")
        if told.get("aud") != AUDIENCE:
            return _no("invalid_grant", "Invalid JWT: audience")
        if not isinstance(issued, int) or not isinstance(ends, int) or ends - issued > LONGEST_LIFE:
            return _no("invalid_grant", _TIMEFRAME)
        if not issued - SLACK <= now <= ends + SLACK:
            return _no("invalid_grant", f"{_TIMEFRAME} Check your iat and exp values in the JWT claim.")
        if not SCOPES & set(str(told.get("scope", "")).split()):
            return _no("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return None


def _no(error: str, words: str) -> Verdict:
    return Verdict(accepted=False, answer=Answer.json(400, {"error": error, "error_description": words}))


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
