"""The fields of a form that was sent: as browsers write them, or mail programs (RFC 8058 allows them both forms)."""

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from starlette.requests import Request

from tocsin.core.errors import InvalidRequestError

MAX_BODY = 16 * 1024
MOST = 200  # fields

_MULTIPART = "multipart/form-data"
_DIGITS = frozenset("0123456789")
_CODE = range(4, 11)  # digits of a code


class Fields:
    """A field that is not there is empty."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value.strip())

    def one(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    @property
    def code(self) -> str:
        """The digits of `code`, however they were set apart; empty where it can be none."""
        digits = "".join(each for each in self.one("code") if each in _DIGITS)
        return digits if len(digits) in _CODE else ""

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self._values.get(name, ()))


async def fields_of(request: Request) -> Fields:
    """Raises InvalidRequestError for what no form looks like."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    try:
        if kind.lower().startswith(_MULTIPART):
            return Fields(_parts(kind, body))
        return Fields(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST))
    except ValueError as problem:
        raise InvalidRequestError("this is no form") from problem


def _parts(kind: str, body: bytes) -> list[tuple[str, str]]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if len(parts) > MOST:
        raise ValueError("too many fields")
    return [
        (_name(part.get_params(header="content-disposition")), _text(part.get_payload(decode=True))) for part in parts
    ]


def _name(parameters: object) -> str:
    told: Mapping[str, str] = dict(parameters) if isinstance(parameters, list) else {}
    return str(told.get("name", ""))


def _text(payload: object) -> str:
    return payload.decode() if isinstance(payload, bytes) else ""
