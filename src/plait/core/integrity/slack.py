"""Settings that ask for less than before: thresholds, what is tested, what linters look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from plait.core.finding import Finding
from plait.core.integrity.asked import asks_for
from plait.core.integrity.change import Changed, Subject, grave, slight
from plait.core.integrity.settings import Flat, flat, is_settings, place

_LEAST = re.compile(
    r"(?:fail[_-]under|min[_-]?coverage|coverageThreshold\..*|thresholds?\..*|check-coverage|"
    r"statements|branches|functions|lines|per_file|target|threshold|score)$"
)
_LEAST_IN = re.compile(
    r"(?:--cov-fail-under[= ]|fail[_-]under\s*[=:]\s*|--fail-under[= ]|"
    r"(?:statements|branches|functions|lines|target|threshold|minimum)\s*:\s*[\"']?)(\d+(?:\.\d+)?)"
)
_FEWER_TESTS = re.compile(
    r"(?:testPathIgnorePatterns|modulePathIgnorePatterns|norecursedirs|collect_ignore(?:_glob)?|"
    r"deselect|coveragePathIgnorePatterns|omit|exclude_lines|exclude_also)$"
)
_MORE_TESTS = re.compile(r"(?:testpaths|testMatch|python_files|source|source_pkgs|roots)$")
_LESS_LINT = re.compile(
    r"(?:exclude|extend-exclude|extend_exclude|force-exclude|ignore|extend-ignore|extend_ignore|"
    r"per-file-ignores(?:\..*)?|per_file_ignores(?:\..*)?|extend-per-file-ignores\..*|disable|"
    r"disabled|disable_error_code|ignorePatterns|skips|exclude_dirs|unfixable_never)$"
)
_MORE_LINT = re.compile(
    r"(?:select|extend-select|extend_select|enable|enable_error_code|plugins|extends|"
    r"fail-on|include|files|packages)$"
)
_STRICT = re.compile(
    r"(?:strict\w*|disallow_\w+|check_untyped_defs|warn_\w+|no_implicit\w*|noImplicit\w+|"
    r"noUnused\w+|noUnchecked\w+|alwaysStrict|xfail_strict|branch|exactOptional\w+|"
    r"checkJs|typeCheckingMode|report\w+)$"
)
_LAX = re.compile(
    r"(?:ignore_errors|ignore_missing_imports|passWithNoTests|skipLibCheck|allow_\w+|"
    r"implicit_optional|suppressImplicitAnyIndexErrors|continue_on_error|skip_covered_never)$"
)
_RULE = re.compile(r"(?:^|\.)(?:rules|lints?\.\w+|lints\.rust|lints\.clippy)\.")
_LEVELS = {"off": 0, "none": 0, "allow": 0, "false": 0, "0": 0, "ignore": 0, "warn": 1, "1": 1,
           "warning": 1, "information": 1, "error": 2, "2": 2, "deny": 2, "forbid": 3}  # fmt: skip
_NARROWING = (
    "--ignore",
    "--deselect",
    "--ignore-glob",
    "-k",
    "--no-cov",
    "--testPathIgnorePatterns",
)
_DEMANDING = (
    "--strict",
    "--strict-markers",
    "--strict-config",
    "-W",
    "--max-warnings",
    "--cov-fail-under",
)
_SHOWN = 5
_NARROW = ", and nothing else"
_HINT = "put it back, or have it accepted: `plait answer RUN PACKAGE yes`"
_LINE_RULES = (
    (re.compile(r"\bcollect_ignore(?:_glob)?\b"), "TESTS_EXCLUDED", "tests are left out"),
    (re.compile(r"\btestPathIgnorePatterns\b|\bpassWithNoTests:\s*true"), "TESTS_EXCLUDED",
     "tests are left out"),
    (re.compile(r"""^\s*["']?[@\w/-]+["']?\s*:\s*\[?\s*["'](?:off|warn)["']|:\s*0\s*,?\s*$"""),
     "LINT_RELAXED", "a rule of the linter is off"),
)  # fmt: skip


def judge_settings(subject: Subject) -> Iterator[Finding]:
    """What the commit made of settings that were there."""
    for change in subject.changes:
        if not is_settings(change.path) or change.old is None:
            continue
        for code, message, line in _compared(change, subject.changes):
            asked = asks_for(subject.package, code, [change.path])
            made = slight if asked or message.endswith(_NARROW) else grave
            yield made(code, message, _HINT, file=change.path, line=line)


def _compared(change: Changed, all_of: Sequence[Changed]) -> Iterator[tuple[str, str, int]]:
    old, new = flat(change.path, change.old), flat(change.path, change.new)
    if old is not None and new is not None:
        yield from _by_keys(old, new, change.new or "", all_of)
    elif change.new is not None:
        yield from _by_lines(change.path, change.old or "", change.new)
    elif change.deleted:
        yield from _by_lines(change.path, change.old or "", "")


def _by_keys(
    old: Flat, new: Flat, text: str, changes: Sequence[Changed]
) -> Iterator[tuple[str, str, int]]:
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        line = place(text, *key.split(".")[-2:])
        for code, message in _weaker(key, before, after):
            gained = _items(after) - _items(before)
            narrow = code == "LINT_RELAXED" and _is_narrow(key, gained, changes)
            yield code, message + (_NARROW if narrow else ""), line


def _is_narrow(key: str, gained: set[str], changes: Sequence[Changed]) -> bool:
    """Whether it takes little out of sight: named rules in named files, a module, a new folder."""
    named = re.search(r"(?:per[-_]file[-_]ignores|overrides)\.(.+)$", key)
    if named:
        everything = {"ALL", "*"} & gained or key.endswith("ignore_errors")
        return not (everything or named[1].startswith("*"))
    if not key.endswith("exclude"):
        return False
    folders = [re.sub(r"[\^$]|/?\**$", "", each).rstrip("/") for each in gained]
    below = [each for each in changes if any(each.path.startswith(f"{f}/") for f in folders if f)]
    return bool(below) and all(each.old is None for each in below)


def _weaker(key: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    if _LEAST.search(key) and (least := _number(before)) is not None:
        now = _number(after)
        if now is None or now < least:
            told = "is gone" if now is None else f"is {now:g} instead of {least:g}"
            yield "THRESHOLD_LOWERED", f"{key} {told}"
        return
    gained, lost = _items(after) - _items(before), _items(before) - _items(after)
    if _FEWER_TESTS.search(key) and gained:
        yield "TESTS_EXCLUDED", f"{key} leaves out {_told(gained)}"
    elif _MORE_TESTS.search(key) and lost and before is not None and not _wider(gained, lost):
        yield "TESTS_EXCLUDED", f"{key} no longer has {_told(lost)}"
    elif key.endswith("addopts"):
        yield from _options(key, before, after)
    elif _RULE.search(f".{key}"):
        if _level(after) < _level(before):
            yield "LINT_RELAXED", f"{key} is {_shown(after)} instead of {_shown(before)}"
    elif _LESS_LINT.search(key) and gained and not key.startswith("scripts."):
        yield "LINT_RELAXED", f"{key} leaves out {_told(gained)}"
    elif _MORE_LINT.search(key) and lost and before is not None and not _wider(gained, lost):
        yield "LINT_RELAXED", f"{key} no longer has {_told(lost)}"
    elif _is_on(before) and not _is_on(after) and _STRICT.search(key):
        yield "LINT_RELAXED", f"{key} is {_shown(after)} instead of {_shown(before)}"
    elif _is_on(after) and not _is_on(before) and _LAX.search(key):
        code = "TESTS_EXCLUDED" if "NoTests" in key else "LINT_RELAXED"
        yield code, f"{key} is {_shown(after)}"


def _options(key: str, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Options of the test runner."""
    old, new = _words(before), _words(after)
    least, now = _least(" ".join(old)), _least(" ".join(new))
    if least is not None and (now is None or now < least):
        told = "is gone" if now is None else f"is {now:g} instead of {least:g}"
        yield "THRESHOLD_LOWERED", f"--cov-fail-under of {key} {told}"
    more = [each for each in new if each not in old]
    less = [each for each in old if each not in new]
    narrows = [each for each in more if each.partition("=")[0] in _NARROWING]
    if not narrows and "-m" in more and "not" in " ".join(more):
        narrows = ["-m"]
    if narrows:
        yield "TESTS_EXCLUDED", f"{key} has {_told(set(narrows))} now"
    gone = [
        each for each in less if each.partition("=")[0] in _DEMANDING and "fail-under" not in each
    ]
    if gone and not any(each.partition("=")[0] in _DEMANDING for each in more):
        yield "LINT_RELAXED", f"{key} no longer has {_told(set(gone))}"


def _by_lines(path: str, old: str, new: str) -> Iterator[tuple[str, str, int]]:
    """What can be told of a file that is code, or of no grammar that is read here."""
    before = _counted(old)
    least, now = _LEAST_IN.findall(old), _LEAST_IN.findall(new)
    if least and path.rpartition("/")[2] != "conftest.py":
        lower = not now or (
            len(now) == len(least)
            and any(float(n) < float(o) for o, n in zip(least, now, strict=True))
        )
        if lower or sum(map(float, now)) < sum(map(float, least)):
            told = f"{', '.join(now) or 'none'} instead of {', '.join(least)}"
            yield "THRESHOLD_LOWERED", f"what must be reached is {told}", place(new, *now[:1])
    if path.endswith("ignore"):
        gained = [each for each in new.splitlines() if each.strip() and each not in before]
        gained = [each for each in gained if not each.startswith(("#", "!"))]
        if gained:
            message = f"the linter no longer looks at {_told(set(gained))}"
            yield "LINT_RELAXED", message, place(new, gained[0])
    for number, line in enumerate(new.splitlines(), start=1):
        if line in before:
            continue
        for pattern, code, message in _LINE_RULES:
            if pattern.search(line):
                yield code, f"{message}: {line.strip()[:80]}", number


def _counted(text: str) -> frozenset[str]:
    return frozenset(text.splitlines())


def _items(value: Any) -> set[str]:
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, str):
        return {each for each in re.split(r"[,\s]+", value) if each}
    return {str(each) for each in value} if isinstance(value, list) else {str(value)}


def _wider(gained: set[str], lost: set[str]) -> bool:
    """Whether what is new holds what went: `tests` instead of `tests/unit`, `E` for `E501`."""
    return all(
        any(one in {"ALL", ".", "*", "all"} or other.startswith(one) for one in gained)
        for other in lost
    )


def _words(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return str(value or "").split()


def _least(options: str) -> float | None:
    found = re.search(r"--cov-fail-under[= ](\d+(?:\.\d+)?)", options)
    return float(found[1]) if found else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%?\s*", value) if isinstance(value, str) else None
    return float(found[1]) if found else None


def _level(value: Any) -> int:
    first = value[0] if isinstance(value, list) and value else value
    return _LEVELS.get(str(first).lower(), 2) if first is not None else 1


def _is_on(value: Any) -> bool:
    return str(value).lower() in {"true", "yes", "on", "1", "strict", "standard", "error"}


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)


def _told(items: set[str]) -> str:
    row = [each[:60] for each in sorted(items)]
    more = [f"{len(row) - _SHOWN} more"] if len(row) > _SHOWN else []
    return ", ".join([*row[:_SHOWN], *more])
