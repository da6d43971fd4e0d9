"""What is asked of a model, and what it answers, in one form for all services."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Voice(StrEnum):
    """Who says a piece of a conversation."""

    SYSTEM = "system"
    USER = "user"
    AGENT = "agent"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a conversation, as text."""

    voice: Voice
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the request offers: `properties` and `required` of its JSON schema.

    A freeform tool takes a text in place of arguments. `namespace` is set where the service
    names a tool in two parts.
    """

    name: str
    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    freeform: bool = False
    namespace: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A request. `schema` is set if the answer has to be JSON of that schema."""

    model: str
    stream: bool
    pieces: tuple[Piece, ...]
    tools: tuple[Tool, ...] = ()
    schema: Mapping[str, Any] | None = None

    @property
    def system(self) -> str:
        """Everything that is said by no one in particular."""
        return "\n".join(each.text for each in self.pieces if each.voice is Voice.SYSTEM)

    @property
    def told(self) -> str:
        """Everything that the program says, in its own or its user's name."""
        whose = {Voice.SYSTEM, Voice.USER}
        return "\n".join(each.text for each in self.pieces if each.voice in whose)

    @property
    def size(self) -> int:
        """About how many tokens that is: four characters each."""
        return sum(len(each.text) for each in self.pieces) // 4 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool that the model calls; a freeform tool's arguments are a text."""

    id: str
    name: str
    arguments: Mapping[str, Any] | str
    namespace: str = ""

    @property
    def written(self) -> str:
        """The arguments as text."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says and calls, and the tokens that the service counts for it."""

    id: str
    text: str = ""
    calls: tuple[Call, ...] = ()
    tokens_input: int = 0
    tokens_output: int = 0
    tokens_cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error in place of an answer. `retry_after_s` and `reset_at` (Unix time) if it is told."""

    status: int
    message: str
    code: str = ""  # as the service names it, where the script says so
    retry_after_s: float | None = None
    reset_at: float | None = None


Event = tuple[str, Mapping[str, Any] | str]  # of a stream: its name, or none, and its data


class Dialect(Protocol):
    """How one service is asked and answers."""

    @property
    def name(self) -> str:
        """As the log names it."""

    def hear(self, body: Mapping[str, Any], path: str) -> Heard:
        """The request. Raises LookupError, TypeError, ValueError, AttributeError for a bad one."""

    def tell(self, answer: Answer, heard: Heard) -> Mapping[str, Any]:
        """The answer in one piece."""

    def stream(self, answer: Answer, heard: Heard) -> Sequence[Event]:
        """The answer as a stream of events."""

    def refuse(self, refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The body and the headers of an error."""

    def count(self, heard: Heard) -> Mapping[str, Any]:
        """How many tokens the request has."""


def parts(content: Any) -> list[Mapping[str, Any]]:
    """Content as a list of parts; a plain text is one."""
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [each for each in content if isinstance(each, dict)]


def chunks(text: str) -> list[str]:
    """A text as a stream brings it: in two pieces, if it is long enough."""
    half = len(text) // 2
    return [each for each in (text[:half], text[half:]) if each]


def retry_headers(refusal: Refusal) -> dict[str, str]:
    """What all services have in common: `retry-after`, in whole seconds."""
    if refusal.retry_after_s is None:
        return {}
    return {"retry-after": str(max(0, round(refusal.retry_after_s)))}
