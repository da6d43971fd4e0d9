"""Completion documents: a Purple feature is documented when it has landed."""

from __future__ import annotations

from textwrap import dedent

from tests.acceptance.conftest import Story

HOME = "purple/documentation/251114-cache"
DONE = f"{HOME}/completed-tickets-documentation"
SPEC = dedent(
    """\
    # Engineering Implementation Specification: Cache

    ## 3. Implementation Phases

    ### Phase 1: Store

    ### Phase 2: Limits
    **Dependencies:** Phase 1

    ## 4. Tickets

    ### Phase 1: Store

    #### CA-1.1: Add the store
    **Files:** `src/store.py`

    #### CA-1.2: Add keys
    **Files:** `src/keys.py`

    ### Phase 2: Limits

    #### CA-2.1: Add a limit
    **Files:** `src/limit.py`
    """
)
AGENT = f"""\
mkdir -p src {DONE}
case $PLAIT_PACKAGE in
CA-1.1) echo 1 > src/store.py
  printf '# CA-1.1\\n\\n## Deviations\\n\\n- get is called fetch (affects: CA-2.1)\\n' \\
    > {DONE}/phase-1-1-cache-documentation.md ;;
CA-1.2) echo 1 > src/keys.py
  echo '{{"status": "completed", "summary": "# Keys are texts",
    "deviations": [{{"summary": "no empty keys", "affects": []}}]}}' > "$PLAIT_RESULT" ;;
CA-2.1) echo 1 > src/limit.py; cat "$PLAIT_BRIEF" > "$NOTES/brief" ;;
esac
"""


def keeps(story: Story) -> Story:
    """A repository with a feature's implementation spec."""
    return story.begin(
        {
            "purple/standards/global/how-agents-document.md": "# How agents document\n",
            f"{HOME}/agent-written-specifications/implementation-spec-cache.md": SPEC,
        }
    )


def test_each_ticket_is_documented_and_later_ones_are_told(story: Story) -> None:
    """An agent's own document stays; missing, Plait writes it in the tree that is tested."""
    keeps(story)
    seen = f'ls {DONE} | wc -l >> "$NOTES/documents"'

    outcome = story.run("cache", AGENT, "--check", seen, "--max-agents", "1")

    assert outcome.code == 0, outcome.err
    names = story.git("ls-tree", "--name-only", "feat/cache", f"{DONE}/").splitlines()
    assert [name.removeprefix(f"{DONE}/") for name in names] == [
        "phase-1-1-cache-documentation.md",
        "phase-1-2-cache-documentation.md",
        "phase-2-1-cache-documentation.md",
    ]
    written = story.git("show", f"feat/cache:{DONE}/phase-1-2-cache-documentation.md")
    for line in ("# CA-1.2: Add keys", "> # Keys are texts", "- `src/keys.py`", "- no empty keys"):
        assert line in written.splitlines()
    assert story.note("documents")[-1].strip() == "3"  # the check of the last merge saw them all
    told = "\n".join(story.note("brief"))
    assert "- CA-1.1: get is called fetch" in told
    assert "- CA-1.2: no empty keys" in told
    assert f"- `{DONE}/phase-2-1-cache-documentation.md`" in told
    assert story.report()["warnings"] == []
    assert story.packages()["CA-1.1"]["attempts"][0].get("deviations") is None

    story.git("switch", "-q", "feat/cache")
    shown = story.plait("show", "cache", "--json").report()
    assert {each["status"] for each in shown["packages"]} == {"done"}


def test_a_document_that_cannot_be_written_stops_nothing(story: Story) -> None:
    """The folder's name is taken by a file: a warning, and the ticket lands."""
    keeps(story)
    (story.repo / DONE).write_text("in the way\n")
    story.git("add", "-A")
    story.git("commit", "-qm", "a file")

    outcome = story.run("cache", "mkdir -p src; echo 1 > src/$PLAIT_PACKAGE.py", "--check", "true")

    assert outcome.code == 0, outcome.err
    codes = [each["code"] for each in story.report()["warnings"]]
    assert codes == ["DOCUMENT_NOT_WRITTEN"] * 3
