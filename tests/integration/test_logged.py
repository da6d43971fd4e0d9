"""Logs of the owner's commands hold no secrets when they have ended."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from plait.engine.logged import cleanse, run_logged

KEY = "gh" + "p_" + "0123456789abcdefghijABCDEFGHIJ012345"
PRIVATE = "-----BEGIN EC PRIVATE" + " KEY-----\nMHcCAQ\nIBAAKC\n-----END EC PRIVATE" + " KEY-----"


@pytest.mark.anyio
async def test_what_a_check_prints_is_logged_without_secrets(tmp_path: Path) -> None:
    """Keys by their form, over several lines too, and values of the environment."""
    log = tmp_path / "check.log"
    log.write_text("before\n")
    env = {"PATH": "/usr/bin:/bin", "MY_TOKEN": "tell-nobody-12", "TEXT": f"{KEY}\n{PRIVATE}\nend"}
    command = 'echo "$MY_TOKEN"; echo "$TEXT" >&2; exit 3'
    ended = await run_logged(command, cwd=tmp_path, env=env, log=log, timeout_s=60)
    assert ended.code == 3
    assert log.read_text() == "before\n[redacted]\n[redacted]\n[redacted]\nend\n"
    assert [each.name async for each in anyio.Path(tmp_path).iterdir()] == ["check.log"]


@pytest.mark.anyio
async def test_one_that_is_cut_short_leaves_no_secret_either(tmp_path: Path) -> None:
    """At its time's end, and where the run itself is stopped."""
    log, env = tmp_path / "check.log", {"PATH": "/usr/bin:/bin", "TEXT": KEY}
    command = 'echo "$TEXT"; touch began; sleep 600'

    async def stop() -> None:
        while not await anyio.Path(tmp_path / "began").exists():  # noqa: ASYNC110 - a file's
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(stop)
        await run_logged(command, cwd=tmp_path, env=env, log=log, timeout_s=600)
    assert log.read_text() == "[redacted]\n"


def test_a_log_without_secrets_is_not_touched(tmp_path: Path) -> None:
    """Nor is one that is not there made."""
    log = tmp_path / "check.log"
    log.write_bytes(b"passed\n\xff\n" * 100_000 + b"no end")
    before = log.stat()
    cleanse(log, ["a-secret-1"])
    assert (log.stat().st_ino, log.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    cleanse(tmp_path / "gone.log", ())
    assert [each.name for each in tmp_path.iterdir()] == ["check.log"]


def test_a_long_log_is_cleaned_as_a_whole(tmp_path: Path) -> None:
    """A key at any place of it, and its rights stay."""
    log = tmp_path / "check.log"
    log.write_text("x" * 1_048_570 + f" {KEY}\n" + "line\n" * 300_000 + KEY)
    log.chmod(0o640)
    cleanse(log, ())
    told = log.read_text()
    assert (told.count("[redacted]"), KEY in told) == (2, False)
    assert told.count("line\n") == 300_000
    assert log.stat().st_mode & 0o777 == 0o640
