"""Holds the rules in force and the channels that carry them out: a reload swaps them whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.channels.contract import Channel
from tocsin.rules.rulebook import Rulebook


@dataclass(slots=True)
class Active:
    """Read at each use and kept by nobody: a moment later others may be in force."""

    rulebook: Rulebook
    channels: Mapping[str, Channel]
