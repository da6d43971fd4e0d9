"""How a child ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child ended.

    `code` is its exit code, negative for a signal, None where it could not be started;
    `timed_out` says that Plait ended it; `lingering` that something it started outlived even
    SIGKILL of its group (it left the group), so its folder must not be reused. `stopped` says
    why it was ended before its time, so that its exit tells nothing of its work: `order`,
    `signal` (to its shim), `lease` (not renewed) or `lost` (its shim was killed). `no_space` says
    that the disk it worked on was full then.
    """

    code: int | None
    duration_s: float
    timed_out: bool = False
    lingering: bool = False
    stopped: str = ""
    error: str = ""
    no_space: bool = False
