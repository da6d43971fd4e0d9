"""Review: what reviewers find in a package's work, and how what they write is read.

The types, criticalities and dispositions are those of the review protocol that OpenSpec's
parallel plans use. What a reviewer writes is untrusted. It is read strictly: a review of which
anything that decides is wrong counts for nothing, for half of an opinion misleads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NoReturn

PLAIT = "plait"  # who found what no reviewer did, but a look at the change
MOST_FINDINGS = 200
_TEXT, _PATH = 8000, 1024
_LAST_LINE = 10_000_000


class FindingType(StrEnum):
    """What kind of problem it is."""

    SPEC_GAP = "spec_gap"
    CONTRACT_MISMATCH = "contract_mismatch"
    ARCHITECTURE = "architecture"
    SECURITY = "security"
    PERFORMANCE = "performance"
    STYLE = "style"
    CORRECTNESS = "correctness"
    OBSERVABILITY = "observability"
    COMPATIBILITY = "compatibility"
    RESILIENCE = "resilience"
    BEHAVIORAL_FAILURE = "behavioral_failure"


class Criticality(StrEnum):
    """How much is at stake, from the least."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Disposition(StrEnum):
    """What is to be done about it, from the mildest."""

    ACCEPT = "accept"  # nothing
    FIX = "fix"  # it is put right where it is
    REGENERATE = "regenerate"  # the work is done anew
    ESCALATE = "escalate"  # a person decides


class ReviewOutcome(StrEnum):
    """What came of asking a reviewer."""

    COUNTED = "counted"
    UNFOUNDED = "unfounded"  # it speaks of a file that does not exist
    INVALID = "invalid"  # its result is not what was asked for
    MISSING = "missing"  # it left no result
    FAILED = "failed"  # it ended otherwise than done
    RESTS = "rests"  # it was refused for its rate


SERIOUS = frozenset({Criticality.HIGH, Criticality.CRITICAL})
SEVERITIES = ("critical", "nit", "optional", "fyi", "none")
_IN_PASSING = frozenset({"nit", "optional", "fyi"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """Who reviews, and what it takes.

    Args:
        reviewers: The agents that review, as `--agent` names them; nobody, if empty.
        quorum: How many reviews must count.
        rounds: How often an attempt's work is fixed and reviewed again at most.
        required: Whether a person is asked where too few count; else that is a warning.
    """

    reviewers: tuple[str, ...] = ()
    quorum: int = 1
    rounds: int = 3
    required: bool = True


def panel(policy: ReviewPolicy, author: str, vendors: Mapping[str, str]) -> tuple[str, ...]:
    """Who reviews an author's work, in the order of asking.

    Those of other vendors than the author's; where they are too few for a quorum, also others;
    the author, if there is nobody else.

    Args:
        policy: Who may.
        author: The agent whose work it is.
        vendors: Whose product each agent is.
    """
    named = dict.fromkeys(policy.reviewers)
    own = vendors.get(author, author)
    foreign = [each for each in named if each != author and vendors.get(each, each) != own]
    akin = [each for each in named if each != author and each not in foreign]
    chosen = foreign
    for further in (akin, [each for each in named if each == author]):
        if len(chosen) < max(1, policy.quorum):
            chosen = [*chosen, *further]
    return tuple(chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a package's work, or may be.

    Args:
        reviewer: Who found it: a reviewer as the settings name it, or `PLAIT`.
        type: What kind of problem it is.
        criticality: How much is at stake.
        disposition: What is to be done about it.
        description: What is wrong.
        id: What it is called in its package's attempt; empty until it is given a name.
        code: What it is, where Plait found it (`TEST_DELETED`, …).
        file: Where, relative to the repository; empty: it is about the whole.
        first: The first line that it is about, from 1; 0: the whole file.
        last: The last one.
        axis: From which side the work was looked at, as the reviewer calls it.
        severity: One of `SEVERITIES`, or empty.
        resolution: How it may be put right.
        absent: The file is neither in the commit nor in what it was made from.
    """

    reviewer: str
    type: FindingType
    criticality: Criticality
    disposition: Disposition
    description: str
    id: str = ""
    code: str = ""
    file: str = ""
    first: int = 0
    last: int = 0
    axis: str = ""
    severity: str = ""
    resolution: str = ""
    absent: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the work does not land as it is, if this holds."""
        in_passing = self.severity in _IN_PASSING
        return self.disposition is not Disposition.ACCEPT and not in_passing and not self.absent

    @property
    def place(self) -> str:
        """Where, in words; empty if it is about the whole."""
        if not self.first:
            return self.file
        return f"{self.file}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a reviewer wrote.

    `accepts` are findings of Plait's own, by id, that the reviewer holds to be all right, with
    the reason.
    """

    findings: tuple[Finding, ...] = ()
    accepts: Mapping[str, str]
    summary: str = ""

    def judged(self, known: AbstractSet[str]) -> tuple[Mapping[str, str], tuple[Finding, ...]]:
        """Which of Plait's findings, of those known, it accepts and why; what it found itself.

        A finding of its own that bears the id of one of them, and is to be accepted, says so too.
        """
        accepts = {key: why for key, why in self.accepts.items() if key in known}
        own = []
        for each in self.findings:
            if each.id in known and each.disposition is Disposition.ACCEPT:
                accepts.setdefault(each.id, each.description)
            else:
                own.append(each)
        return accepts, tuple(own)


class BadReviewError(ValueError):
    """A reviewer's result is not what was asked for; the text says where and why."""


def read_opinion(raw: bytes, *, reviewer: str, root: str = "") -> Opinion:
    """What a reviewer's result file says.

    Args:
        raw: The file's content.
        reviewer: Whose it is.
        root: The folder that it worked in: paths that begin with it are taken without it.

    Raises:
        BadReviewError: It is not JSON, lacks something, or has a value that there is not.
    """
    try:
        data = json.loads(raw, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadReviewError(f"it is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise BadReviewError("it is no JSON object")
    items = _list(data, "findings")
    if items is None:
        raise BadReviewError('it has no "findings"; where nothing was found, an empty array')
    if len(items) > MOST_FINDINGS:
        raise BadReviewError(f"it has {len(items)} findings; at most {MOST_FINDINGS} are read")
    found = [
        _Item(each, f"findings[{number}]").finding(reviewer, root)
        for number, each in enumerate(items)
    ]
    accepts: dict[str, str] = {}
    for number, each in enumerate(_list(data, "accepts") or ()):
        item = _Item(each, f"accepts[{number}]")
        accepts[item.text("id", required=True)] = item.text("reason", required=True)
    whole = _Item(data, "")
    return Opinion(findings=tuple(found), accepts=accepts, summary=whole.text("summary"))


def named(findings: tuple[Finding, ...], prefix: str) -> tuple[Finding, ...]:
    """The findings with ids: the prefix and a number from 1."""
    return tuple(
        replace(each, id=f"{prefix}{number}") for number, each in enumerate(findings, start=1)
    )


class _Item:
    """One object of a result; `at` is its place, for messages."""

    def __init__(self, data: Any, at: str) -> None:
        if not isinstance(data, dict):
            raise BadReviewError(f"{at} is no object")
        self._data: Mapping[str, Any] = data
        self._at = at

    def finding(self, reviewer: str, root: str) -> Finding:
        first, last = self._lines()
        file, name = self._path(root), self._data.get("id")
        if first and not file:
            raise BadReviewError(f"{self._at} names lines and no file")
        return Finding(
            id=name if isinstance(name, str) else "",
            reviewer=reviewer,
            type=FindingType(self._one_of("type", FindingType)),
            criticality=Criticality(self._one_of("criticality", Criticality)),
            disposition=Disposition(self._one_of("disposition", Disposition)),
            description=self.text("description", required=True),
            file=file,
            first=first,
            last=last,
            axis=self.text("axis")[:80],
            severity=self._severity(),
            resolution=self.text("resolution"),
        )

    def text(self, key: str, *, required: bool = False) -> str:
        value = self._data.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self._wrong(key, value, "a text")
        told = value.encode("utf-8", "replace").decode().strip()
        if required and not told:
            self._wrong(key, value, "a text that is not empty")
        return told[:_TEXT]

    def _one_of(self, key: str, choices: type[StrEnum]) -> str:
        known = [each.value for each in choices]
        value = self._data.get(key)
        if value not in known or not isinstance(value, str):
            self._wrong(key, value, "one of " + ", ".join(known))
        return value

    def _severity(self) -> str:
        value = self._data.get("severity")
        if value is None:
            return ""
        if value not in SEVERITIES or not isinstance(value, str):
            self._wrong("severity", value, "one of " + ", ".join(SEVERITIES))
        return value

    def _path(self, root: str) -> str:
        key = "file" if self._data.get("file") is not None else "file_path"
        told = self.text(key)
        if root and told.startswith(f"{root}/"):
            told = told[len(root) + 1 :]
        while told.startswith("./"):
            told = told[2:]
        if len(told) > _PATH or "\0" in told:
            self._wrong(key, told[:80], "a path")
        return told

    def _lines(self) -> tuple[int, int]:
        """`lines` as a number or a pair, or `line_range` as an object with start and end."""
        value = self._data.get("lines")
        if value is not None:
            pair = value if isinstance(value, list) else [value, value]
            if len(pair) != 2:  # noqa: PLR2004 - a first one and a last one
                self._wrong("lines", value, "a line's number, or the first and the last one")
            return self._range("lines", pair[0], pair[1])
        told = self._data.get("line_range")
        if told is None:
            return 0, 0
        if not isinstance(told, dict):
            self._wrong("line_range", told, 'an object like {"start": 3, "end": 5}')
        start = told.get("start")
        return self._range("line_range", start, told.get("end", start))

    def _range(self, key: str, first: Any, last: Any) -> tuple[int, int]:
        whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (first, last))
        if not whole or not 1 <= first <= last <= _LAST_LINE:
            self._wrong(key, [first, last], "lines from 1, the first one first")
        return first, last

    def _wrong(self, key: str, value: Any, wanted: str) -> NoReturn:
        at = f"{self._at}.{key}".removeprefix(".")
        if value is None:
            raise BadReviewError(f"{at} is missing: it must be {wanted}")
        raise BadReviewError(f"{at} must be {wanted}, not {str(value)[:60]!r}")


def _list(data: Mapping[str, Any], key: str) -> list[Any] | None:
    value = data.get(key)
    if value is not None and not isinstance(value, list):
        raise BadReviewError(f"{key} is no array")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
