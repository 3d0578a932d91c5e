"""A provider is named in its own folders and in the catalogue, and nowhere else: no part may count on one of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.catalogue import CATALOGUE

SRC = Path(__file__).parents[2] / "src" / "tocsin"

FOLDERS = {path.parent.name for path in SRC.glob("channels/*/spec.py")}
# Ways to reach persons, whoever carries them: words of consent and of preferences, too.
MEDIA = {"sms", "voice", "push", "email"}
# Words of the trade as well: Standard Webhooks, a chat's webhook; whatever people read pages with; how mail is spoken.
WORDS = {"webhook", "browser", "smtp"}
PROVIDERS = re.compile(
    "|".join(sorted({path.parent.name for path in SRC.glob("channels/*/__init__.py")} - MEDIA - WORDS)), re.IGNORECASE
)
# A channel or a target on one.
CHANNELS = re.compile(rf"({'|'.join(sorted(CATALOGUE.keys() - MEDIA))})(:.*)?|({'|'.join(sorted(MEDIA))}):.*")

# Files that speak of one, and why.
EXCEPTIONS = {
    "catalogue.py": "it lists them",
    "cli/sandbox.py": "its option makes webhooks of one, for people",
    "cli/test.py": "an example of a target, for people",
    "web/query.py": "an example of a target, for people",
    "ledger/people/schema.py": "an example in a comment of the database",
    "pipeline/people/device.py": "what an app on a device is called, its provider alone says",
    "pipeline/people/table.py": "columns that lists of people come with",
    "sandbox/providers.py": "it lists them",
}


def elsewhere() -> list[Path]:
    own = {*SRC.glob("channels/*/*"), *SRC.glob("sandbox/*/*")}
    return [path for path in sorted(SRC.rglob("*.py")) if path not in own]


def spoken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names and the texts of a file, without what only its readers read."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield node.lineno, text
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word) | ast.keyword(arg=str(word)):
                yield node.lineno, word
            case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
                yield node.lineno, word
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)


@pytest.mark.parametrize("path", elsewhere(), ids=lambda path: str(path.relative_to(SRC)))
def test_a_provider_is_named_in_its_own_folders_alone(path: Path):
    if str(path.relative_to(SRC)) in EXCEPTIONS:
        return
    for line, said in spoken(ast.parse(path.read_text())):
        assert not PROVIDERS.search(said), f"{path.name}:{line} names a provider: {said}"
        assert not re.match(r"tocsin\.channels\.webhook\b", said), f"{path.name}:{line} knows a channel: {said}"


@pytest.mark.parametrize("path", elsewhere(), ids=lambda path: str(path.relative_to(SRC)))
def test_a_channel_is_named_by_the_catalogue_alone(path: Path):
    if str(path.relative_to(SRC)) in EXCEPTIONS:
        return
    texts = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    for node in texts:
        named = isinstance(node.value, str) and CHANNELS.fullmatch(node.value)
        assert not named, f"{path.name}:{node.lineno} names a channel: {node.value}"


def test_every_exception_still_speaks_of_one():
    for name in EXCEPTIONS:
        said = [text for _, text in spoken(ast.parse((SRC / name).read_text()))]
        assert any(PROVIDERS.search(text) or CHANNELS.fullmatch(text) for text in said), f"{name} needs no exception"


def test_the_page_of_the_sandbox_speaks_of_no_provider():
    for path in SRC.glob("sandbox/static/*.[hj]*"):
        said = re.sub(r"placeholder=\S+", "", path.read_text())
        assert not PROVIDERS.search(said), path.name


def test_the_catalogue_has_every_channel_that_there_is_a_folder_for():
    listed = {spec.settings.__module__.split(".")[2] for spec in CATALOGUE.values()}
    assert listed == FOLDERS
