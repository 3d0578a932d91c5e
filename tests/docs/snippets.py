"""What readers may paste: the fenced blocks of the README, of the guide for contributors and of the documents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^( *)```(.*?)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    documents = sorted((ROOT / "docs").rglob("*.md"))
    return [str(path.relative_to(ROOT)) for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *documents)]


def snippets_of(page: str) -> Iterator[Snippet]:
    """In the order of the page."""
    text = (ROOT / page).read_text()
    for found in _FENCE.finditer(text):
        yield Snippet(page, text[: found.start()].count("\n") + 1, found[2], found[3])


SNIPPETS = tuple(snippet for page in pages() for snippet in snippets_of(page))
