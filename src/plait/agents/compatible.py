"""A model service of the user's own that speaks as OpenAI's does, named by variables."""

from __future__ import annotations

from dataclasses import dataclass

from plait.agents.vendor import value_of
from plait.ports import AgentTask

PROVIDER = "own"  # what it is called where a program wants a name for it
KEY = "OPENAI_API_KEY"
SETTINGS = ("OPENAI_BASE_URL", "OPENAI_MODEL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where it is, and which of its models is asked."""

    url: str
    model: str

    @property
    def named(self) -> str:
        """The model as programs name it that know several providers."""
        return f"{PROVIDER}/{self.model}"


def service(task: AgentTask) -> Endpoint | None:
    """The one that `OPENAI_BASE_URL` and `OPENAI_MODEL` name; None unless both are set.

    The profile's model comes before the variable's.
    """
    url, model = value_of(task, "OPENAI_BASE_URL"), value_of(task, "OPENAI_MODEL")
    if not url or not model:
        return None
    return Endpoint(url=url, model=task.profile.model or model)
