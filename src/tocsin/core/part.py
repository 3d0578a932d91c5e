"""The parts of a ledger that every node keeps a copy of in memory: each is read again where another one changed it."""

from enum import StrEnum


class Part(StrEnum):
    STREAM = "stream"  # events that have been committed
    LANES = "lanes"  # deliveries that wait again, although they are not new
    DIRECTORY = "directory"  # who may be told what
    TARGETS = "targets"  # which of them are disabled
    TOKENS = "tokens"  # who may come in
    CONDITIONS = "conditions"  # what operators should know of
    MONITORS = "monitors"  # the programs that watch retailers
