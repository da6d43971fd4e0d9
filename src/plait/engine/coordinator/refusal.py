"""Why the coordinator does not do what it is asked: a code, a reason, what kind of refusal."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from plait.errors import UsageError


class Kind(StrEnum):
    """What a refusal is about; each face has its own number for it."""

    INVALID = "invalid"  # it means nothing
    UNKNOWN_CALLER = "unknown_caller"  # no token, or a wrong one
    FORBIDDEN = "forbidden"
    MISSING = "missing"  # there is no such thing
    CONFLICT = "conflict"  # somebody else has it, or it is over
    LIMIT = "limit"  # too much, or too often


class Refusal(UsageError):  # noqa: N818 - it is no fault of Plait's
    """A request that is refused; nothing of it was done.

    Args:
        message: Why, in one sentence.
        code: Stable, in capitals.
        kind: What the refusal is about.
        hint: What the caller can do.
        data: What a program may want to know of it, as JSON values.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        kind: Kind,
        hint: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.kind = kind
        self.data = dict(data or {})
