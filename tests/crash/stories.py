"""The runs that are attacked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from tests.crash.scene import BRANCH, MAKE, Story, Work
from tests.fakes.forge import CodeHost

# Waits for a thing to come true; never for ever, whatever was killed meanwhile.
_UNTIL = "n=0; until {}; do n=$((n+1)); test $n -gt 2000 && break; sleep 0.05; done"
_RED_BEGAN = _UNTIL.format('grep -qs ^red "$NOTES/starts"')
_BASE = f"git rev-parse -q --verify refs/heads/{BRANCH}:src/base/made.txt >/dev/null"
_ALONE = f"{{ {_UNTIL.format(_BASE)}; {_BASE} && echo x > src/red/alone; }}"
_KILL_SHIM = '{ echo x > "$NOTES/lost"; kill -KILL $PPID; sleep 60; }'
# Asks for a path that its scope does not hold, until it is granted, and writes there.
_ASKS = (
    "n=0; until grep -qs granted $PLAIT_REQUESTS/w*.answer.json; do n=$((n+1)); "
    "test $n -gt 60 && break; "
    """echo '{"verb": "request_paths", "paths": ["docs/more.txt"], "wait_s": 20}' """
    "> $PLAIT_REQUESTS/w$n.json; m=0; until test -s $PLAIT_REQUESTS/w$n.answer.json; "
    "do m=$((m+1)); test $m -gt 60 && break; sleep 0.05; done; done; "
    "mkdir -p docs; echo more > docs/more.txt"
)

_USERS = ("db:schema:users",)
_FALL = "kill -KILL $PPID $(cat ../../orchestrator.lock); sleep 60"

# What a worker from elsewhere does, who lives on whatever is killed.
OUTSIDE = Story(
    works=(
        Work(
            id="mended",
            agent=f'test "$PLAIT_ATTEMPT" = 1 || echo good > src/mended/good; {MAKE}',
            check="test -e src/mended/good",
            retries=3,
        ),
        Work(id="built", needs=("mended",)),
    ),
    agent="external",
)

# Six packages that land, and what can happen to one on the way.
PATHS = Story(
    works=(
        # Slow, and begun before `red` has a tree with its work in it.
        Work(id="base", agent=f"{_RED_BEGAN}; sleep 0.4; {MAKE}"),
        # Green by itself, red beside `base`: its landing is refused, and it is tried again.
        Work(
            id="red",
            agent=f"test -e src/base/made.txt || {_ALONE}; {MAKE}",
            check="test ! -e src/base/made.txt || test ! -e src/red/alone",
            retries=2,
        ),
        # Its first attempt does not pass its own check.
        Work(
            id="again",
            agent=f'test "$PLAIT_ATTEMPT" = 1 || echo good > src/again/good; {MAKE}',
            check="test -e src/again/good",
            locks=_USERS,
            retries=2,
        ),
        Work(id="keyed", locks=_USERS, agent=f"{_ASKS}; {MAKE}"),
        # The first time, its shim is killed.
        Work(id="lost", agent=f'test -e "$NOTES/lost" || {_KILL_SHIM}; {MAKE}'),
        Work(id="last", needs=("base", "again", "lost"), check="test -e src/lost/made.txt"),
    ),
    extra=({"id": "look", "kind": "gate", "guards": ["keyed", "base"]},),
    # The whole is tested, once all has landed.
    config='[checks]\nintegration = ["test -e src/last/made.txt"]\n',
)

# What ends otherwise: failed, blocked, skipped, cancelled, asked.
ENDS = Story(
    works=(
        Work(id="lands"),
        Work(id="asks", needs=("lands",), agent=f"{MAKE}; exit 75", lands=0),
        Work(id="empty", needs=("lands",), agent="rmdir src/empty"),
        Work(id="fails", needs=("empty",), agent=f"{MAKE}; exit 1", locks=_USERS, lands=0),
        Work(id="skipped", needs=("fails",), lands=0),
        Work(id="cancelled", needs=("empty",), locks=_USERS, lands=0),
        Work(id="rest", needs=("look",), lands=0),
    ),
    extra=(
        {"id": "look", "kind": "gate", "guards": ["lands"]},
        {"id": "after", "needs": ["asks"], "write": ["src/after/**"], "checks": ["true"]},
    ),
    options=("--max-agents", "1", "--fail-fast"),
    config='[gates]\npolicy = "ask"\n[checks.integrity]\nempty = "warn"\n',
    code=3,
    status="blocked",
)

# Twice the agent takes everybody with it, and leaves its work half done.
FALLS = Story(
    works=(
        Work(
            id="falls",
            agent='if test ! -e "$NOTES/calm" -a $(grep -c . "$NOTES/starts") -lt 3; then\n'
            f'cat "$NOTES/starts" > src/falls/half; {_FALL}; fi; {MAKE}',
        ),
    ),
)

_TELL = """echo '{"kind": "%s", %s}'"""
_BEGUN = _TELL % ("started", '"session": "s-1"')
_TURN = _TELL % ("turn", '"says": ""')
_DONE = _TELL % ("finished", '"finish": "ok"')
_COMMIT = "git add -A; git -c user.name=A -c user.email=a@example.org commit -qm mine"


def _in_session(work: str) -> str:
    """An agent that tells of its session before it works, and at the end that it is done."""
    return f"{_BEGUN}; {_TURN}; {{ {work}; }}; {_DONE}"


# Agents that are not accepted at first, and go on in their session, where they were.
SESSIONS = Story(
    works=(
        # Leaves a file that it takes back when it is told.
        Work(
            id="mends",
            agent=_in_session(
                'if test -z "$TALK_SESSION"; then echo x > outside.txt; '
                f"else rm -f outside.txt; {MAKE}; fi"
            ),
            check="test -e src/mends/made.txt",
            retries=4,
        ),
        # Commits by itself, and is told twice; it keeps the ports that it was given.
        Work(
            id="twice",
            agent=_in_session(
                f"echo again >> src/twice/tries; {MAKE}; "
                f'test "$(wc -l < src/twice/tries)" -lt 3 && {{ {_COMMIT}; }}'
            ),
            check='test "$(wc -l < src/twice/tries)" -ge 3',
            retries=6,
        ),
        Work(id="last", needs=("mends", "twice"), agent=_in_session(MAKE)),
    ),
    options=("--max-agents", "4", "--sandbox", "none"),
    agent="talker",
    config='[workspace]\nsetup = ["echo made > made-by-setup"]\nports = ["PORT"]\n',
)

# One of them alone, so that its points come in the same order each time.
SESSION = replace(SESSIONS, works=SESSIONS.works[1:2])


# A row of candidates, tested by three runners, with what can happen in it: a conflict with what
# landed, a culprit, a flake, a package that was begun on a candidate.
_TWO_BEGAN = _UNTIL.format('grep -qs ^one "$NOTES/starts" && grep -qs ^two "$NOTES/starts"')
_BOTH = "printf 'one\\ntwo\\n' > shared"
_SHARED = f'if test -e shared; then {_BOTH}; else {_TWO_BEGAN}; echo "$PLAIT_PACKAGE" > shared; fi'
_VERIFIED = 'test "$PLAIT_STAGE" = land || : > "$NOTES/verified.$PLAIT_PACKAGE"'
_WAITING = _UNTIL.format('test "$(ls "$NOTES" | grep -c ^verified)" -ge 3')
_ONCE = 'test -e "$NOTES/flaked" || { : > "$NOTES/flaked"; false; }'
ROW = Story(
    works=(
        Work(id="base", check=_VERIFIED),
        Work(id="side", check=f'{_VERIFIED}; test "$PLAIT_STAGE" != land || {{ {_WAITING}; }}'),
        # Green alone on its first attempt, red behind `base`.
        Work(
            id="red",
            agent=f"test -e src/base/made.txt || {_ALONE}; {MAKE}",
            check="test ! -e src/base/made.txt || test ! -e src/red/alone",
            retries=3,
        ),
        # Begun on a candidate that falls out.
        Work(id="behind", needs=("red",), check="test -e src/red/made.txt"),
        Work(id="ahead", needs=("base", "side"), check="test -e src/base/made.txt"),
        Work(
            id="flaky",
            check=f'{_VERIFIED}; test "$PLAIT_STAGE" != land || {_ONCE}',
            retries=2,
        ),
        # Both add the same file; whoever lands last has to bring both together.
        Work(id="one", agent=_SHARED, scoped=False, retries=3),
        Work(id="two", agent=_SHARED, scoped=False, retries=3),
    ),
    options=("--max-agents", "8"),
    config=(
        '[plan]\nunknown_scope = "shared"\n[run]\nstart_dependents = "verified"\n'
        '[retry]\nbackoff = 0\n[landing]\nrunners = 3\ntogether = "always"\n'
    ),
)


_FAULT = {
    "type": "correctness",
    "criticality": "high",
    "disposition": "fix",
    "file": "src/read/made.txt",
    "lines": 1,
    "description": "It should be better than it is.",
}
_ANSWER = "printf '%s' '{}' > \"$PLAIT_RESULT\""
_ACCEPTS = [{"id": "p1", "reason": "there was nothing to do"}]
_CALM = _ANSWER.format(json.dumps({"findings": [], "accepts": _ACCEPTS}))
_WANTS = _ANSWER.format(json.dumps({"findings": [_FAULT]}))
_POOR = 'test "$PLAIT_PACKAGE" = read && ! grep -q better src/read/made.txt'
_FIRST = f"if {_POOR}; then {_WANTS}; else {_CALM}; fi"

# Reviewers want something put right, and read the work again; and accept that nothing was done.
READ = Story(
    works=(
        Work(id="read", fix="echo better >> src/read/made.txt"),
        Work(id="nothing", agent="rmdir src/nothing"),
    ),
    config='[review]\nagents = ["first", "second"]\n'
    f"[agents.first]\nuse = {json.dumps(f'command:{_FIRST}')}\n"
    f"[agents.second]\nuse = {json.dumps(f'command:{_CALM}')}\n",
)


# What landed is tried, with something to be served, and passes.
TRIED = Story(
    works=(Work(id="lands"),),
    options=("--max-agents", "1", "--qa"),
    config="""
[qa]
serve = 'exec python3 -m http.server "$PORT" --bind 127.0.0.1'
timeout = "60s"
[[qa.scenarios]]
name = "reads"
command = "cat src/lands/made.txt"
text = ["lands"]
[[qa.scenarios]]
name = "answers"
path = "/src/lands/made.txt"
""",
)

# What is killed at each of its points.
IN_A_ROW = {
    "paths": PATHS,
    "ends": ENDS,
    "falls": FALLS,
    "row": ROW,
    "sessions": SESSIONS,
    "read": READ,
    "tried": TRIED,
    "outside": OUTSIDE,
}


def offers(host: CodeHost) -> Story:
    """What a code host checks, and where the branch is offered as a pull request."""
    host.job("unit", "passed")
    works = (Work(id="offered", jobs=("unit",)),)
    return Story(works=works, options=("--pr",), host=host)


def renews(host: CodeHost) -> Story:
    """The same where somebody has opened that pull request before."""
    there = {"branch": BRANCH, "title": "Mine", "body": "Words of mine."}
    return replace(offers(host), offered=(there,))


def in_turn(host: CodeHost) -> Iterator[tuple[str, Story]]:
    """The runs that are killed at each point, one after another; made when their turn comes."""
    yield from IN_A_ROW.items()
    yield from (("offers", offers(host)), ("renews", renews(host)))


def wide(count: int) -> Story:
    """Many packages in chains, some of which fail now and then."""
    works = tuple(
        Work(
            id=f"p{number}",
            needs=(f"p{number - 5}",) if number >= 5 else (),
            agent=f"sleep 0.{number % 4}; {MAKE}",
            locks=_USERS if number % 7 == 0 else (),
            retries=6,
        )
        for number in range(count)
    )
    return Story(works=works, options=("--max-agents", "6"))
