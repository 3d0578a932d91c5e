"""Who may know whom. The table is the one of the architecture page; the imports are read, not believed."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "tocsin"

# A part, and the parts of Tocsin it may import from. `x.contract` is that one module.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "core": frozenset({"core"}),
    "rules": frozenset({"rules", "core"}),
    "access": frozenset({"access", "core", "ledger.contract"}),
    "ledger": frozenset({"ledger", "core"}),
    "bus": frozenset({"bus", "core"}),
    "cluster": frozenset({"cluster", "core", "ledger.contract"}),
    "catalogue": frozenset({"channels", "mirrors"}),
    "channels": frozenset({"channels", "config.values", "rules", "core"}),
    "pipeline": frozenset(
        {
            "pipeline",
            "access",
            "rules",
            "core",
            "ledger.contract",
            "bus.contract",
            "cluster.contract",
            "cluster.alone",
            "channels.contract",
            "channels.abilities",
            "mirrors.contract",
        }
    ),
    "web": frozenset({"web", "access", "pipeline", "rules", "core", "ledger.contract", "bus.contract"}),
    "gateway": frozenset({"gateway", "access", "pipeline", "rules", "core", "ledger.contract", "bus.contract"}),
    "config": frozenset({"config", "catalogue", "channels.spec", "channels.settings", "mirrors.spec", "rules", "core"}),
    "mirrors": frozenset({"mirrors", "config.values", "core", "channels.transport", "channels.status"}),
    "sandbox": frozenset({"sandbox", "core"}),
    "telemetry": frozenset({"core"}),
    "client": frozenset({"core"}),
}
# Some channels are carried by several providers: the folders of these know the channel, which knows none of them.
CARRIES = {"sendgrid": "email", "smtp": "email", "firebase": "push", "browser": "push"}
WIRING = {"cli", "service", "front", "wiring", "figures", "__init__", "__main__"}  # these alone name concrete classes
PURE = ("core", "rules")  # the standard library and nothing else
OPTIONAL_DRIVERS = {"psycopg", "redis", "valkey"}


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            yield node, node.module or ""


def allowed(name: str, parts: frozenset[str]) -> bool:
    inner = name.removeprefix("tocsin.")
    return any(inner == part or inner.startswith(part + ".") for part in parts)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_a_part_imports_only_from_those_it_may_know(path: Path):
    part = part_of(path)
    if part in WIRING:
        return
    assert part in MAY_IMPORT, f"{part} has no place in the table of layers"
    for node, name in imported(ast.parse(path.read_text())):
        if name.split(".")[0] == "tocsin":
            assert allowed(name, MAY_IMPORT[part]), f"{path.name}:{node.lineno} imports {name}"


@pytest.mark.parametrize("path", sorted(SRC.glob("channels/*/**/*.py")), ids=lambda path: str(path.relative_to(SRC)))
def test_a_channel_knows_no_other(path: Path):
    folder = path.relative_to(SRC).parts[1]
    own = {f"tocsin.channels.{name}" for name in (folder, CARRIES.get(folder))}
    others = {f"tocsin.channels.{folder.name}" for folder in SRC.glob("channels/*/")} - own
    for node, name in imported(ast.parse(path.read_text())):
        assert not any(f"{name}.".startswith(f"{other}.") for other in others), f"{path.name}:{node.lineno}: {name}"


@pytest.mark.parametrize("path", [p for p in modules() if part_of(p) in PURE], ids=lambda path: path.name)
def test_words_and_rules_need_the_standard_library_alone(path: Path):
    for node, name in imported(ast.parse(path.read_text())):
        root = name.split(".")[0]
        assert root == "tocsin" or root in sys.stdlib_module_names, f"{path.name}:{node.lineno} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_nothing_is_imported_inside_a_function_but_an_optional_driver(path: Path):
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node, name in imported(function):
                assert name.split(".")[0] in OPTIONAL_DRIVERS, f"{path.name}:{node.lineno} imports {name} late"


def test_the_clock_is_read_in_one_file_only():
    readers = {"datetime.now", "datetime.utcnow", "time.time", "time.monotonic", "date.today"}
    for path in modules():
        if path == SRC / "core" / "clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                assert called not in readers, f"{path.relative_to(SRC)}:{node.lineno} reads the clock by itself"


def test_no_file_is_named_for_what_has_no_name():
    vague = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "base"}
    assert not [path for path in modules() if path.stem in vague]


def test_socketio_is_spoken_by_our_own_gateway():
    for path in modules():
        for node, name in imported(ast.parse(path.read_text())):
            assert name.split(".")[0] not in {"socketio", "engineio"}, f"{path.name}:{node.lineno}"
