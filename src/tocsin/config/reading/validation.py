"""From a tree of values to settings, with every problem found on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tocsin.config.reading.problems import KeyPath
from tocsin.config.reading.tree import at, without
from tocsin.config.reading.wording import findings
from tocsin.config.settings import Settings


def validate(tree: Any, base: Path, raw: Any) -> tuple[Settings, list[tuple[KeyPath, str]]]:
    """The settings that the tree gives without what is wrong in it, and all that is wrong.

    `raw` is the tree as it was written, before variables: only its values are repeated in messages.
    """
    found: list[ErrorDetails] = []
    while True:
        try:
            settings = Settings.model_validate(tree, context={"base": base})
        except ValidationError as error:
            findings_now = error.errors(include_url=False)
            # What later rounds find only follows from what was taken out.
            found = found or findings_now
            tree = without(tree, [each["loc"] for each in findings_now]) or {}
        else:
            return settings, list(_told(found, raw))


def _told(found: list[ErrorDetails], raw: Any) -> Iterator[tuple[KeyPath, str]]:
    for error in found:
        yield from findings(error, at(raw, error["loc"]))
