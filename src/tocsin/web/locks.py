"""Which door needs which scope. What a route publishes as its security is what is enforced; silence means closed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tocsin.web.asgi import App
from tocsin.web.raw import RawRoute

MAX_BODY = 64 * 1024

_SCHEME = "token"
_CLOSED = "admin"  # what a route needs that says nothing
_BODY = "x-max-body-bytes"

SECURITY_SCHEMES = {_SCHEME: {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer TOKEN"}}

OPEN: Mapping[str, Any] = {"security": []}


def needs(scope: str, *, max_body: int = MAX_BODY, named_addresses: bool = False) -> dict[str, Any]:
    """The declaration of a route, for its `openapi_extra`. With `named_addresses`, those that the operator
    named need no token.
    """
    security: list[dict[str, list[str]]] = [{_SCHEME: [scope]}]
    return {"security": [*security, {}] if named_addresses else security, _BODY: max_body}


@dataclass(frozen=True, slots=True)
class Lock:
    """`scope` is None where anybody may enter; `straight` leads to the handler past the framework, where it can."""

    scope: str | None
    max_body: int = MAX_BODY
    named_addresses: bool = False
    straight: App | None = None


def lock_of(route: BaseRoute) -> Lock:
    said = (route.openapi_extra or {}) if isinstance(route, APIRoute) else {}
    security = said.get("security")
    if security is None:
        return Lock(_CLOSED)
    if not security:
        return Lock(None)
    return Lock(security[0][_SCHEME][0], said.get(_BODY, MAX_BODY), {} in security)


class Locks:
    """The lock of a request, by the same patterns that lead it to its route."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._fixed: dict[tuple[str, str], Lock] = {}
        self._patterns: list[tuple[frozenset[str], re.Pattern[str], Lock]] = []
        for route in routes:
            assert isinstance(route, APIRoute), f"{route} cannot say which scope it needs"
            methods = frozenset(route.methods or ())
            if "{" in route.path:
                self._patterns.append((methods, route.path_regex, lock_of(route)))
            else:
                lock = replace(lock_of(route), straight=route.straight if isinstance(route, RawRoute) else None)
                self._fixed.update({(method, route.path): lock for method in methods})

    def find(self, method: str, path: str) -> Lock | None:
        """None where no route takes it: there is nothing behind such a door but a 404 or 405."""
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed
        hits = (lock for methods, pattern, lock in self._patterns if method in methods and pattern.match(path))
        return next(hits, None)
