"""Comments by which a line, or a file, is taken out of a linter's or a type checker's sight.

They are counted over the whole diff, so that one that moves with its line is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from plait.core.finding import Finding
from plait.core.integrity.asked import asks_for
from plait.core.integrity.change import Changed, Subject, grave, slight

# What it is called, what it looks like, whether it names no rule (and so silences them all).
_MARKS: tuple[tuple[str, re.Pattern[str], bool], ...] = tuple(
    (name, re.compile(pattern), blanket)
    for name, pattern, blanket in (
        ("a file without a linter", r"#\s*(?:ruff|flake8):\s*noqa(?!:\s*[A-Z])", True),
        ("a file without type checks", r"#\s*mypy:\s*ignore-errors", True),
        ("a file without a linter", r"#\s*pylint:\s*(?:skip-file|disable\s*=\s*all)", True),
        ("a file without a linter", r"/\*\s*eslint-disable\s*\*/", True),
        ("a file without type checks", r"//\s*@ts-nocheck\b", True),
        ("a file without a linter", r"//\s*(?:biome-ignore-all|tslint:disable)\b(?!-)", True),
        ("noqa without a code", r"#\s*noqa\b(?!\s*:\s*[A-Z])", True),
        ("type: ignore without a code", r"#\s*type:\s*ignore(?!\[)", True),
        ("pyright: ignore without a rule", r"#\s*pyright:\s*ignore(?!\[)", True),
        ("eslint-disable without a rule", r"eslint-disable(?:-next)?-line\s*(?:\*/|$)", True),
        ("@ts-ignore", r"@ts-ignore\b", True),
        ("nolint without a linter", r"//\s*nolint\s*(?:$|//)", True),
        ("nosec without a rule", r"#\s*nosec\b(?!\s*[:B])", True),
        ("noqa", r"#\s*(?:ruff:\s*)?noqa:\s*[A-Z]", False),
        ("type: ignore", r"#\s*type:\s*ignore\[", False),
        ("pyright: ignore", r"#\s*pyright:\s*(?:ignore\[|basic|report\w+=false)", False),
        ("pylint: disable", r"#\s*pylint:\s*disable=(?!all)", False),
        ("eslint-disable", r"eslint-disable(?:-next-line|-line)?\s+[@\w]", False),
        ("@ts-expect-error", r"@ts-expect-error\b", False),
        ("biome-ignore", r"biome-ignore\s", False),
        ("nolint", r"//\s*nolint:\s*\w", False),
        ("nosec", r"#\s*nosec\s*[:B]", False),
        ("a lint that is allowed", r"#!?\[allow\(", False),
        ("@SuppressWarnings", r"@Suppress(?:Warnings|LintWarnings)?\(", False),
        ("rubocop:disable", r"#\s*rubocop:disable\b", False),
        ("phpstan-ignore", r"@phpstan-ignore|@psalm-suppress", False),
        ("code left out of coverage", r"pragma:\s*no\s*cover|istanbul ignore|c8 ignore|v8 ignore",
         False),
        ("shellcheck disable", r"#\s*shellcheck\s+disable=", False),
    )
)  # fmt: skip
_TEXT = re.compile(r"\.(?:md|rst|txt|adoc|lock|json|svg|html|csv)$")
_HINT_ALL = (
    "mend what the linter says, or name the one rule that does not hold there; or have it "
    "accepted: `plait answer RUN PACKAGE yes`"
)
_HINT_ONE = "see that the reason stands beside it"


def judge_marks(subject: Subject) -> Iterator[Finding]:
    """Linters and type checks that the commit turns off in the code itself."""
    code = [each for each in subject.changes if not _TEXT.search(each.path)]
    for name, blanket in dict.fromkeys((name, blanket) for name, _, blanket in _MARKS):
        patterns = [p for told, p, all_of in _MARKS if (told, all_of) == (name, blanket)]
        added = _added(code, patterns)
        over = sum(added.values())
        if over <= 0:
            continue
        for change in code:
            if added[change.path] <= 0:
                continue
            number = min(over, added[change.path])
            line = _first_new(change, patterns)
            message = f"{name}, {number} more than before" if number > 1 else f"{name} was added"
            asked = asks_for(subject.package, "LINT_SUPPRESSED", [change.path])
            if blanket and not asked:
                yield grave("LINT_SUPPRESSED", message, _HINT_ALL, file=change.path, line=line)
            else:
                yield slight("LINT_SUPPRESSED", message, _HINT_ONE, file=change.path, line=line)
            over -= number
            if over <= 0:
                break


def _added(changes: list[Changed], patterns: list[re.Pattern[str]]) -> Counter[str]:
    """How many more of a mark each file has than before; below zero: fewer."""
    found: Counter[str] = Counter()
    for each in changes:
        more = _count(each.new, patterns) - _count(each.old, patterns)
        if more:
            found[each.path] = more
    return found


def _count(text: str | None, patterns: list[re.Pattern[str]]) -> int:
    if not text:
        return 0
    return sum(any(each.search(line) for each in patterns) for line in text.splitlines())


def _first_new(change: Changed, patterns: list[re.Pattern[str]]) -> int:
    before = frozenset((change.old or "").splitlines())
    for number, line in enumerate((change.new or "").splitlines(), start=1):
        if line not in before and any(each.search(line) for each in patterns):
            return number
    return 1
