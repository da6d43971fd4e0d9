"""Contract files as read: each once, whether it was named or a reference led to it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import UsageError
from plait.plans import text
from plait.plans.contracts.json_events import json_events
from plait.plans.contracts.kinds import Kind, is_json, kind_of_data, kind_of_file
from plait.plans.text import SourceText
from plait.plans.yaml_scalars import Scalar, plain_scalar
from plait.plans.yaml_source import (
    TOO_DEEP,
    TOO_MANY,
    Document,
    Path as Place,
    parse,
)

MOST_BYTES = 20_000_000  # of all files together
MOST_VALUES = 100_000  # of one, aliases written out

_CODES = {
    "BAD_YAML": "CONTRACT_SYNTAX",
    "BAD_ENCODING": "CONTRACT_ENCODING",
    "DUPLICATE_KEY": "CONTRACT_DUPLICATE_KEY",
}
_LONG_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OTHER_FLOAT = re.compile(
    r"[-+]?(?:[0-9]{0,300}\.[0-9]{1,300}|[0-9]{1,300}\.?)(?:[eE][-+]?[0-9]{1,9})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A file that was read. `document` is what YAML and JSON hold, None for any other kind."""

    path: Path
    name: str
    kind: Kind
    source: SourceText
    document: Document | None = None

    def span(self, place: Place, *, key: bool = False) -> Span:
        """Where the value at a place stands; with `key`, its key."""
        if self.document is None or self.document.root is None:
            return Span(file=self.name)
        return self.document.span(place, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a reference's file is not read: it lies `outside` the root, or it is not there."""

    outside: bool


class Shelf:
    """The files below `root`; `findings` says what was wrong in reading them."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.normpath(root))
        self.findings: list[Finding] = []
        self._read: dict[Path, Contract | None] = {}
        self._refused: dict[Path, Refused | None] = {}
        self._resolved = root.resolve()
        self._bytes = 0

    def take(self, path: Path, name: str) -> Contract | None:
        """Read a file that was named; None, with a finding, where it cannot be read."""
        path = Path(os.path.normpath(path))
        if path not in self._read:
            self._read[path] = self._load(path, name)
        return self._read[path]

    def follow(self, path: Path) -> Contract | Refused | None:
        """The file that a reference leads to; None where it is there but cannot be read."""
        path = Path(os.path.normpath(path))
        if path in self._read:
            return self._read[path]
        if path not in self._refused:
            self._refused[path] = self._refuse(path)
        refused = self._refused[path]
        return refused or self.take(path, path.relative_to(self.root).as_posix())

    def _refuse(self, path: Path) -> Refused | None:
        if not path.is_relative_to(self.root):
            return Refused(outside=True)
        try:
            if not path.is_file():
                return Refused(outside=False)
            inside = path.resolve().is_relative_to(self._resolved)
        except (OSError, ValueError, RuntimeError):  # a name that no file can have, a loop of links
            return Refused(outside=False)
        return None if inside else Refused(outside=True)

    def _load(self, path: Path, name: str) -> Contract | None:
        if self._bytes > MOST_BYTES:
            why = f"the contracts have more than {MOST_BYTES:,} bytes"
            self.findings.append(_too_large(why, name))
            return None
        try:
            source = text.read(path, name)
        except UsageError as error:
            self.findings.append(_unread(error, name))
            return None
        if len(source.raw) > text.MAX_BYTES:  # a plan of YAML may be larger, a contract not
            why = f"{name} has more than {text.MAX_BYTES // 1_000_000} MB"
            self.findings.append(_too_large(why, name))
            return None
        self._bytes += len(source.raw)
        kind = kind_of_file(path, source)
        if kind is not Kind.OTHER:  # that may be a picture
            self._say(source.findings)
        if kind is not Kind.DATA:
            return Contract(path=path, name=name, kind=kind, source=source)
        json = is_json(path, source)
        events = json_events(source.text) if json else None
        document = parse(source, events=events, plain=_scalar, most=MOST_VALUES)
        if not source.findings:
            self._say(document.findings, json=json)
        kind = kind_of_data(path, document.root)
        return Contract(path=path, name=name, kind=kind, source=source, document=document)

    def _say(self, findings: Iterable[Finding], *, json: bool = False) -> None:
        for finding in findings:
            said = replace(finding, code=_CODES.get(finding.code, finding.code))
            if finding.message == TOO_DEEP or finding.message.endswith(TOO_MANY):
                said = replace(
                    said,
                    code="CONTRACT_TOO_LARGE",
                    severity=Severity.WARNING,
                    message=f"{finding.message}: not checked",
                    hint="divide it, or take aliases out",
                )
            elif json and finding.code == "BAD_YAML":
                said = replace(said, hint="JSON: look at commas, quotes and brackets here")
            self.findings.append(said)


def found(
    contract: Contract,
    code: str,
    message: str,
    *,
    at: Span | Place = (),
    key: bool = False,
    severity: Severity = Severity.ERROR,
    hint: str = "",
) -> Finding:
    """A finding in a contract, at a span or at the place of a value; `where` is its pointer."""
    span = at if isinstance(at, Span) else contract.span(at, key=key)
    return Finding(
        code=code,
        severity=severity,
        message=message,
        span=span,
        where="" if isinstance(at, Span) else pointer(at),
        hint=hint,
    )


def pointer(place: Place) -> str:
    """A place as a JSON pointer in a URI's fragment: `#/paths/~1items/get`."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "".join(("#", *(f"/{step}" for step in steps)))


def _unread(error: UsageError, name: str) -> Finding:
    if error.code == "PLAN_TOO_LARGE":
        return _too_large(str(error), name)
    return Finding(
        code="CONTRACT_UNREADABLE",
        severity=Severity.ERROR,
        message=str(error),
        span=Span(file=name),
        hint=error.hint or "make it a file that you may read",
    )


def _too_large(why: str, name: str) -> Finding:
    return Finding(
        code="CONTRACT_TOO_LARGE",
        severity=Severity.WARNING,
        message=f"{why}: not checked",
        span=Span(file=name),
        hint="divide it, or leave out what packages do not rely on",
    )


def _scalar(plain: str) -> Scalar:
    """YAML 1.2's numbers, long ones too: an interface states bounds such as 2^63 - 1."""
    value = plain_scalar(plain)
    if not isinstance(value, str):
        return value
    if _LONG_INTEGER.fullmatch(plain) and plain.lstrip("+-")[0] != "0":
        return int(plain)
    return float(plain) if _OTHER_FLOAT.fullmatch(plain) and not _octal(plain) else value


def _octal(plain: str) -> bool:
    """`010` is eight to some and ten to others: text, as in a plan."""
    digits = plain.lstrip("+-")
    return digits.isdigit() and digits.startswith("0") and digits != "0"
