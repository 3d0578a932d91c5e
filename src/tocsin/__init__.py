"""Tocsin: real-time product alerts, durable and deduplicated, the important first, on every channel."""

from tocsin.client import Client
from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Decision, Receipt
from tocsin.core.errors import TocsinError
from tocsin.service import AlertService

__all__ = ["Alert", "AlertService", "AlertType", "Client", "Decision", "Receipt", "TocsinError"]
