"""Whatever the documents offer to paste works as it is pasted, against a real service."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError
from starlette.responses import Response
from tests.docs.desk import A_WEBHOOK, FILES, VARIABLES, Desk, variables
from tests.docs.snippets import ROOT, SNIPPETS, Snippet, pages

from tocsin.channels.webhook.signature import headers_of
from tocsin.cli.detector import PRODUCTS
from tocsin.config.reading.loading import load
from tocsin.config.settings import Settings
from tocsin.core.clock import SystemClock
from tocsin.core.secret import Secret
from tocsin.web.terminal import Terminal
from tocsin.wiring import judge

# What is pasted here runs; what these are is looked at elsewhere, or is no program.
RUN = ("sh", "python", "js", "json")
SHOWN = {
    "text": "a picture",
    "mermaid": "tests/architecture",
    "jinja": "judged with its configuration",
}

PERSON = "01a205b3-d000-7009-9bb4-b1c15a515c3"

# Snippets that cannot run here, by page and beginning, with the reason.
NOT_RUN: Mapping[tuple[str, str], str] = {
    ("README.md", "make run"): "tests/first_run",
    ("CONTRIBUTING.md", "make setup"): "a list: its targets are looked at below",
    ("docs/tutorial/first-alert.md", "make demo"): "tests/first_run",
    ("docs/tutorial/first-alert.md", "make run\n"): "tests/first_run",
    ("docs/tutorial/first-alert.md", "make run ARGS"): "tests/first_run starts it, tests/cli with a file",
    ("docs/tutorial/first-text.md", ""): "tests/docs/test_first_text.py",
    ("docs/how-to/install.md", "uv tool install"): "tests/first_run installs the wheel",
    ("docs/how-to/install.md", "uv build"): "tests/first_run",
    ("docs/how-to/install.md", "pipx install"): "needs pipx, and installs for the user who runs the tests",
    ("docs/how-to/install.md", "python3 -m venv"): "downloads every dependency anew",
    ("docs/how-to/operate.md", "[Service]"): "needs systemd",
    ("docs/how-to/operate.md", "location /"): "needs nginx",
    ("docs/how-to/operate.md", "groups:"): "needs Prometheus: its metrics are looked at below",
    ("docs/how-to/mirrors.md", "import asyncio"): "calls Airtable: tests/mirrors/test_airtable.py",
    ("docs/how-to/mirrors.md", "redis-cli"): "needs redis-cli: tests/mirrors/test_redis.py",
    ("docs/how-to/several-nodes.md", "systemctl"): "needs systemd: tests/contract/test_transfer.py",
    ("docs/how-to/webhooks.md", "from standardwebhooks"): "a part of a program: it is called below",
    ("docs/how-to/webhooks.md", '{"type": "alert.in_stock"'): "what a receiver gets: tests/golden/webhook",
    ("docs/how-to/webhooks.md", '{"type": "alerts"'): "what a receiver gets: tests/channels/test_webhook.py",
    ("docs/reference/http.md", '{"error"'): "what a wrong alert is answered: tests/web/test_decode.py",
    ("docs/reference/http.md", '{"decision": "accepted", "reason": "new", "id": "01a2…", "notes"'): "tests/web",
    ("docs/reference/http.md", "curl -X POST $U/api/v1/first-steps/demo"): "tests/browser/test_first_steps.py",
    (
        "docs/reference/http.md",
        f"curl $U/api/v1/contacts/{PERSON}1/phones/{PERSON}2/verif",
    ): "answers 409: no codes here",
    (
        "docs/reference/http.md",
        f"curl $U/api/v1/contacts/{PERSON}1/test",
    ): "answers 422: nothing here tells a phone; tests/story/test_people.py",
    ("docs/reference/http.md", '{"contact": "01a2…", "address"'): "the answer to that",
    ("docs/reference/http.md", '{"resend_after"'): "the answer to that: tests/web/people/test_verification.py",
    (
        "docs/reference/http.md",
        f"curl $U/api/v1/contacts/{PERSON}1/mailboxes/{PERSON}4/conf",
    ): "answers 409: no mail here",
    ("docs/reference/http.md", "curl $U/api/v1/me/browsers"): "answers 409: no browser is told anything here",
    ("docs/reference/http.md", "curl -X DELETE $U/api/v1/me/browsers"): "the same",
    ("docs/reference/http.md", "curl $U/api/v1/browsers/renew"): "the same",
    ("docs/reference/sandbox.md", "browser = "): "a part of a program: tests/sandbox/test_browser.py",
    ("docs/reference/http.md", "curl -i $U/hooks/example"): "answers 404, as it says",
    ("docs/reference/http.md", '{"dashboard"'): "the answer to that",
    ("docs/reference/sandbox.md", "mail = "): "a part of a program: tests/sandbox/test_sendgrid.py",
    ("docs/reference/sandbox.md", "phone = "): "a part of a program: tests/sandbox/test_twilio.py",
    ("docs/reference/sandbox.md", '{"code": 50035'): "what Discord answers: tests/sandbox/test_form.py",
}

# Programs that go on for ever: they are ended once they have said something.
FOLLOWS = (
    ("docs/reference/http.md", "curl -N"),
    ("docs/reference/sandbox.md", "tocsin sandbox"),
    ("docs/reference/socketio.md", "import"),
    ("docs/how-to/send-alerts.md", "import"),
)

# What has to be so before a snippet makes sense.
BEFORE = {
    ("docs/how-to/operate.md", "tocsin db backup"): (  # the key that is made with the first person
        "mkdir -p backup; test -e people.key || (umask 077 && head -c 32 /dev/urandom | base64 > people.key)"
    ),
    ("docs/reference/http.md", "curl $U/api/v1/lists/sms:vip"): (
        """curl -X PUT $U/api/v1/lists/sms:vip -H "Authorization: Bearer $T" -d '{"tag": "vip"}'"""
    ),
    ("docs/reference/http.md", "curl -X POST $U/api/v1/channels/discord/targets/general/enable"): (
        'curl -X POST $U/api/v1/channels/discord/targets/general/disable -H "Authorization: Bearer $T"'
    ),
}

# What the file of a reader has already, who adds a part that a snippet shows.
ALREADY = {
    "alerts": {
        "channels": {
            "discord": {"webhooks": dict.fromkeys(("high_priority", "general", "staff"), "${DISCORD_WEBHOOK}")},
            "webhook": {"endpoints": {"pager": "${PAGER_HOOK}"}},
        }
    }
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(tmp_path_factory.mktemp("desk")) as laid_out:
        yield laid_out


def is_in(snippet: Snippet, table: Any) -> bool:
    return any(snippet.page == page and snippet.text.startswith(begin) for page, begin in table)


def value(snippet: Snippet) -> Any:
    """What it says in JSON; a file may have comments."""
    return json.loads(re.sub(r"^\s*//.*$", "", snippet.text, flags=re.MULTILINE))


def is_config(snippet: Snippet) -> bool:
    """A part of a configuration file, not an answer of the service."""
    return snippet.language == "json" and set(value(snippet)) <= set(Settings.model_fields)


PASTED = [snippet for snippet in SNIPPETS if snippet.language in RUN and not is_in(snippet, NOT_RUN)]
CONFIGS = [snippet for snippet in PASTED if is_config(snippet)]
PROGRAMS = [snippet for snippet in PASTED if snippet.language in ("python", "js")]


def test_every_snippet_says_what_it_is_and_every_exception_has_its_snippet():
    known = {*RUN, *SHOWN}
    strange = [str(each) for each in SNIPPETS if each.language not in known and not is_in(each, NOT_RUN)]
    assert strange == []
    for page, begin in (*NOT_RUN, *FOLLOWS, *BEFORE):
        assert any(is_in(snippet, [(page, begin)]) for snippet in SNIPPETS), (page, begin)


@pytest.mark.parametrize(
    "page", [page for page in pages() if any(s.page == page and s.language == "sh" for s in PASTED)]
)
def test_the_commands_of_a_page_run_and_answer_as_it_says(desk: Desk, page: str):
    """In one shell, in the order of the page; configuration that it shows is in `alerts.json` from there on."""
    ours = [snippet for snippet in PASTED if snippet.page == page and (snippet.language == "sh" or is_config(snippet))]
    follows = {snippet for snippet in ours if is_in(snippet, FOLLOWS)}
    before = {snippet: text for snippet in ours for key, text in BEFORE.items() if is_in(snippet, [key])}
    ran = dict(zip(ours, desk.shell(ours, follows, before), strict=True))
    failed = {str(snippet): f"{each.said} {each.complained}" for snippet, each in ran.items() if not each.good}
    assert failed == {}
    wrong = {str(told): dict(differences(value(told), said)) for told, said in answers(page, ran)}
    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize("snippet", PROGRAMS, ids=str)
def test_a_program_runs(desk: Desk, snippet: Snippet):
    if is_in(snippet, FOLLOWS):
        assert desk.follow(snippet).strip()
        return
    ran = desk.program(snippet)
    assert ran.good, ran.complained


@pytest.mark.parametrize("snippet", CONFIGS, ids=str)
def test_a_configuration_is_one(tmp_path: Path, snippet: Snippet):
    """By itself, or as a part that somebody adds to the file that they have."""
    text = json.dumps(merged(ALREADY, value(snippet))).replace("api/webhooks/ID/TOKEN", A_WEBHOOK)
    (tmp_path / "alerts.json").write_text(text)
    for name in (".env", "join.txt"):
        (tmp_path / name).write_text("# what a reader has written\n")
    (tmp_path / "firebase.json").write_text(FILES["firebase.json"])
    for page, file in (("discord", "in_stock.txt"), ("email", "in_stock_mail.txt")):
        (own,) = [each.text for each in SNIPPETS if each.language == "jinja" and page in each.page]
        (tmp_path / file).write_text(own)
    judge(load(tmp_path / "alerts.json", variables(text)))


def test_what_is_offered_to_be_sent_is_news_to_a_demo_too():
    """Its detector reports products of its own: a pasted alert would else be a repeat of one of them, by chance."""
    offered = [*Terminal("http://localhost", Path("t")).commands().values()]
    offered += [snippet.text for snippet in PASTED if not is_config(snippet)]
    words = {word for text in offered for word in re.findall(r"[\w-]+", text)}
    assert "6634940" in words
    assert words & {sku for sku, _, _ in PRODUCTS} == set()


async def test_the_receiver_of_the_guide_takes_what_we_sign_and_each_id_once():
    (receiver,) = [each.text for each in SNIPPETS if each.text.startswith("from standardwebhooks")]
    secret, handled, ids = VARIABLES["WHSEC"](""), [], set()
    body = b'{"type": "alert.in_stock", "data": {"sku": "6634940"}}'
    names: dict[str, Any] = {
        "SECRET": secret, "Response": Response, "handle": handled.append,
        "first_time": lambda identifier: identifier not in ids and not ids.add(identifier),
    }  # fmt: skip
    exec(compile(receiver, "webhooks.md", "exec"), names)
    headers = headers_of("019", SystemClock().now(), body, [Secret(secret)])
    for _ in range(2):
        assert (await names["receive"](Posted(headers, body))).status_code == 204
    assert handled == [{"sku": "6634940"}]
    with pytest.raises(WebhookVerificationError):
        await names["receive"](Posted(headers, body.replace(b"6634940", b"1")))


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as any framework hands it over."""

    headers: Mapping[str, str]
    content: bytes

    async def body(self) -> bytes:
        return self.content


def test_every_target_of_make_that_is_named_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word for s in SNIPPETS if s.language == "sh" for word in re.findall(r"^make ([a-z-]+)", s.text, re.MULTILINE)
    }
    assert named - targets == set()
    assert {"run", "demo", "test"} <= named


def test_metrics_that_rules_for_prometheus_name_are_on_the_page_of_metrics():
    page = (ROOT / "docs/reference/metrics.md").read_text()
    (rules,) = [snippet.text for snippet in SNIPPETS if snippet.language == "yaml"]
    names = set(re.findall(r"\btocsin_\w+", rules))
    assert names
    assert {name for name in names if f"`{name}`" not in page} == set()


def answers(page: str, ran: Mapping[Snippet, Any]) -> Iterator[tuple[Snippet, Any]]:
    """The answers that a page shows, each with the real one to the command before it."""
    before: Snippet | None = None
    for snippet in SNIPPETS:
        if snippet.page != page:
            continue
        if snippet.language == "json" and before in ran and snippet in PASTED and not is_config(snippet):
            yield snippet, json.loads(ran[before].said.splitlines()[-1])
        before = snippet if snippet.language == "sh" else None


def differences(told: Any, real: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Where an answer has another shape than the page says. `…` stands for more of the same kind."""
    if told in (None, "…") or real in (None, {}):
        return
    if isinstance(told, dict) and isinstance(real, dict):
        for key in {*told, *real} - {"…"}:
            if key in told and key in real:
                yield from differences(told[key], real[key], f"{place}.{key}")
            elif key in told or "…" not in told:
                yield f"{place}.{key}", "only in the document" if key in told else "only in the answer"
    elif isinstance(told, list) and isinstance(real, list):
        for one, other in zip(told, real, strict=False):
            yield from differences(one, other, f"{place}[]")
    elif kind(told) is not kind(real):
        yield place, f"{told!r} in the document, {real!r} in the answer"


def kind(one: Any) -> type:
    return float if type(one) is int else type(one)


def merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merged(below[key], one) if key in below else one for key, one in above.items()}}
