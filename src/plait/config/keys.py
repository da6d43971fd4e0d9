"""All settings in one table: what each is called, what fits, its default, what it means.

`docs/reference/configuration.md` shows exactly these rows, and `plait init` writes them as
comments. A meaning is Markdown; its links are relative to the reference.
"""

from __future__ import annotations

from collections.abc import Mapping

from plait.config import values
from plait.config.agent_keys import FURTHER as _OF_AGENTS
from plait.config.announce_keys import ANNOUNCE
from plait.config.forge_keys import FORGE
from plait.config.guard_keys import GUARDRAILS, POLICY
from plait.config.memory_keys import MEMORY
from plait.config.qa_keys import QA, SCENARIO
from plait.config.review_keys import REVIEW
from plait.config.sandbox_keys import SANDBOX
from plait.config.serve_keys import SERVE
from plait.config.table import Key, Table, key
from plait.config.workspace_keys import FURNISHING

__all__ = ["FURTHER", "TABLES", "Key", "Table"]

_RUN = {
    "agent": key(
        "agent",
        values.text,
        "none",
        "Who works where no `--agent` is given and no entry of `agents` fits: a name of "
        "`[agents.NAME]`, or an agent that `plait doctor` lists.",
        '"claude"',
    ),
    "agents": key(
        "seats",
        lambda value: value,  # a list of tables: each is read by itself
        "none",
        "Who works on which packages: see [run.agents](#runagents).",
        '[{ agent = "claude", kind = "integrate" }]',
    ),
    "max_agents": key(
        "max_agents",
        values.positive,
        "6",
        "Agents at work at once. While four times as many candidates wait to land, nothing more "
        "starts.",
    ),
    "continue_on_error": key(
        "continue_on_error",
        values.truth,
        "true",
        "After a failure, go on with what is independent of it.",
    ),
    "stop_on": key(
        "stop_on",
        values.one_of("", "critical"),
        '`""`',
        '`"critical"`: start nothing more when a package of the critical path fails.',
    ),
    "start_dependents": key(
        "start_dependents",
        values.one_of("landed", "verified"),
        '`"landed"`',
        'When a package begins, of what it needs: once that has `"landed"`, or once it is '
        '`"verified"`, on a provisional merge of it. It lands only behind what it began on, and '
        "begins anew if that falls out: worth it where merge results take long to test.",
    ),
    "external_workers": key(
        "external_workers",
        values.truth,
        "true",
        "Workers from elsewhere, who join by `plait mcp` or `plait serve`, may claim packages; "
        "they do not count against `max_agents`. Of a package for which an agent is named by a "
        "rule they get none.",
    ),
    "feature_conflicts": key(
        "feature_conflicts",
        values.one_of("warn", "refuse", "ignore"),
        '`"warn"`',
        "What follows where a plan can write what another run that is not over, or a registered "
        "feature, is writing ([`FEATURE_CONFLICT`](findings/FEATURE_CONFLICT.md)): a warning as "
        "it is checked and run; a refusal to run it, which exits with 3; or nothing.",
    ),
    "budget": key(
        "budget_usd",
        values.money,
        "none",
        "What a run may cost, in USD: see "
        "[cost and time limits](../howto/cost-and-time-limits.md). `--budget` replaces it.",
        "20.0",
    ),
    "timeout": key(
        "timeout_s",
        values.limit_s,
        "none",
        'How long a run may work, as `"90m"` or `"2h"`. `--timeout` replaces it.',
        '"2h"',
    ),
}
_WORKSPACE = {
    "root": key(
        "workspace_root",
        values.place,
        "`.plait/worktrees`",
        "Where worktrees are made. Relative to the folder of the file that names it.",
        '".plait/worktrees"',
    ),
    "keep": key(
        "workspace_keep",
        values.truth,
        "false",
        "Whether worktrees stay when a run has succeeded: the next one begins sooner, for what "
        "`setup` made is still there.",
    ),
    **FURNISHING,
    "min_free": key(
        "min_free",
        values.size,
        "512 MiB, or two checkouts if that is more",
        'How much of the disk must be free before an attempt begins: `"1 GiB"`, `"500 MB"`, a '
        "number of bytes, or 0 for no limit. Of a disk of less than 5 GiB, a tenth takes the "
        "place of the 512 MiB.",
        '"512 MiB"',
    ),
    "room_wait": key(
        "room_wait_s",
        values.duration,
        "`15`",
        "For how many seconds a run with nothing under way waits for room before it ends; 0 for "
        "not at all.",
    ),
}
_PLAN = {
    "unknown_scope": key(
        "unknown_scope",
        values.one_of("declared", "serial", "shared", "refuse"),
        '`"declared"`',
        'What a package whose scope is unknown may run beside. `"declared"`: another, where the '
        'plan marks both as parallel. `"serial"`: nothing. `"shared"`: anything. `"refuse"`: a '
        "run with such packages does not begin (`SCOPE_UNKNOWN`, exit code 2).",
    ),
    "batch": key(
        "batch",
        values.one_of("auto", "task", "group"),
        '`"auto"`',
        'Which tasks of a list become one package, with the first one\'s id. `"auto"`: small '
        "ones (an hour at most, three hours together) of one parent, group or track that follow "
        "one another and that nothing else waits for in between; nothing that could run side by "
        'side is joined. `"task"`: none. `"group"`: all of one parent, group or track.',
    ),
    "optional": key(
        "optional_tasks",
        values.one_of("skip", "run"),
        '`"skip"`',
        'Whether tasks that the plan marks as optional are left out (`"skip"`) or done like the '
        'others (`"run"`).',
    ),
}

TABLES: Mapping[str, Table] = {
    "run": Table(about="How runs go.", keys=_RUN),
    "agent": Table(
        about="All agents.",
        keys={
            "stall": key(
                "stall_s",
                values.duration,
                '`"15m"`',
                "How long an agent may neither write output nor change its worktree. Then it is "
                "nudged, and after as long again ended; that attempt has failed (`STALLED`). "
                "Never longer than the package's own time limit. 0 lets agents be as quiet as "
                "they like.",
            ),
            "limits": key(
                "agent_limits",
                lambda value: value,  # a table of its own
                "none",
                "What one attempt may use up: see [agent.limits](#agentlimits).",
                '{ memory = "4 GiB" }',
            ),
        },
    ),
    "retry": Table(
        about="Waiting before another attempt.",
        keys={
            "backoff": key(
                "backoff_s",
                values.duration,
                '`"1s"`',
                "How long the next attempt waits at most after an agent failed by itself or was "
                "lost; twice as long after each further one. How long within that is drawn by "
                "the package's name and the attempt. 0: no wait.",
            ),
            "max_backoff": key(
                "max_backoff_s",
                values.duration,
                '`"60s"`',
                "The longest that such a wait becomes.",
            ),
        },
    ),
    "budget": Table(
        about="What may be spent.",
        keys={
            "package": key(
                "package_budget_usd",
                values.money,
                "none",
                "What a package may cost, in USD, all its attempts together. Then its agent is "
                "ended, and a person is asked whether it is worth more "
                "(`PACKAGE_BUDGET_SPENT`). It is read again on each `plait resume`.",
                "2.5",
            )
        },
    ),
    "checks": Table(
        about="What must pass before work lands.",
        keys={
            "package": key(
                "package_checks",
                values.checks,
                "none",
                "Checks for packages that have none of their own. `--check` replaces them.",
                '["make test"]',
            ),
            "land": key(
                "land_checks",
                values.checks,
                "none",
                "Checks that every merge result must pass, beside those of the packages.",
                '[{ name = "lint", command = "make lint" }]',
            ),
            "integration": key(
                "integration_checks",
                values.checks,
                "none",
                "Checks that the branch must pass [as a whole]"
                "(checks.md#the-integration-gate), once everything has landed: what takes too "
                "long for every merge result.",
                '["make e2e"]',
            ),
            "integrity": key(
                "integrity",
                values.policies,
                '`"block"`',
                "What [weakens the judgement of work](checks.md#what-weakens-them) does: "
                '`"block"` holds the package until somebody accepts it, `"warn"` tells it, '
                '`"off"` does not look. One word for all, or a table of `tests`, `checks`, '
                "`linters`, `empty`, `claims`, `secrets`; what it does not name is `block`.",
            ),
        },
    ),
    "workspace": Table(about="Where agents work.", keys=_WORKSPACE),
    "landing": Table(
        about="How merge results are tested.",
        keys={
            "runners": key(
                "landing_runners", values.positive, "1", "Merge results that are tested at once."
            ),
            "together": key(
                "landing_together",
                values.one_of("auto", "always", "never"),
                '`"auto"`',
                "Whether several candidates may be tested, and land, as one commit: "
                '`"always"`, `"never"`, or where a test run takes longer than 10 s.',
            ),
        },
    ),
    "qa": QA,
    "forge": FORGE,
    "review": REVIEW,
    "sandbox": SANDBOX,
    "guardrails": GUARDRAILS,
    "serve": SERVE,
    "policy": POLICY,
    "brief": Table(
        about="What agents are told.",
        keys={
            "tokens": key(
                "brief_tokens",
                values.count,
                "12000",
                "About how many tokens a brief has at most, by an estimate of four bytes each. "
                "What is cut to fit are the quotations from the plan's documents; the brief "
                "names what was left out. 0: nothing is quoted.",
            )
        },
    ),
    "memory": MEMORY,
    "result": Table(
        about="What agents tell.",
        keys={
            "strict": key(
                "strict_results",
                values.truth,
                "false",
                "An attempt fails if its result file lacks a key that the plan asks for.",
            )
        },
    ),
    "gates": Table(
        about="Gates of the plan.",
        keys={
            "policy": key(
                "gate_policy",
                values.one_of("checks", "ask"),
                '`"checks"`',
                'What a gate without a reviewer does. `"checks"`: it passes once what it guards '
                'has landed with its checks. `"ask"`: it is blocked until a person decides.',
            )
        },
    ),
    "plan": Table(about="How plans are read.", keys=_PLAN),
    "locks": Table(
        about="Lock keys.",
        keys={
            "namespaces": key(
                "lock_namespaces",
                values.namespaces,
                "none",
                'Further namespaces of [lock keys](lock-keys.md), as `["queue", "device"]`.',
                '["queue"]',
            )
        },
    ),
}

# Tables that a name, or a place in a list, stands for.
FURTHER: Mapping[str, Table] = {**_OF_AGENTS, "qa.scenarios": SCENARIO, "announce": ANNOUNCE}
