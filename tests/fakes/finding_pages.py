"""The pages of the findings, taken apart, and their examples, carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plait.app.loading import load_plan
from plait.core.finding import Finding
from plait.core.integrity import Changed, Subject, judge
from plait.core.plan import Check, Confidence, PackageId, Scope, WorkPackage

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "findings"
SECTIONS = ("What", "Why", "How to mend", "Example")

_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
_SECTION = re.compile(r"^## (?P<name>.+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page. `files` are the example's, by path, the plan first; `told` are its lines.

    `change` is a diff of whole files, `result` what an agent wrote, where that is the example.
    """

    title: str
    meaning: str
    severity: str
    sections: tuple[str, ...]
    empty: tuple[str, ...]
    files: Mapping[str, str]
    told: str
    change: str = ""
    result: str = "{}"


def page_of(code: str) -> Page:
    """Read a code's page."""
    text = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    plain = _FENCE.sub("(code)", text)
    head, *rest = _SECTION.split(plain)
    title, meaning, severity = (part.strip() for part in (*head.split("\n\n"), "", "")[:3])
    infos = {fence["info"]: fence["text"] for fence in fences}
    return Page(
        title=title,
        meaning=meaning,
        severity=severity,
        sections=tuple(rest[::2]),
        empty=tuple(
            name for name, body in zip(rest[::2], rest[1::2], strict=True) if not body.strip()
        ),
        files={info.split()[1]: body for info, body in infos.items() if " " in info},
        told=infos.get("text", ""),
        change=infos.get("diff", ""),
        result=infos.get("json", "{}"),
    )


def in_work(code: str) -> tuple[Finding, ...]:
    """What is found in the work that a code's page shows: a diff, and what its agent says."""
    page = page_of(code)
    changes: list[Changed] = []
    if page.change:
        before, after, _, *lines = page.change.splitlines()
        path = before.removeprefix("--- a/")
        old, new = (
            "".join(f"{line[1:]}\n" for line in lines if line[:1] in marks)
            for marks in ((" ", "-"), (" ", "+"))
        )
        gone = after.endswith("/dev/null")
        changes.append(Changed(path=path, old=old, new=None if gone else new))
    claimed = tuple(json.loads(page.result).get("files_modified", ()))
    package = WorkPackage(
        id=PackageId("wp-a"),
        source_id="wp-a",
        title="Add vouchers",
        scope=Scope(write=("**",), confidence=Confidence.DECLARED),
    )
    paths = frozenset(each.path for each in changes) or frozenset({"README.md"} if claimed else ())
    checks = (Check(name="tests", command="sh scripts/check.sh"),)
    return judge(
        Subject(
            package=package,
            changes=tuple(changes),
            checks=checks,
            claimed=claimed,
            paths=paths,
        )
    )


def check(files: Mapping[str, str | bytes], root: Path) -> tuple[Finding, ...]:
    """What `plait check` finds in files of a repository; the first is the plan."""
    (root / ".git").mkdir()
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_plan(next(iter(files)), start=root).findings


def stands_in(told: str, output: str) -> bool:
    """Whether a page's lines stand in an output, in a row; `…` is anything within a line."""
    pattern = ".*".join(re.escape(part) for part in told.split("…"))
    return re.search(f"^{pattern}", output, re.MULTILINE) is not None
