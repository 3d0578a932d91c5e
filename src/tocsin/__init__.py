"""Tocsin: real-time product alerts, durable and deduplicated, the important first, on every channel."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Decision, Receipt
from tocsin.core.errors import TocsinError

if TYPE_CHECKING:
    from tocsin.client import Client
    from tocsin.service import AlertService

__all__ = ["Alert", "AlertService", "AlertType", "Client", "Decision", "Receipt", "TocsinError"]

# Loaded once they are asked for: who only sends alerts does not wait for the service's databases and web server.
_HOMES = {"AlertService": "tocsin.service", "Client": "tocsin.client"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
