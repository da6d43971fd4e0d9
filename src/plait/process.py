"""Spawn a child, time out, end the whole group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child ended.

    `code` is its exit code, negative for a signal, None where it could not be started;
    `timed_out` says that Plait ended it; `lingering` that something it started outlived even
    SIGKILL of its group (it left the group), so its folder must not be reused.
    """

    code: int | None
    duration_s: float
    timed_out: bool = False
    lingering: bool = False
    error: str = ""
