"""Commands that need no service, or do without one where none runs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from tocsin.access.tokens import SCOPES
from tocsin.cli.token import Scope
from tocsin.core.secret import Secret
from tocsin.ledger.people.vault import Vault

SEED = {
    "alerts": {
        "channels": {"discord": {"enabled": True, "webhooks": {"general": "${HOOK}"}}},
        "filters": {"min_price_drop_percent": 10},
    },
    "tokens": {"engine": {"secret": "${ENGINE}", "scopes": ["ingest"]}},
}
HOOK = "https://discord.com/api/webhooks/1180000000000000001/" + "x" * 60
SECRETS = {"HOOK": HOOK, "ENGINE": "a-token-of-the-engine-0123456789"}


@pytest.fixture
def seed(tmp_path: Path) -> str:
    (tmp_path / "alerts.json").write_text(json.dumps(SEED, indent=2))
    return "alerts.json"


def test_check_says_what_is_there(shell: Run, seed: str, tmp_path: Path):
    told = shell("check", seed, **SECRETS)
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith(f"SUCCESS {tmp_path / seed}")
    as_json = json.loads(shell("check", seed, "--json", **SECRETS).stdout)
    assert as_json["found"]["webhooks"] == 1


def test_check_tells_every_problem_with_its_line_at_once(shell: Run, tmp_path: Path):
    (tmp_path / "bad.json").write_text('{\n "servre": {},\n "mode": "lvie"\n}')
    told = shell("check", "bad.json")
    assert told.exit_code == 1
    assert "bad.json:2:" in told.stderr
    assert "bad.json:3:" in told.stderr
    as_json = shell("check", "bad.json", "--json")
    assert as_json.exit_code == 1
    assert len(json.loads(as_json.stdout)["error"]["details"]) == 2
    assert told.stderr.count("lvie") == 1


def test_check_tells_a_broken_template_with_its_file_and_line(shell: Run, tmp_path: Path):
    (tmp_path / "in_stock.txt").write_text("{% block title %}\n{{ prce }}\n{% endblock %}")
    (tmp_path / "loop.txt").write_text("{% for x in sku %}{% endfor %}")
    hook = {"url": HOOK, "template": "loop.txt", "templates": {"price_drop": "missing.txt"}}
    discord = {"enabled": True, "webhooks": {"general": hook}, "templates": {"in_stock": "in_stock.txt"}}
    (tmp_path / "alerts.json").write_text(json.dumps({"alerts": {"channels": {"discord": discord}}}))
    told = shell("check", "alerts.json")
    assert told.exit_code == 1
    assert (
        f"{tmp_path / 'in_stock.txt'}:2: alerts.channels.discord.templates.in_stock: there is no 'prce'" in told.stderr
    )
    assert f"{tmp_path / 'loop.txt'}:1: alerts.channels.discord.webhooks.general.template" in told.stderr
    assert f"{tmp_path / 'missing.txt'}: alerts.channels.discord.webhooks.general.templates.price_drop" in told.stderr
    details = json.loads(shell("check", "alerts.json", "--json").stdout)["error"]["details"]
    assert len(details) == 3


@pytest.mark.parametrize(
    "words",
    ["check none.json", "replay none.ndjson", "routes test none.json", "serve -c none.json", "send 1 b -c none.json"],
)
def test_a_file_that_is_not_there_is_wrong_use(shell: Run, words: str):
    told = shell(*words.split())
    assert (told.exit_code, "none." in told.stderr) == (2, True)


def test_a_token_for_a_service_that_does_not_run_says_whose_it_is(shell: Run, tmp_path: Path):
    told = shell("token", "create", "monitor", "--scope", "ingest")
    assert (told.exit_code, f"this is about {tmp_path / 'tocsin.db'}" in told.stderr) == (0, True)


def test_the_configuration_is_shown_whole_with_sources_and_without_secrets(shell: Run, seed: str):
    told = shell("config", "show", "--config", seed, **SECRETS)
    assert told.exit_code == 0, told.stderr
    rows = {line.split()[0]: line for line in told.stdout.splitlines()}
    assert "alerts.json:" in rows["alerts.filters.min_price_drop_percent"]
    assert "environment TOCSIN_SERVER__PORT" in rows["server.port"]
    assert rows["mode"].split()[1:] == ['"live"', "default"]
    assert not any(secret in told.stdout for secret in SECRETS.values())
    assert not any(secret in shell("config", "show", "-c", seed, "--json", **SECRETS).stdout for secret in SECRETS)


def test_the_schema_is_a_document_for_editors(shell: Run):
    assert json.loads(shell("config", "schema").stdout)["title"] == "Tocsin configuration"


def test_tokens_are_made_listed_and_revoked_in_the_ledger_where_no_service_runs(shell: Run, tmp_path: Path):
    made = json.loads(shell("token", "create", "monitor", "--scope", "ingest", "--json").stdout)
    (row,) = json.loads(shell("token", "list", "--json").stdout)["tokens"]
    assert (row["id"], row["name"], row["revoked_at"]) == (made["id"], "monitor", None)
    assert shell("token", "revoke", made["id"]).stdout == "revoked\n"
    assert "monitor" in shell("token", "list").stdout
    again = shell("token", "revoke", "nothing")
    assert (again.exit_code, "not_found" in again.stderr) == (1, True)
    with closing(sqlite3.connect(tmp_path / "tocsin.db")) as ledger:
        kept = ledger.execute("SELECT digest, revoked_at FROM tokens").fetchone()
    assert made["token"] not in kept
    assert kept[1] is not None


def test_a_token_with_a_link_and_an_end(shell: Run):
    told = shell("token", "create", "moderator", "--scope", "read", "--expires", "30d", "--link")
    assert told.stdout.startswith("http://127.0.0.1:1/#token=tocsin_"), told.stderr
    assert shell("token", "create", "x", "--scope", "read", "--expires", "soon").exit_code == 2
    assert shell("token", "create", "x", "--scope", "write").exit_code == 2
    assert {scope.value for scope in Scope} == set(SCOPES)


def test_a_backup_is_a_ledger_and_never_the_end_of_one(shell: Run, tmp_path: Path):
    assert shell("db", "backup", "copy.db").exit_code == 1
    assert shell("db", "upgrade").exit_code == 0
    told = shell("db", "backup", "copy.db", "--json")
    assert json.loads(told.stdout)["bytes"] == (tmp_path / "copy.db").stat().st_size
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    itself = shell("db", "backup", "tocsin.db")
    assert (itself.exit_code, "is the ledger itself" in itself.stderr) == (1, True)
    assert shell("db", "backup", "no/such/folder/copy.db").exit_code == 1


def test_who_never_started_a_service_is_told_to(shell: Run):
    told = shell("send", "1", "bestbuy", "--price", "5")
    assert told.exit_code == 2
    assert "tocsin serve" in told.stderr


def test_the_local_token_never_leaves_this_machine(shell: Run, tmp_path: Path):
    (tmp_path / "tocsin.token").write_text("tocsin_local_0123456789\n")
    for url in ("http://192.0.2.1:8765", "http://127.0.0.1.example.org", "http://localhost@example.org"):
        told = shell("send", "1", "b", "--price", "5", "--url", url)
        assert (told.exit_code, "--token" in told.stderr) == (2, True)
    assert shell("token", "list", "--url", "http://localhost:1").stderr.startswith("unreachable: ")


def test_a_service_that_does_not_answer_is_a_failure_in_one_line(shell: Run, tmp_path: Path):
    (tmp_path / "a.json").write_text("{}")
    for words in (["routes", "test", "a.json"], ["token", "list"], ["test", "discord:x"], ["close", "a", "b"]):
        told = shell(*words, "--url", "http://127.0.0.1:1", "--token", "x")
        assert told.exit_code == 1
        problem, hint = told.stderr.splitlines()
        assert problem == "unreachable: http://127.0.0.1:1 does not answer: connection refused"
        assert "`tocsin serve` starts it" in hint


def test_a_replay_that_gives_up_accounts_for_what_has_no_answer(shell: Run, tmp_path: Path):
    (tmp_path / "feed.ndjson").write_text('{"type": "in_stock"}\n\nnot json\n')
    told = shell("replay", "feed.ndjson", "--patience", "0", "--json", "--url", "http://127.0.0.1:1", "--token", "x")
    assert told.exit_code == 1
    assert json.loads(told.stdout) == {"lines": 2, "results": [], "unanswered": 2}
    assert told.stderr.startswith("unreachable: ")


def test_a_replay_says_what_it_waits_for(shell: Run, tmp_path: Path):
    (tmp_path / "feed.ndjson").write_text('{"type": "in_stock"}')
    told = shell("replay", "feed.ndjson", "--patience", "0.5", "--url", "http://127.0.0.1:1", "--token", "x")
    assert told.stderr.count("waiting: http://127.0.0.1:1 does not answer: connection refused") == 1


def test_the_doctor_finds_nothing_wrong_in_a_fresh_folder(shell: Run):
    told = shell("doctor")
    assert told.exit_code == 0, told.stdout
    assert [line.split()[:2] for line in told.stdout.splitlines()] == [
        ["good", "configuration"], ["note", "ledger"], ["good", "disk"], ["note", "service"],
    ]  # fmt: skip


def test_the_doctor_finds_a_damaged_ledger(shell: Run, tmp_path: Path):
    assert shell("db", "upgrade").exit_code == 0
    with (tmp_path / "tocsin.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    told = shell("doctor", "--json")
    assert told.exit_code == 1
    (ledger,) = [finding for finding in json.loads(told.stdout) if finding["what"] == "ledger"]
    assert ledger["state"] == "bad"
    assert "put back the newest backup" in ledger["detail"]


def test_a_ledger_whose_people_are_kept_with_a_configured_key_is_opened_with_it(shell: Run, tmp_path: Path):
    key = "what people are kept with, long enough"
    (tmp_path / "alerts.json").write_text('{"people": {"key": "${PEOPLE}"}}')
    assert shell("db", "upgrade", "--config", "alerts.json", PEOPLE=key).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "tocsin.db")) as ledger:
        ledger.execute("UPDATE stream SET people_mark = ?", (Vault(Secret(key), None).mark,))
        ledger.commit()
    for command in (("db", "upgrade"), ("token", "list")):
        told = shell(*command, "--config", "alerts.json", PEOPLE=key)
        assert told.exit_code == 0, told.stderr
