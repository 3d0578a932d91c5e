"""The steps of the schema stand in one line, in the order of their numbers: two branches that each add one are told."""

import re
from pathlib import Path

from tocsin.ledger.migrations import versions

_NAMED = re.compile(r'^(revision|down_revision) = "?(\w+)"?$', re.MULTILINE)


def test_each_migration_follows_the_one_before_it():
    steps = sorted(Path(versions.__path__[0]).glob("[0-9]*.py"))
    told = [
        dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', step.read_text(), re.MULTILINE)) for step in steps
    ]
    numbers = [step.name[:4] for step in steps]
    assert [step["revision"] for step in told] == numbers
    assert [step["down_revision"] for step in told] == ["None", *numbers[:-1]]
