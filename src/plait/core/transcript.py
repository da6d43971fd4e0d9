"""What an agent says and does, in one form for all agents: the entries of its transcript.

An agent's adapter reads its own program's output into entries; everything else (the transcript
on disk, what is shown, limits, usage, the outcome) works with entries alone. Nothing in an entry
is trusted: it is what an agent says of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class FinishKind(StrEnum):
    """How an agent's work ended, by its own final word."""

    OK = "ok"
    API_ERROR = "api_error"  # the model could not be asked, or its answer broke off
    AUTH = "auth"  # the model's service does not know the key
    RATE_LIMIT = "rate_limit"
    TURN_CAP = "turn_cap"
    BUDGET_CAP = "budget_cap"
    CANCELLED = "cancelled"
    DENIED = "denied"  # it could not go on without a permission that nobody gave
    CRASHED = "crashed"  # it ended without a final word


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The agent has begun. `session` is the id by which it can be taken up again, or empty."""

    session: str = ""
    model: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of the agent; `thought` if they are its reasoning."""

    text: str
    thought: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """The agent calls a tool. `paths` are the files it names, as the agent names them."""

    call: str
    tool: str
    input: Mapping[str, Any] = field(default_factory=dict)
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEnded:
    """What a tool gave; `failed` if it gave an error."""

    call: str
    output: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDenied:
    """A tool's call was refused: by the agent's permission mode, a hook, or the system."""

    tool: str
    reason: str = ""
    call: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The agent asks its model again after an error of that kind, in `delay_s` seconds."""

    kind: FinishKind
    message: str = ""
    delay_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The model was asked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was used up: since the last of these, or, if `total`, since the session began."""

    tokens_input: int = 0
    tokens_output: int = 0
    cost_usd: float | None = None
    total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The agent's final word. Of a rate limit: in so many seconds, or at that Unix time."""

    kind: FinishKind
    message: str = ""
    retry_after_s: float | None = None
    retry_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A line of output that the adapter does not understand, or that is too long."""

    line: str


Entry = (
    Started | Said | ToolCalled | ToolEnded | ToolDenied | Retried | Turn | Used | Finished | Unread
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All entries of an attempt so far, summed up. Usage counts from the session's beginning."""

    session: str = ""
    model: str = ""
    version: str = ""
    last_words: str = ""
    turns: int = 0
    tool_calls: int = 0
    denials: tuple[ToolDenied, ...] = ()
    retried: Retried | None = None  # the last one, until something succeeds
    tokens_input: int = 0
    tokens_output: int = 0
    cost_usd: float | None = None
    finished: Finished | None = None
    unread: int = 0


MOST_DENIALS = 200  # that are remembered one by one


def account(so_far: Account, *entries: Entry) -> Account:
    """The account with some entries more."""
    tally = Tally(so_far)
    tally.add(entries)
    return tally.account


_NAMES = tuple(field.name for field in fields(Account))


class Tally:
    """An account while entries are added: there are many, and each is a small matter."""

    session: str
    model: str
    version: str
    last_words: str
    turns: int
    tool_calls: int
    denials: tuple[ToolDenied, ...]
    retried: Retried | None
    tokens_input: int
    tokens_output: int
    cost_usd: float | None
    finished: Finished | None
    unread: int
    __slots__ = _NAMES

    def __init__(self, so_far: Account) -> None:
        for name in _NAMES:
            setattr(self, name, getattr(so_far, name))

    @property
    def account(self) -> Account:
        """The account as it is now."""
        return Account(**{name: getattr(self, name) for name in _NAMES})

    def add(self, entries: Iterable[Entry]) -> None:
        """Some entries more."""
        for entry in entries:
            match entry:
                case ToolEnded():
                    pass
                case Said():
                    if not entry.thought and entry.text and not entry.text.isspace():
                        self.last_words = entry.text
                        self.retried = None
                case ToolCalled():
                    self.tool_calls += 1
                    self.retried = None
                case Turn():
                    self.turns += 1
                case Used():
                    self._use(entry)
                case Started():
                    self.session = entry.session or self.session
                    self.model = entry.model or self.model
                    self.version = entry.version or self.version
                case ToolDenied():
                    self.denials = (*self.denials, entry)[:MOST_DENIALS]
                case Retried():
                    self.retried = entry
                case Finished():
                    self.finished = entry
                case Unread():
                    self.unread += 1

    def _use(self, used: Used) -> None:
        if used.total:
            self.tokens_input = self.tokens_output = 0
            self.cost_usd = self.cost_usd if used.cost_usd is None else 0.0
        self.tokens_input += used.tokens_input
        self.tokens_output += used.tokens_output
        if used.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + used.cost_usd
