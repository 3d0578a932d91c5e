"""What every run begins with, and what it tells at its end."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.material import WANTING

LONGEST = {"cluster", "crash", "first_run", "proxies"}  # folders of tests

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
MEMORY = Path("/dev/shm")
MEMORY_TO_SPARE = 4 * 1024**3  # bytes


def pytest_configure() -> None:
    """The tests are about transactions, not about the disk: where there is memory to spare, that is their disk."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_TO_SPARE:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: at the end, no worker waits for the one that has it."""
    items.sort(key=lambda item: not LONGEST.intersection(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is loaded and collected stays to the end: nobody searches it for what may go, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def heard() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and `nohup` a hang-up. What is started from here
    would inherit that; of a handler it inherits nothing.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _tell_floods(terminalreporter)
    _tell_skipped(terminalreporter)


def _tell_skipped(terminalreporter: pytest.TerminalReporter) -> None:
    """What a run leaves out, and how much of that for want of what a public clone does not have."""
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    wanting = sum(WANTING in reason for reason in skipped)
    terminalreporter.line(f"left out: {len(skipped)}, of these {wanting} for want of material beside the checkout")


def _tell_floods(terminalreporter: pytest.TerminalReporter) -> None:
    """How each flood was endured: measured, and worth reading also where the test has passed."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    told = [(report.nodeid, dict(report.user_properties).get("endured")) for report in reports if report.when == "call"]
    if any(line for _, line in told):
        terminalreporter.section("floods")
    for name, line in told:
        if line:
            terminalreporter.line(f"{name.rpartition('::')[2]}: {line}")
