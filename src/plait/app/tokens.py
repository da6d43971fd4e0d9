"""The token file: read only where nobody else can, written so."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from plait.errors import EnvironmentLack, UsageError

if TYPE_CHECKING:
    from plait.service.tokens import Tokens

LARGEST = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_tokens(path: Path) -> Tokens:
    """The entries of a token file.

    Raises:
        UsageError: `BAD_TOKENS`, `TOKENS_EXPOSED`.
        EnvironmentLack: `NO_TOKENS`, it cannot be read.
    """
    from plait.service.tokens import parse

    return parse(_text(path), where=str(path))


def add_token(
    path: Path, name: str, *, trust: int, run: str = "", granted: tuple[str, ...] = ()
) -> str:
    """Add an entry to a token file, which is made if it is not there; the token.

    Raises:
        UsageError: `BAD_TOKENS`, `TOKENS_EXPOSED`; also where the name is taken.
    """
    from plait.service.tokens import new_entry, parse

    token, entry = new_entry(name, trust=trust, run=run, granted=granted)
    before = _text(path) if path.exists() else ""
    if before.strip() and name in {each.name for each in parse(before, where=str(path)).entries}:
        raise UsageError(
            f"{name} has a token already",
            code="BAD_TOKENS",
            where=str(path),
            hint="remove its table from the file to give it another",
        )
    gap = "\n" if before.strip() else ""
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(f"{before}{gap}{entry}")
    new.replace(path)
    return token


def _text(path: Path) -> str:
    """The text of a file that is its owner's alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise EnvironmentLack(
            f"the token file cannot be read: {error.strerror}",
            code="NO_TOKENS",
            where=str(path),
            hint="`plait serve token NAME --token-file FILE` makes one",
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_size > LARGEST:
            raise UsageError("this is no token file", code="BAD_TOKENS", where=str(path))
        if told.st_mode & _OTHERS or told.st_uid not in {os.geteuid(), 0}:
            raise UsageError(
                "others than its owner can read or write the token file",
                code="TOKENS_EXPOSED",
                where=str(path),
                hint=f"chmod 600 {path}",
            )
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise UsageError(
                "the token file is no UTF-8", code="BAD_TOKENS", where=str(path)
            ) from None
