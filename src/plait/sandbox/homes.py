"""The user's homes, and what an agent is told in their place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plait.ports import Confinement, Invocation

# Where a toolchain looks for itself, if its variable is not set: in the home.
_TOOLS = {
    "RUSTUP_HOME": ".rustup",
    "PYENV_ROOT": ".pyenv",
    "NVM_DIR": ".nvm",
    "VOLTA_HOME": ".volta",
}
_PLACES = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_CACHE_HOME": ".cache",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
}


def homes() -> tuple[Path, ...]:
    """The home that the environment names, and the one the system knows of."""
    found: list[Path] = []
    named = os.environ.get("HOME")
    if named:
        found.append(Path(named))
    try:
        import pwd

        found.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    except (ImportError, KeyError):  # a user that no file knows of
        pass
    real = [each.resolve() for each in found if each.is_dir()]
    return tuple(dict.fromkeys(each for each in real if each != Path("/")))


def variables(
    invocation: Invocation, confinement: Confinement, temporary: Path | None = None
) -> Mapping[str, str]:
    """What is set for an agent whose user's home is hidden.

    Args:
        invocation: What it sets itself is left as it is.
        confinement: The first of its `own` folders is the attempt's home.
        temporary: A folder for temporary files; None: the system's.
    """
    home, known = confinement.own[0], homes()
    told: dict[str, str] = {"HOME": str(home)}
    for name, inner in _PLACES.items():
        if name in os.environ:
            told[name] = str(home / inner)
    for name, inner in _TOOLS.items():
        there = [each / inner for each in known if (each / inner).is_dir()]
        if name not in os.environ and there:
            told[name] = str(there[0])
    if temporary is not None:
        told |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))
    elif "TMPDIR" in os.environ:
        told["TMPDIR"] = "/tmp"  # noqa: S108 - a new one, that nobody else sees
    return {name: value for name, value in told.items() if name not in invocation.env}
