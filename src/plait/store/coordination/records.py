"""Values of `core.coordination` as rows: a column a field, tuples and mappings as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select, Table, insert, select, update
from sqlalchemy.sql.expression import bindparam

from plait.core.codec import decode, encode
from plait.store.coordination.quick import quick, quick_each
from plait.store.rows import storable

T = TypeVar("T")


class Records(Generic[T]):
    """The rows of one table, each a value of one frozen dataclass.

    Args:
        kind: The dataclass; its fields are named as the columns.
        table: The table.
        key: The column that tells its rows apart.
    """

    def __init__(self, kind: type[T], table: Table, key: str) -> None:
        """Prepare the statements, so that each is put together once."""
        self._kind = kind
        self._names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
        self.columns = tuple(table.c[name] for name in self._names)
        self._add = insert(table).values({name: bindparam(name) for name in self._names})
        self._write = (
            update(table)
            .where(table.c[key] == bindparam("of_key"))
            .values({name: bindparam(f"new_{name}") for name in self._names if name != key})
        )
        self._one = select(*self.columns).where(table.c[key] == bindparam("key"))
        self._key = key

    def add(self, connection: Connection, values: Iterable[T]) -> None:
        """Insert rows."""
        made = [self._row(value) for value in values]
        if made:
            quick_each(connection, self._add, made)

    def write(self, connection: Connection, value: T) -> bool:
        """Write a row anew; whether there is one."""
        row = self._row(value)
        given = {f"new_{name}": row[name] for name in self._names if name != self._key}
        return bool(quick(connection, self._write, {**given, "of_key": row[self._key]}).rowcount)

    def one(self, connection: Connection, key: object) -> T | None:
        """The row of that key."""
        row = quick(connection, self._one, {"key": key}).one_or_none()
        return None if row is None else self.value(row)

    def all(
        self, connection: Connection, asked: Select[*tuple[Any, ...]], given: Mapping[str, Any]
    ) -> tuple[T, ...]:
        """What a selection of `columns` finds."""
        return tuple(self.value(row) for row in quick(connection, asked, given))

    def value(self, row: Row[*tuple[Any, ...]]) -> T:
        """The value of a row of `columns`."""
        return decode(self._kind, dict(self._read(row)))

    def _row(self, value: T) -> dict[str, Any]:
        told: dict[str, Any] = encode(value)
        return {name: _written(item) for name, item in told.items()}

    def _read(self, row: Row[*tuple[Any, ...]]) -> Iterator[tuple[str, Any]]:
        hints = _documents(self._kind)
        for name, item in zip(self._names, row, strict=True):
            yield name, json.loads(item) if name in hints and item is not None else item


_DOCUMENTS: dict[type, frozenset[str]] = {}


def _documents(kind: type) -> frozenset[str]:
    """The fields that are JSON text in the table."""
    known = _DOCUMENTS.get(kind)
    if known is None:
        known = _DOCUMENTS[kind] = frozenset(
            field.name for field in fields(kind) if str(field.type).startswith(("tuple", "Mapping"))
        )
    return known


def _written(item: Any) -> Any:
    if isinstance(item, list | dict):
        return json.dumps(item, separators=(",", ":"))
    return storable(item) if isinstance(item, str) else item
