"""What a lane's gate costs for each request: looked at, spent, and moved to the time of the answer."""

from collections.abc import Iterator
from datetime import timedelta
from time import process_time

from tocsin.rules.gate import Gate, GatePolicy, answered, lowest_now, spend
from tocsin.rules.window import Rate

MINUTE = timedelta(minutes=1)
RATES = (30, 10_000, 600_000)  # a minute: Discord's, a busy sender's, a project of FCM's
TARGET_US = 5
REQUESTS = 20_000


async def measure() -> list[tuple[str, str, str]]:
    return [
        (f"gate of {count:,}/min, one request", f"{min(_rounds(count)):.1f} µs", f"< {TARGET_US} µs") for count in RATES
    ]


def _rounds(count: int) -> Iterator[float]:
    """Microseconds of processor time for each request, at a pace that keeps the window nearly full."""
    policy = GatePolicy(rates=(Rate(count, MINUTE),))
    every = 60 / count * 1.3  # beyond the reserve, so that even the low band may leave
    gate, now = _filled(policy, every)
    for _ in range(3):
        began = process_time()
        for _ in range(REQUESTS):
            lowest_now(gate, policy, now)
            gate = answered(spend(gate, policy, now), policy, now, now + every / 2)
            now += every
        yield (process_time() - began) / REQUESTS * 1e6


def _filled(policy: GatePolicy, every: float) -> tuple[Gate, float]:
    gate, now = Gate(), 1000.0
    (rate,) = policy.rates
    for _ in range(128):
        units = max(1, rate.count // 200)
        gate = spend(gate, policy, now, units)
        now += every * units
    return gate, now
