"""Knows which door needs which scope. What a route publishes as its security is enforced; silence means closed."""

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
ANY = "any"  # a door for every token, whatever it may do
_CLOSED = "admin"  # what a route needs that says nothing
_BODY = "x-max-body-bytes"
_ANY_HOST = "x-any-host"

SECURITY_SCHEMES = {_SCHEME: {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer TOKEN"}}


def open_to_all(*, max_body: int = MAX_BODY) -> dict[str, Any]:
    """The declaration of a route that needs no token, for its `openapi_extra`."""
    return {"security": [], _BODY: max_body}


OPEN: Mapping[str, Any] = open_to_all()
HEALTH: Mapping[str, Any] = {**OPEN, _ANY_HOST: True}
"""Open, and to those too who know no name of the service: load balancers ask by HTTP/1.0, or as they like."""


def needs(scope: str, *, max_body: int = MAX_BODY, named_addresses: bool = False) -> dict[str, Any]:
    """The declaration of a route, for its `openapi_extra`. With `named_addresses`, those that the operator
    named need no token.
    """
    security: list[dict[str, list[str]]] = [{_SCHEME: [scope]}]
    return {"security": [*security, {}] if named_addresses else security, _BODY: max_body}


@dataclass(frozen=True, slots=True)
class RouteRule:
    """`scope` is None where anybody may enter; `straight` leads to the handler past the framework, where it can;
    `knows_head`: whether it tells HEAD from GET itself.
    """

    scope: str | None
    max_body: int = MAX_BODY
    named_addresses: bool = False
    any_host: bool = False
    knows_head: bool = False
    straight: App | None = None


def rule_of(route: BaseRoute) -> RouteRule:
    said = (route.openapi_extra or {}) if isinstance(route, APIRoute) else {}
    security = said.get("security")
    if security is None:
        return RouteRule(_CLOSED)
    if not security:
        return RouteRule(None, said.get(_BODY, MAX_BODY), any_host=_ANY_HOST in said)
    return RouteRule(security[0][_SCHEME][0], said.get(_BODY, MAX_BODY), {} in security)


class Scopes:
    """Finds the rule of a request by the same patterns that lead it to its route. What can be got has a head."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._fixed: dict[tuple[str, str], RouteRule] = {}
        self._patterns: list[tuple[frozenset[str], re.Pattern[str], RouteRule]] = []
        for route in routes:
            assert isinstance(route, APIRoute), f"{route} cannot say which scope it needs"
            methods = frozenset(route.methods or ())
            rule = replace(rule_of(route), knows_head="HEAD" in methods)
            if "{" in route.path:
                self._patterns.append((methods, route.path_regex, rule))
            else:
                rule = replace(rule, straight=route.straight if isinstance(route, RawRoute) else None)
                self._fixed.update({(method, route.path): rule for method in methods})

    def find(self, method: str, path: str) -> RouteRule | None:
        """None where no route takes it: there is nothing behind such a door but a 404 or 405."""
        found = self._declared(method, path)
        return self._declared("GET", path) if found is None and method == "HEAD" else found

    def methods(self, path: str) -> list[str]:
        """Everything that can be done there, for `Allow`; empty where there is nothing."""
        fixed = {method for method, known in self._fixed if known == path}
        known = fixed.union(*(methods for methods, pattern, _ in self._patterns if pattern.match(path)))
        return sorted(known | {"HEAD"} if "GET" in known else known)

    def _declared(self, method: str, path: str) -> RouteRule | None:
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed
        hits = (rule for methods, pattern, rule in self._patterns if method in methods and pattern.match(path))
        return next(hits, None)
