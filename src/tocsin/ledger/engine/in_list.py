"""A list is one parameter, to look in or to read rows from: the statement is compiled once, however long the list."""

from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Dialect, TableValuedAlias, Text, bindparam, column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Listed(TypeDecorator[list[Any]]):
    """A JSON text for SQLite, an array for PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.of))

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _Among(FunctionElement[bool]):
    """Without a type: SQLAlchemy would compare a Boolean with 1, and SQLite would not see that an index fits."""

    name = "among"
    inherit_cache = True


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, listed = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - both are compiled, not told


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, listed = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} = ANY({listed})"


class _Each(FunctionElement[Any]):
    name = "each"
    inherit_cache = True


@compiles(_Each, "sqlite")
def _each_on_sqlite(element: _Each, compiler: SQLCompiler, **how: Any) -> str:
    (listed,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"json_each({listed})"


@compiles(_Each, "postgresql")
def _each_on_postgresql(element: _Each, compiler: SQLCompiler, **how: Any) -> str:
    (listed,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"unnest({listed})"


def each_of(name: str) -> TableValuedAlias:
    """Make a row of each number of the parameter. Its column, `value`, is called as PostgreSQL calls the whole."""
    listed = _Each(bindparam(name, type_=_Listed(BigInteger())))
    return listed.table_valued(column("value", BigInteger), name="value")


def among(looked_in: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Say `column in list`; `name` is the parameter: a list of numbers or of texts."""
    return _Among(looked_in, bindparam(name, type_=_Listed(looked_in.type)))
