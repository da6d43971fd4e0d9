"""Whether a plan itself asks for what would otherwise be found.

The plan is approved by a person, and no agent can change it. A title that speaks of removing,
skipping or relaxing is believed; a description only where it names the file, or the test, in the
same sentence. That a scope names a test's file says nothing: most packages are to add to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from plait.core.plan import WorkPackage

_WORDS: Mapping[str, re.Pattern[str]] = {
    code: re.compile(rf"\b(?:{words})", re.IGNORECASE)
    for codes, words in (
        (
            ("TEST_DELETED", "TEST_EMPTIED", "TEST_WEAKENED"),
            r"remov|delet|drop|retir|prun|discard|deprecat|obsolete|get(?:ting)? rid|clean(?: ?up)"
            r"|consolidat|dedup|merg(?:e|ing) (?:the )?tests|rewrit(?:e|ing) (?:the )?tests"
            r"|replac(?:e|ing) (?:the )?tests|simplif",
        ),
        (
            ("TEST_SKIPPED", "TESTS_EXCLUDED", "TEST_FOCUSED"),
            r"skip|disabl|quarantin|exclud|xfail|mark(?:s|ing)? .{0,30}(?:pending|flaky)|ignor",
        ),
        (
            ("THRESHOLD_LOWERED",),
            r"lower|relax|reduc|loosen|drop|remov|chang(?:e|ing) .{0,30}threshold",
        ),
        (
            ("LINT_SUPPRESSED", "LINT_RELAXED"),
            r"(?:relax|disabl|suppress|ignor|loosen|configur|adopt|migrat|set(?:ting)? up|updat)"
            r"[^.\n]{0,60}(?:lint|ruff|mypy|eslint|typ(?:e|ing)|pyright|flake8|pylint|tsconfig)",
        ),
        (
            ("CHECK_DEFUSED", "CHECK_CHANGED"),
            r"(?:chang|rewrit|replac|updat|migrat|relax|rework|refactor|set(?:ting)? up|fix)"
            r"[^.\n]{0,60}(?:check|script|makefile|pipeline|workflow|\bci\b|test command|build)",
        ),
    )
    for code in codes
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def asks_for(package: WorkPackage, code: str, names: Iterable[str]) -> bool:
    """Whether the plan asks a package for what that code is about.

    Args:
        package: The package.
        code: The code of what was found.
        names: The file, and the tests, that it was found in.
    """
    words = _WORDS.get(code)
    if words is None:
        return False
    if words.search(package.title):
        return True
    told = [each for each in names if len(each) > 3]  # noqa: PLR2004 - shorter ones are in any text
    told += [each.rpartition("/")[2] for each in told if "/" in each]
    return any(
        words.search(sentence) and any(name in sentence for name in told)
        for sentence in _SENTENCE.split(package.description)
    )
