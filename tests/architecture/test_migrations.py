"""The steps of the schema stand in one line, in the order of their numbers: two branches that each add one are told."""

import ast
import re
from pathlib import Path

from tocsin.ledger.migrations import versions

LAST_ALONE = "0019"  # the last before several nodes could have one ledger
_NAMED = re.compile(r'^(revision|down_revision) = "?(\w+)"?$', re.MULTILINE)


def test_each_migration_follows_the_one_before_it():
    steps = sorted(Path(versions.__path__[0]).glob("[0-9]*.py"))
    told = [
        dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', step.read_text(), re.MULTILINE)) for step in steps
    ]
    numbers = [step.name[:4] for step in steps]
    assert [step["revision"] for step in told] == numbers
    assert [step["down_revision"] for step in told] == ["None", *numbers[:-1]]


def test_since_versions_work_beside_each_other_a_step_only_adds():
    """An older node goes on under the newer schema: it must find all that it knows, and may leave out what it does
    not.
    """
    took = {"drop_table", "drop_column", "drop_constraint", "rename_table", "alter_column"}
    broken = []
    for step in sorted(Path(versions.__path__[0]).glob("[0-9]*.py")):
        if step.name[:4] <= LAST_ALONE:
            continue
        for node in ast.walk(ast.parse(step.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).rpartition(".")[2]
            words = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if called in took:
                broken.append(f"{step.name}: {called}")
            if called == "add_column":
                (column,) = [argument for argument in node.args if isinstance(argument, ast.Call)]
                said = {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}
                if said.get("nullable") == "False" and "server_default" not in said:
                    broken.append(f"{step.name}: {ast.unparse(column)} has no default")
            if called == "create_index" and words.get("unique") == "True":
                broken.append(f"{step.name}: {ast.unparse(node)} may refuse what older nodes write")
    assert not broken
