"""`tocsin serve` as an operator meets it: where it is, what signals do, and why it would not start."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.program import Process, Serving, command, environment, tocsin
from tests.deadline import DEADLINE_S

from tocsin.sandbox import Fault, Sandbox

TOKENS = {"engine": {"secret": "a-token-of-the-engine-0123456789", "scopes": ["ingest"]}}


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def write(folder: Path, **blocks: object) -> Path:
    file = folder / "alerts.json"
    file.write_text(json.dumps({"server": {"port": 0}, **blocks}))
    return file


def test_it_says_where_everything_is_and_ends_in_good_order(tmp_path: Path):
    file = write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json") as service:
        assert service.link.startswith("/#token=tocsin_local_")
        assert (tmp_path / "tocsin.token").read_text().strip() == service.token
        assert stat.S_IMODE((tmp_path / "tocsin.token").stat().st_mode) == 0o600
        sent = tocsin(tmp_path, "send", "1", "bestbuy", "--price", "5", "--url", service.url, "--token", service.token)
        assert sent.stdout.startswith("accepted (new)"), sent.stderr
        assert service.stop() == 0
        (last,) = service.rest_of_log()
        assert json.loads(last)["message"].startswith("stopping")
    assert file.exists()


def test_paths_are_told_absolute_wherever_it_was_started(tmp_path: Path):
    write(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Serving(elsewhere, "--config", "../alerts.json", "--log-level", "error"):
        assert (tmp_path / "tocsin.db").exists()
    again = tocsin(elsewhere, "doctor", "--config", "../alerts.json", "--json")
    findings = {finding["what"]: finding for finding in json.loads(again.stdout)}
    told = Path(findings["ledger"]["detail"].partition(" (")[0])
    assert told.is_absolute()
    assert told.samefile(tmp_path / "tocsin.db")


def test_with_configured_tokens_no_secret_is_printed(tmp_path: Path):
    write(tmp_path, tokens=TOKENS)
    with Serving(tmp_path, "--config", "alerts.json") as service:
        assert service.link == "/"


def test_a_hangup_reads_the_configuration_again_and_a_bad_one_changes_nothing(tmp_path: Path):
    file = write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json") as service:
        file.write_text('{"servre": {}}')
        service.tell(signal.SIGHUP)
        refused = service.logs("configuration not reloaded: the old one stays")
        assert (refused["level"], "alerts.json:1:2" in refused["problem"]) == ("error", True)
        looked = tocsin(tmp_path, "doctor", "--url", service.url, "--token", service.token, "--json")
        (told,) = [finding for finding in json.loads(looked.stdout) if finding["what"] == "conditions"]
        assert (looked.returncode, told["state"]) == (1, "bad")
        assert "tocsin check names every problem" in told["detail"]
        file.write_text('{"alerts": {"filters": {"excluded_retailers": ["walmart"]}}}')
        service.tell(signal.SIGHUP)
        assert service.logs("trouble")["what"] == "restart_needed"
        assert service.logs("configuration reloaded")["level"] == "info"
        sent = tocsin(tmp_path, "send", "1", "walmart", "--price", "5", "--url", service.url, "--token", service.token)
        assert sent.stdout.startswith("filtered (excluded_retailer)"), sent.stderr
        assert service.stop() == 0


def test_a_hangup_while_it_is_being_loaded_is_obeyed_once_it_runs(tmp_path: Path):
    write(tmp_path)
    with Process(tmp_path, "serve", "--config", "alerts.json") as service:
        deadline = time.monotonic() + DEADLINE_S
        while service.held_back != 1 << signal.SIGHUP - 1:  # every signal, for a moment, where a process is made
            assert not service.said_something, "it has never held this signal back"
            assert time.monotonic() < deadline
        service.tell(signal.SIGHUP)
        service.says("Dashboard .*")
        assert service.logs("configuration reloaded")["level"] == "info"
        assert service.stop() == 0


def test_hangups_while_it_stops_end_nothing(tmp_path: Path):
    write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json") as service:
        service.tell(signal.SIGTERM)
        service.logs("stopping: a second signal ends it at once")
        while service.runs:
            service.tell(signal.SIGHUP)
        assert service.wait() == 0


async def test_a_second_signal_ends_a_stop_that_takes_too_long(tmp_path: Path):
    async with Sandbox() as sandbox:
        sandbox.faults.next("discord", Fault.hang(), times=None)
        hooks = {"high_priority": sandbox.discord.webhook("high_priority")}
        write(
            tmp_path,
            alerts={"channels": {"discord": {"enabled": True, "api_base": sandbox.url, "webhooks": hooks}}},
            routes=[{"match": {}, "to": ["discord:high_priority"]}],
        )
        with await asyncio.to_thread(Serving, tmp_path, "--config", "alerts.json") as service:
            arguments = ("send", "1", "bestbuy", "--price", "5", "--url", service.url, "--token", service.token)
            await asyncio.to_thread(tocsin, tmp_path, *arguments)
            await sandbox.faults.expect_hanging()
            service.tell(signal.SIGTERM)
            await asyncio.to_thread(service.logs, "stopping: a second signal ends it at once")
            service.tell(signal.SIGTERM)
            assert await asyncio.to_thread(service.wait) == 128 + signal.SIGTERM
        sandbox.faults.clear()


def test_one_process_owns_a_ledger(tmp_path: Path):
    write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json"):
        second = tocsin(tmp_path, "serve", "--config", "alerts.json")
        assert (second.returncode, second.stdout) == (1, "")
        (line,) = second.stderr.splitlines()
        assert line.startswith("ledger_owned: process ")
        assert str(tmp_path / "tocsin.db") in line


def test_a_taken_port_is_told_in_one_line(tmp_path: Path, taken_port: int):
    ended = tocsin(tmp_path, "serve", "--port", str(taken_port))
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"cannot_listen: cannot listen on 127.0.0.1:{taken_port} (address already in use)")


def test_a_pipe_for_a_configuration_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "alerts.json")
    ended = tocsin(tmp_path, "serve", "--config", "alerts.json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "the file cannot be read (a pipe, where a file is expected)" in ended.stderr


def test_strangers_need_tokens_before_anything_starts(tmp_path: Path):
    ended = tocsin(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")
    assert ended.returncode == 1
    assert "configure `tokens`" in ended.stderr
    assert not (tmp_path / "tocsin.db").exists()


def test_at_a_terminal_nothing_is_json(tmp_path: Path):
    """Somebody starts it, sends nothing, and presses Ctrl-C."""
    write(tmp_path)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        command("serve", "--config", "alerts.json"),
        cwd=tmp_path, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    ) as service, os.fdopen(ours, "rb", buffering=0) as terminal:  # fmt: skip
        os.close(theirs)
        said = b""
        while b"Dashboard" not in said:
            said += terminal.read(4096)
        service.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the terminal is gone with its last program
            while more := terminal.read(4096):
                said += more
        assert service.wait(DEADLINE_S) == 0
    assert re.search(rb"^\d\d:\d\d:\d\d info     stopping: a second signal ends it at once\r$", said, re.MULTILINE)
    assert b"{" not in said


@pytest.mark.parametrize(("form", "begin"), [("text", r"\d\d:\d\d:\d\d error .*problem=.*"), ("json", r"\{.*")])
def test_the_form_of_the_log_can_be_chosen(tmp_path: Path, form: str, begin: str):
    file = write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json", "--log-format", form) as service:
        file.write_text('{"servre": {}}')
        service.tell(signal.SIGHUP)
        assert "not reloaded" in service.complains(begin)[0]
        assert service.stop() == 0


def test_a_closed_standard_error_is_no_reason_to_fail(tmp_path: Path):
    write(tmp_path)
    with Serving(tmp_path, "--config", "alerts.json", through=("sh", "-c", 'exec "$@" 2>&-', "sh")) as service:
        (tmp_path / "alerts.json").write_text("{")
        service.tell(signal.SIGHUP)
        sent = tocsin(tmp_path, "send", "1", "b", "--price", "5", "--url", service.url, "--token", service.token)
        assert sent.returncode == 0, sent.stderr
        assert service.stop() == 0
