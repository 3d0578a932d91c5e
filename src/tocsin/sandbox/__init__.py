"""The providers, simulated faithfully, with faults on demand."""

from tocsin.sandbox.faults import Fault
from tocsin.sandbox.server import Sandbox, serve

__all__ = ["Fault", "Sandbox", "serve"]
