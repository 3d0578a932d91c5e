"""The reference names every fault with its values, and nothing that is not there."""

import inspect
import re
from pathlib import Path
from typing import get_args

from tocsin.sandbox.faults import CONSTRUCTORS, Cut, RetryAfter
from tocsin.sandbox.garbage import Garbage

PAGE = (Path(__file__).parents[2] / "docs/reference/sandbox.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE.split("## Faults")[1].split("## The journal")[0], re.MULTILINE))


def test_every_fault_is_described_with_its_values() -> None:
    assert set(ROWS) == set(CONSTRUCTORS)
    for name, constructor in CONSTRUCTORS.items():
        missing = [value for value in inspect.signature(constructor).parameters if f"`{value}`" not in ROWS[name]]
        assert missing == [], name


def test_every_choice_of_a_fault_is_described() -> None:
    for name, choices in {"reset": Cut, "too_many": RetryAfter, "garbage": Garbage}.items():
        missing = [choice for choice in get_args(choices) if f"`{choice}`" not in ROWS[name]]
        assert missing == [], name
