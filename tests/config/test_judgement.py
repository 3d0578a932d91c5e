"""One judgement: what `check` passes starts, and what does not start it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.config.scenes import WEBHOOK

from tocsin import AlertService
from tocsin.config.reading.loading import load
from tocsin.config.report import check
from tocsin.core.errors import InvalidConfigError
from tocsin.wiring import judge

FIT = {"secret": "a-token-that-fits-0123456789-0123456789", "scopes": ["ingest"]}


def token(secret: str) -> dict[str, Any]:
    return {"tokens": {"engine": {"secret": secret, "scopes": ["ingest"]}}}


def discord(**settings: Any) -> dict[str, Any]:
    return {"alerts": {"channels": {"discord": {"webhooks": {"general": WEBHOOK.format(1)}, **settings}}}}


REFUSED: dict[str, dict[str, Any]] = {
    "open to strangers": {"server": {"host": "0.0.0.0"}},
    "open to strangers over IPv6": {"server": {"host": "::"}},
    "a host with a port": {"server": {"host": "127.0.0.1:80"}, "tokens": {"engine": FIT}},
    "a host in brackets": {"server": {"host": "[::1]"}, "tokens": {"engine": FIT}},
    "a host that is an address of the web": {"server": {"host": "http://127.0.0.1"}, "tokens": {"engine": FIT}},
    "a host with a blank": {"server": {"host": "127.0.0.1 "}, "tokens": {"engine": FIT}},
    "a host with a NUL": {"server": {"host": "127.0.0.1\0"}, "tokens": {"engine": FIT}},
    "a token that is short": token("short"),
    "a token of blanks": token(" " * 40),
    "a token with a blank before it": token(" " + FIT["secret"]),
    "a token with a blank behind it": token(FIT["secret"] + " "),
    "a token with a NUL behind it": token(FIT["secret"] + "\0"),
    "a token of two lines": token(f"{FIT['secret']}\n{FIT['secret']}"),
    "a token with an umlaut": token("ü" + FIT["secret"]),
    "a token that no header can hold": token("x" * 100_000),
    "a key with a blank behind it": discord(bot_token="MTE4 "),
    "a template that is not there": discord(templates={"in_stock": "absent.j2"}),
    "quiet hours that never end": {"quiet_hours": {"night": {"from": "08:00", "to": "08:00", "tz": "UTC"}}},
    "a life of no length": {"max_age": {"in_stock": 0}},
}
TAKEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a token that fits": {"tokens": {"engine": FIT}},
    "a token with blanks inside": token("correct horse battery staple"),
    "the longest spans": {
        "storage": {"retention": "36500d"},
        "dedup": {"cooldown": "36500d", "reopen_after_close": "36500d", "close_after_silence": "36500d"},
        "max_age": {"in_stock": "36500d"},
        "operators": {"objective": {"within": "36500d"}},
    },
    "a channel with the longest spans": discord(
        join="36500d", fail_over_after="36500d", max_age={"in_stock": "36500d"}
    ),
    "an affiliate link that adds to the address": {"retailers": {"amazon": {"link": "{url}?tag=me-20"}}},
}


def written(folder: Path, config: dict[str, Any]) -> Path:
    file = folder / "alerts.json"
    file.write_text(json.dumps({**config, "server": {"port": 0, **config.get("server", {})}}))
    return file


async def started(file: Path) -> None:
    async with AlertService.from_config(file, environ={}) as service:
        await service.send_alert(type="in_stock", sku="1", retailer="bestbuy", price=1)


@pytest.mark.parametrize("case", REFUSED)
async def test_what_does_not_start_is_refused_by_check_in_the_same_words(tmp_path: Path, case: str):
    file = written(tmp_path, REFUSED[case])
    with pytest.raises(InvalidConfigError) as said:
        judge(load(file, {}))
    with pytest.raises(InvalidConfigError) as told:
        await started(file)
    assert told.value.message == said.value.message
    assert not (tmp_path / "tocsin.db").exists()


@pytest.mark.parametrize("case", TAKEN)
async def test_what_check_passes_starts(tmp_path: Path, case: str):
    file = written(tmp_path, TAKEN[case])
    config = load(file, {})
    judge(config)
    check(config)
    await started(file)


def test_a_ledger_without_a_folder_is_pointed_out(tmp_path: Path):
    config = load(written(tmp_path, {"storage": {"url": "sqlite:///absent/tocsin.db"}}), {})
    (caution,) = check(config).cautions
    assert (caution.path, caution.message) == (
        "storage.url",
        f"the folder {tmp_path}/absent is not there: it has to be made before the service starts here",
    )


async def test_a_reload_takes_no_more_than_a_start_does(tmp_path: Path):
    """Tokens that are gone from a service that strangers reach, and tokens that fit nobody."""
    known = {"server": {"host": "0.0.0.0"}, "tokens": {"engine": FIT}}
    file = written(tmp_path, known)
    async with AlertService.from_config(file, environ={}) as service:
        for worse in ({"server": known["server"]}, {**known, **token(FIT["secret"] + " ")}):
            written(tmp_path, worse)
            with pytest.raises(InvalidConfigError):
                await service.reload()
        assert service.tokens.authenticate(FIT["secret"]).owner == "engine"
