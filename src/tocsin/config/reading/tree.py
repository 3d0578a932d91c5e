"""Walking the values of a file before anybody knows whether they are right."""

from collections.abc import Iterable, Iterator
from typing import Any

from tocsin.config.reading.problems import KeyPath

# In a pattern: every key of an object, every item of a list.
EACH = object()
_GONE = object()


def find(tree: Any, pattern: tuple[object, ...], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value whose path fits the pattern."""
    if not pattern:
        yield path, tree
        return
    step = pattern[0]
    if step is EACH:
        for key, value in _members(tree):
            yield from find(value, pattern[1:], (*path, key))
    elif isinstance(step, (str, int)) and _has(tree, step):
        yield from find(tree[step], pattern[1:], (*path, step))


def at(tree: Any, path: KeyPath) -> Any:
    """The value at this path; None where there is none."""
    for step in path:
        if not _has(tree, step):
            return None
        tree = tree[step]
    return tree


def keys_at(tree: Any, *path: str) -> tuple[str, ...]:
    """The keys of the object at this path; none where it is no object."""
    node = at(tree, path)
    return tuple(node) if isinstance(node, dict) else ()


def leaves(tree: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every single value; a list of single values counts as one."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list) and any(isinstance(item, (dict, list)) for item in tree):
        for index, value in enumerate(tree):
            yield from leaves(value, (*path, index))
    else:
        yield path, tree


def without(tree: Any, paths: Iterable[KeyPath]) -> Any:
    """A copy without what stands at these paths; of a path that is not there, its nearest part goes."""
    copy = _marked(tree, {_existing(tree, path) for path in paths}, ())
    return None if copy is _GONE else copy


def _existing(tree: Any, path: KeyPath) -> KeyPath:
    known: KeyPath = ()
    for step in path:
        if not _has(tree, step):
            break
        tree, known = tree[step], (*known, step)
    return known


def _has(node: Any, step: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(step, int) and 0 <= step < len(node)
    return isinstance(node, dict) and step in node


def _marked(node: Any, gone: set[KeyPath], path: KeyPath) -> Any:
    if path in gone:
        return _GONE
    members = [(step, _marked(value, gone, (*path, step))) for step, value in _members(node)]
    kept = [(step, value) for step, value in members if value is not _GONE]
    if isinstance(node, dict):
        return dict(kept)
    return [value for _, value in kept] if isinstance(node, list) else node


def _members(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict):
        yield from node.items()
    elif isinstance(node, list):
        yield from enumerate(node)
