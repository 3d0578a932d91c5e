"""The shape of the file, generated from the settings: for editors, for hints at the nearest key, for the documents."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from tocsin.config.reading.problems import KeyPath
from tocsin.config.settings import Settings
from tocsin.config.values.addresses import ServiceUrl
from tocsin.config.values.block import Block
from tocsin.config.values.quantities import write_duration


@cache
def json_schema() -> Mapping[str, Any]:
    """JSON Schema 2020-12 of the configuration file; comments are beyond it."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Generator)
    title = {"title": "Tocsin configuration", "description": "The configuration file of Tocsin."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_for_editors(schema), **title}


@dataclass(frozen=True, slots=True)
class Field:
    """What the schema says of one key. `form` is the object it holds, where it holds one."""

    default: Any
    meaning: str
    needed: bool
    form: Mapping[str, Any]


@cache
def fields() -> tuple[tuple[KeyPath, Field], ...]:
    """Every key of the file with its path; `NAME` stands for any name, `N` for the number of a list's item."""
    return tuple(_fields(json_schema(), ()))


def keys(path: KeyPath = ()) -> frozenset[str]:
    """The keys that an object at this path may have; none where any name goes."""
    nodes = [json_schema()]
    for step in path:
        nodes = [below for node in nodes for below in _below(node, step)]
    return frozenset(key for node in nodes for form in _forms(node) for key in form.get("properties", {}))


class _Generator(GenerateJsonSchema):
    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """What a key means stands below it in the source. Whoever starts a service does not ask, and does not wait."""
        form = super().model_schema(schema)
        for block in (each for each in schema["cls"].__mro__ if issubclass(each, Block)):
            for name, meaning in _meanings(block).items():
                key = block.model_fields[name].alias or name
                form["properties"][key].setdefault("description", meaning)
        return form

    def encode_default(self, dft: Any) -> Any:
        """Defaults as a file would write them."""
        match dft:
            case timedelta():
                return write_duration(dft)
            case Decimal():
                return int(dft) if dft == int(dft) else float(dft)
            case ServiceUrl():
                return dft.without_password
            case _:
                return super().encode_default(dft)


def _meanings(block: type[Block]) -> Mapping[str, str]:
    """The text below each field that the class itself has; a class that is put together from others has no source."""
    try:
        [made] = ast.parse(dedent(inspect.getsource(block))).body
    except OSError:
        return {}
    assert isinstance(made, ast.ClassDef)
    found = {}
    for field, text in pairwise(made.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                found[name] = inspect.cleandoc(meaning)
    return found


_REFERENCE = {"type": "string", "pattern": r"\$\{[^}]+\}"}


def _for_editors(node: Any) -> Any:
    """Without the titles that repeat each key, and with `${NAME}` wherever no other text may stand."""
    if isinstance(node, list):
        return [_for_editors(each) for each in node]
    if not isinstance(node, dict):
        return node
    form = {key: _for_editors(value) for key, value in node.items() if key != "title" or not isinstance(value, str)}
    if form.get("type") in ("integer", "number", "boolean") or "enum" in form:
        about = {key: form.pop(key) for key in ("default", "description") if key in form}
        return {"anyOf": [form, _REFERENCE], **about}
    return form


def _fields(node: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Field]]:
    for form in _forms(node):
        for key, below in form.get("properties", {}).items():
            needed = key in form.get("required", ())
            block = next((inner for inner in _forms(below) if "properties" in inner), {})
            yield (*path, key), Field(below.get("default"), below.get("description", ""), needed, block)
            yield from _fields(below, (*path, key))
        for part, step in (("additionalProperties", "NAME"), ("items", "N")):
            if isinstance(form.get(part), Mapping):
                yield from _fields(form[part], (*path, step))


def _below(node: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    for form in _forms(node):
        named = form.get("properties", {}).get(step)
        part = named or form.get("items" if isinstance(step, int) else "additionalProperties")
        if isinstance(part, Mapping):
            yield part


def _forms(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a node may be: references followed, alternatives taken apart."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        yield from _forms(json_schema()["$defs"][name])
    for alternative in node.get("anyOf", ()):
        yield from _forms(alternative)
    yield node
