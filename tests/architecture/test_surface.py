"""What the reference says can be called is what can be called: HTTP, Socket.IO, the command line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from fastapi.routing import APIRoute
from tests.web.house import open_house

from tocsin.cli import app
from tocsin.cli.commands import NAMES
from tocsin.gateway.settings import GatewaySettings
from tocsin.web.errors import STATUS
from tocsin.web.scopes import rule_of

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"


def sections(page: str, heading: str) -> dict[str, str]:
    """The text below each heading of this level, by the heading."""
    parts = re.split(rf"^{heading} (.+)$", (REFERENCE / page).read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


async def test_every_call_is_described_with_its_scope_and_an_example(tmp_path: Path):
    told = sections("http.md", "###")
    async with open_house(tmp_path) as house:
        coded = dict(described(house.web.routes))
    assert sorted(told) == sorted(coded)
    for call, scope in coded.items():
        said = re.match(r"\s*(?:Scope `(\w+)`|Open)\.", told[call])
        assert said, f"{call} says neither its scope nor that it is open"
        assert said[1] == scope, call
        path = re.escape(call.split()[1])
        example = re.sub(r"\\\{\w+\\\}", "[^/ ]+", path)
        assert re.search(rf'^curl .*\$U{example}(?=["\s?]|$)', told[call], re.MULTILINE), f"{call} has no example"


async def test_every_page_for_people_is_described(tmp_path: Path):
    told = set(re.findall(r"^\| `(/[^`]+)` \|", sections("people.md", "##")["Pages for people"], re.MULTILINE))
    async with open_house(tmp_path) as house:
        routes = [route for route in house.web.routes if isinstance(route, APIRoute) and "people" in (route.tags or ())]
    assert told == {route.path for route in routes} - {"/people/style.css"}
    assert all(rule_of(route).scope is None and not route.include_in_schema for route in routes)


def described(routes: Any) -> Iterator[tuple[str, str | None]]:
    for route in routes:
        assert isinstance(route, APIRoute)
        if route.include_in_schema or route.path in ("/openapi.json", "/docs"):
            for method in route.methods or ():
                yield f"{method} {route.path}", rule_of(route).scope


def test_every_error_of_a_door_is_listed_with_its_status():
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \|", (REFERENCE / "http.md").read_text(), re.MULTILINE)
    told = {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    coded = {(status, kind.code) for kind, status in STATUS.items()}
    assert coded <= told


def test_every_command_is_described_with_all_its_options():
    told = {
        heading.strip("`").removeprefix("tocsin "): options(text)
        for heading, text in sections("command-line.md", "##").items()
        if heading.startswith("`")
    }
    assert told == dict(commands())


def test_every_example_of_a_command_begins_with_its_name():
    for heading, text in sections("command-line.md", "##").items():
        if heading.startswith("`"):
            assert f": {heading.rstrip('`')}" in text, heading


def options(text: str) -> set[str]:
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {option for cell in cells for option in re.findall(r"`(--[a-z-]+)`", cell)}


def commands() -> Iterator[tuple[str, set[str]]]:
    root: Any = typer.main.get_command(app)
    for name in NAMES:
        inner: Mapping[str, Any] = getattr(root.commands[name], "commands", {})
        for words, command in {f"{name} {key}": value for key, value in inner.items()}.items():
            yield words, long_options(command)
        if not inner:
            yield name, long_options(root.commands[name])


def long_options(command: Any) -> set[str]:
    """A switch that is on by default is told by what turns it off."""
    named = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    return {(option.secondary_opts or option.opts)[0] for option in named}


def test_every_event_of_a_socket_is_described():
    rows = re.findall(r"^\| ([→←]) \| `(\w+)`", (REFERENCE / "socketio.md").read_text(), re.MULTILINE)
    source = "\n".join(path.read_text() for path in (ROOT / "src/tocsin/gateway").glob("*.py"))
    heard = set(re.findall(r'\bname == "(\w+)"', source))
    said = set(re.findall(r'\b(?:emit|_event|_post)\(\s*"(\w+)"', source))
    said |= set(re.findall(r'return "(\w+)", ', (ROOT / "src/tocsin/pipeline/event_encoding.py").read_text()))
    assert {event for arrow, event in rows if arrow == "→"} == heard
    assert {event for arrow, event in rows if arrow == "←"} == said


def test_the_bounds_of_a_socket_are_those_of_the_gateway():
    page = (REFERENCE / "socketio.md").read_text()
    bounds = GatewaySettings()
    for row in (
        f"| a message | {bounds.max_payload >> 10} KiB |",
        f"| {bounds.ingest_rate} with scope `ingest`, {bounds.message_rate} otherwise;",
        f"| {bounds.ingest_frame_rate} with scope `ingest`, {bounds.frame_rate} otherwise,",
        f"| {bounds.max_buffer >> 20} MiB, then the socket is closed;",
        f"| every {bounds.ping_interval:.0f} s, {bounds.ping_timeout:.0f} s |",
        f"| from opening to the first CONNECT | {bounds.connect_timeout:.0f} s |",
        f"| sockets that have not shown a token yet | {bounds.max_newcomers:,};",
        f"| {bounds.max_sockets_per_address:,} and {bounds.max_sockets_per_token:,} |",
        f"a bookmark every {bounds.bookmark_every:.0f} s",
        f"then every {bounds.stats_every:.0f} s:",
        f"spread over {bounds.reconnect_spread:.0f} s",
    ):
        assert row in page
