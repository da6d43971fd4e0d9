"""`aider`, with one message. It has no events: what it prints for people tells how it went."""

from __future__ import annotations

from dataclasses import replace

from plait.agents.aider_words import AiderWords
from plait.agents.hosts import needed
from plait.agents.vendor import VendorAgent, value_of
from plait.core.glob import shapes
from plait.core.transcript import Account, Finished, FinishKind
from plait.ports import AgentOutcome, AgentTask, Capabilities, Invocation, Reader
from plait.process import Exit

MOST_FILES = 50  # of the scope, that are put before the model from the beginning


class Aider(VendorAgent):
    """aider, by key. It edits files; commands it runs only if its arguments name them."""

    adapter = "aider"
    programs = ("aider",)
    keys = (
        "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY",
        "MISTRAL_API_KEY", "GROQ_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY", "AZURE_API_KEY",
    )  # fmt: skip
    settings = (
        "OPENAI_API_BASE", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE",
        "AZURE_API_BASE", "AZURE_API_VERSION", "OLLAMA_API_BASE", "AIDER_MODEL",
        "AIDER_WEAK_MODEL", "AIDER_EDIT_FORMAT",
    )  # fmt: skip
    oldest = "0.86"
    log_in = "set the key of its model's provider"

    @property
    def can(self) -> Capabilities:
        """It tells what it costs, where it knows the model's prices."""
        return Capabilities(tells_cost=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief in a file; nothing is committed, asked, sent home or left in the worktree."""
        message, model = task.home / "brief.md", task.profile.model
        prices = task.home / ".aider" / "caches" / "model_prices_and_context_window.json"
        base = value_of(task, "OPENAI_API_BASE") or value_of(task, "OPENAI_BASE_URL")
        return Invocation(
            argv=(
                "--message-file", str(message), "--yes-always", "--no-pretty", "--no-stream",
                "--no-auto-commits", "--no-dirty-commits", "--no-gitignore",
                "--analytics-disable", "--no-check-update", "--no-show-release-notes",
                "--no-show-model-warnings", "--no-detect-urls", "--no-suggest-shell-commands",
                "--map-tokens", "0",  # its index would lie in the worktree
                "--chat-history-file", str(task.home / "chat.md"),
                "--input-history-file", str(task.home / "input"),
                "--llm-history-file", str(task.home / "requests"),
                "--env-file", str(task.home / "none.env"),
                *(("--openai-api-base", base) if base else ()),
                *(("--model", model) if model else ()),
                *(each for path in files(task) for each in ("--file", path)),
            ),
            env={
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "XDG_CACHE_HOME": str(task.home / ".cache"),
                "COLUMNS": "400",
                "NO_COLOR": "1",
            },
            files={
                message: task.brief.encode(),
                prices: b'{"sample_spec": {}}',  # it would fetch them anew for each home
            },
            hosts=needed(
                task,
                (*self.keys, *self.settings),
                model=model or value_of(task, "AIDER_MODEL"),
            ),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all of them read alike
        """Reads what it prints for people."""
        return AiderWords()

    def outcome(self, task: AgentTask, ended: Exit, account: Account | None = None) -> AgentOutcome:
        """Its last words count, and no other code than 0 with good ones."""
        summed = self.read(task) if account is None else account
        if ended.code and summed.finished and summed.finished.kind is FinishKind.OK:
            summed = replace(summed, finished=None)
        elif summed.finished is None and summed.retried is not None and ended.code == 0:
            told = Finished(kind=summed.retried.kind, message=summed.retried.message)
            summed = replace(summed, finished=told)
        return super().outcome(task, ended, summed)


def files(task: AgentTask) -> list[str]:
    """The files there are which the scope names one by one."""
    named = [each.prefix for glob in task.scope.write for each in shapes(glob) if each.exact]
    there = (each for each in named if (task.worktree / each).is_file())
    return [each for each, _ in zip(there, range(MOST_FILES), strict=False)]
