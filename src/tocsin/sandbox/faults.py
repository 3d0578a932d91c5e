"""What can go wrong between us and a provider, one constructor each; `docs/reference/sandbox.md` lists them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from pydantic import ValidationError, validate_call

from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.garbage import GARBAGE, Garbage

Kind = Literal["answer", "slow", "hang", "reset", "lost", "drip", "endless", "close_idle"]
Cut = Literal["before_reading", "after_reading", "mid_headers", "mid_body", "after_body"]
RetryAfter = Literal["seconds", "date", "float", "milliseconds", "absent", "huge", "negative", "words"]

RETRY_AFTER: Mapping[RetryAfter, Callable[[float, datetime], str | None]] = {
    "seconds": lambda seconds, _: str(math.ceil(seconds)),
    "date": lambda seconds, now: format_datetime(now + timedelta(seconds=seconds), usegmt=True),
    "float": lambda seconds, _: str(seconds),
    "milliseconds": lambda seconds, _: str(round(seconds * 1000)),
    "absent": lambda _, __: None,
    "huge": lambda _, __: "1000000000",
    "negative": lambda _, __: "-5",
    "words": lambda _, __: "soon",
}


# What passed Cloudflare says so; its own pages do not.
VIA: Mapping[str, str] = {"Via": "1.1 google"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`reaches`: the provider takes the request (it may still refuse it); otherwise nobody ever saw it.

    `part` says where it breaks, `seconds` how long it lasts; `make` builds what is answered instead.
    """

    name: str
    kind: Kind
    reaches: bool
    part: str = ""
    seconds: float = 0.0
    make: Callable[[datetime], Answer] | None = None

    def taken(self) -> "Fault":
        """The same fault, after the provider has taken the request: the worst case for duplicates."""
        return replace(self, reaches=True)

    @staticmethod
    def status(code: int, body: str = "", *, taken: bool = False) -> "Fault":
        """Answer with this status and this body: JSON, where it is an object."""
        kind = "application/json" if body.startswith("{") else "text/plain; charset=utf-8"
        answer = Answer(code, {"Content-Type": kind, **VIA}, body.encode())
        return Fault(name=f"status {code}", kind="answer", reaches=taken, make=lambda _: answer)

    @staticmethod
    def too_many(
        retry_after: float = 1.0,
        form: RetryAfter = "seconds",
        scope: Literal["user", "shared", "global"] = "user",
    ) -> "Fault":
        """A 429 that no bucket asked for. `form` says how the header puts the seconds."""

        def make(now: datetime) -> Answer:
            return _too_many(RETRY_AFTER[form](retry_after, now), form, retry_after, scope)

        return Fault(name=f"too_many {form}", kind="answer", reaches=False, make=make)

    @staticmethod
    def ban() -> "Fault":
        """The page that Cloudflare puts before an address it has banned: 429, HTML, no `Via`."""
        return Fault(name="ban", kind="answer", reaches=False, make=lambda _: BAN_PAGE)

    @staticmethod
    def slow(seconds: float) -> "Fault":
        """Taken at once, answered so many seconds late (on the sandbox's clock)."""
        return Fault(name=f"slow {seconds:g}", kind="slow", reaches=True, seconds=seconds)

    @staticmethod
    def hang() -> "Fault":
        """Read, then wait until `release()`; only then does the provider take it."""
        return Fault(name="hang", kind="hang", reaches=True)

    @staticmethod
    def reset(at: Cut = "after_reading") -> "Fault":
        """Cut the connection with a TCP reset. From `mid_headers` on, the provider had taken the request."""
        taken = at not in ("before_reading", "after_reading")
        return Fault(name=f"reset {at}", kind="reset", reaches=taken, part=at)

    @staticmethod
    def lost(how: Literal["hang", "reset"] = "hang") -> "Fault":
        """The provider takes the request and its answer never comes."""
        return Fault(name=f"lost {how}", kind="lost", reaches=True, part=how)

    @staticmethod
    def redirect(to: str, code: int = 307) -> "Fault":
        return Fault(
            name=f"redirect {code}", kind="answer", reaches=False, make=lambda _: Answer(code, {"Location": to})
        )

    @staticmethod
    def garbage(what: Garbage, *, taken: bool = True) -> "Fault":
        """A 200 with a body that is not what was promised."""
        return Fault(name=f"garbage {what}", kind="answer", reaches=taken, make=lambda _: GARBAGE[what]())

    @staticmethod
    def drip(seconds: float = 1.0) -> "Fault":
        """The right answer, one byte every so many seconds."""
        return Fault(name="drip", kind="drip", reaches=True, seconds=seconds)

    @staticmethod
    def endless(part: Literal["headers", "body", "continue"]) -> "Fault":
        """Headers, a body or `100 Continue` that never end."""
        return Fault(name=f"endless {part}", kind="endless", reaches=True, part=part)

    @staticmethod
    def close_idle(seconds: float = 0.0) -> "Fault":
        """Answer as if the connection were kept alive, then read nothing more and close it."""
        return Fault(name="close_idle", kind="close_idle", reaches=True, seconds=seconds)


CONSTRUCTORS: Mapping[str, Callable[..., Fault]] = {
    "status": validate_call(Fault.status),
    "too_many": validate_call(Fault.too_many),
    "ban": validate_call(Fault.ban),
    "slow": validate_call(Fault.slow),
    "hang": validate_call(Fault.hang),
    "reset": validate_call(Fault.reset),
    "lost": validate_call(Fault.lost),
    "redirect": validate_call(Fault.redirect),
    "garbage": validate_call(Fault.garbage),
    "drip": validate_call(Fault.drip),
    "endless": validate_call(Fault.endless),
    "close_idle": validate_call(Fault.close_idle),
}

BAN_PAGE = Answer(
    429,
    {"Content-Type": "text/html; charset=UTF-8", "Retry-After": "600"},
    b"<!doctype html><title>Access denied | this site used Cloudflare to restrict access</title><h1>Error 1015</h1>",
)


def fault_from(name: str, values: Mapping[str, Any]) -> Fault:
    """A fault by its name, as HTTP and the header give it. Raises InvalidRequestError that names what is wrong."""
    if name not in CONSTRUCTORS:
        raise InvalidRequestError("unknown fault", [Detail("fault", f"one of {', '.join(CONSTRUCTORS)}")])
    try:
        return CONSTRUCTORS[name](**values)
    except ValidationError as error:
        details = [Detail(".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors()]
        raise InvalidRequestError(f"the fault {name!r} does not take this", details) from None


def fault_from_header(text: str) -> Fault:
    """`X-Sandbox-Fault: reset; at=mid_body`."""
    name, *pairs = (part.strip() for part in text.split(";"))
    return fault_from(name, dict(pair.split("=", 1) for pair in pairs if "=" in pair))


def _too_many(header: str | None, form: RetryAfter, seconds: float, scope: str) -> Answer:
    """Discord's 429 (documentation, "Rate Limits"): whole seconds in the header, a float in the body."""
    headers = {**VIA, "X-RateLimit-Scope": scope}
    body = {"message": "You are being rate limited.", "global": scope == "global"}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    if header is None:
        return Answer.json(429, body, headers)
    told = {"huge": 1e9, "negative": -5.0, "milliseconds": seconds * 1000}.get(form, seconds)
    return Answer.json(429, body | {"retry_after": told}, headers | {"Retry-After": header})
