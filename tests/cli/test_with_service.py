"""Commands that talk to a running service, found by the environment."""

import codecs
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.cli.conftest import Run
from tests.cli.program import Process, Serving, command, environment
from tests.deadline import DEADLINE_S

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


def test_a_replay_names_the_lines_that_are_wrong_or_were_mended(at: Run, tmp_path: Path):
    def line(sku: str, **fields: Any) -> bytes:
        return json.dumps({**ALERT, "sku": sku, **fields}).encode()

    picture = {"metadata": {"image_url": "//images.example/1.jpg"}}
    lines = [
        line("N1"), b"", line("N2", price=-1), line("N3", product_name="Pok\ud83d"), b'{"sku": "66',
        line("N4", **picture), b'{"sku": "\xff"}', line("N5", price=-1), line("N6", **picture),
    ]  # fmt: skip
    (tmp_path / "feed.ndjson").write_bytes(codecs.BOM_UTF8 + b"\r\n".join(lines))
    told = at("replay", "feed.ndjson")
    assert told.exit_code == 1
    useless = "was left out: it must be an http or https address without blanks or user names in it"
    assert [text.strip() for text in told.stdout.splitlines()] == [
        "4  accepted: new",
        "2  invalid: price: must be at least 0 and below 1,000,000,000,000 (lines 3, 8)",
        "2  invalid: this line is not JSON (lines 5, 7)",
        "8  lines",
        f"2  noted: metadata.image_url: {useless} (lines 6, 9)",
        "1  noted: product_name: control characters and halves of characters in it were left out (line 4)",
    ]
    account = json.loads(at("replay", "feed.ndjson", "--json").stdout)
    assert [result.get("numbers") for result in account["results"]] == [None, [3, 8], [5, 7]]
    assert [(note["path"], note["numbers"]) for note in account["notes"]] == [
        ("metadata.image_url", [6, 9]),
        ("product_name", [4]),
    ]


def test_a_replay_shows_but_the_first_of_many_numbers(at: Run, tmp_path: Path):
    (tmp_path / "feed.ndjson").write_text("no\n" * 30)
    assert "(lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …)" in at("replay", "feed.ndjson").stdout


def test_a_replay_takes_what_is_piped_into_it(at: Run):
    told = at("replay", "-", piped=json.dumps({**ALERT, "sku": "piped"}))
    assert (told.exit_code, told.stdout.split()[-2:]) == (0, ["1", "lines"]), told.stderr
    assert at("send", "piped", "bestbuy", "--price", "1999.99").stdout.startswith("duplicate")
    same = at("replay", "-", "--json", piped=json.dumps({**ALERT, "sku": "piped"}))
    assert json.loads(same.stdout)["results"] == [{"decision": "accepted", "reason": "new", "lines": 1}]


def test_everything_there_is_to_say_of_an_alert_can_be_sent(at: Run, service: Serving):
    fields = ("--type", "price_drop", "--price", "79.90", "--previous-price", "99.90", "--currency", "EUR")
    more = ("--variant", "blue", "--seller", "Traders", "--metadata", '{"stock": 3}', "--json")
    sent = json.loads(at("send", "whole", "bestbuy", *fields, *more).stdout)
    alert = get(service, f"/api/v1/alerts/{sent['id']}")
    assert (alert["variant"], alert["seller"], alert["currency"]) == ("blue", "Traders", "EUR")
    assert alert["metadata"] == {"stock": 3, "previous_price": "99.90"}
    for wrong in ("{", "[1]", '"text"'):
        told = at("send", "whole", "bestbuy", "--price", "1", "--metadata", wrong)
        assert (told.exit_code, "--metadata" in told.stderr) == (2, True)


def test_sold_out_is_said_by_product_or_by_alert(at: Run):
    at("send", "closing", "bestbuy", "--price", "1", "--variant", "XL")
    assert at("close", "closing", "bestbuy").stdout == "nothing was open\n"
    assert at("close", "closing", "bestbuy", "--variant", "XL").stdout.startswith("sold out: 1 closed")
    sent = json.loads(at("send", "closing", "newegg", "--price", "1", "--json").stdout)
    assert json.loads(at("close", sent["id"], "--json").stdout) == {"closed": [sent["id"]], "cancelled": 0}
    assert at("close", "closing").exit_code == 2


def test_a_target_that_is_not_there_is_a_failed_test_and_none_at_all_is_wrong_use(at: Run):
    told = at("test", "discord:nowhere")
    assert (told.exit_code, told.stderr.startswith("not_found: ")) == (1, True)
    assert at("test", "discord").exit_code == 2


def test_clients_need_none_of_the_services_secrets(shell: Run, service: Serving, tmp_path: Path):
    """Nor does anything stop them that is wrong elsewhere in its file, or meant for another program."""
    here = {"server": {"port": int(service.url.rpartition(":")[2])}}
    ledger = {"storage": {"url": f"sqlite:///{service.folder}/tocsin.db"}}
    secrets = {"tokens": {"engine": {"secret": "${UNSET}", "scopes": ["ingest"]}}, "routes": [{"to": ["fax:one"]}]}
    (tmp_path / "alerts.json").write_text(json.dumps({**here, **ledger, **secrets, "env_file": "none.env"}))
    (tmp_path / "alert.json").write_text(json.dumps(ALERT))
    alone = {"TOCSIN_SERVER__PORT": None, "TOCSIN_ALERTS__CHANNELS__FAX__RATE": "1"}
    for words in (
        ("send", "secretless", "bestbuy", "--price", "5"), ("close", "secretless", "bestbuy"),
        ("replay", "alert.json"), ("routes", "test", "alert.json"), ("token", "list"),
        ("token", "create", "guest", "--scope", "read", "--link"), ("db", "backup", "copy.db"),
    ):  # fmt: skip
        told = shell(*words, "--config", "alerts.json", **alone)
        assert told.exit_code == 0, (words, told.stderr)
    findings = json.loads(shell("doctor", "--config", "alerts.json", "--json", **alone).stdout)
    states = {finding["what"]: finding["state"] for finding in findings}
    assert states == {"configuration": "bad", "ledger": "good", "disk": "good", "service": "good", "conditions": "good"}


def test_an_address_that_is_none_is_wrong_use(shell: Run):
    for url in ("127.0.0.1:8765", "ftp://host", "http://", "http://127.0.0.1:8765/#token=x", "http://h:99999"):
        told = shell("send", "1", "b", "--price", "5", TOCSIN_URL=url, TOCSIN_TOKEN="x")
        assert (told.exit_code, "TOCSIN_URL" in told.stderr) == (2, True), url


def test_a_route_is_rehearsed_and_nothing_is_kept(at: Run, tmp_path: Path):
    (tmp_path / "alert.json").write_text(json.dumps({**ALERT, "sku": "rehearsed"}))
    assert at("routes", "test", "alert.json").stdout.startswith("accepted (new), priority 9; a rehearsal")
    assert at("routes", "test", "-", piped=json.dumps(ALERT)).exit_code == 0
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


def test_a_service_that_is_alone_is_the_one_node(at: Run):
    told = at("nodes")
    assert told.exit_code == 0, told.stderr
    assert "(asked)" in told.stdout
    (node,) = json.loads(at("nodes", "--json").stdout)["nodes"]
    assert (node["this"], node["state"], "expiry" in node["jobs"]) == (True, "alive", True)


def test_a_line_of_a_tail_says_when_what_where_and_for_how_much(at: Run, service: Serving):
    extras = json.dumps({"cart_url": "https://bestbuy.example/cart", "sound": "siren"})
    arguments = ("--price", "79.90", "--previous-price", "99.90", "--variant", "24 GB", "--metadata", extras)
    at("send", "K1", "bestbuy", "--type", "price_drop", "--name", "RTX\x1b[31m\n5090", *arguments)
    at("close", "K1", "bestbuy", "--variant", "24 GB")
    tail = ("tail", "skus=K1", "--after", first_cursor(service), "--url", service.url, "--token", service.token)
    with Process(service.folder, *tail) as tailing:
        line = tailing.says(r"\d\d:\d\d:\d\d  Price drop .*")[0]
        sold_out = tailing.says(r"\d\d:\d\d:\d\d  Sold out .*")[0]
    assert (
        "  RTX [31m 5090 at bestbuy  K1 24 GB  $79.90 (was $99.90, 20% less)  cart https://bestbuy.example/cart" in line
    )
    assert "K1 at bestbuy  after " in sold_out


def get(service: Serving, path: str) -> Any:
    with opened(service, path) as answer:
        return json.load(answer)


def opened(service: Serving, path: str) -> Any:
    request = Request(service.url + path, headers={"Authorization": f"Bearer {service.token}"})
    return urlopen(request, timeout=DEADLINE_S)


def first_cursor(service: Serving) -> str:
    """The beginning of the stream."""
    with opened(service, "/api/v1/alerts/stream") as answer:
        epoch = json.loads(answer.readline())["cursor"].partition(".")[0]
    return f"{epoch}.0"
