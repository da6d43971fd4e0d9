"""What sessions tell people, and ask them: progress of work, questions and their answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ID = re.compile(r"q-([1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that a session asks a person about a run. Times are Unix seconds; 0: not yet."""

    number: int
    run: str
    session: str
    agent: str
    text: str
    created_at: float
    package: str = ""
    answer: str = ""
    who: str = ""
    answered_at: float = 0.0

    @property
    def id(self) -> str:
        """As people name it."""
        return f"q-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return not self.answered_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far somebody says that a piece of work is: the last word of a session on it."""

    number: int
    session: str
    agent: str
    message: str
    created_at: float
    run: str = ""
    package: str = ""
    task: str = ""
    percent: int | None = None


def number_of(name: str) -> int | None:
    """The number of the question of that name; None if it is no such name."""
    found = _ID.fullmatch(name)
    return int(found[1]) if found else None
