"""Values of `core.coordination` as rows: a column a field, tuples and mappings as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from sqlalchemy import Connection, Select, Table, Update, insert, select, update
from sqlalchemy.sql.expression import bindparam

from plait.store.quick import Row, changed, quick, quick_each
from plait.store.rows import storable

T = TypeVar("T")
_DOCUMENTS = (tuple, list, dict, Mapping)


class Records(Generic[T]):
    """The rows of one table, each a value of one frozen dataclass.

    Args:
        kind: The dataclass; its fields are named as the columns.
        table: The table.
        key: The column that tells its rows apart.
    """

    def __init__(self, kind: type[T], table: Table, key: str) -> None:
        """Prepare the statements, so that each is put together once."""
        self._kind, self._table, self._key = kind, table, key
        self._names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
        hints = get_type_hints(kind)
        self._readers = tuple(
            (place, reader)
            for place, name in enumerate(self._names)
            if (reader := _reader(hints[name])) is not None
        )
        self.columns = tuple(table.c[name] for name in self._names)
        self._add = insert(table).values({name: bindparam(name) for name in self._names})
        self._writes: dict[tuple[str, ...], Update] = {}
        self._one = select(*self.columns).where(table.c[key] == bindparam("key"))

    def add(self, connection: Connection, values: Iterable[T]) -> None:
        """Insert rows."""
        made = [{name: _written(getattr(each, name)) for name in self._names} for each in values]
        if made:
            quick_each(connection, self._add, made)

    def write(self, connection: Connection, value: T, *, known: T | None = None) -> bool:
        """Write a row anew, or what is not as it is known to be; whether there is one."""
        names = tuple(
            name
            for name in self._names
            if name != self._key
            and (known is None or getattr(value, name) is not getattr(known, name))
        )
        if not names:
            return True
        given = {f"new_{name}": _written(getattr(value, name)) for name in names}
        given["of_key"] = getattr(value, self._key)
        return changed(connection, self._update(names), given) > 0

    def one(self, connection: Connection, key: object) -> T | None:
        """The row of that key."""
        found = quick(connection, self._one, {"key": key})
        return self.value(found[0]) if found else None

    def all(
        self, connection: Connection, asked: Select[*tuple[Any, ...]], given: Mapping[str, Any]
    ) -> tuple[T, ...]:
        """What a selection of `columns` finds."""
        return tuple(map(self.value, quick(connection, asked, given)))

    def value(self, row: Row) -> T:
        """The value of a row of `columns`."""
        told = list(row)
        for place, reader in self._readers:
            if told[place] is not None:
                told[place] = reader(told[place])
        return self._kind(**dict(zip(self._names, told, strict=True)))

    def _update(self, names: tuple[str, ...]) -> Update:
        known = self._writes.get(names)
        if known is None:
            known = self._writes[names] = (
                update(self._table)
                .where(self._table.c[self._key] == bindparam("of_key"))
                .values({name: bindparam(f"new_{name}") for name in names})
            )
        return known


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value of a column's; None: it is the same."""
    if get_origin(hint) is tuple:
        return _tuple
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return json.loads if "Mapping" in str(hint) else None


def _tuple(text: str) -> tuple[Any, ...]:
    return tuple(json.loads(text))


def _written(item: Any) -> Any:
    if isinstance(item, str):
        return storable(item)
    if isinstance(item, _DOCUMENTS):
        return json.dumps(item, separators=(",", ":"))
    return item
