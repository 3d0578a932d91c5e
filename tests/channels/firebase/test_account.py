"""The key file: each thing that can be wrong with it is named, with the file, before anybody is called."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.cli.program import tocsin

from tocsin.channels.firebase.account import read_account
from tocsin.channels.spec import UnfitError
from tocsin.sandbox import Sandbox

GOOD_URI = "https://oauth2.googleapis.com/token"


def pem(key: Any, password: bytes | None = None) -> str:
    lock = NoEncryption() if password is None else BestAvailableEncryption(password)
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock).decode())


def told(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    return {**sandbox.firebase.project.account(), **changes}


def wrong_with(file: Path, content: str | bytes) -> str:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnfitError) as unfit:
        read_account(file)
    assert {(flaw.path, flaw.place) for flaw in unfit.value.flaws} == {(("firebase_config",), str(file))}
    return "; ".join(flaw.message for flaw in unfit.value.flaws)


async def test_the_file_of_the_console_is_read(sandbox: Sandbox, tmp_path: Path):
    account = read_account(sandbox.firebase.project.write_account(tmp_path / "firebase.json"))
    assert (account.project, account.key.key_size) == ("tocsin-sandbox", 2048)
    assert "PRIVATE" not in repr(account)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON (line 1)"),
        ("{'a': 1}", "no JSON (line 1)"),
        (b"\xff\xfe{}", "not UTF-8"),
        ("[]", "no JSON object"),
        ("{}", '`type` is not "service_account"'),
        ('{"type": "authorized_user"}', '`type` is not "service_account"'),
        ('{"project_info": {}, "client": []}', "google-services.json"),
        ('{"apiKey": "x", "projectId": "y"}', "a web app's configuration"),
        ('{"installed": {}}', "an OAuth client"),
        ('{"type": "service_account"}', "`project_id` is missing"),
        ("x" * 70_000, "larger than"),
    ],
)
def test_what_is_no_key_file_says_what_it_is(tmp_path: Path, content: str | bytes, said: str):
    assert said in wrong_with(tmp_path / "firebase.json", content)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("project_id", "a/../b", "`project_id` is no id of a project"),
        ("project_id", 5, "`project_id` is missing"),
        ("client_email", "nobody", "`client_email` is no address"),
        ("client_email", "", "`client_email` is missing"),
        ("token_uri", "http://oauth2.example/token", "`token_uri` has to begin with https://"),
        ("token_uri", "ftp://x", "`token_uri` is no web address"),
        ("private_key", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", "no private key (PEM)"),
        ("private_key", "secret", "no private key (PEM)"),
        ("private_key_id", 5, "`private_key_id` is no text"),
    ],
)
async def test_each_wrong_value_is_named_and_never_repeated(
    sandbox: Sandbox, tmp_path: Path, name: str, value: Any, said: str
):
    words = wrong_with(tmp_path / "firebase.json", json.dumps(told(sandbox, **{name: value})))
    assert said in words
    assert "secret" not in words


async def test_a_key_of_another_kind_is_named(sandbox: Sandbox, tmp_path: Path):
    file = tmp_path / "firebase.json"
    for key, said in (
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
        (pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1()), b"pw"), "encrypted"),
    ):
        assert said in wrong_with(file, json.dumps(told(sandbox, private_key=key)))


async def test_everything_that_is_wrong_is_told_at_once(sandbox: Sandbox, tmp_path: Path):
    words = wrong_with(
        tmp_path / "firebase.json", json.dumps(told(sandbox, project_id="", private_key="x", token_uri="x"))
    )
    assert len(words.split("; `")) == 3


def test_check_names_it_with_the_file(tmp_path: Path):
    (tmp_path / "firebase.json").write_text('{"project_info": {}}')
    (tmp_path / "alerts.json").write_text('{"alerts": {"channels": {"push": {"firebase_config": "firebase.json"}}}}')
    checked = tocsin(tmp_path, "check", "alerts.json")
    assert checked.returncode != 0
    said = checked.stdout + checked.stderr
    assert "alerts.channels.push.firebase_config" in said
    assert "google-services.json" in said
    (tmp_path / "alerts.json").write_text('{"alerts": {"channels": {"push": {"firebase_config": "none.json"}}}}')
    said = (checked := tocsin(tmp_path, "check", "alerts.json")).stdout + checked.stderr
    assert "cannot be read" in said
