"""A provider is named in its own folders and in the catalogue, and nowhere else: no part may count on one of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import SRC, at, modules, nodes

from tocsin.catalogue import CATALOGUE

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
    own = {*SRC.glob("channels/*/*"), *SRC.glob("sandbox/*/*"), *(SRC / name for name in EXCEPTIONS)}
    return [path for path in modules() if path not in own]


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """The names and the texts of a file, without what only its readers read."""
    docstrings = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
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


def test_a_provider_is_named_in_its_own_folders_alone():
    knows_a_channel = re.compile(r"tocsin\.channels\.webhook\b")
    assert not [
        f"{path.relative_to(SRC)}:{line} names a provider: {said}"
        for path in elsewhere()
        for line, said in spoken(path)
        if PROVIDERS.search(said) or knows_a_channel.match(said)
    ]


def test_a_channel_is_named_by_the_catalogue_alone():
    texts = ((path, node) for path in elsewhere() for node in nodes(path) if isinstance(node, ast.Constant))
    assert not [
        f"{at(path, node)} names a channel: {node.value}"
        for path, node in texts
        if isinstance(node.value, str) and CHANNELS.fullmatch(node.value)
    ]


def test_every_exception_still_speaks_of_one():
    for name in EXCEPTIONS:
        said = [text for _, text in spoken(SRC / name)]
        assert any(PROVIDERS.search(text) or CHANNELS.fullmatch(text) for text in said), f"{name} needs no exception"


def test_the_page_of_the_sandbox_speaks_of_no_provider():
    for path in SRC.glob("sandbox/static/*.[hj]*"):
        said = re.sub(r"placeholder=\S+", "", path.read_text())
        assert not PROVIDERS.search(said), path.name


def test_the_catalogue_has_every_channel_that_there_is_a_folder_for():
    listed = {spec.settings.__module__.split(".")[2] for spec in CATALOGUE.values()}
    assert listed == FOLDERS
