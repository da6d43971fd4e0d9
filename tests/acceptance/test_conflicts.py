"""Two packages changed the same: what a careful maintainer would make of it.

Of each pair `a` and `b` work side by side on one base. `a` lands first; what becomes of `b` is
told here. The pairs have nothing to do with one another, each a folder of its own, and so one run
has them all.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Outcome, Story, lines
from tests.acceptance.test_transcripts import DONE, PLUGIN, says

SETTINGS = "[plan]\nunknown_scope = 'shared'\n[retry]\nbackoff = 0\n[landing]\ntogether = 'never'\n"
BRANCH = "openspec/both"
TEN = "".join(f"line {number}\n" for number in range(1, 11))
UNTIL = 'until test -e "$NOTES/{0}"; do sleep 0.1; done'
SAME_TREE = "git log --format='%(trailers:key=Plait-Package,valueonly)' main..{0} | grep -qx {1}"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What `a` does, and `b` in each of its attempts, in a folder with these files.

    `b` is verified before `a` lands (its landing is refused), or `early`, after it has.
    """

    a: str
    b: Sequence[str]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    retries: int = 1
    early: bool = False
    checks: tuple[str, str] = ("true", "true")

    def package(self, name: str, which: str) -> dict[str, Any]:
        """One of the two in the plan; its check waits where the other one must come first."""
        a, b = f"{name}-a", f"{name}-b"
        lands = f'test "$PLAIT_STAGE $PLAIT_PACKAGE" != "land {a}"'
        if which == "a":
            waits = "" if self.early else f"{lands} || {UNTIL.format(f'{b}.verified')}"
            check = lines(f'{lands} || : > "$NOTES/{a}.landing"', waits)
        else:
            check = lines(
                f'test "$PLAIT_STAGE" = land || {UNTIL.format(f"{a}.landing")}',
                f'test "$PLAIT_STAGE" = land || : > "$NOTES/{b}.verified"',
            )
        own = self.checks[which == "b"]
        return {
            "title": f"Build {name}-{which}",
            "description": f"The purpose of {name}-{which}.",
            "retries": self.retries,
            "checks": [lines("set -e", f"(cd {name} && {own})", check)],
            "priority": 1 if which == "a" else 2,
        }

    def agent(self, name: str) -> str:
        """What the agents of both do: both have begun before either goes on."""
        a, b = f"{name}-a", f"{name}-b"
        began = f'until test -e "$NOTES/{a}.began" -a -e "$NOTES/{b}.began"; do sleep 0.1; done'
        landed = f"until {SAME_TREE.format(BRANCH, a)}; do sleep 0.1; done"
        first = f"{landed}; {self.b[0]}" if self.early else self.b[0]
        tries = [first, *self.b[1:]]
        return lines(
            f'{a}) : > "$NOTES/{a}.began"; {began}; cd {name}; {self.a} ;;',
            f'{b}) : > "$NOTES/{b}.began"; {began}; cd {name}; case "$PLAIT_ATTEMPT" in',
            *(f"  {number}) {each} ;;" for number, each in enumerate(tries, start=1)),
            "  esac ;;",
        )


class Met:
    """A run of pairs, and what became of each."""

    def __init__(self, story: Story, pairs: Mapping[str, Pair]) -> None:
        self.story, self.pairs = story, pairs
        self.outcome = Outcome(-1, "", "")
        self.report: Any = None

    def prepare(self) -> None:
        """The repository and its plan."""
        story, pairs = self.story, self.pairs
        story.begin({"plait.toml": SETTINGS, ".gitattributes": "* -text\n"})
        for name, pair in pairs.items():
            for path, content in {"here": "", **pair.files}.items():
                place = story.repo / name / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content if isinstance(content, bytes) else content.encode())
        packages = {
            f"{name}-{which}": pair.package(name, which)
            for name, pair in pairs.items()
            for which in "ab"
        }
        plan = {"version": 1, "title": "Both", "branch": BRANCH, "packages": packages}
        file = story.repo / "plans" / "both.plait.yaml"
        file.parent.mkdir()
        file.write_text(json.dumps(plan), encoding="utf-8")
        story.git("add", "-A")
        story.git("commit", "-qm", "plan")

    def run(self) -> None:
        """All of it."""
        agent = lines(
            "set -e",
            'cp "$PLAIT_BRIEF" "$NOTES/brief.$PLAIT_PACKAGE.$PLAIT_ATTEMPT"',
            'case "$PLAIT_PACKAGE" in',
            *(pair.agent(name) for name, pair in self.pairs.items()),
            "esac",
        )
        agents = str(2 * len(self.pairs))
        self.outcome = self.story.run("both", agent, "--max-agents", agents)
        self.report = self.story.report()

    def at(self, name: str) -> Both:
        """One of the pairs."""
        return Both(self, name)


@dataclass(frozen=True)
class Both:
    """A pair that has met."""

    met: Met
    name: str

    def show(self, path: str) -> str:
        """A file on the run's branch."""
        return self.bytes(path).decode()

    def bytes(self, path: str) -> bytes:
        """Its very bytes."""
        argv = ["git", "cat-file", "blob", f"{BRANCH}:{self.name}/{path}"]
        done = subprocess.run(argv, cwd=self.met.story.repo, capture_output=True, check=True)
        return done.stdout

    def tree(self) -> dict[str, str]:
        """Each path on the branch, with its mode."""
        told = self.met.story.git("ls-tree", "-r", f"{BRANCH}:{self.name}").splitlines()
        return {line.partition("\t")[2]: line.split(" ")[0] for line in told}

    def package(self, which: str = "b") -> Any:
        """One of the two as the report tells it."""
        wanted = f"{self.name}-{which}"
        return next(each for each in self.met.report["packages"] if each["id"] == wanted)

    def attempts(self) -> list[tuple[str, str | None]]:
        """What became of each attempt at `b`."""
        attempts = self.package()["attempts"]
        return [(each["outcome"], each.get("error_code")) for each in attempts]

    def landed(self) -> bool:
        """Whether both did."""
        return {self.package(which)["status"] for which in "ab"} == {"landed"}

    def brief(self, number: int) -> str:
        """What `b` was told in an attempt."""
        return "\n".join(self.met.story.note(f"brief.{self.name}-b.{number}"))

    def escalation(self) -> Any:
        """The only one of `b`."""
        assert self.package()["status"] == "blocked"
        mine = f"{self.name}-b"
        (told,) = [each for each in self.met.report["escalations"] if each["package"] == mine]
        return told

    def question(self) -> Any:
        """What a person is asked of `b`."""
        told = self.escalation()
        assert (told["type"], told["raised_by"]) == ("MERGE_CONFLICT", "plait")
        return told


def sed(number: int, text: str, path: str = "text.txt") -> str:
    """A command that replaces a line."""
    return f"sed -i '{number}s/.*/{text}/' {path}"


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


def peaceful() -> Pair:
    """Two packages that meet in many files, and nobody has to be asked of any."""
    a = [f"sed -i '1a\\{texts[1]}' {path}" for path, texts in ADDED.items()]
    b = [f"sed -i '1a\\{texts[2]}' {path}" for path, texts in ADDED.items()]
    a += ["git mv old.txt new.txt", "chmod +x tool.sh", adds("n"), "echo '{\"a\": 1}' > m.json"]
    b += [sed(3, "three by b", "old.txt"), sed(5, "five by b", "tool.sh"), adds("o")]
    b += ["echo '{\"b\": 1}' > m.json", sed(9, "nine by b\\r", "dos.txt")]
    a += [sed(2, "two by a\\r", "dos.txt"), sed(2, "two by a\\r", "unix.txt")]
    b += ["sed -i 's/\\r$//' unix.txt", sed(9, "nine by b", "unix.txt")]
    dos = TEN.replace("\n", "\r\n").encode()
    files: dict[str, str | bytes] = {
        "old.txt": TEN,
        "tool.sh": TEN,
        "package-lock.json": json.dumps(LOCKED, indent=2) + "\n",
        "dos.txt": dos,
        "unix.txt": dos,
        **{path: texts[0] + texts[3] for path, texts in ADDED.items()},
    }
    return Pair(files=files, a="; ".join(a), b=["; ".join(b)])


FIVE = sed(5, "five by a"), sed(5, "five by b")
MEND = 'grep -v "^[<=>]" text.txt > new; mv new text.txt'
LOOK = (
    'cp text.txt "$NOTES/laid.{0}"; cp own.txt "$NOTES/own.{0}"; '
    'git status --porcelain > "$NOTES/status.{0}"'
)
ASKS = {"type": "MERGE_CONFLICT", "severity": "BLOCKING", "summary": "two or three?"}
RESULT = json.dumps({"status": "blocked", "escalations": [ASKS]})
PROSE = (
    "{ echo 'Here is the merged file:'; git show HEAD:./code.py; } > new; mv new code.py; "
    "git checkout -q HEAD -- text.txt"
)
BLOB = "printf '\\000%s' {} > image.bin"
LOCK = '{\n  "m": "%s"\n}\n'


def alone(name: str) -> str:
    """A text that is like no other pair's: git takes what is alike for a rename."""
    return TEN + "".join(f"{name} {number}\n" for number in range(30))


def locks(version: str) -> str:
    """A command that writes a lock file with one version."""
    return f"printf '{LOCK % version}' > package-lock.json".replace("\n", "\\n")


def textual(name: str, *, early: bool) -> Pair:
    """Both changed one line, and `b` a file of its own."""
    mends = f"{LOOK.format(name)}; {MEND}"
    b = [f"{FIVE[1]}; echo own > own.txt", mends]
    return Pair(files={"text.txt": TEN}, a=FIVE[0], b=b, early=early)


def refused(answer: str) -> Pair:
    """Both changed one line, and what `b` makes of it is no answer."""
    files = {"text.txt": TEN, "code.py": "x = 1\n"}
    return Pair(files=files, a=FIVE[0], b=[f"{FIVE[1]}; echo 'y = 2' >> code.py", answer])


PAIRS = {
    "behaviour": Pair(
        files={"lib.py": "def greet(): return 1\n"},
        a="echo 'def welcome(): return 1' > lib.py; echo 'import lib; lib.welcome()' > a.py",
        b=["echo 'import lib; lib.greet()' > b.py", "echo 'import lib; lib.welcome()' > b.py"],
        checks=("python3 -B a.py", "python3 -B b.py"),
    ),
    "late": textual("late", early=False),
    "early": textual("early", early=True),
    "peaceful": peaceful(),
    "value": Pair(
        files={"conf.json": '{\n  "retries": 1\n}\n'},
        a="sed -i s/1/2/ conf.json",
        b=["sed -i s/1/3/ conf.json", f"echo '{RESULT}' > \"$PLAIT_RESULT\"; exit 75"],
    ),
    "renames": Pair(
        files={"old.txt": TEN},
        a="git mv old.txt one.txt",
        b=[
            f"git mv old.txt two.txt; {sed(3, 'three by b', 'two.txt')}",
            f"rm -f two.txt; git checkout -q HEAD -- one.txt; {sed(3, 'three by b', 'one.txt')}",
        ],
    ),
    "deleted": Pair(
        files={"text.txt": alone("deleted")}, a="git rm -q text.txt", b=[FIVE[1], "true"]
    ),
    "split": Pair(
        files={"text.txt": alone("split")},
        a="git rm -q text.txt; echo 'line 5' > five.txt",
        b=[FIVE[1], "rm -f text.txt; echo 'five by b' > five.txt"],
    ),
    "deletes": Pair(
        files={"text.txt": TEN},
        a=sed(5, "quintessence"),
        b=["git rm -q text.txt", "rm -f text.txt"],
    ),
    "same": Pair(
        a="echo same > same.txt; echo by a > new.txt",
        b=[
            "echo same > same.txt; echo by b > new.txt",
            "printf 'by a\\nby b\\n' > new.txt",
        ],
    ),
    "binary": Pair(
        a=BLOB.format("a"),
        b=[BLOB.format("b"), BLOB.format("b"), BLOB.format("ab")],
        retries=2,
    ),
    "lock": Pair(
        files={"package-lock.json": LOCK % 1}, a=locks("2"), b=[locks("3"), locks("2 || 3")]
    ),
    "submodule": Pair(
        a="echo a > a.txt",
        b=[
            f"git update-index --cacheinfo 160000,{'1' * 40},submodule/vendor/lib; "
            "git commit -qm moved"
        ],
        retries=0,
        early=True,
    ),
    "markers": refused("true"),
    "prose": refused(PROSE),
    "nobody": Pair(files={"text.txt": TEN}, a=FIVE[0], b=[FIVE[1], MEND], retries=0),
}


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Met:
    """All pairs, in one run, whichever of the suite's processes comes to it first."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    root = shared / "met"
    with (shared / "met.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (root / "told.json").exists():
            return _told_by_another(root, Story(tmp_path_factory.mktemp("again")))
        root.mkdir()
        met = Met(Story(root), PAIRS)
        met.prepare()
        _add_submodule(met.story, root / "other")
        met.run()
        told = {"outcome": astuple(met.outcome), "report": met.report}
        (root / "told.json").write_text(json.dumps(told), encoding="utf-8")
        return met


def _told_by_another(root: Path, story: Story) -> Met:
    """The run as another process of the suite has made it."""
    story.repo, story.notes = root / "repo", root / "notes"
    story.env |= {"HOME": str(root / "home"), "NOTES": str(story.notes)}
    told = json.loads((root / "told.json").read_text(encoding="utf-8"))
    met = Met(story, PAIRS)
    met.outcome, met.report = Outcome(*told["outcome"]), told["report"]
    return met


def _add_submodule(story: Story, other: Path) -> None:
    for argv in (["init", "-q", str(other)], ["-C", str(other), "commit", "-q", "--allow-empty",
                                              "-m", "x"]):  # fmt: skip
        subprocess.run(["git", *argv], env=story.env, check=True)
    tip = story.git("-C", str(other), "rev-parse", "HEAD")
    story.git("update-index", "--add", "--cacheinfo", f"160000,{tip},submodule/vendor/lib")
    (story.repo / "submodule/vendor/lib").mkdir(parents=True)
    story.git("commit", "-qm", "submodule")


def test_a_behavioural_conflict_is_found_by_the_tests_and_sent_back(met: Met) -> None:
    """Git merges both, the checks of `a` fail on the result: `b` is told so, and adapts."""
    both = met.at("behaviour")
    assert both.landed()
    assert both.attempts() == [("revise", "LANDING_FAILED"), ("pass", None)]
    assert "has no attribute 'greet'" in both.brief(2)
    assert both.show("b.py") == "import lib; lib.welcome()\n"


@pytest.mark.parametrize("name", ["late", "early"], ids=["at its landing", "before its checks"])
def test_a_textual_conflict_is_brought_together_by_its_own_agent(met: Met, name: str) -> None:
    """It finds the conflict in its files, and both sides' intent and diff in its brief."""
    both, story = met.at(name), met.story
    assert both.landed()
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    laid = story.note(f"laid.{name}")
    assert [each[:7] for each in laid[4:9]] == [
        "<<<<<<<",
        "five by",
        "=======",
        "five by",
        ">>>>>>>",
    ]
    assert (story.note(f"own.{name}"), len(story.note(f"status.{name}"))) == (["own"], 2)
    brief = both.brief(2)
    purposes = (f"The purpose of {name}-a.", f"The purpose of {name}-b.")
    for told in (*purposes, "+five by a", "+five by b", "text.txt"):
        assert told in brief
    assert "five by a\nfive by b\n" in both.show("text.txt")
    assert both.show("own.txt") == "own\n"
    (first, second) = both.package()["attempts"]
    assert first["epoch"] < second["epoch"]
    assert f"conflicts with {name}-a: {name}/text.txt" in met.outcome.err


def test_where_nobody_had_to_be_asked_no_attempt_is_used_up(met: Met) -> None:
    """The files that both changed are named as merged."""
    both = met.at("peaceful")
    assert both.landed()
    assert both.attempts() == [("pass", None)]
    assert "both sides' changes merged in" in met.outcome.err


@pytest.mark.parametrize("path", ADDED)
def test_what_both_only_added_is_merged_by_what_it_means(met: Met, path: str) -> None:
    """Imports, sums, mappings: git sees a conflict where there is none; no attempt is used up."""
    both = met.at("peaceful")
    first, mine, other, rest = ADDED[path]
    lines_ = sorted(f"{each}\n" for each in (mine, other))
    assert both.show(path) == "".join((first, *lines_, rest))
    assert f"peaceful/{path}" in both.package()["files_merged"]


def test_an_edit_follows_a_rename(met: Met) -> None:
    """`a` moved the file that `b` edited: the edit lands in the moved file."""
    both = met.at("peaceful")
    assert "three by b" in both.show("new.txt")
    assert "old.txt" not in both.tree()


def test_both_add_a_mapping_of_one_name(met: Met) -> None:
    """Keys of both are in it."""
    assert json.loads(met.at("peaceful").show("m.json")) == {"a": 1, "b": 1}


def test_a_mode_and_an_edit_are_both_kept(met: Met) -> None:
    """`a` made it executable, `b` edited it: it is the edited one, and executable."""
    both = met.at("peaceful")
    assert both.tree()["tool.sh"] == "100755"
    assert "five by b" in both.show("tool.sh")


def test_a_lock_file_to_which_both_added_holds_both(met: Met) -> None:
    """Packages of both are in the manifest and in the lock, in its order and its manner."""
    text = met.at("peaceful").show("package-lock.json")
    told = json.loads(text)["packages"]
    assert told[""]["deps"] == {"m": "1", "n": "1", "o": "1"}
    assert list(told) == ["", "node_modules/m", "node_modules/n", "node_modules/o"]
    assert text == json.dumps(json.loads(text), indent=2) + "\n"


def test_line_endings_survive(met: Met) -> None:
    """Edits of both in a file of CRLF lines: all of its lines still end in CRLF."""
    text = met.at("peaceful").bytes("dos.txt")
    assert text.count(b"\r\n") == text.count(b"\n") == 10
    assert b"two by a\r\n" in text
    assert b"nine by b\r\n" in text


def test_other_line_endings_are_no_conflict(met: Met) -> None:
    """`b` wrote all of the file with LF: its change of the endings holds, and the edit of `a`."""
    both_edits = TEN.replace("line 2\n", "two by a\n").replace("line 9\n", "nine by b\n")
    assert met.at("peaceful").show("unix.txt") == both_edits


def test_the_same_value_changed_twice_is_no_matter_of_structure(met: Met) -> None:
    """Two versions of one setting: neither is taken; its agent, which cannot know, asks."""
    both = met.at("value")
    assert met.outcome.code == 3
    assert both.attempts()[0] == ("revise", "MERGE_CONFLICT")
    told = both.escalation()
    assert (told["type"], told["raised_by"]) == ("MERGE_CONFLICT", "agent")
    assert '"retries": 2' in both.show("conf.json")


def test_two_renames_of_one_file_are_for_its_agent(met: Met) -> None:
    """Both names cannot be right: `b` is asked, and settles on the one that has landed."""
    both = met.at("renames")
    assert both.landed()
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "rename/rename" in both.brief(2)
    assert {"one.txt", "two.txt", "old.txt"} & set(both.tree()) == {"one.txt"}
    assert "three by b" in both.show("one.txt")


def test_what_landed_deleted_is_not_brought_back_by_an_edit(met: Met) -> None:
    """Its agent is asked; an answer that restores the file is refused, and then a person asked."""
    both = met.at("deleted")
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("blocked", "MERGE_CONFLICT")]
    question = both.question()
    assert "LANDED_WORK_LOST" in question["details"]
    assert "-line 5" in question["details"]
    assert "+five by b" in question["details"]
    assert "text.txt" not in both.tree()


def test_an_edit_of_what_was_deleted_finds_its_new_place(met: Met) -> None:
    """`a` split the file up; the agent of `b` makes its edit where the line is now."""
    both = met.at("split")
    assert both.landed()
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert both.show("five.txt") == "five by b\n"


def test_a_deletion_does_not_take_a_landed_edit_along(met: Met) -> None:
    """`b` deleted what `a` edited: deleted all the same, the edit is lost; a person decides."""
    both = met.at("deletes")
    question = both.question()
    assert "LANDED_WORK_LOST" in question["details"]
    assert "quintessence" in both.show("text.txt")
    assert any("plait answer" in each["command"] for each in question["answers"])


def test_both_add_the_same_file(met: Met) -> None:
    """Alike it is one file; with other content its agent makes one of both."""
    both = met.at("same")
    assert both.landed()
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "add/add" in both.brief(2)
    assert (both.show("same.txt"), both.show("new.txt")) == ("same\n", "by a\nby b\n")


def test_binary_files_are_never_mixed_and_a_side_is_never_just_taken(met: Met) -> None:
    """Its agent makes it anew from what landed; giving back its own version is refused."""
    both = met.at("binary")
    assert both.landed()
    assert both.attempts() == [
        ("revise", "MERGE_CONFLICT"),
        ("revise", "LANDED_WORK_LOST"),
        ("pass", None),
    ]
    assert both.bytes("image.bin") == b"\0ab"


def test_a_lock_file_that_both_resolved_anew_is_made_by_its_program(met: Met) -> None:
    """Both moved one version: no line is guessed, its agent is told to let the program write it."""
    both = met.at("lock")
    assert both.landed()
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("pass", None)]
    assert "made by that program, not by hand" in both.brief(2)


def test_a_submodule_is_for_a_person(met: Met) -> None:
    """No package may move one: it is refused as outside every scope, and the landed one stays."""
    both, story = met.at("submodule"), met.story
    assert both.attempts() == [("reject", "SCOPE_VIOLATION")]
    assert both.package()["status"] == "failed"
    tip = story.git("rev-parse", "main:submodule/vendor/lib")
    assert story.git("rev-parse", f"{BRANCH}:submodule/vendor/lib") == tip


@pytest.mark.parametrize(
    ("name", "code"), [("markers", "CONFLICT_LEFT"), ("prose", "PROSE_FOR_CODE")]
)
def test_an_answer_that_is_none_is_refused_and_a_person_asked(
    met: Met, name: str, code: str
) -> None:
    """Markers left, a side taken, talk for code: refused; the question holds both diffs."""
    both = met.at(name)
    assert both.attempts() == [("revise", "MERGE_CONFLICT"), ("blocked", "MERGE_CONFLICT")]
    question = both.question()
    assert code in question["details"]
    assert "+five by a" in question["details"]
    assert "+five by b" in question["details"]
    assert both.show("text.txt") == TEN.replace("line 5", "five by a")


def test_without_an_attempt_left_a_person_is_asked_at_once_and_the_answer_reaches_the_agent(
    met: Met,
) -> None:
    """The question names both sides; after the answer the conflict is laid out, with it."""
    both, story = met.at("nobody"), met.story
    question = both.question()
    assert both.attempts() == [("blocked", "MERGE_CONFLICT")]
    assert question["files"] == ["nobody/text.txt"]
    for told in ("+five by a", "+five by b"):
        assert told in story.plait("status").out
    run = met.report["run"]
    assert story.plait("answer", run, "nobody-b", "keep both lines").code == 0
    assert story.plait("answer", run, "deletes-b", "keep the file").code == 0
    resumed = story.plait("resume", run)
    assert resumed.code == 3, resumed.err  # others still ask
    assert story.packages()["nobody-b"]["status"] == "landed"
    assert "keep both lines" in both.brief(2)
    assert "keep the file" in met.at("deletes").brief(3)
    assert "five by a\nfive by b\n" in both.show("text.txt")


def test_an_agent_goes_on_in_its_session_where_a_conflict_is_found_before_its_checks(
    story: Story,
) -> None:
    """Same claim and worktree, on what has landed by now, with the conflict in its files."""
    story.env["PYTHONPATH"] = str(PLUGIN)
    pair = Pair(files={"text.txt": TEN}, a="", b=[""])
    met = Met(story, {"talk": pair})
    met.prepare()
    both = met.at("talk")
    began = 'until test -e "$NOTES/talk-a.began" -a -e "$NOTES/talk-b.began"; do sleep 0.02; done'
    landed = f"until {SAME_TREE.format(BRANCH, 'talk-a')}; do sleep 0.02; done"
    agent = lines(
        ': > "$NOTES/$PLAIT_PACKAGE.began"; : > "$NOTES/talk-b.verified"',
        'cp "$PLAIT_BRIEF" "$NOTES/brief.$PLAIT_PACKAGE.$PLAIT_ATTEMPT"',
        began,
        "cd talk",
        says("started", session="s-1"),
        says("turn"),
        f'if test "$PLAIT_PACKAGE" = talk-a; then {FIVE[0]}; else',
        'echo "$PLAIT_ATTEMPT $PLAIT_EPOCH ${TALK_SESSION:+again}" >> "$NOTES/b"',
        'pwd >> "$NOTES/at"',
        f'if test "$PLAIT_ATTEMPT" = 1; then {landed}; {FIVE[1]}; else {MEND}; fi',
        "fi",
        DONE,
    )
    more = ("--yes", "--max-agents", "2", "--sandbox", "none")
    outcome = story.plait("run", "both", "--agent", f"talker:{agent}", *more)
    assert outcome.code == 0, outcome.err + outcome.out
    assert story.note("b") == ["1 1 ", "2 1 again"]
    assert len(set(story.note("at"))) == 1
    assert "five by a\nfive by b\n" in both.show("text.txt")
    assert "The purpose of talk-a." in both.brief(2)
