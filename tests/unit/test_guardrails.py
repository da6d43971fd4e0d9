"""Guardrails: what commands are stopped, which go on, and that nothing breaks the judging."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import example, given, settings, strategies as st
from tests.unit.guardrails_table import (
    DESTRUCTIVE,
    FALSE_ALARMS,
    INNOCENT,
    MISSED,
    OBFUSCATED,
)
from tests.unit.guardrails_work import FURTHER, HELD, LOST, LOST_HELD, OWN, PLAIN

from plait.core.guardrails.judging import judge
from plait.core.guardrails.verdict import Bound, Category, Judgement, Trust, Verdict, weigh
from plait.shell import parse

BY_CATEGORY = [(name, each) for name, row in DESTRUCTIVE.items() for each in row]


def judged(text: str, **further: object) -> Judgement:
    """The verdict on a text, at the standard trust unless another is given."""
    return judge(text, parse=parse, **further)


@pytest.mark.parametrize(("category", "command"), BY_CATEGORY)
def test_a_destructive_command_is_stopped_as_what_it_is(category, command):
    """At the standard trust it is asked or denied, and for its category."""
    told = judged(command)
    assert told.verdict is not Verdict.ALLOW
    assert Category(category) in {each.category for each in told.offences}
    assert told.reason


@pytest.mark.parametrize("command", [each for each in OBFUSCATED if each not in MISSED])
def test_an_obfuscated_command_is_stopped(command):
    """Neither quoting nor wrapping nor another language hides what would be run."""
    assert judged(command).verdict is not Verdict.ALLOW


@pytest.mark.parametrize("command", [each for each in INNOCENT if each not in FALSE_ALARMS])
def test_an_innocent_command_goes_on(command):
    """What loses nothing is not stopped, whatever words stand in it."""
    told = judged(command)
    assert (told.verdict, told.reason) == (Verdict.ALLOW, "")


def test_what_is_judged_wrongly_is_listed_and_little():
    """At most two commands are missed and two stopped for nothing, each of them known by name."""
    every = [each for _, each in BY_CATEGORY] + [*OBFUSCATED, *INNOCENT]
    assert len(every) == len(set(every)) > 400
    assert len({*PLAIN, *OWN, *HELD} - set(every)) > 350
    assert len(MISSED) <= 2
    assert len(FALSE_ALARMS) <= 2
    assert all(judged(each).verdict is Verdict.ALLOW for each in MISSED)
    assert not any(judged(each).verdict is Verdict.ALLOW for each in FALSE_ALARMS)
    assert set(MISSED) <= set(OBFUSCATED)
    assert set(FALSE_ALARMS) <= set(INNOCENT)


# A worktree made for an agent, with a home of its own; and where a sandbox holds it as well.
_APART = frozenset({Bound.WORKTREE, Bound.HOME})
_SANDBOXED = _APART | {Bound.REPOSITORY, Bound.FILES, Bound.PROCESSES}
_ROOTS = ("/data/trees/a", "/data/runs/1/home")


@pytest.mark.parametrize("command", PLAIN)
def test_what_people_run_all_day_goes_on(command):
    """Wherever it is run."""
    assert judged(command).reason == ""


@pytest.mark.parametrize("command", OWN)
def test_in_a_worktree_of_its_own_an_agent_may_lose_what_is_in_it(command):
    """It is asked of whoever works in somebody's checkout, and of one that is trusted less."""
    assert judged(command, own=_APART, roots=_ROOTS).reason == ""
    assert judged(command, roots=_ROOTS).verdict is not Verdict.ALLOW
    assert judged(command, own=_APART, roots=_ROOTS, trust=1).verdict is not Verdict.ALLOW


@pytest.mark.parametrize("command", HELD)
def test_where_a_sandbox_holds_an_agent_what_it_cannot_reach_is_not_asked(command):
    """Refs, settings and stash are its own there, and unknown words write nothing elsewhere."""
    assert judged(command, own=_SANDBOXED, roots=_ROOTS).reason == ""
    assert judged(command, own=_APART, roots=_ROOTS).verdict is not Verdict.ALLOW


@pytest.mark.parametrize(
    ("own", "lost"), [(_APART, LOST), (frozenset(Bound), LOST | LOST_HELD)], ids=["apart", "all"]
)
def test_what_reaches_further_is_stopped_whatever_is_the_agents_own(own, lost):
    """All other rows of the table are, and these rows alone go on."""
    rows = [each for _, each in BY_CATEGORY] + [each for each in OBFUSCATED if each not in MISSED]
    gone_on = {each for each in rows if judged(each, own=own).verdict is Verdict.ALLOW}
    assert gone_on == lost
    assert len(rows) - len(lost) > 240


@pytest.mark.parametrize("command", FURTHER)
def test_what_reaches_further_is_stopped_in_a_sandbox_too(command):
    """By its own words; where a sandbox would hold it as well, the agent learns it before."""
    assert judged(command, own=_SANDBOXED, roots=_ROOTS).verdict is not Verdict.ALLOW


@pytest.mark.parametrize(
    "command",
    [
        "cd ../other && {}",
        "cd / && {}",
        "git -C ../other status; cd /srv/x; {}",
        "GIT_DIR=/srv/x.git {}",
        "env GIT_WORK_TREE=/srv/x {}",
        "export GIT_DIR=/srv/x.git; {}",
        "GIT_DIR=/srv/x.git sh -c '{}'",
    ],
)
@pytest.mark.parametrize("lost", ["git reset --hard", "git clean -fdx", "git branch -D x"])
def test_another_repository_is_no_ones_own(command, lost):
    """However a command is led there."""
    assert judged(command.format(lost), own=frozenset(Bound)).verdict is not Verdict.ALLOW


def test_a_database_is_an_agents_own_by_the_variable_that_names_it():
    """Where Plait gives it one: neither another one, nor one that the text names."""
    own = frozenset({Bound.DATABASES})
    assert judged("npx prisma migrate reset", own=own).verdict is Verdict.ALLOW
    assert judged("psql \"$DATABASE_URL\" -c 'drop table a'", own=own).verdict is Verdict.ALLOW
    assert judged("psql -d app -c 'drop table a'", own=own).verdict is Verdict.DENY
    assert judged("psql -h db.example.com -c 'drop table a'", own=own).verdict is Verdict.DENY
    assert judged("npx prisma migrate reset").verdict is Verdict.DENY


@pytest.mark.parametrize("run", ["./scripts/run.sh", "bash scripts/run.sh -q", ". scripts/run.sh"])
@pytest.mark.parametrize("name", ["$0", "${BASH_SOURCE[0]}", "$BASH_SOURCE"])
def test_a_script_knows_where_it_lies(run, name):
    """What the same text wrote and runs is judged from there: a level up is the worktree yet."""
    script = 'D=$(cd "$(dirname "{}")" && pwd)\nrm -rf "$D/{}"'

    def told(path: str) -> Judgement:
        text = script.format(name, path)
        return judged(f"cat > scripts/run.sh <<'EOF'\n{text}\nEOF\n{run}", own=_APART)

    assert told("../build").reason == ""
    assert told("../../other").verdict is Verdict.DENY


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rm -rf $A/$B/c", "/etc/x/c"),
        ("x=$A/$B/c; rm -rf $x", "/etc/x/c"),
        ('rm -rf "$A"$Z$B.d', "/etcx.d"),
        ("rm -rf ${A}$Z$B-old", "/etcx-old"),
    ],
)
def test_variables_next_to_one_another_are_one_word(text, place):
    """A name ends where it does to a shell."""
    told = judged(f"A=/etc; B=x; Z=; {text}")
    assert told.verdict is Verdict.DENY
    assert place in told.reason


@pytest.mark.parametrize("word", ["rm", "git", "psql", "kubectl", "npm"])
@pytest.mark.parametrize("trust", range(5))
def test_a_name_alone_is_innocent(word, trust):
    """The programs themselves are no offence at any level."""
    assert judged(f"{word} --version", trust=trust).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("trust", "verdict"),
    [(0, "deny"), (1, "deny"), (2, "ask"), (3, "allow"), (4, "allow")],
)
def test_trust_decides(trust, verdict):
    """One level short is to ask, further below is denied, enough is allowed."""
    assert judged("git push --force", trust=trust).verdict == verdict
    assert judged("git push --force").trust == 3


@pytest.mark.parametrize("word", list(Verdict))
def test_the_owners_word_on_a_category_comes_first(word):
    """Whatever the trust, and for that category alone."""
    owner = {Category.GIT: word}
    for trust in Trust:
        assert judged("git push -f", trust=trust, owner=owner).verdict is word
    assert judged("rm -rf /", trust=2, owner=owner).verdict is Verdict.DENY


def test_the_gravest_is_told_first():
    """Of several the verdict is that of the gravest, and it leads the reasons."""
    told = judged("git push -f; rm -rf /; cat .env")
    assert told.verdict is Verdict.DENY
    assert told.offences[0].category is Category.FILE
    assert told.reason.startswith("rm -r:")


def test_nothing_found_is_allowed():
    """And needs no trust."""
    assert weigh(()) == Judgement(Verdict.ALLOW, Trust.UNTRUSTED, ())


def test_what_cannot_be_told_is_asked_of_everyone_below_elevated():
    """An unknown command is no reason for a denial."""
    for trust in (0, 1, 2):
        assert judged("$SOMETHING x", trust=trust).verdict is Verdict.ASK
    assert judged("$SOMETHING x", trust=3).verdict is Verdict.ALLOW


def test_a_path_of_the_worktree_is_one_of_it_however_it_is_written():
    """By its absolute path too; so are the attempt's own folders no place of others."""
    roots = ("/data/trees/a", "/data/runs/1")
    assert judged("rm -rf /data/trees/a/build", roots=roots).verdict is Verdict.ALLOW
    assert judged("rm -rf /data/trees/a", roots=roots).verdict is Verdict.ASK
    assert judged("rm -rf /data/trees/b", roots=roots).verdict is Verdict.DENY
    assert judged("echo x > /data/runs/1/result.json", roots=roots).verdict is Verdict.ALLOW
    assert judged("echo x > /data/runs/2/result.json", roots=roots).verdict is Verdict.ASK


_BASE = st.sampled_from(
    [
        "rm -rf /",
        "git push -f",
        "git reset --hard",
        "npm publish",
        "cat .env",
        "ls -la",
        "git status",
    ]
)
_WRAPPERS = st.lists(
    st.sampled_from(
        [
            "sh -c {q}", "bash -lc {q}", "eval {q}", "env X=1 sh -c {q}", "sudo bash -c {q}",
            "nohup timeout 5 sh -c {q} &", "true && {c}", "( {c} )", "if true; then {c}\nfi",
            'echo "$( {c} )"', "sh <<'END{n}'\n{c}\nEND{n}\n", "echo {q} | sh", "f() {{ {c}\n}}; f",
            "xargs -I% sh -c {q} <<< 1", 'X={q}; eval "$X"', "git -c alias.x=!{q} x",
        ]
    ),
    max_size=3,
)  # fmt: skip


@given(_BASE, _WRAPPERS)
@settings(max_examples=60, deadline=None)
def test_wrapping_changes_no_verdict(base, wrappers):
    """A command is judged the same wherever and however it is run."""
    plain, text = judged(base).verdict, base
    for number, each in enumerate(wrappers):
        quoted = "'" + text.replace("'", "'\\''") + "'"
        text = each.format(c=text.rstrip("&"), q=quoted, n=number)
    assert judged(text).verdict is plain


@st.composite
def quotings(draw: st.DrawFn) -> tuple[str, str]:
    """A command, and the same with its words quoted in one of the shell's many ways."""
    words = draw(_BASE).split(" ")
    made = []
    for word in words:
        match draw(st.integers(0, 4)):
            case 0:
                made.append(f"'{word}'")
            case 1:
                made.append(f'"{word}"')
            case 2:
                made.append("".join(f"\\{each}" for each in word))
            case 3:
                made.append("$'" + "".join(f"\\x{ord(each):02x}" for each in word) + "'")
            case _:
                cut = draw(st.integers(0, len(word)))
                made.append(f"{word[:cut]}''{word[cut:]}" if word[:cut] else word)
    blank = draw(st.sampled_from([" ", "  ", "\t", " \\\n"]))
    return " ".join(words), blank.join(made)


@given(quotings())
@settings(max_examples=100, deadline=None)
def test_quoting_changes_no_verdict(pair):
    """Quotes are gone when a command runs, and so they are when it is judged."""
    plain, quoted = pair
    assert judged(quoted) == judged(plain)


@given(st.text(max_size=300))
@example("\0")
@example("\ue00f -rf /")
@example("${")
@example("<<A\n")
@example("a=(")
@example("{\u2974\U000d0395#")
@example("\x01\x02")
@settings(max_examples=100, deadline=None)
def test_nothing_breaks_it(text):
    """Whatever stands there, there is a verdict."""
    assert judged(text).verdict in Verdict


@given(
    st.lists(
        st.sampled_from(
            [
                *"()[]{}$`\"'<>|&;\n a=-/\\*?~#!",
                "rm -rf /", "sh -c ", "$(", "<<E", "\nE\n", "if ", "then ", "fi", "for x in ",
                "do ", "done", "case ", "esac", "f() ", "x=", "${x:-", "xargs ", "eval ",
                "python -c ", "git -c alias.x=!", "find . -exec ",
            ]
        ),
        max_size=60,
    )
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_no_pieces_of_shell_break_it(pieces):
    """Nor any pieces of scripts, in any order."""
    assert judged("".join(pieces)).verdict in Verdict


HOSTILE = {
    "pipes": "a|" * 100_000,
    "heres": "<<" * 100_000,
    "heres in a line": "<<A " * 50_000 + "\nA" * 50_000,
    "braces": "${" * 50_000,
    "brace expansion": "echo " + "{a,b}" * 200,
    "substitutions": "$(" * 5_000 + "a" + ")" * 5_000,
    "shells": "sh -c " * 5_000 + "x",
    "evals": "eval " * 20_000 + "x",
    "doubling": "x=aaaaaaaaaaaaaaaa; " + "x=$x$x; " * 40 + "$x",
    "doubled fields": "x='a a a a'; " + 'x="$x $x"; ' * 40 + "rm $x",
    "alternatives": "".join(f"for v{n} in 1 2 3 4; do " for n in range(12))
    + "rm -rf " + " ".join(f"$v{n}" for n in range(12)) + "; done" * 12,
    "recursion": "f() { f; f; }; f; " * 50,
    "mutual": "f() { g; g; }; g() { f; f; }; f",
    "aliases": "alias a='b b'; alias b='a a'; a",
    "sources": "echo '. ./x; . ./x' > x; . ./x",
    "long": "a" * 3_000_000,
    "many": "ls\n" * 200_000,
    "document": "cat > f <<'E'\n" + "| a | b | rm -rf / |\n" * 50_000 + "E\n",
    "python": "python - <<'E'\n" + "(" * 50_000 + "\nE\n",
    "quotes": "'" * 99_999,
}  # fmt: skip

_BOUNDED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from plait.core.guardrails.judging import judge
from plait.shell import parse
judge("ls", parse=parse)
told = {}
for name, text in json.load(sys.stdin).items():
    before = resource.getrusage(resource.RUSAGE_SELF)
    verdict = judge(text, parse=parse).verdict
    after = resource.getrusage(resource.RUSAGE_SELF)
    told[name] = verdict, after.ru_utime - before.ru_utime, after.ru_maxrss - before.ru_maxrss
print(json.dumps(told))
"""


def test_hostile_texts_take_bounded_time_and_memory():
    """Some seconds of a processor at the very most, and 256 MiB: measured in a process apart."""
    done = subprocess.run(
        [sys.executable, "-c", _BOUNDED],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    unit = 1024 * (1024 if sys.platform == "darwin" else 1)
    assert told.keys() == HOSTILE.keys()
    assert {name: seconds for name, (_, seconds, _) in told.items() if seconds > 5} == {}
    assert {name: size for name, (_, _, size) in told.items() if size / unit > 256} == {}
    assert {told[name][0] for name in ("document", "python")} == {"allow"}
    assert {told[name][0] for name in ("pipes", "doubling", "long")} <= {"ask", "deny"}
