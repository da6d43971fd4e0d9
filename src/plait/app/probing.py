"""`plait doctor --probe AGENT`: what of an agent works on this machine, without a model."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

import anyio
from anyio import to_thread

from plait.app.agents_here import AgentHere, looked_at
from plait.app.choosing import agent_of, lack_of
from plait.app.project import find_root, open_project
from plait.app.rehearsal import MARK, Played, Stage, staged
from plait.config import Settings
from plait.core.event import AgentStatus
from plait.core.profile import plain
from plait.faces.text import clean
from plait.ports import Agent, Capabilities
from plait.process import run_main

EXCHANGE_S = 90.0  # at most, of one exchange; usual are a few seconds


class State(StrEnum):
    """Whether something works."""

    WORKS = "pass"
    FAILS = "fail"
    SKIPPED = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether one thing works, and what was seen."""

    what: str
    state: State
    told: str


@dataclass(slots=True, kw_only=True)
class Probed:
    """What was found out about an agent."""

    agent: str
    program: str = ""
    version: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def works(self) -> bool:
        """Whether nothing failed."""
        return all(each.state is not State.FAILS for each in self.findings)

    def note(self, what: str, passed: bool | None, told: str) -> None:  # noqa: FBT001 - yes, no, neither
        """Add a finding; None: it could not be tried, or there is nothing to try."""
        state = State.SKIPPED if passed is None else State.WORKS if passed else State.FAILS
        self.findings.append(Finding(what=what, state=state, told=told))


def probe(name: str, start: Path) -> Probed:
    """Try an agent with a scripted model, in a scratch repository.

    Args:
        name: As `--agent` takes it: a profile, an adapter, with its argument.
        start: Where the settings are looked for.

    Raises:
        UsageError: `UNKNOWN_AGENT`, `BAD_AGENT`, `BAD_CONFIG`.
        EnvironmentLack: `AGENT_BROKEN`.
    """
    settings = open_project(start).settings if find_root(start) else Settings()
    agent, profile = agent_of(name, settings), settings.profiles.get(name)
    probed = Probed(agent=name)
    here = looked_at(name, agent, profile)
    if here is None and agent.can == Capabilities():
        told = "a command of your own: there is nothing to probe, its checks judge what it does"
        probed.note("program", None, told)
        return probed
    lack = lack_of(agent, profile)
    probed.program = here.program if here else ""
    probed.version = here.version if here else ""
    probed.note("program", lack is None, lack or probed.program or "its command is there")
    if here is not None and lack is None:
        _judge_version(probed, here)
    if lack is not None:
        return probed
    with tempfile.TemporaryDirectory(prefix="plait-probe-") as folder:
        root = Path(folder).resolve()
        try:
            with staged(agent, profile or plain(name), root) as stage:
                run_main(_rehearse, probed, agent, stage)
        finally:
            shutil.rmtree(root / "trees", ignore_errors=True)
    return probed


def as_text(probed: Probed) -> str:
    """A line for each thing that was tried."""
    lines = [clean(probed.agent)]
    lines += [f"  {each.state:<4}  {each.what:<8} {clean(each.told)}" for each in probed.findings]
    failed = [each.what for each in probed.findings if each.state is State.FAILS]
    tried = [each for each in probed.findings if each.state is not State.SKIPPED]
    if failed:
        lines.append(f"does not work: {', '.join(failed)}")
    elif tried:
        lines.append("works")
    return "\n".join(lines) + "\n"


def json_of(probed: Sequence[Probed]) -> str:
    """The same of several, for programs."""
    told = [{**asdict(each), "works": each.works} for each in probed]
    return json.dumps(told, indent=2) + "\n"


def _judge_version(probed: Probed, here: AgentHere) -> None:
    if not here.version:
        probed.note("version", None, "it does not say")
    else:
        least = f"at least {here.oldest} is needed" if here.oldest else "any will do"
        probed.note("version", not here.outdated, f"{here.version}; {least}")


async def _rehearse(probed: Probed, agent: Agent, stage: Stage) -> None:
    """All exchanges at once, each in a worktree and a home of its own."""
    rows: dict[str, list[Finding]] = {}

    async def main(found: Probed) -> None:
        played = await stage.play("probe", timeout_s=EXCHANGE_S)
        _judge_start(found, played)
        if played.asked:
            _judge(found, played)
            _judge_servers(found, agent, stage, played)
            await _again(found, agent, stage, played)

    async def part(order: str, look: Callable[[Probed], Awaitable[None]]) -> None:
        found = Probed(agent=probed.agent)
        await look(found)
        rows[order] = found.findings

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(part, "1", main)
        tasks.start_soon(part, "2", lambda found: _beyond(found, agent, stage))
        tasks.start_soon(part, "3", lambda found: _held(found, stage))
        tasks.start_soon(part, "4", lambda found: _cancelled(found, stage))
    for order in sorted(rows):
        probed.findings += rows[order]


def _judge_start(probed: Probed, played: Played) -> None:
    asked = played.asked > 0
    how = f"in a home of its own, without a question; its model was asked {played.asked} times"
    probed.note("start", asked, how if asked else f"its model was not asked: {_complaint(played)}")


def _judge(probed: Probed, played: Played) -> None:
    ended, outcome = played.ended, played.outcome
    probed.note("write", played.wrote("written.txt"), _wrote("a file", played, "written.txt"))
    if played.wrote("ran.txt") or played.offered:
        probed.note("shell", played.wrote("ran.txt"), _wrote("by its shell", played, "ran.txt"))
    else:
        probed.note("shell", None, "its model can run no commands")
    done = outcome.status is AgentStatus.COMPLETED
    took = f"{ended.duration_s:.1f} s"
    probed.note("finish", done, f"a final word after {took}" if done else _complaint(played))
    tokens = (outcome.tokens_input or 0) + (outcome.tokens_output or 0)
    probed.note(
        "usage", True if tokens else None, f"{tokens} tokens" if tokens else "it tells none"
    )


def _judge_servers(probed: Probed, agent: Agent, stage: Stage, played: Played) -> None:
    """Whether what `[agents.NAME.mcp]` names reaches the program."""
    if not agent.can.mcp:
        probed.note("mcp", None, "it takes no MCP servers")
    elif (stage.root / MARK).exists():
        probed.note("mcp", True, "a server of its profile was asked")
    else:
        probed.note("mcp", False, f"no server of its profile was asked: {_complaint(played)}")


async def _again(probed: Probed, agent: Agent, stage: Stage, first: Played) -> None:
    """A further prompt in the same session."""
    if not agent.can.resume:
        probed.note("resume", None, "it takes up no session")
    elif not first.outcome.session:
        probed.note("resume", False, "it told no session")
    else:
        session = first.outcome.session
        again = await stage.play("probe", attempt=2, session=session, timeout_s=EXCHANGE_S)
        went_on = again.wrote("again.txt") and again.outcome.status is AgentStatus.COMPLETED
        same = again.outcome.session in {"", session}
        told = "the session went on" if went_on else _complaint(again)
        probed.note("resume", went_on and same, told if same else "it began another session")


async def _beyond(probed: Probed, agent: Agent, stage: Stage) -> None:
    """A write outside the scope, which a hook must prevent, and its own permissions may."""
    played = await stage.play("beyond", timeout_s=EXCHANGE_S)
    asks = agent.can.hooks
    if not played.asked:
        probed.note("scope", None, "it did not ask its model")
    elif played.wrote("beyond.txt"):
        told = "it wrote outside its scope, though its hook is to prevent that"
        held = "it prevents no write outside the scope: the sandbox and the commit's check do"
        probed.note("scope", False if asks else None, told if asks else held)
    else:
        told = f", and told so ({len(played.account.denials)})" if played.account.denials else ""
        by = "its hook" if asks else "its own permissions"
        probed.note("scope", True, f"a write outside the scope was prevented by {by}{told}")


async def _held(probed: Probed, stage: Stage) -> None:
    """Whether it works within the sandbox that `--sandbox auto` would take here."""
    from plait import sandbox

    tiers = (sandbox.find(name) for name in sandbox.KERNEL)
    tier = await to_thread.run_sync(lambda: next((t for t in tiers if not t.probe()), None))
    if tier is None:
        probed.note("sandbox", None, "none works here: `plait doctor` tells why")
        return
    played = await stage.play("held", timeout_s=EXCHANGE_S, held_by=tier)
    wrote = played.wrote("written.txt")
    told = "its model was asked, and a file written" if wrote else _complaint(played)
    probed.note("sandbox", wrote, f"within {tier.name}: {told}")


async def _cancelled(probed: Probed, stage: Stage) -> None:
    """The end of one whose model never answers."""
    ended = await stage.cancel("hang", timeout_s=EXCHANGE_S)
    if not ended.waited:
        probed.note("cancel", None, "it did not wait for its model")
    else:
        how = "something outlived it" if ended.left else "with all that it had started"
        probed.note(
            "cancel", not ended.left, f"ended {ended.seconds:.1f} s after it was told to, {how}"
        )


def _wrote(what: str, played: Played, name: str) -> str:
    return f"{what} in the worktree" if played.wrote(name) else f"no {name}: {_complaint(played)}"


def _complaint(played: Played) -> str:
    """What it said instead, in short."""
    if played.ended.timed_out:
        return f"nothing came of it within {played.ended.duration_s:.0f} s"
    return " ".join(played.outcome.summary.split())[:300] or f"it ended with {played.ended.code}"
