"""Commands of the owner's, such as checks, whose output is logged without secrets.

They are run as they are, their output goes to the log at once, and the log is cleaned when they
have ended, before anything reads it: what they run is an agent's code, and prints what it likes.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import anyio

from plait import process
from plait.engine.secrets import secret_texts
from plait.process.redaction import Lines, Redaction

_CHUNK = 64 * 1024  # which holds nothing else up for long
_NOWHERE = Path(os.devnull)


async def run_logged(
    command: str, *, cwd: Path, env: Mapping[str, str], log: Path, timeout_s: float | None
) -> process.Exit:
    """Run a shell's command, its output appended to a log that holds no secrets afterwards."""
    try:
        return await process.run(
            ("/bin/sh", "-c", command),
            cwd=cwd,
            env=env,
            stdout=log,
            stderr=log,
            timeout_s=timeout_s,
        )
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(cleanse, log, secret_texts(env, ()))


def cleanse(log: Path, texts: Collection[str]) -> None:
    """Strike secrets out of a log; one that holds none is not touched.

    A disk that is full, or a log that is gone, leaves things as they are.

    Args:
        log: The file.
        texts: What is struck out beside keys of well-known forms.
    """
    values = [text.encode("utf-8", "surrogateescape") for text in texts]
    copy = log.with_name(f"{log.name}.clean")
    try:
        if not _passed(log, values, None):
            return
        try:
            _passed(log, values, copy)
            copy.chmod(log.stat().st_mode)
            copy.replace(log)
        finally:
            copy.unlink(missing_ok=True)
    except OSError:
        return


def _passed(log: Path, values: Collection[bytes], copy: Path | None) -> bool:
    """Pass a log through the redaction, into a copy; whether anything is struck out."""
    lines, before, after = Lines(Redaction(values)), 0, 0
    with log.open("rb") as source, (copy or _NOWHERE).open("wb") as target:
        while data := source.read(_CHUNK):
            before = zlib.crc32(data, before)
            told = lines.feed(data)
            after = zlib.crc32(told, after)
            target.write(told)
        told = lines.rest()
        after = zlib.crc32(told, after)
        target.write(told)
    return before != after
