"""A digest tells whether two nodes would decide and send alike."""

import json
from hashlib import sha256

from tocsin.config.configuration import Config

# Where a node listens, what it keeps its ledger in, and by what it hears of others is its own affair.
_OWN = frozenset({"server", "storage", "cluster"})


def digest(config: Config) -> str:
    """Sixteen characters that differ where anything differs that is not a secret."""
    values = config.settings.model_dump(mode="json", by_alias=True, exclude=set(_OWN))
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
