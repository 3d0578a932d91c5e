"""Bodies that no provider promised, each with a 200: what proxies, outages and attackers really send."""

import gzip
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal

from tocsin.sandbox.exchange import Answer

Garbage = Literal[
    "html", "empty", "words", "truncated", "charset", "numbers", "digits", "surrogate", "nul", "mark", "twice",
    "deep", "gzip_bomb", "not_gzip", "list",
]  # fmt: skip

BOMB_BYTES = 32 * 1024 * 1024
DEPTH = 100_000


def _json(body: bytes, **headers: str) -> Answer:
    return Answer(200, {"Content-Type": "application/json", **headers}, body)


@cache
def _bomb() -> Answer:
    return _json(gzip.compress(bytes(BOMB_BYTES)), **{"Content-Encoding": "gzip"})


GARBAGE: Mapping[Garbage, Callable[[], Answer]] = {
    "html": lambda: Answer(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Welcome to the hotel</title>"),
    "empty": lambda: _json(b""),
    "words": lambda: _json(b"ok"),
    "truncated": lambda: _json(b'{"id": "1200000000000000001", "channel_id": "12'),
    "charset": lambda: Answer(200, {"Content-Type": "application/json; charset=utf-16"}, b'{"id": "\xff\xfe"}'),
    "numbers": lambda: _json(b'{"id": NaN, "flags": 1e999, "type": -Infinity}'),
    "digits": lambda: _json(b'{"id": ' + b"9" * 10_000 + b"}"),
    "surrogate": lambda: _json(b'{"id": "\\ud800"}'),
    "nul": lambda: _json(b'{"id": "1\x002"}'),
    "mark": lambda: _json(b'\xef\xbb\xbf{"id": "1200000000000000001"}'),
    "twice": lambda: _json(b'{"id": {"id": []}, "id": true}'),
    "deep": lambda: _json(b"[" * DEPTH),
    "gzip_bomb": _bomb,
    "not_gzip": lambda: _json(b'{"id": "1"}', **{"Content-Encoding": "gzip"}),
    "list": lambda: _json(b'[{"id": 7}]'),
}
