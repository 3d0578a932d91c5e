"""Webhooks to other programs: signed (Standard Webhooks), or in the forms of services that take no signature."""

from tocsin.channels.webhook.channel import Webhooks
from tocsin.channels.webhook.endpoint import Endpoint, Form

__all__ = ["Endpoint", "Form", "Webhooks"]
