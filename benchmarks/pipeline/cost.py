"""What a step costs: processor time of each process, and how busy the whole machine is meanwhile."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import psutil


@dataclass(frozen=True)
class Reading:
    """Seconds, each since some beginning of its own."""

    at: float
    used: Mapping[str, float]
    machine: float
    disk: float


@dataclass(frozen=True)
class Cost:
    """Processor time in seconds, by process; `machine` is that of every process there is, in `took` seconds.

    `disk`: seconds in which a core had nothing else to do than to wait for the disk, whoever uses it.
    """

    took: float
    used: Mapping[str, float]
    machine: float
    disk: float = 0.0

    def __str__(self) -> str:
        """In cores: 1.0 is one core all the time."""
        each = " · ".join(f"{name} {used / self.took:.2f}" for name, used in self.used.items())
        whole = f"machine {self.machine / self.took:.2f} of {os.cpu_count()}"
        return f"{each} · {whole} · disk {self.disk / self.took:.2f}"


def reading(**pids: int) -> Reading:
    """By name the process whose time is told, with that of those that it has started and that still run."""
    now = psutil.cpu_times()
    disk = float(getattr(now, "iowait", 0.0))
    busy = sum(now) - now.idle - disk - getattr(now, "guest", 0.0) - getattr(now, "guest_nice", 0.0)
    return Reading(perf_counter(), {name: cpu_s(pid) for name, pid in pids.items()}, busy, disk)


def between(before: Reading, after: Reading) -> Cost:
    used = {name: seconds - before.used[name] for name, seconds in after.used.items()}
    return Cost(after.at - before.at, used, after.machine - before.machine, after.disk - before.disk)


def cpu_s(pid: int) -> float:
    process = psutil.Process(pid)
    each = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(times.user + times.system for times in each))
