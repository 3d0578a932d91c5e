"""Small changes of a file that no test notices.

    python scripts/mutants.py src/tocsin/ledger/queue/claim.py --tests tests/contract --most 20

Each change is made alone, in a copy of the tree, and the named tests run there, on SQLite, until one fails. Those that
are printed lived: either it means the same, or a test is missing.
"""

import argparse
import ast
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import alembic.command  # noqa: F401 - loaded here, it need not be loaded for each change
import hypothesis  # noqa: F401
import pytest
import schemathesis.pytest.plugin  # noqa: F401

UNREWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"  # of libraries that were loaded before

ROOT = Path(__file__).parents[1]

OTHERS = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.And: (ast.Or,), ast.Or: (ast.And,), ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,), ast.Mult: (ast.Add,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "or_": "and_", "and_": "or_"}
CLAUSES = {"where", "order_by", "limit", "group_by", "distinct", "desc", "values"}
TYPES = {"annotation", "returns"}
# They say what never is, how a value is made, or nothing to SQLite.
SAFEGUARDS = {"strict", "skip_locked", "frozen", "slots", "kw_only"}

Change = tuple[int, int, str]  # the bytes from here to there become this
Code = ast.expr | ast.stmt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--tests", nargs="+", required=True, metavar="TESTS")
    parser.add_argument("--most", type=int, default=20, help="so many changes, drawn at random (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    source = (ROOT / asked.file).read_bytes()
    possible = sorted(set(changes(source)))
    drawn = sorted(random.Random(asked.seed).sample(possible, min(asked.most, len(possible))))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "__pycache__", "node_modules"))
        if not passes(tree, asked.tests, told=True):
            sys.exit("the tests fail as it is")
        sys.dont_write_bytecode = True  # a changed file is never mistaken for the one before it
        lived = 0
        for start, end, text in drawn:
            (tree / asked.file).write_bytes(source[:start] + text.encode() + source[end:])
            if passes(tree, asked.tests):
                lived += 1
                line = source.count(b"\n", 0, start) + 1
                print(f"{asked.file}:{line}: {source[start:end].decode()}  ->  {text}", flush=True)
    print(f"{asked.file}: {len(drawn)} of {len(possible)} changes, {len(drawn) - lived} noticed, {lived} lived")
    return min(lived, 1)


def passes(tree: Path, tests: list[str], *, told: bool = False) -> bool:
    """In a fork of this process: what takes longest is to load the libraries, and that is done once. `told`: what the
    tests say is shown.
    """
    child = os.fork()
    if child == 0:
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree / "src")
        sys.path.insert(0, str(tree / "src"))
        for output in () if told else (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), output)
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-W", UNREWRITTEN, "-k", "not postgresql", *tests]))
    return os.waitpid(child, 0)[1] == 0


def changes(source: bytes) -> Iterator[Change]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in walk(ast.parse(source)):
        for old, text in instead(node):
            if old.end_lineno is not None and old.end_col_offset is not None:
                yield starts[old.lineno - 1] + old.col_offset, starts[old.end_lineno - 1] + old.end_col_offset, text


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """It and all below that does something. What stands in an f-string has no place of its own."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg in SAFEGUARDS):
        return
    yield node
    for name, below in ast.iter_fields(node):
        for each in below if isinstance(below, list) else [below]:
            if isinstance(each, ast.AST) and name not in TYPES:
                yield from walk(each)


def instead(node: ast.AST) -> Iterator[tuple[Code, str]]:
    """What may stand in place of it, or of a part of it."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            yield from ((node, said(ast.Compare(left, [other()], [right]))) for other in OTHERS[type(op)])
        case ast.BoolOp(op=op, values=values):
            yield from ((node, said(ast.BoolOp(other(), values))) for other in OTHERS[type(op)])
            yield from ((node, said(ast.BoolOp(op, [one for one in values if one is not gone]))) for gone in values)
        case ast.BinOp(left=left, op=op, right=right):
            yield from ((node, said(ast.BinOp(left, other(), right))) for other in OTHERS.get(type(op), ()))
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield node, said(operand)
        case ast.Constant(value=int(value)):
            yield from ((node, str(each)) for each in ([not value] if value is bool(value) else [value + 1, value - 1]))
        case ast.Name(id=name) if name in NAMES:
            yield node, NAMES[name]
        case ast.Call():
            yield from ((node, text) for text in with_less(node))
        case _:
            yield from another_way(node)


def another_way(node: ast.AST) -> Iterator[tuple[Code, str]]:
    """What is done in another case, or not at all."""
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield node, said(ast.IfExp(test, orelse, body))
        case ast.If(test=ast.Name() | ast.Attribute() | ast.Call() as test):
            yield test, f"not {said(test)}"
        case ast.comprehension(ifs=tests):
            yield from ((test, "True") for test in tests)
        case ast.Expr(value=ast.Call()):
            yield node, "pass"
        case ast.Continue() | ast.Break():
            yield node, "break" if isinstance(node, ast.Continue) else "continue"


def with_less(call: ast.Call) -> Iterator[str]:
    """A statement without this clause, or without one of its conditions."""
    match call.func:
        case ast.Attribute(value=before, attr=name) if name in CLAUSES:
            yield said(before)
        case ast.Name(id="exists" | "or_" | "and_"):
            pass
        case _:
            return
    if len(call.args) > 1:
        for gone in call.args:
            yield said(ast.Call(call.func, [one for one in call.args if one is not gone], call.keywords))


def said(code: ast.expr) -> str:
    return f"({ast.unparse(code)})"


if __name__ == "__main__":
    sys.exit(main())
