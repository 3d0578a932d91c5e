"""Numbers that the gateway counts of itself; telemetry reads them whenever it is asked."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gauges:
    """Counts only ever grow, except the first three. `high_water` is the most bytes that ever waited for one reader."""

    polling: int = 0
    websocket: int = 0
    interests: int = 0
    opened: int = 0
    frames_out: int = 0
    bytes_out: int = 0
    high_water: int = 0
    evictions: Counter[str] = field(default_factory=Counter)  # by reason
    refusals: Counter[str] = field(default_factory=Counter)  # CONNECTs turned away, by code
    unknown_events: int = 0
    resumes: int = 0
    resumed_events: int = 0
    broadcasts: int = 0
    broadcast_seconds: float = 0.0
