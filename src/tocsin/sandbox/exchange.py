"""One exchange with a provider: the call that came, the answer it deserves, and what the provider made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it arrived, read to its end. `headers` are looked up in any case."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str
    body: bytes

    @property
    def parsed(self) -> Any:
        """The body as JSON; None where it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def shown(self) -> Any:
        """What the journal keeps of the body: the JSON, or the fields of a form."""
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return self.parsed


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> "Answer":
        return cls(status, {"Content-Type": "application/json", **(headers or {})}, orjson.dumps(value))

    def beneath(self, headers: Mapping[str, str]) -> "Answer":
        """The same with more headers; its own prevail."""
        return Answer(self.status, {**headers, **self.headers}, self.body)

    def response(self) -> web.Response:
        return web.Response(status=self.status, headers=self.headers, body=self.body)

    def head(self) -> bytes:
        """Status line and headers as bytes, for answers that are to break off half way."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Aim:
    """What a call is about: the `target` is the name a test knows it by ("general"), empty where there is none."""

    action: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`accepted`: the provider did what was asked. `references` name the deliveries that a message carries
    and did not carry before.
    """

    accepted: bool
    answer: Answer
    references: tuple[str, ...] = ()
    message: str | None = None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
