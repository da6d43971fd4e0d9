"""Two packages changed the same: what a careful maintainer would make of it.

`a` and `b` work side by side on one base. `a` lands first; what becomes of `b` is told here.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Outcome, Story, lines
from tests.acceptance.test_transcripts import DONE, PLUGIN, says

SETTINGS = "[plan]\nunknown_scope = 'shared'\n[retry]\nbackoff = 0\n[landing]\ntogether = 'never'\n"
BRANCH = "openspec/both"
TEN = "".join(f"line {number}\n" for number in range(1, 11))
# Both have begun; then `a` ends at once, and `b` once `a` is a candidate.
BOTH_BEGAN = lines(
    ': > "$NOTES/$PLAIT_PACKAGE.began"',
    'test "$PLAIT_ATTEMPT" = 1 || cp "$PLAIT_BRIEF" "$NOTES/brief.$PLAIT_PACKAGE.$PLAIT_ATTEMPT"',
    'if test "$PLAIT_ATTEMPT" = 1; then',
    'until test -e "$NOTES/a.began" -a -e "$NOTES/b.began"; do sleep 0.02; done; fi',
)
UNTIL = 'until test -e "$NOTES/{0}"; do sleep 0.02; done'
A_LANDED = f'until test "$(git rev-list --count main..{BRANCH})" != 0; do sleep 0.02; done'


class Both:
    """A story of two packages and what each of them does, attempt by attempt."""

    def __init__(self, story: Story, files: dict[str, str], *, retries: int = 1) -> None:
        story.begin({"plait.toml": SETTINGS, **files})
        self.story = story
        self.retries = retries

    def plan(self, **checks: str) -> None:
        """A plan of both, with a check of each."""
        plan = {
            "version": 1,
            "title": "Both",
            "branch": BRANCH,
            "packages": {
                name: {
                    "title": f"Build {name}",
                    "description": f"The purpose of {name}.",
                    "retries": self.retries,
                    "checks": [checks.get(name, "true")],
                    "priority": 1 if name == "a" else 2,
                }
                for name in "ab"
            },
        }
        path = self.story.repo / "plans" / "both.plait.yaml"
        path.parent.mkdir()
        path.write_text(json.dumps(plan), encoding="utf-8")
        self.story.git("add", "-A")
        self.story.git("commit", "-qm", "plan")

    def run(
        self,
        a: str,
        b: str,
        *again: str,
        early: bool = False,
        checks: tuple[str, str] = ("true", "true"),
    ) -> Outcome:
        """Run `a` and `b`; `again` is what `b` does in its further attempts.

        `b` is verified before `a` lands (its landing is refused), or `early`, after it has.
        """
        first, second = checks
        begins = 'test "$PLAIT_STAGE $PLAIT_PACKAGE" != "land a" || : > "$NOTES/a.landing"'
        waits = f'test "$PLAIT_STAGE $PLAIT_PACKAGE" != "land a" || {UNTIL.format("b.verified")}'
        ready = 'test "$PLAIT_STAGE" = land || : > "$NOTES/b.verified"'
        now = f'test "$PLAIT_STAGE" = land || {UNTIL.format("a.landing")}'
        self.plan(
            a=lines("set -e", first, begins, "" if early else waits),
            b=lines("set -e", second, now, ready),
        )
        tries = [b, *again]
        cases = [f"  {number}) {each} ;;" for number, each in enumerate(tries, start=1)]
        agent = lines(
            "set -e",
            BOTH_BEGAN,
            f'if test "$PLAIT_PACKAGE" = a; then {a}; exit 0; fi',
            f'if test "$PLAIT_ATTEMPT" = 1; then {A_LANDED}; fi' if early else "",
            'case "$PLAIT_ATTEMPT" in',
            *cases,
            "esac",
        )
        return self.story.run("both", agent, "--max-agents", "2")

    def show(self, path: str) -> str:
        """A file on the run's branch."""
        return self.bytes(path).decode()

    def bytes(self, path: str) -> bytes:
        """Its very bytes."""
        argv = ["git", "cat-file", "blob", f"{BRANCH}:{path}"]
        done = subprocess.run(argv, cwd=self.story.repo, capture_output=True, check=True)
        return done.stdout

    def tree(self) -> dict[str, str]:
        """Each path on the branch, with its mode."""
        told = self.story.git("ls-tree", "-r", BRANCH).splitlines()
        return {line.partition("\t")[2]: line.split(" ")[0] for line in told}

    def attempts(self) -> list[tuple[str, str | None]]:
        """What became of each attempt at `b`."""
        package = self.story.packages()["b"]
        return [(each["outcome"], each.get("error_code")) for each in package["attempts"]]

    def brief(self, number: int) -> str:
        """What `b` was told in an attempt."""
        return "\n".join(self.story.note(f"brief.b.{number}"))

    def question(self) -> Any:
        """What a person is asked of `b`."""
        package = self.story.packages()["b"]
        assert package["status"] == "blocked"
        (told,) = self.story.report()["escalations"]
        assert (told["type"], told["raised_by"]) == ("MERGE_CONFLICT", "plait")
        return told


def landed(outcome: Outcome) -> None:
    """Both did."""
    assert outcome.code == 0, outcome.err + outcome.out


def sed(number: int, text: str, path: str = "text.txt") -> str:
    """A command that replaces a line."""
    return f"sed -i '{number}s/.*/{text}/' {path}"


def test_a_behavioural_conflict_is_found_by_the_tests_and_sent_back(story: Story) -> None:
    """Git merges both, the checks of `a` fail on the result: `b` is told so, and adapts."""
    both = Both(story, {"lib.py": "def greet(): return 1\n"})
    outcome = both.run(
        "echo 'def welcome(): return 1' > lib.py; echo 'import lib; lib.welcome()' > a.py",
        "echo 'import lib; lib.greet()' > b.py",
        "echo 'import lib; lib.welcome()' > b.py",
        checks=("python3 -B a.py", "python3 -B b.py"),
    )
    landed(outcome)
    assert both.attempts() == [("revise", "LANDING_FAILED"), ("pass", None)]
    assert "has no attribute 'greet'" in both.brief(2)
    assert both.show("b.py") == "import lib; lib.welcome()\n"


@pytest.mark.parametrize("early", [False, True], ids=["at its landing", "before its checks"])
def test_a_textual_conflict_is_brought_together_by_its_own_agent(story: Story, early: bool) -> None:
    """It finds the conflict in its files, and both sides' intent and diff in its brief."""
    both = Both(story, {"text.txt": TEN})
    outcome = both.run(
        sed(5, "five by a"),
        f"{sed(5, 'five by b')}; echo own > own.txt",
        'cp text.txt "$NOTES/laid"; cp own.txt "$NOTES/own"; git status --porcelain > '
        '"$NOTES/status"; grep -v "^[<=>]" text.txt > new; mv new text.txt',
        early=early,
    )
    landed(outcome)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    laid = story.note("laid")
    assert [each[:7] for each in laid[4:9]] == [
        "<<<<<<<",
        "five by",
        "=======",
        "five by",
        ">>>>>>>",
    ]
    assert (story.note("own"), len(story.note("status"))) == (["own"], 2)
    brief = both.brief(2)
    for told in ("The purpose of a.", "The purpose of b.", "+five by a", "+five by b", "text.txt"):
        assert told in brief
    assert "five by a\nfive by b\n" in both.show("text.txt")
    assert both.show("own.txt") == "own\n"
    (first, second) = story.packages()["b"]["attempts"]
    assert first["epoch"] < second["epoch"]
    assert "conflicts with a: text.txt" in outcome.err


ADDED = {  # file: how it begins, what each puts in next, what follows
    "m.py": ("import os\n", "import re", "import json", "\nx = os\n"),
    "go.sum": ("m v1 h1:a=\n", "o v1 h1:c=", "n v1 h1:b=", ""),
    "conf.yaml": ("a:\n", "  b: 1", "  c: 1", "z: 1\n"),
    "conf.toml": ("[a]\n", "b = 1", "c = 1", ""),
}
LOCKED = {
    "name": "x",
    "packages": {"": {"deps": {"m": "1"}}, "node_modules/m": {"version": "1"}},
}


def adds(name: str) -> str:
    """A command that adds a package to manifest and lock."""
    code = (
        "import json; p = json.load(open('package-lock.json')); "
        f"p['packages']['']['deps']['{name}'] = '1'; "
        f"p['packages']['node_modules/{name}'] = {{'version': '1'}}; "
        "open('package-lock.json', 'w').write(json.dumps(p, indent=2) + chr(10))"
    )
    return f'python3 -c "{code}"'


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Two packages that met in many files, and nobody had to be asked of any."""
    both = Both(
        Story(tmp_path_factory.mktemp("peaceful")),
        {
            ".gitattributes": "* -text\n",
            "old.txt": TEN,
            "tool.sh": TEN,
            "package-lock.json": json.dumps(LOCKED, indent=2) + "\n",
            **{path: texts[0] + texts[3] for path, texts in ADDED.items()},
        },
    )
    for name in ("dos.txt", "unix.txt"):
        (both.story.repo / name).write_bytes(TEN.replace("\n", "\r\n").encode())
    a = [f"sed -i '1a\\{texts[1]}' {path}" for path, texts in ADDED.items()]
    b = [f"sed -i '1a\\{texts[2]}' {path}" for path, texts in ADDED.items()]
    a += ["git mv old.txt new.txt", "chmod +x tool.sh", adds("n"), "echo '{\"a\": 1}' > m.json"]
    b += [sed(3, "three by b", "old.txt"), sed(5, "five by b", "tool.sh"), adds("o")]
    b += ["echo '{\"b\": 1}' > m.json", sed(9, "nine by b\\r", "dos.txt")]
    a += [sed(2, "two by a\\r", "dos.txt"), sed(2, "two by a\\r", "unix.txt")]
    b += ["sed -i 's/\\r$//' unix.txt", sed(9, "nine by b", "unix.txt")]
    outcome = both.run("; ".join(a), "; ".join(b))
    landed(outcome)
    assert both.attempts() == [("pass", None)]
    assert "both sides' changes merged in" in outcome.err
    return both


@pytest.mark.parametrize("path", ADDED)
def test_what_both_only_added_is_merged_by_what_it_means(peaceful: Both, path: str) -> None:
    """Imports, sums, mappings: git sees a conflict where there is none; no attempt is used up."""
    first, mine, other, rest = ADDED[path]
    lines_ = sorted(f"{each}\n" for each in (mine, other))
    assert peaceful.show(path) == "".join((first, *lines_, rest))
    assert path in peaceful.story.packages()["b"]["files_merged"]


def test_an_edit_follows_a_rename(peaceful: Both) -> None:
    """`a` moved the file that `b` edited: the edit lands in the moved file."""
    assert "three by b" in peaceful.show("new.txt")
    assert "old.txt" not in peaceful.tree()


def test_both_add_a_mapping_of_one_name(peaceful: Both) -> None:
    """Keys of both are in it."""
    assert json.loads(peaceful.show("m.json")) == {"a": 1, "b": 1}


def test_a_mode_and_an_edit_are_both_kept(peaceful: Both) -> None:
    """`a` made it executable, `b` edited it: it is the edited one, and executable."""
    assert peaceful.tree()["tool.sh"] == "100755"
    assert "five by b" in peaceful.show("tool.sh")


def test_a_lock_file_to_which_both_added_holds_both(peaceful: Both) -> None:
    """Packages of both are in the manifest and in the lock, in its order and its manner."""
    text = peaceful.show("package-lock.json")
    told = json.loads(text)["packages"]
    assert told[""]["deps"] == {"m": "1", "n": "1", "o": "1"}
    assert list(told) == ["", "node_modules/m", "node_modules/n", "node_modules/o"]
    assert text == json.dumps(json.loads(text), indent=2) + "\n"


def test_line_endings_survive(peaceful: Both) -> None:
    """Edits of both in a file of CRLF lines: all of its lines still end in CRLF."""
    text = peaceful.bytes("dos.txt")
    assert text.count(b"\r\n") == text.count(b"\n") == 10
    assert b"two by a\r\n" in text
    assert b"nine by b\r\n" in text


def test_other_line_endings_are_no_conflict(peaceful: Both) -> None:
    """`b` wrote all of the file with LF: its change of the endings holds, and the edit of `a`."""
    both_edits = TEN.replace("line 2\n", "two by a\n").replace("line 9\n", "nine by b\n")
    assert peaceful.show("unix.txt") == both_edits


def test_the_same_value_changed_twice_is_no_matter_of_structure(story: Story) -> None:
    """Two versions of one setting: neither is taken; its agent, which cannot know, asks."""
    both = Both(story, {"conf.json": '{\n  "retries": 1\n}\n'})
    asks = {"type": "MERGE_CONFLICT", "severity": "BLOCKING", "summary": "two or three?"}
    result = json.dumps({"status": "blocked", "escalations": [asks]})
    outcome = both.run(
        "sed -i s/1/2/ conf.json",
        "sed -i s/1/3/ conf.json",
        f"echo '{result}' > \"$PLAIT_RESULT\"; exit 75",
    )
    assert outcome.code == 3
    assert both.attempts()[0] == ("revise", "MERGE_CONFLICT")
    (told,) = story.report()["escalations"]
    assert (told["type"], told["raised_by"]) == ("MERGE_CONFLICT", "agent")
    assert '"retries": 2' in both.show("conf.json")


def test_two_renames_of_one_file_are_for_its_agent(story: Story) -> None:
    """Both names cannot be right: `b` is asked, and settles on the one that has landed."""
    both = Both(story, {"old.txt": TEN})
    outcome = both.run(
        "git mv old.txt one.txt",
        f"git mv old.txt two.txt; {sed(3, 'three by b', 'two.txt')}",
        f"rm -f two.txt; git checkout -q HEAD -- one.txt; {sed(3, 'three by b', 'one.txt')}",
    )
    landed(outcome)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "rename/rename" in both.brief(2)
    assert {"one.txt", "two.txt", "old.txt"} & set(both.tree()) == {"one.txt"}
    assert "three by b" in both.show("one.txt")


def test_what_landed_deleted_is_not_brought_back_by_an_edit(story: Story) -> None:
    """Its agent is asked; an answer that restores the file is refused, and then a person asked."""
    both = Both(story, {"text.txt": TEN})
    outcome = both.run("git rm -q text.txt", sed(5, "five by b"), "true")
    assert outcome.code == 3, outcome.err
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("blocked", "MERGE_CONFLICT")]
    question = both.question()
    assert "LANDED_WORK_LOST" in question["details"]
    assert "-line 5" in question["details"]
    assert "+five by b" in question["details"]
    assert "text.txt" not in both.tree()


def test_an_edit_of_what_was_deleted_finds_its_new_place(story: Story) -> None:
    """`a` split the file up; the agent of `b` makes its edit where the line is now."""
    both = Both(story, {"text.txt": TEN})
    outcome = both.run(
        "git rm -q text.txt; echo 'line 5' > five.txt",
        sed(5, "five by b"),
        "rm -f text.txt; echo 'five by b' > five.txt",
    )
    landed(outcome)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert both.show("five.txt") == "five by b\n"


def test_a_deletion_does_not_take_a_landed_edit_along(story: Story) -> None:
    """`b` deleted what `a` edited: deleted all the same, the edit is lost; a person decides."""
    both = Both(story, {"text.txt": TEN})
    outcome = both.run(sed(5, "quintessence"), "git rm -q text.txt", "rm -f text.txt")
    assert outcome.code == 3, outcome.err
    question = both.question()
    assert "LANDED_WORK_LOST" in question["details"]
    assert "quintessence" in both.show("text.txt")
    answered = story.plait("answer", story.report()["run"], "b", "keep the file")
    assert answered.code == 0, answered.err


def test_both_add_the_same_file(story: Story) -> None:
    """Alike it is one file; with other content its agent makes one of both."""
    both = Both(story, {})
    outcome = both.run(
        "echo same > same.txt; echo by a > new.txt",
        "echo same > same.txt; echo by b > new.txt",
        "printf 'by a\\nby b\\n' > new.txt",
    )
    landed(outcome)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "add/add" in both.brief(2)
    assert (both.show("same.txt"), both.show("new.txt")) == ("same\n", "by a\nby b\n")


def test_binary_files_are_never_mixed_and_a_side_is_never_just_taken(story: Story) -> None:
    """Its agent makes it anew from what landed; giving back its own version is refused."""
    both = Both(story, {}, retries=2)
    blob = "printf '\\000%s' {} > image.bin"
    outcome = both.run(blob.format("a"), blob.format("b"), blob.format("b"), blob.format("ab"))
    landed(outcome)
    assert both.attempts() == [
        ("revise", "MERGE_CONFLICT"),
        ("revise", "LANDED_WORK_LOST"),
        ("pass", None),
    ]
    assert both.bytes("image.bin") == b"\0ab"


def test_a_lock_file_that_both_resolved_anew_is_made_by_its_program(story: Story) -> None:
    """Both moved one version: no line is guessed, its agent is told to let the program write it."""
    lock = '{\n  "m": "%s"\n}\n'
    both = Both(story, {"package-lock.json": lock % 1})
    outcome = both.run(
        f"printf '{lock % 2}' > package-lock.json".replace("\n", "\\n"),
        f"printf '{lock % 3}' > package-lock.json".replace("\n", "\\n"),
        f"printf '{lock % '2 || 3'}' > package-lock.json".replace("\n", "\\n"),
    )
    landed(outcome)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "made by that program, not by hand" in both.brief(2)


def test_a_submodule_is_for_a_person(story: Story, tmp_path: Path) -> None:
    """No package may move one: it is refused as outside every scope, and the landed one stays."""
    both = Both(story, {}, retries=0)
    other = tmp_path / "other"
    for argv in (["init", "-q", str(other)], ["-C", str(other), "commit", "-q", "--allow-empty",
                                              "-m", "x"]):  # fmt: skip
        subprocess.run(["git", *argv], env=story.env, check=True)
    tip = story.git("-C", str(other), "rev-parse", "HEAD")
    story.git("update-index", "--add", "--cacheinfo", f"160000,{tip},vendor/lib")
    (story.repo / "vendor" / "lib").mkdir(parents=True)
    story.git("commit", "-qm", "submodule")
    moves = f"git update-index --cacheinfo 160000,{'1' * 40},vendor/lib; git commit -qm moved"
    outcome = both.run("echo a > a.txt", moves, early=True)
    assert outcome.code == 1
    assert both.attempts() == [("reject", "SCOPE_VIOLATION")]
    assert story.git("rev-parse", f"{BRANCH}:vendor/lib") == tip


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("true", "CONFLICT_LEFT"),
        (
            "{ echo 'Here is the merged file:'; git show HEAD:code.py; } > new; mv new code.py; "
            "git checkout -q HEAD -- text.txt",
            "PROSE_FOR_CODE",
        ),
    ],
)
def test_an_answer_that_is_none_is_refused_and_a_person_asked(
    story: Story, answer: str, code: str
) -> None:
    """Markers left, a side taken, talk for code: refused; the question holds both diffs."""
    both = Both(story, {"text.txt": TEN, "code.py": "x = 1\n"})
    outcome = both.run(
        sed(5, "five by a"), f"{sed(5, 'five by b')}; echo 'y = 2' >> code.py", answer
    )
    assert outcome.code == 3, outcome.err
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("blocked", "MERGE_CONFLICT")]
    question = both.question()
    assert code in question["details"]
    assert "+five by a" in question["details"]
    assert "+five by b" in question["details"]
    assert both.show("text.txt") == TEN.replace("line 5", "five by a")


def test_without_an_attempt_left_a_person_is_asked_at_once_and_the_answer_reaches_the_agent(
    story: Story,
) -> None:
    """The question names both sides; after the answer the conflict is laid out, with it."""
    both = Both(story, {"text.txt": TEN}, retries=0)
    mend = 'grep -v "^[<=>]" text.txt > new; mv new text.txt'
    first = both.run(sed(5, "five by a"), sed(5, "five by b"), mend)
    assert first.code == 3, first.err
    question = both.question()
    assert question["files"] == ["text.txt"]
    for told in ("+five by a", "+five by b"):
        assert told in story.plait("status").out
    run = story.report()["run"]
    assert story.plait("answer", run, "b", "keep both lines").code == 0
    landed(story.plait("resume", run))
    assert "keep both lines" in both.brief(2)
    assert "five by a\nfive by b\n" in both.show("text.txt")


def test_an_agent_goes_on_in_its_session_where_a_conflict_is_found_before_its_checks(
    story: Story,
) -> None:
    """Same claim and worktree, on what has landed by now, with the conflict in its files."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    both = Both(story, {"text.txt": TEN})
    mend = 'grep -v "^[<=>]" text.txt > new; mv new text.txt'
    both.plan(a=': > "$NOTES/a.landing"')
    agent = lines(
        BOTH_BEGAN,
        says("started", session="s-1"),
        says("turn"),
        f'if test "$PLAIT_PACKAGE" = a; then {sed(5, "five by a")}; else',
        'echo "$PLAIT_ATTEMPT $PLAIT_EPOCH ${TALK_SESSION:+again}" >> "$NOTES/b"',
        'pwd >> "$NOTES/at"',
        f'if test "$PLAIT_ATTEMPT" = 1; then {A_LANDED}; {sed(5, "five by b")}; else {mend}; fi',
        "fi",
        DONE,
    )
    more = ("--yes", "--max-agents", "2", "--sandbox", "none")
    outcome = story.plait("run", "both", "--agent", f"talker:{agent}", *more)
    landed(outcome)
    assert story.note("b") == ["1 1 ", "2 1 again"]
    assert len(set(story.note("at"))) == 1
    assert "five by a\nfive by b\n" in both.show("text.txt")
    assert "The purpose of a." in both.brief(2)
