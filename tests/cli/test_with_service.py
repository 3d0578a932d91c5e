"""Commands that talk to a running service, found by the environment."""

import json
import subprocess
from pathlib import Path
from urllib.request import Request, urlopen

from tests.cli.conftest import Run
from tests.cli.program import DEADLINE_S, Process, Serving, command, environment

ALERT = {"type": "in_stock", "sku": "R1", "retailer": "bestbuy", "price": "1999.99"}


def test_an_alert_is_sent_and_its_repeat_counted(at: Run):
    first = at("send", "S1", "bestbuy", "--price", "1999.99", "--name", "RTX [bold]5090")
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("accepted (new)  ")
    again = json.loads(at("send", "S1", "bestbuy", "--price", "1999.99", "--json").stdout)
    assert again["duplicate_of"] == first.stdout.split()[-1]


def test_what_was_mended_in_an_alert_is_said(at: Run, tmp_path: Path):
    sent = at("send", "M1", "bestbuy", "--price", "1", "--link", "https://bestbuy.example/a b")
    assert sent.exit_code == 0
    assert "\n  url: blanks" in sent.stdout
    sent = at("send", "M2", "bestbuy", "--price", "1", "--link", "https://bestbuy.example/a b", "--json")
    assert [note["path"] for note in json.loads(sent.stdout)["notes"]] == ["url"]
    (tmp_path / "alert.json").write_text(json.dumps({**ALERT, "metadata": {"image_url": "/1.jpg"}}))
    assert "\n  metadata.image_url: was left out" in at("routes", "test", "alert.json").stdout


def test_what_is_wrong_with_an_alert_is_named_once(at: Run):
    told = at("send", "S2", "bestbuy")
    assert told.exit_code == 1
    assert told.stderr.count("price") == 1


def test_every_line_of_a_replay_is_accounted_for_and_a_second_run_changes_nothing(at: Run, tmp_path: Path):
    deep = '{"type": "in_stock", "metadata": ' + '{"a":' * 300 + "1" + "}" * 301
    large = json.dumps({**ALERT, "sku": "huge", "metadata": {"x": "y" * 70_000}})
    good = [json.dumps({**ALERT, "sku": f"P{number % 7}"}) for number in range(21)]
    lines = ["not json", "[1, 2]", '"text"', "", "NaN", deep, large, *good, '{"type": "in_stock", "sku": "x"}']
    (tmp_path / "feed.ndjson").write_text("\n".join(lines))
    told = at("replay", "feed.ndjson", "--json")
    account = json.loads(told.stdout)
    assert told.exit_code == 1
    assert (account["lines"], account["unanswered"]) == (len(lines) - 1, 0)
    by_decision = dict.fromkeys(("accepted", "duplicate", "invalid"), 0)
    for result in account["results"]:
        by_decision[result["decision"]] += result["lines"]
    assert by_decision == {"accepted": 7, "duplicate": 14, "invalid": 7}
    assert json.loads(at("replay", "feed.ndjson", "--json").stdout) == account
    assert "28  lines" in at("replay", "feed.ndjson", "--rate", "1000").stdout


def test_a_good_replay_is_a_good_end(at: Run, tmp_path: Path):
    (tmp_path / "feed.ndjson").write_text(json.dumps({**ALERT, "timestamp": "2020-01-01T00:00:00Z"}) + "\n")
    assert at("replay", "feed.ndjson").exit_code == 0
    kept = at("replay", "feed.ndjson", "--keep-times")
    assert "already used" in kept.stdout or kept.exit_code == 1


def test_a_route_is_rehearsed_and_nothing_is_kept(at: Run, tmp_path: Path):
    (tmp_path / "alert.json").write_text(json.dumps({**ALERT, "sku": "rehearsed"}))
    assert at("routes", "test", "alert.json").stdout.startswith("accepted (new), priority 9")
    assert json.loads(at("routes", "test", "alert.json", "--json").stdout)["targets"] == []
    assert at("send", "rehearsed", "bestbuy", "--price", "1").stdout.startswith("accepted (new)")


def test_tokens_are_asked_of_the_service(at: Run, shell: Run, service: Serving):
    secret = at("token", "create", "reader", "--scope", "read").stdout.strip()
    assert at("token", "create", "guest", "--scope", "read", "--link").stdout.startswith(f"{service.url}/#token=")
    refused = shell("send", "T1", "b", "--price", "1", TOCSIN_URL=service.url, TOCSIN_TOKEN=secret)
    assert (refused.exit_code, refused.stderr.startswith("forbidden: ")) == (1, True)
    (mine,) = [row for row in json.loads(at("token", "list", "--json").stdout)["tokens"] if row["name"] == "reader"]
    assert at("token", "revoke", mine["id"]).exit_code == 0
    gone = shell("token", "list", TOCSIN_URL=service.url, TOCSIN_TOKEN=secret)
    assert (gone.exit_code, gone.stderr.startswith("unauthorized: ")) == (1, True)


def test_flags_come_before_the_environment(at: Run):
    told = at("send", "F1", "b", "--price", "1", "--url", "http://127.0.0.1:1")
    assert told.stderr.startswith("unreachable: http://127.0.0.1:1")


def test_a_tail_begins_at_a_cursor_and_takes_conditions(at: Run, service: Serving):
    at("send", "L1", "bestbuy", "--price", "1")
    at("send", "L2", "newegg", "--price", "2")
    arguments = ("tail", "retailers=newegg", "skus=L*", "--json", "--after", first_cursor(service))
    with Process(service.folder, *arguments, "--url", service.url, "--token", service.token) as tail:
        event = json.loads(tail.says(r'\{.*"event": "alert".*\}')[0])
    assert (event["sku"], event["event"]) == ("L2", "alert")
    assert at("tail", "retailers").exit_code == 2
    assert at("tail", "retialers=newegg").exit_code == 1


def test_a_reader_that_has_seen_enough_ends_the_tail_quietly(at: Run, service: Serving):
    """At the latest with the first event after it has gone."""
    tail = command("tail", "--url", service.url, "--token", service.token, "--after", first_cursor(service))
    with subprocess.Popen(
        ["sh", "-c", '"$@" | head -1', "sh", *tail],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as piped:  # fmt: skip
        sent = 0
        while piped.poll() is None:
            sent += 1
            at("send", f"B{sent}", "bestbuy", "--price", "1")
        said, complaint = piped.communicate(timeout=DEADLINE_S)
    assert (len(said.splitlines()), complaint) == (1, "")


def test_a_backup_is_made_while_the_service_runs(service: Serving, shell: Run, tmp_path: Path):
    (tmp_path / "tocsin.json").write_text(json.dumps({"storage": {"url": f"sqlite:///{service.folder}/tocsin.db"}}))
    told = shell("db", "backup", "copy.db", "--config", "tocsin.json")
    assert told.exit_code == 0, told.stderr
    owned = shell("db", "upgrade", "--config", "tocsin.json")
    assert (owned.exit_code, owned.stderr.startswith("ledger_owned: ")) == (1, True)


def test_the_doctor_looks_at_the_service(at: Run):
    told = at("doctor", "--json")
    assert told.exit_code == 0, told.stdout
    assert {"service", "conditions"} <= {finding["what"] for finding in json.loads(told.stdout)}


def first_cursor(service: Serving) -> str:
    """The beginning of the stream."""
    request = Request(f"{service.url}/api/v1/alerts/stream", headers={"Authorization": f"Bearer {service.token}"})
    with urlopen(request, timeout=DEADLINE_S) as answer:
        epoch = json.loads(answer.readline())["cursor"].partition(".")[0]
    return f"{epoch}.0"
