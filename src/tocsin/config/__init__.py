"""The configuration: one frozen object from flags, environment and file, and what follows from it."""

from tocsin.config.configuration import Config, Source, restart_needed
from tocsin.config.policy import PROVIDER_LIMITS, rulebook
from tocsin.config.reading.loading import load, locate
from tocsin.config.report import Caution, Report, check
from tocsin.config.schema import json_schema
from tocsin.config.shown import Shown, shown

__all__ = [
    "PROVIDER_LIMITS",
    "Caution",
    "Config",
    "Report",
    "Shown",
    "Source",
    "check",
    "json_schema",
    "load",
    "locate",
    "restart_needed",
    "rulebook",
    "shown",
]
