"""`mini-swe-agent`: its loop with a recorder of ours, which prints each message as a line."""

from __future__ import annotations

from pathlib import Path

from plait.agents.hosts import needed, variables_in
from plait.agents.mini_events import MiniEvents
from plait.agents.vendor import VendorAgent, login, value_of
from plait.ports import AgentTask, Capabilities, Invocation, Reader

RECORDER = Path(__file__).with_name("mini_recorder.py")
ATTEMPTS = "4"  # at one request; Plait parks an agent that is refused for its rate


class MiniSweAgent(VendorAgent):
    """mini-swe-agent, by key, or by what the user's own `mini-extra config` holds."""

    adapter = "mini-swe-agent"
    programs = ("mini", "mini-swe-agent")
    keys = (
        "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY",
        "MISTRAL_API_KEY", "GROQ_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY", "AZURE_API_KEY",
    )  # fmt: skip
    settings = (
        "OPENAI_API_BASE", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE",
        "AZURE_API_BASE", "AZURE_API_VERSION", "MSWEA_MODEL_NAME", "MSWEA_MODEL_API_KEY",
    )  # fmt: skip
    oldest = "2.4"
    log_in = "set the key of its model's provider, or run `mini-extra config setup` once"

    @property
    def can(self) -> Capabilities:
        """It counts turns and costs; it has neither sessions nor hooks nor servers of tools."""
        return Capabilities(turn_cap=True, tells_cost=True)

    def start(self, task: AgentTask) -> Invocation:
        """The brief in a file of settings; the recorder where its Python finds it."""
        import yaml

        limits, model = task.profile.limits, task.profile.model
        settings = {
            "run": {"task": task.brief},
            "agent": {
                "agent_class": "plait_recorder.Recorded",
                "step_limit": limits.turns or 0,
                "cost_limit": limits.cost_usd or 0.0,
            },
        }
        written, folder = task.home / "plait.yaml", task.home / "recorder"
        files = {
            written: yaml.safe_dump(settings).encode(),
            folder / "plait_recorder.py": RECORDER.read_bytes(),
        }
        own = login(".config", "mini-swe-agent", ".env")
        if own is not None:
            files[task.home / ".config" / "mini-swe-agent" / ".env"] = own
        return Invocation(
            argv=(
                "-y", "--exit-immediately", "-c", "mini.yaml", "-c", str(written),
                "-o", str(task.home / "trajectory.json"),
                *(("-m", model) if model else ()),
            ),
            env={
                "PYTHONPATH": str(folder),
                "MSWEA_CONFIGURED": "true",
                "MSWEA_SILENT_STARTUP": "1",
                "MSWEA_COST_TRACKING": "ignore_errors",
                "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": ATTEMPTS,
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "COLUMNS": "200",
            },
            files=files,
            hosts=needed(
                task,
                (*self.keys, *self.settings),
                written=variables_in(own),
                model=model or value_of(task, "MSWEA_MODEL_NAME"),
            ),
        )  # fmt: skip

    def reader(self, task: AgentTask) -> Reader:  # noqa: ARG002 - all of them read alike
        """Reads the recorder's lines."""
        return MiniEvents()
