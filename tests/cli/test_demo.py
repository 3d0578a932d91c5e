"""The commands for newcomers: alerts arrive without an account anywhere, and nothing stays behind."""

import json
import signal
import socket
from pathlib import Path
from urllib.request import Request, urlopen

from tests.cli.program import Process, Serving, tocsin
from tests.deadline import DEADLINE_S

from tocsin.cli.demo import free_or_any


def test_a_demo_delivers_and_leaves_nothing_behind(tmp_path: Path):
    with Process(tmp_path, "demo", "--port", "0", "--sandbox-port", "0") as demo:
        ledger = Path(demo.says(r"Ledger +(.+)")[1])
        assert ledger.exists()
        url, token = demo.says(r"Dashboard +(http://127\.0\.0\.1:\d+)/#token=(tocsin_local_.+)").groups()
        sandbox = demo.says(r"Sandbox +(http://127\.0\.0\.1:\d+)/")[1]
        for provider in ("discord", "sendgrid"):
            wait_for_a_message(sandbox, provider)
        tested = tocsin(tmp_path, "test", "discord:staff", "--url", url, "--token", token)
        assert (tested.returncode, tested.stdout) == (0, "discord:staff: sent, 200\n"), tested.stderr
        with urlopen(f"{sandbox}/rooms", timeout=DEADLINE_S) as answer:
            assert "TEST · Test alert" in answer.read().decode()
        demo.tell(signal.SIGINT)
        assert demo.wait() == 0
        assert demo.rest_of_log() == []
    assert not ledger.parent.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_demo_can_keep_its_ledger(tmp_path: Path):
    with Process(tmp_path, "demo", "--port", "0", "--sandbox-port", "0", "--folder", "kept") as demo:
        demo.says("Sandbox.*")
        assert demo.stop() == 0
    assert (tmp_path / "kept/tocsin.db").exists()


def test_a_demo_ends_by_itself_and_says_where_it_is_to_programs(tmp_path: Path):
    with Process(tmp_path, "demo", "--port", "0", "--sandbox-port", "0", "--for", "1s", "--json") as demo:
        told = json.loads(demo.says(r"\{.*\}")[0])
        assert told["dashboard"].partition("/#token=")[0] != told["sandbox"].rstrip("/")
        assert demo.wait() == 0
    assert tocsin(tmp_path, "demo", "--for", "soon").returncode == 2


def test_a_port_that_somebody_has_is_not_insisted_on():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_or_any(port) == 0
    assert free_or_any(port) == port


def test_a_sandbox_prints_webhooks_and_keeps_a_journal(tmp_path: Path):
    arguments = ("--port", "0", "--webhook", "general", "--journal", "journal.ndjson", "--no-limits")
    with Process(tmp_path, "sandbox", *arguments) as sandbox:
        hook = sandbox.says(r"discord:general +(http://.+/api/webhooks/.+)")[1]
        with urlopen(
            Request(hook, headers={"User-Agent": "DiscordBot (https://example.org, 1.0)"}), timeout=DEADLINE_S
        ) as answer:
            assert json.load(answer)["name"] == "general"
        sandbox.tell(signal.SIGINT)
        assert sandbox.wait() == 0
        assert sandbox.rest_of_log() == []
    assert json.loads((tmp_path / "journal.ndjson").read_text())["action"] == "inspect"


def test_ctrl_c_ends_a_tail_without_a_word(tmp_path: Path):
    with Serving(tmp_path, "--port", "0") as service:
        where = ("--url", service.url, "--token", service.token)
        with Process(tmp_path, "tail", "--json", *where) as tail:
            # What is sent before the tail follows is not for it; each alert is another product.
            number = 0
            while not tail.said_something:
                number += 1
                tocsin(tmp_path, "send", f"S{number}", "bestbuy", "--price", "5", *where)
            tail.tell(signal.SIGINT)
            assert tail.wait() == 130
            assert tail.rest_of_log() == []
        assert service.stop() == 0


def test_a_tail_says_what_it_waits_for_and_goes_on_by_itself(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    where = ("--url", f"http://127.0.0.1:{port}", "--token", "a-token-of-the-engine-0123456789")
    tokens = {"engine": {"secret": where[-1], "scopes": ["admin"]}}
    (tmp_path / "alerts.json").write_text(json.dumps({"tokens": tokens}))
    with Process(tmp_path, "tail", *where) as tail:
        said = tail.complains("waiting: .*")[0]
        assert f"http://127.0.0.1:{port} does not answer: connection refused" in said
        assert "tocsin serve" in said
        with Serving(tmp_path, "--port", port, "--config", "alerts.json") as service:
            tail.complains("following .*")
            tocsin(tmp_path, "send", "S1", "bestbuy", "--price", "5", *where)
            assert "S1 at bestbuy" in tail.says(r".* at .*")[0]
            assert service.stop() == 0
        tail.complains("waiting: .*")
        tail.tell(signal.SIGINT)
        assert tail.wait() == 130


def wait_for_a_message(sandbox: str, provider: str) -> None:
    """The first that the detector's alerts have become there."""
    seen, arrived = 0, False
    while not arrived:
        with urlopen(f"{sandbox}/journal?after={seen}&wait=20", timeout=DEADLINE_S) as answer:
            entries = json.load(answer)["entries"]
        assert entries, "nothing arrives"
        seen, arrived = (
            entries[-1]["number"],
            any(entry["references"] and entry["provider"] == provider for entry in entries),
        )
