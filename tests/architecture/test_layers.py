"""Who may know whom. The table is the one of the architecture page; the imports are read, not believed."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.sources import SRC, at, modules, nodes

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


def part_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported(inside: Iterable[ast.AST]) -> Iterator[tuple[ast.stmt, str]]:
    for node in inside:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            yield node, node.module or ""


def imports(paths: Iterable[Path]) -> Iterator[tuple[Path, ast.stmt, str]]:
    for path in paths:
        for node, name in imported(nodes(path)):
            yield path, node, name


def root(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def allowed(name: str, parts: frozenset[str]) -> bool:
    inner = name.removeprefix("tocsin.")
    return any(inner == part or inner.startswith(part + ".") for part in parts)


def test_a_part_imports_only_from_those_it_may_know():
    parts = {part_of(path) for path in modules()} - WIRING
    assert not parts - MAY_IMPORT.keys(), "these have no place in the table of layers"
    bound = (path for path in modules() if part_of(path) in parts)
    known = ((path, node, name) for path, node, name in imports(bound) if root(name) == "tocsin")
    assert not [
        f"{at(path, node)} imports {name}" for path, node, name in known if not allowed(name, MAY_IMPORT[part_of(path)])
    ]


def test_a_channel_knows_no_other():
    folders = {folder.name for folder in SRC.glob("channels/*/")}
    assert not [
        f"{at(path, node)} imports {name}"
        for path, node, name in imports(sorted(SRC.glob("channels/*/**/*.py")))
        for other in folders - {path.relative_to(SRC).parts[1], CARRIES.get(path.relative_to(SRC).parts[1])}
        if f"{name}.".startswith(f"tocsin.channels.{other}.")
    ]


def test_words_and_rules_need_the_standard_library_alone():
    pure = (path for path in modules() if part_of(path) in PURE)
    assert not [
        f"{at(path, node)} imports {name}"
        for path, node, name in imports(pure)
        if root(name) != "tocsin" and root(name) not in sys.stdlib_module_names
    ]


def test_nothing_is_imported_inside_a_function_but_an_optional_driver():
    assert not [
        f"{at(path, node)} imports {name} late"
        for path in modules()
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node, name in imported(ast.walk(function))
        if root(name) not in OPTIONAL_DRIVERS
    ]


def test_the_clock_is_read_in_one_file_only():
    readers = {"datetime.now", "datetime.utcnow", "time.time", "time.monotonic", "date.today"}
    names = {reader.rpartition(".")[2] for reader in readers}
    assert not [
        f"{at(path, node)} reads the clock by itself"
        for path in modules()
        if path != SRC / "core" / "clock.py"
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
        if ast.unparse(node.func) in readers
    ]


def test_no_file_is_named_for_what_has_no_name():
    vague = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "base"}
    assert not [path for path in modules() if path.stem in vague]


def test_socketio_is_spoken_by_our_own_gateway():
    speakers = {"socketio", "engineio"}
    assert not [f"{at(path, node)} imports {name}" for path, node, name in imports(modules()) if root(name) in speakers]
