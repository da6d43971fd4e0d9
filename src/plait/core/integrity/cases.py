"""Test cases as they stand in a file: what each asserts, whether it runs at all.

Python is parsed. Of other languages the marks are read by which their test runners find a test;
what stands in a string or a comment is none. A file that cannot be read holds no cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from plait.core.integrity import python_cases
from plait.core.integrity.case import Case, Cases
from plait.core.integrity.languages import FAMILIES, Block, Family

_MOST_TEXT = 1_000_000  # characters; what is longer was not written by hand
_TEST_NAME = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test|[^/]*_spec|[^/]*[._-](?:test|spec|e2e|cy)|"
    r"[^/]*Tests?|Test[A-Z][^/]*|[^/]*Spec|[^/]*\.bats)\.[A-Za-z]+$|\.bats$"
)
_TEST_FOLDER = re.compile(r"(?:^|/)(?:tests?|specs?|__tests__|e2e|it)/")
_WORDS = re.compile(r"\w+")
_BLANK = re.compile(r"\s+")
_IF = re.compile(r"\b(?:if|unless|when)\b")
_TRUE = re.compile(r"\bif[ (]{0,3}(?:true|True|1)\b")


def is_test_file(path: str) -> bool:
    """Whether a path is one where test runners look for tests."""
    suffix = path.rpartition(".")[2]
    if suffix not in FAMILIES and suffix != "py":
        return False
    return bool(_TEST_NAME.search(path) or _TEST_FOLDER.search(path))


def may_hold_cases(path: str) -> bool:
    """Whether tests may stand there; in Rust they stand beside what they test."""
    return is_test_file(path) or path.endswith(".rs")


def read_cases(path: str, text: str) -> Cases:
    """The test cases of a file, in their order."""
    if len(text) > _MOST_TEXT or not may_hold_cases(path):
        return Cases()
    suffix = path.rpartition(".")[2]
    if suffix == "py":
        return python_cases.read(text)
    family = FAMILIES[suffix]
    return _Scan(family, text).cases()


@dataclass(slots=True)
class _Scan:
    family: Family
    text: str
    masked: str = ""

    def cases(self) -> Cases:
        self.masked = _masked(self.family, self.text)
        groups = list(self._groups())
        found: list[Case] = []
        focused: list[int] = []
        inside: list[tuple[int, int]] = []
        for match in self.family.start.finditer(self.text):
            if self._hidden(match):
                continue
            end = self._end(match.end())
            around = [each for each in groups if each[0] < match.start() < each[1]]
            found.append(self._case(match, end, around))
            inside.append((match.start(), end))
            if self.family.focus and self.family.focus.match(match["mark"]):
                focused.append(self._line(match.start("mark")))
        focused += [self._line(each[0]) for each in groups if each[3]]
        rest = self._without(inside)
        return Cases(
            cases=tuple(found), focused=tuple(focused), beside=self._asserts(rest), helpers=()
        )

    def _groups(self) -> Iterator[tuple[int, int, str, bool, int]]:
        """Blocks of tests: start, end, name, whether alone in the file, the line of a skip or 0."""
        if self.family.group is None:
            return
        for match in self.family.group.finditer(self.text):
            if self._hidden(match):
                continue
            mark = match["mark"]
            head = self._head(match.start()) + mark
            focused = bool(self.family.focus and self.family.focus.match(mark))
            skipped = self.family.skip_mark.search(head)
            line = self._line(match.start("mark")) if skipped else 0
            yield match.start(), self._end(match.end()), _name(match), focused, line

    def _case(
        self, match: re.Match[str], end: int, around: list[tuple[int, int, str, bool, int]]
    ) -> Case:
        family = self.family
        name = _name(match).removeprefix("DISABLED_")
        body = self.masked[match.end() : end]
        head = self._head(match.start()) + self.masked[match.start() : match.end()]
        line = self._line(match.start("mark"))
        skipped, conditional = 0, False
        group = next((each[4] for each in around if each[4]), 0)
        if group or family.skip_mark.search(head + match["mark"]):
            skipped = group or line
        elif family.skip_call and (call := family.skip_call.search(body)):
            skipped = (
                line
                + body.count("\n", 0, call.start())
                + self.text.count("\n", match.start("mark"), match.end())
            )
            before = "\n".join(body[: call.start()].splitlines()[-2:])
            conditional = bool(_IF.search(before)) and not _TRUE.search(before)
        text = self.text[match.end() : end]
        return Case(
            name=name,
            qualified=" > ".join([*(each[2] for each in around), name]),
            line=line,
            words=frozenset(_WORDS.findall(text)),
            asserts=self._asserts([(match.end(), end)]),
            exact=len(family.exact.findall(body)),
            loose=len(family.loose.findall(body)),
            loops=len(family.loop.findall(body)) + head.count(".each"),
            skipped=skipped,
            conditional=conditional,
            empty=not family.trivial.sub("", _code(body)).strip(" \n\t{}();,=>"),
        )

    def _asserts(self, places: list[tuple[int, int]]) -> tuple[str, ...]:
        """The lines that assert something there, in one spelling."""
        found = []
        for start, end in places:
            offset = start
            for line in self.masked[start:end].splitlines(keepends=True):
                if self.family.asserts.search(line):
                    told = self.text[offset : offset + len(line)]
                    found.append(_BLANK.sub(" ", told).strip().rstrip(";"))
                offset += len(line)
        trivial = self.family.trivial
        return tuple(each for each in found if trivial.sub("", each).strip(" ;"))

    def _without(self, inside: list[tuple[int, int]]) -> list[tuple[int, int]]:
        places, at = [], 0
        for start, end in sorted(inside):
            if start > at:
                places.append((at, start))
            at = max(at, end)
        return [*places, (at, len(self.text))]

    def _head(self, start: int) -> str:
        """The lines of attributes and annotations straight above."""
        lines = self.masked[:start].splitlines()
        first = len(lines)
        while first and self.family.attribute.match(lines[first - 1]):
            first -= 1
        return "".join(f"{line}\n" for line in lines[first:])

    def _end(self, start: int) -> int:
        """Where the block that begins at or after `start` ends."""
        if self.family.block is Block.END:
            begun = self.text.rfind("\n", 0, start) + 1
            line = self.text[begun : self.text.find("\n", start)]
            indent = line[: len(line) - len(line.lstrip())]
            match = re.compile(rf"^{indent}end\b", re.MULTILINE).search(self.masked, start)
            return match.end() if match else len(self.text)
        opening, closing = ("(", ")") if self.family.block is Block.CALL else ("{", "}")
        depth = 1 if self.family.block is Block.CALL else 0
        for match in re.compile(r"[(){};]").finditer(self.masked, start):
            if match[0] == opening:
                depth += 1
            elif match[0] == closing:
                depth -= 1
                if depth <= 0:
                    return match.end()
            elif match[0] == ";" and depth == 0:
                return match.end()
        return len(self.text)

    def _hidden(self, match: re.Match[str]) -> bool:
        start, end = match.span("mark")
        return self.masked[start:end] != self.text[start:end]

    def _line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


def _name(match: re.Match[str]) -> str:
    return next((each for each in (match["name"], match["other"]) if each), "").strip("\"'` ")


def _code(body: str) -> str:
    return re.sub(r"^\s*end\b\s*$", "", body, flags=re.MULTILINE)


def _masked(family: Family, text: str) -> str:
    """The text with strings and comments blanked; every line and column stays where it is."""
    return family.hidden.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
