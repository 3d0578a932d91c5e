"""Answers in JSON, written once by orjson and never kept by a cache."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    answer = Response(orjson.dumps(content), status, headers, media_type="application/json")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
