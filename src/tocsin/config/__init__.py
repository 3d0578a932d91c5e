"""The configuration: one frozen object from flags, environment and file, and what follows from it."""

from tocsin.config.configuration import Config, Source, restart_needed
from tocsin.config.loading import load
from tocsin.config.policy import OFFERS, rulebook

__all__ = ["OFFERS", "Config", "Source", "load", "restart_needed", "rulebook"]
