"""Where the orchestrator is killed: the names of its side effects, all of them declared.

A point's name is what was done last and to what. A new side effect appears as a point that is
not declared, and the suite says so: one line here makes it one more place to die at.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

# -- methods whose return is a point -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of the product, and the points that one return of it is."""

    module: str
    owned_by: str
    name: str
    points: Callable[..., Sequence[str]]

    def owner(self) -> Any:
        """Where it is defined."""
        module = import_module(self.module)
        return getattr(module, self.owned_by) if self.owned_by else module


def _always(point: str) -> Callable[..., Sequence[str]]:
    return lambda *_args, **_named: (point,)


def _recorded(
    _store: object, _run: object, advances: Sequence[Any], **_named: object
) -> Sequence[str]:
    from plait.core.event import TYPE_NAMES

    written = (TYPE_NAMES[type(event)] for each in advances for event in each.events)
    return [f"recorded {name}" for name in dict.fromkeys(written)]


def _git(_git: object, *argv: str, **_named: object) -> Sequence[str]:
    name = program(("git", *argv))
    return () if name is None else (f"end {name}",)


def _forge(_api: object, method: str, *_path: str, **_named: object) -> Sequence[str]:
    return () if method == "GET" else (f"end forge {method}",)


def _store(name: str) -> Method:
    point = _always(f"stored {name}")
    return Method(module="plait.store.sql", owned_by="SqlStore", name=name, points=point)


METHODS = (
    _store("approve"),
    _store("create_run"),
    _store("claim_run"),
    _store("claim"),
    _store("release_run"),
    _store("renew_run"),
    _store("transact"),
    Method(module="plait.store.sql", owned_by="SqlStore", name="advance", points=_recorded),
    Method(module="plait.git.command", owned_by="Git", name="ask", points=_git),
    Method(module="plait.forge.api", owned_by="Api", name="ask", points=_forge),
    Method(module="plait.process", owned_by="", name="run", points=_always("end check")),
    Method(module="plait.process", owned_by="Kept", name="ended", points=_always("end agent")),
)

# -- programs ----------------------------------------------------------------------------------

# What only reads: it leaves nothing behind, wherever it is cut off.
READING = frozenset(
    {
        "cat-file",
        "check-ref-format",
        "config",
        "diff-tree",
        "for-each-ref",
        "grep",
        "ls-files",
        "ls-remote",
        "ls-tree",
        "merge-base",
        "merge-file",
        "remote",
        "rev-list",
        "rev-parse",
        "show-ref",
        "symbolic-ref",
        "version",
        "worktree list",
    }
)
_TWO_WORDS = {"worktree", "commit-graph"}


def program(argv: Sequence[Any]) -> str | None:
    """What a program that is started is called; None for one that only reads."""
    words = [os.fspath(each) for each in argv]
    if words[0] == "stdbuf":
        words = words[2:]
    if words[0] == sys.executable and words[3].endswith("shim.py"):
        return "shim"
    if words[0] == sys.executable and words[-1] == "plait.qa":
        return "driver"
    if words[0] != "git":
        return "check" if words[:2] == ["/bin/sh", "-c"] else words[0]
    verb = " ".join(words[1:3]) if words[1] in _TWO_WORDS else words[1]
    if verb in READING:
        return None
    if verb == "update-ref":
        return f"git update-ref {_ref(words)}"
    if verb == "push":  # of the run's branch, or of a commit that a code host is to check
        return f"git push {_ref([words[-1].rpartition(':')[2]])}"
    return f"git {verb}"


_OWN = ("refs/heads/plait/", "refs/plait/keep/recovered/", "refs/plait/keep/", "refs/plait/trunk/")


def _ref(words: Sequence[str]) -> str:
    name = next((each for each in words if each == "HEAD" or each.startswith("refs/")), "--stdin")
    for own in _OWN:
        if name.startswith(own):
            return own
    return "BRANCH" if name.startswith("refs/heads/") else name


# -- files -------------------------------------------------------------------------------------

_RUN = re.compile(r"^\.plait/runs/\d{8}-\d{6}-\w+")
_PLACES = (
    (re.compile(r"^\.plait/worktrees/\.retired-w\d+(?=/|$)"), "RETIRED"),
    (re.compile(r"^\.plait/worktrees/w\d+(?=/|$)"), "WORKTREE"),
    (re.compile(r"^\.plait/slots/w\d+(?=/|$)"), "SLOT"),
    (re.compile(r"^\.git/worktrees/w\d+(?=/|$)"), "ADMIN"),
    # What is not whole there is made anew, whichever part of it a crash has spoilt.
    (re.compile(r"^ADMIN(?!/index|/config)/.+"), "ADMIN/PART"),
    # Plait's copy of git's settings, of which the same holds:
    (re.compile(r"^\.plait/git/.+"), "SETTINGS"),
    (re.compile(r"^\.\w+\.json\.new$"), "ANSWER"),  # in an attempt's folder of requests
    (re.compile(r"^RUN/[^/]+/\d+\.before-epoch-\d+$"), "BEFORE"),
    (re.compile(r"^RUN/(?!checks)[^/]+/\d+(?=/|$)"), "ATTEMPT"),
    (re.compile(r"^RUN/(?!checks|\.|report|findings)[^/]+$"), "RUN/PACKAGE"),
    # A reviewer's folder, and that of a fix: each has what an attempt's has.
    (re.compile(r"^ATTEMPT/(review/\d+-\d+|fix/[\d.]+)(?=/|$)"), "ASIDE"),
    (re.compile(r"(?<=/checks/).+"), "LOG"),
    (re.compile(r"(?<=ATTEMPT/items/)[^/]+"), "ITEM"),
    (re.compile(r"(?<=ATTEMPT/)qa-report-.+"), "QA-REPORT"),
)


def place(verb: str, path: str, root: str) -> str | None:
    """What a file that is changed is called; None for what is not in the repository."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - it is called for every file
    if not absolute.startswith(f"{root}/") or "/.trash-" in absolute:
        return None  # what is in the trash is deleted in the background, if there is time
    told = _RUN.sub("RUN", os.path.relpath(absolute, root))
    for pattern, name in _PLACES:
        told = pattern.sub(name, told)
    return f"{verb} {told}"


# -- what there is -----------------------------------------------------------------------------

# A file's point lies just before the change, `empty` just after it was opened and is empty, a
# program's `start` while it runs on alone; `end`, `stored` and `recorded` lie just after.
_FILES = """
mkdir .plait
open .plait/.gitignore.new
empty .plait/.gitignore.new
rename .plait/.gitignore
open .plait/pytest.ini.new
empty .plait/pytest.ini.new
rename .plait/pytest.ini
open .plait/orchestrator.lock
open .plait/git.lock
mkdir .git/logs
mkdir .git/worktrees
mkdir .plait/git
remove .plait/git
mkdir SETTINGS
open SETTINGS
empty SETTINGS
remove SETTINGS
rename SETTINGS
symlink SETTINGS
mkdir .plait/worktrees
mkdir .plait/slots
mkdir .plait/runs
mkdir SLOT
open SLOT/lock
open SLOT/path.new
empty SLOT/path.new
rename SLOT/path
remove SLOT/index
remove SLOT/index.lock
remove SLOT/alive
open SLOT/alive.new
empty SLOT/alive.new
rename SLOT/alive
open SLOT/lent.new
empty SLOT/lent.new
rename SLOT/lent
remove SLOT/lent
remove SLOT/setup
open SLOT/furniture.new
empty SLOT/furniture.new
rename SLOT/furniture
remove SLOT/staging
remove SLOT/staging.lock
open SLOT/staging
empty SLOT/staging
rmdir SLOT
open ADMIN/index.plait
empty ADMIN/index.plait
remove ADMIN/index.plait
rename ADMIN/index
remove ADMIN/config.worktree
remove ADMIN/PART
open ADMIN/PART
empty ADMIN/PART
remove ADMIN
rmdir ADMIN
mkdir RUN
mkdir RUN/PACKAGE
mkdir ATTEMPT
rename BEFORE
open ATTEMPT/brief.md
empty ATTEMPT/brief.md
open ATTEMPT/.scope.json.new
empty ATTEMPT/.scope.json.new
rename ATTEMPT/scope.json
open ATTEMPT/alive.lock
remove ATTEMPT/orders
remove ATTEMPT/lease
remove ATTEMPT/exit.json
remove ATTEMPT/exit.json.new
open ATTEMPT/orders
open ATTEMPT/setup.log
open ATTEMPT/setup-again.log
open ATTEMPT/lodging.json
empty ATTEMPT/lodging.json
open ATTEMPT/excludes
empty ATTEMPT/excludes
open ATTEMPT/stdout.log
open ATTEMPT/stderr.log
open ATTEMPT/transcript.jsonl
open ATTEMPT/result.json
empty ATTEMPT/result.json
open ATTEMPT/over
mkdir ATTEMPT/requests
open ATTEMPT/session.key
open ANSWER
mkdir ATTEMPT/checks
open ATTEMPT/checks/LOG
mkdir ATTEMPT/review
mkdir ATTEMPT/fix
mkdir ASIDE
open ASIDE/brief.md
empty ASIDE/brief.md
open ASIDE/.scope.json.new
empty ASIDE/.scope.json.new
rename ASIDE/scope.json
open ASIDE/alive.lock
remove ASIDE/orders
remove ASIDE/lease
remove ASIDE/exit.json
remove ASIDE/exit.json.new
open ASIDE/stdout.log
open ASIDE/stderr.log
mkdir ASIDE/checks
open ASIDE/checks/LOG
mkdir RUN/checks
mkdir RUN/checks/LOG
open RUN/checks/LOG
mkdir ATTEMPT/items
mkdir ATTEMPT/items/ITEM
open ATTEMPT/items/ITEM/driver.log
open ATTEMPT/serve-driver.log
open ATTEMPT/QA-REPORT
empty ATTEMPT/QA-REPORT
open RUN/.report.md.new
empty RUN/.report.md.new
rename RUN/report.md
open RUN/.report.json.new
empty RUN/.report.json.new
rename RUN/report.json
open RUN/.report.html.new
empty RUN/.report.html.new
rename RUN/report.html
open RUN/.findings.sarif.new
empty RUN/.findings.sarif.new
rename RUN/findings.sarif
"""
_PROGRAMS = """
git checkout
git clean
git commit-tree
git hash-object
git read-tree
git push BRANCH
git push refs/heads/plait/
git reset
git update-index
git update-ref --stdin
git update-ref HEAD
git update-ref refs/plait/trunk/
git update-ref refs/plait/keep/
git update-ref refs/plait/keep/recovered/
git worktree add
git write-tree
check
"""
_STORED = """
approve
create_run
claim_run
claim
release_run
transact
"""
_EVENTS = """
run_started
run_continued
run_interrupted
run_ended
baseline_committed
warned
attempt_started
agent_ended
work_committed
scope_checked
scope_granted
integrity_doubted
review_started
finding_reported
review_ended
review_concluded
fix_started
fix_ended
check_ended
attempt_lost
attempt_ended
landing_started
landing_refused
landed
conflict_found
flake_found
gate_passed
gate_asked
package_skipped
package_cancelled
escalation_raised
escalation_settled
integration_judged
delivery_ended
qa_planned
qa_item_ended
qa_ended
qa_settled
"""
_LANDING_PROGRAMS = ("merge-tree", "commit-tree", "hash-object", "update-ref --stdin")
_LANDING_EVENTS = (
    *("attempt_started", "attempt_ended", "attempt_lost", "landing_started", "landing_refused"),
    *("landed", "check_ended", "conflict_found", "flake_found"),
)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.strip().splitlines())


DECLARED = frozenset(
    {
        *_lines(_FILES),
        *(f"{when} {each}" for each in _lines(_PROGRAMS) for when in ("start", "end")),
        *("start shim", "start driver", "start git merge-tree", "end git merge-tree", "end agent"),
        *("end forge POST", "end forge PATCH"),
        *(f"stored {each}" for each in _lines(_STORED)),
        *(f"recorded {each}" for each in _lines(_EVENTS)),
    }
)

# Where a row of candidates is at work: a run with several runners is killed there once more.
LANDING = frozenset(
    {
        *(f"{when} git {verb}" for when in ("start", "end") for verb in _LANDING_PROGRAMS),
        *("start check", "end check", "open ATTEMPT/checks/LOG"),
        *(f"recorded {each}" for each in _LANDING_EVENTS),
    }
)

# What may be passed, but comes about in some orders of things only.
RARE: Mapping[str, str] = {
    "stored renew_run": "only a run that lasts renews its claims",
    "recorded package_waits": "nobody had come from elsewhere yet",
    "rename RETIRED": "somebody uses a worktree that a crash left",
    "rmdir ATTEMPT": "an attempt in a session was laid out, and killed before it had begun",
    **dict.fromkeys(
        (
            *("start git status", "end git status", "remove SLOT/private"),
            *("rename ADMIN/PART", "rename SLOT/index"),
        ),
        "a run that had succeeded was killed before its worktrees were gone",
    ),
    **dict.fromkeys(
        (
            *("remove WORKTREE", "rmdir WORKTREE"),
            *("remove WORKTREE/.git", "open WORKTREE/.git", "empty WORKTREE/.git"),
        ),
        "a worktree was being made or taken away, and what is there is not whole",
    ),
}

# Events that these runs do not come to: why, and what does show a crash after one.
_ORDERS = "a person's order, which waits in the store until it has been carried out"
EXCUSED_EVENTS = {
    "run_paused": _ORDERS,
    "run_unpaused": _ORDERS,
    "run_cancelled": _ORDERS,
    "limits_changed": _ORDERS,
    "package_requeued": _ORDERS,
    "question_answered": _ORDERS,
    "gate_refused": _ORDERS,
    "work_accepted": _ORDERS,
    "scope_queued": "it waits in the run until it is granted",
    "integration_accepted": _ORDERS,
    "integration_reopened": _ORDERS,
    "package_waits": "told once of a package, and again by whoever takes the run up",
    "claim_lost": "two orchestrators at once, which the lock keeps apart here",
    **dict.fromkeys(
        (
            "usage_reported",
            "limit_reached",
            "agent_nudged",
            "provider_parked",
            "denied",
        ),
        "these runs have no limits, and agents that neither stall nor tell what they use",
    ),
    **dict.fromkeys(
        (*("deviation_noted", "plan_revised", "package_added"),),
        "the agents of these runs tell of nothing, and their plan stays as it is",
    ),
}

# Methods of the store that are no points.
_READS = "it only reads"
EXCUSED_METHODS = {
    **dict.fromkeys(
        (
            *(
                "runs",
                "packages",
                "plan",
                "approved",
                "durations",
                "landings",
                "run",
                "options",
                "held_runs",
            ),
            *("expired", "held_keys", "events", "steps", "requests", "request", "approvals"),
            *("shared", "require_run", "used", "audit", "audited", "audit_of", "look"),
            *("questions", "progress", "features", "some_events"),
        ),
        _READS,
    ),
    "close": "it writes nothing",
    "renew": "the claims of a run are renewed together, by `renew_run`",
    "release": "a worktree that could not be made, or a claim nobody renewed: neither comes about",
    "acquire": "keys are taken with the claim",
    "free_keys": "one statement, whose effect a later call has as well",
    "note": "one event beside a run",
    "ask": "one row, written by another command",
}
