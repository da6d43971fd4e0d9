"""Bytes of a plan's file to text, once: encoding, byte order mark and line ends settled here."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from stat import S_ISREG

from plait.core.finding import Finding, Severity
from plait.core.plan import SourceFile, Span
from plait.errors import UsageError

MAX_BYTES = 5_000_000
MAX_PINNED = 200_000_000
MAX_BYTES_YAML = 25_000_000  # programs write work packages too, some thousand at a time
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    r"""A file's content.

    `text` has no byte order mark and `\n` for every line end; `lines` are its lines without
    ends; `offsets` are the byte offsets in `raw` at which they start. `name` is how findings
    call the file. `sha256` is of `raw`, in hexadecimal.
    """

    name: str
    raw: bytes
    text: str
    lines: tuple[str, ...]
    offsets: tuple[int, ...]
    sha256: str
    findings: tuple[Finding, ...] = ()

    @property
    def file(self) -> SourceFile:
        """What an approval pins."""
        return SourceFile(path=self.name, sha256=self.sha256)


def read(path: Path, name: str) -> SourceText:
    """Read a text file; bytes that are no UTF-8 become U+FFFD and the finding `BAD_ENCODING`.

    Args:
        path: The file.
        name: How findings call it.

    Raises:
        UsageError: `PLAN_UNREADABLE` if it cannot be read or is no regular file,
            `PLAN_TOO_LARGE` if it has more bytes than a file of its kind may have.
    """
    return decode(_bytes_of(path, name), name)


def decode(raw: bytes, name: str) -> SourceText:
    """The same for bytes at hand."""
    start = len(_BOM) if raw.startswith(_BOM) else 0
    body = raw[start:]
    pieces = body.splitlines(keepends=True)  # of bytes: at CR, LF and CRLF, nowhere else
    text = body.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")[: len(pieces)]  # what follows the last line end is no line
    offsets = list(accumulate(map(len, pieces), initial=start))[: len(pieces)]
    return SourceText(
        name=name,
        raw=raw,
        text=text,
        lines=tuple(lines),
        offsets=tuple(offsets),
        sha256=hashlib.sha256(raw).hexdigest(),
        findings=tuple(_bad_encoding(raw, body, offsets, name)),
    )


def pin(path: Path, name: str) -> SourceFile:
    """What an approval pins of a file that is not read: a contract, which may be no text.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size > MAX_PINNED:
                raise UsageError(
                    f"contract {name} has more than {MAX_PINNED // 1_000_000} MB",
                    code="PLAN_TOO_LARGE",
                    where=name,
                    hint="an approval covers the contracts: name a smaller file",
                )
            digest = hashlib.file_digest(stream, "sha256")
    except OSError as error:
        raise UsageError(
            f"contract {name} cannot be read: {error.strerror}",
            code="PLAN_UNREADABLE",
            where=name,
            hint="an approval covers the contracts: make the file readable",
        ) from error
    return SourceFile(path=name, sha256=digest.hexdigest())


def _bytes_of(path: Path, name: str) -> bytes:
    most = MAX_BYTES_YAML if path.suffix in {".yaml", ".yml"} else MAX_BYTES
    try:
        if not S_ISREG(path.stat().st_mode):  # opening a pipe would wait for a writer
            raise UsageError(
                f"{name} is not a file",
                code="PLAN_UNREADABLE",
                where=name,
                hint="name the plan's own file",
            )
        with path.open("rb") as stream:
            raw = stream.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{name} cannot be read: {reason}",
            code="PLAN_UNREADABLE",
            where=name,
            hint="check that the file exists and that you may read it",
        ) from error
    if len(raw) > most:
        raise UsageError(
            f"{name} has more than {most // 1_000_000} MB",
            code="PLAN_TOO_LARGE",
            where=name,
            hint="a plan is written by hand: name the plan's own file",
        )
    return raw


def _bad_encoding(raw: bytes, body: bytes, offsets: list[int], name: str) -> list[Finding]:
    """One finding, at the first byte that is no UTF-8."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start + len(raw) - len(body)
        line = bisect_right(offsets, place)
        column = len(raw[offsets[line - 1] : place].decode("utf-8")) + 1
        wide = raw.startswith(_WIDE_BOMS)
        what = "the file is UTF-16" if wide else f"byte 0x{raw[place]:02x} is no UTF-8"
        return [
            Finding(
                code="BAD_ENCODING",
                severity=Severity.ERROR,
                message=what,
                span=Span(file=name, line=line, column=column),
                hint="save the file as UTF-8",
            )
        ]
    return []
