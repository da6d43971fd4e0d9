"""The kinds of values that requests hold, each with its bounds: what comes from outside."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from plait.core.coordination import LONGEST_TTL_S, SHORTEST_TTL_S

MOST_TEXT = 20_000
MOST_DOCUMENT = 256_000  # bytes of a document as JSON
_LINE = r"^[^\x00-\x1f\x7f]*$"
_TEXT = r"^[^\x00]*$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)]
Line = Annotated[str, Field(max_length=1000, pattern=_LINE)]
Text = Annotated[str, Field(max_length=MOST_TEXT, pattern=_TEXT)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]  # one that Plait has given: the stores' least
Ttl = Annotated[float, Field(ge=SHORTEST_TTL_S, le=LONGEST_TTL_S)]
Names = Annotated[tuple[Name, ...], Field(max_length=64)]
Path = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        pattern=_LINE,
        description="A path below the repository's root, or a glob; a folder stands for all in it",
    ),
]
Paths = Annotated[tuple[Path, ...], Field(max_length=256)]


def _finite(document: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A document without numbers that JSON has no way to write, such as 1e999."""
    json.dumps(document, allow_nan=False)
    return document


Document = Annotated[dict[str, JsonValue], Field(max_length=1000), AfterValidator(_finite)]
Data = dict[str, Any]


class Message(BaseModel):
    """A request or an answer: nothing in it that is not named."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Asked(Message):
    """A request, read strictly: a number is no text, and a text no number."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
