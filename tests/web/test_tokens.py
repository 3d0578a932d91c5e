"""Tokens in memory: known, ended, swapped, and the local one in its file."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tests.web.house import TOKENS, House

from tocsin.access.tokens import ConfiguredToken, local_secret
from tocsin.core.errors import InvalidConfigError, UnauthorizedError
from tocsin.core.secret import Secret


def configured(secret: str, *scopes: str) -> ConfiguredToken:
    return ConfiguredToken(Secret(secret), frozenset(scopes))


async def test_a_token_grants_what_it_was_made_for(house: House):
    tokens = house.services.tokens
    grant = tokens.authenticate(TOKENS["engine"])
    assert (grant.owner, grant.token_id) == ("engine", "config:engine")
    assert grant.allows("ingest")
    assert not grant.allows("read")
    assert tokens.authenticate(TOKENS["admin"]).allows("contacts")


async def test_a_token_may_ask_what_it_may_do(house: House):
    assert await house.call("GET", "/api/v1/tokens/mine", token="reader") == (
        200,
        {"id": "config:reader", "name": "reader", "scopes": ["read"], "expires_at": None},
    )
    status, told = await house.call("GET", "/api/v1/tokens/mine", token="engine")
    assert status == 403
    assert told["error"]["message"].endswith("a token with scope read; the one you sent has ingest")


async def test_what_is_not_a_token_is_refused_in_the_same_words(house: House):
    row, secret = await house.services.tokens.create("m", frozenset({"read"}), None)
    said = set()
    for wrong in (
        "",
        "x",
        "tocsin_",
        f"tocsin_{row.id}_",
        f"tocsin_{row.id}_x",
        secret.reveal()[:-1],
        row.digest,
        "\ud800",
    ):
        with pytest.raises(UnauthorizedError) as told:
            house.services.tokens.authenticate(wrong)
        said.add(told.value.message)
    assert len(said) == 1


async def test_a_reload_ends_what_left_the_file_and_leaves_the_rest(house: House):
    tokens, ended = house.services.tokens, []
    stop = tokens.on_revoked(ended.append)
    kept = configured(TOKENS["engine"], "ingest")
    tokens.configure({"engine": kept, "reader": configured("another-secret-of-it", "read")})
    assert sorted(ended) == ["config:admin", "config:people", "config:reader"]
    assert tokens.authenticate(TOKENS["engine"])
    with pytest.raises(UnauthorizedError):
        tokens.authenticate(TOKENS["reader"])
    stop()
    tokens.configure({})
    assert len(ended) == 3


async def test_a_bad_configured_token_changes_nothing(house: House):
    for wrong in (configured("short", "read"), configured("x" * 16, "root")):
        with pytest.raises(InvalidConfigError) as told:
            house.services.tokens.configure({"bad": wrong})
        assert "short" not in told.value.message.replace("shorter", "")
    assert house.services.tokens.authenticate(TOKENS["reader"])


async def test_an_end_is_an_end(house: House):
    tokens = house.services.tokens
    end = house.services.clock.now() + timedelta(milliseconds=1)
    _, secret = await tokens.create("m", frozenset({"read"}), end)
    while house.services.clock.now() <= end:
        pass
    with pytest.raises(UnauthorizedError, match="ended"):
        tokens.authenticate(secret.reveal())


def test_the_local_token_is_its_owners_alone_and_stays_the_same(tmp_path: Path):
    file = tmp_path / "ledger.db.token"
    first = local_secret(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert local_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("")
    assert local_secret(file) != first
