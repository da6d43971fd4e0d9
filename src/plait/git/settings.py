"""git's settings: read as values, written as one file, and which of them are dangerous.

Those are that make git run something, or ask another place than the user thinks.

What a setting means to git is decided by its name alone, so that it can be told before any git
meets it. Files beside the settings that git heeds as well (attributes, hooks) are entries too,
named by their place in git's folder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plait.git.command import fields

LOCAL = "local"
FILE = "file"
_GLOBAL = ("system", "global")
_FIELDS = 3  # of an entry as git lists it: whose it is, the file it stands in, the key and value
# Another file's settings are told by themselves; where a tree and attributes are, Plait says.
_LEFT_OUT = re.compile(
    r"include\.path|includeif\..*\.path|core\.(worktree|attributesfile)|extensions\.worktreeconfig"
)
_DANGEROUS = re.compile(
    r"""
    filter\..*\.(clean|smudge|process|required) | merge\..*\.driver | merge\.default
    | diff\.external | diff\..*\.(command|textconv)
    | core\.(fsmonitor|hookspath|sshcommand|gitproxy|askpass|editor|pager|alternaterefscommand)
    | core\.attributesfile | include\.path | includeif\..*\.path | hook\..*\.command
    | alias\..* | pager\..* | credential\.(.*\.)?helper | gpg\.(.*\.)?program
    | gpg\.ssh\.defaultkeycommand | sequence\.editor | interactive\.difffilter
    | remote\..*\.(url|pushurl|proxy|uploadpack|receivepack|vcs|promisor) | extensions\.partialclone
    | protocol\.(.*\.)?allow | url\..*\.(insteadof|pushinsteadof) | uploadpack\.packobjectshook
    | submodule\..*\.update | trailer\..*\.(cmd|command) | init\.templatedir
    | (difftool|mergetool|guitool|browser|man)\..*\.(cmd|path) | tar\..*\.command
    | lfs\.(.*\.)?standalonetransferagent | lfs\.(customtransfer|extension)\..*
    """,
    re.VERBOSE,
)
_BESIDE = re.compile(r"hooks/.*|info/attributes|attributes")
# Plait's own calls heed none of these, whoever set them: to know of them is enough.
_NEVER_HEEDED = re.compile(r"core\.(hookspath|fsmonitor)|hooks/.*|hook\..*|include\.path|alias\..*")
_SECTION = re.compile(r"(?P<section>[^.]+)\.(?:(?P<subsection>.*)\.)?(?P<name>[^.]+)", re.DOTALL)
_LARGEST = 1 << 20  # bytes of a hook: what is longer is told apart by its size


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A setting as it stands in a file.

    Args:
        scope: Whose: `system`, `global`, `local`; `file` for a file that git heeds beside them.
        key: `section.subsection.name`, the first and the last in small letters.
        value: None where only the name stands there.
        where: The file.
    """

    scope: str
    key: str
    value: str | None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A key whose values are `now` not what they were `before`, and the file it stands in."""

    key: str
    before: tuple[Entry, ...]
    now: tuple[Entry, ...]

    @property
    def where(self) -> str:
        """The file."""
        return (self.now or self.before)[-1].where

    @property
    def what(self) -> str:
        """What was done to it."""
        if not self.now:
            return "removed"
        return "changed" if self.before else "set"

    @property
    def lasts(self) -> bool:
        """Whether Plait's own calls would heed it, if nobody remembered how it came about."""
        return not _NEVER_HEEDED.fullmatch(self.key)


def parse(listed: bytes) -> tuple[Entry, ...]:
    """The entries of `git config --list -z --show-scope --show-origin`, without the call's own."""
    told = fields(listed)
    found = []
    for scope, origin, entry in zip(*(told[n::_FIELDS] for n in range(_FIELDS)), strict=True):
        key, has_value, value = entry.partition("\n")
        if scope in (*_GLOBAL, LOCAL):
            where = origin.removeprefix("file:")
            found.append(
                Entry(scope=scope, key=key, value=value if has_value else None, where=where)
            )
    return tuple(found)


def text_of(entries: Iterable[Entry], *, local: bool) -> bytes:
    """One file of the repository's settings, or of the user's, that includes no other."""
    lines = []
    for each in entries:
        mine = each.scope == LOCAL if local else each.scope in _GLOBAL
        parts = _SECTION.fullmatch(each.key)
        if not mine or parts is None or _LEFT_OUT.fullmatch(each.key):
            continue
        subsection = parts["subsection"]
        inner = "" if subsection is None else f' "{_escaped(subsection)}"'
        lines.append(f"[{parts['section']}{inner}]")
        value = "" if each.value is None else f' = "{_quoted(each.value)}"'
        lines.append(f"\t{parts['name']}{value}")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def beside(common: Path, attributes: Path | None) -> tuple[Entry, ...]:
    """The files that git heeds beside a repository's settings: attributes, and hooks as digests."""
    found = []
    for key, path in (("info/attributes", common / "info/attributes"), ("attributes", attributes)):
        text = content(path) if path is not None else None
        if text is not None:
            told = text.decode("utf-8", "surrogateescape")
            found.append(Entry(scope=FILE, key=key, value=told, where=str(path)))
    for path in hooks(common):
        size = path.stat().st_size if path.is_file() else 0
        digest = hashlib.sha256(content(path) or b"").hexdigest() if size < _LARGEST else ""
        key = f"hooks/{path.name}"
        found.append(Entry(scope=FILE, key=key, value=f"{size} {digest}", where=str(path)))
    return tuple(found)


def hooks(common: Path) -> list[Path]:
    """The hooks of a repository that are more than examples."""
    try:
        return sorted(path for path in (common / "hooks").iterdir() if path.suffix != ".sample")
    except OSError:
        return []


def content(path: Path) -> bytes | None:
    """What a plain file holds; None if it cannot be read."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def values(entries: Iterable[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """The dangerous entries, by key, in their order."""
    found: dict[str, tuple[Entry, ...]] = {}
    for each in entries:
        pattern = _BESIDE if each.scope == FILE else _DANGEROUS
        if pattern.fullmatch(each.key):
            found[each.key] = (*found.get(each.key, ()), each)
    return found


def altered(before: Iterable[Entry], now: Iterable[Entry]) -> tuple[Altered, ...]:
    """The dangerous keys whose values differ."""
    old, new = values(before), values(now)
    keys = sorted(old.keys() | new.keys())
    pairs = [(key, old.get(key, ()), new.get(key, ())) for key in keys]
    return tuple(
        Altered(key=key, before=was, now=is_now)
        for key, was, is_now in pairs
        if not same(was, is_now)
    )


def same(one: Sequence[Entry], other: Sequence[Entry]) -> bool:
    """Whether two lists of entries say the same, wherever it stands."""
    return [(e.scope, e.value) for e in one] == [(e.scope, e.value) for e in other]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return _escaped(text).replace("\n", "\\n").replace("\t", "\\t").replace("\b", "\\b")
