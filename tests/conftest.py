"""What every run tells at its end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How each flood was endured: measured, and worth reading also where the test has passed."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    told = [(report.nodeid, dict(report.user_properties).get("endured")) for report in reports if report.when == "call"]
    if any(line for _, line in told):
        terminalreporter.section("floods")
    for name, line in told:
        if line:
            terminalreporter.line(f"{name.rpartition('::')[2]}: {line}")
