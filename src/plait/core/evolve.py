"""A frozen value with some of its fields changed, made quickly.

`dataclasses.replace` calls the initialiser with every field by name; a run of ten thousand
packages is folded with some hundred thousand such steps. What is changed here must be a
dataclass with slots and without `__post_init__`.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """The value with these fields changed; as `dataclasses.replace`, also for type checkers."""
        kind = type(value)
        new = object.__new__(kind)
        for name, slot in _slots(kind):
            slot.__set__(new, changes.pop(name) if name in changes else slot.__get__(value))
        if changes:
            raise TypeError(f"{kind.__name__} has no field {next(iter(changes))!r}")
        return new


@cache
def _slots(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, getattr(kind, field.name)) for field in fields(kind))


__all__ = ["replace"]
