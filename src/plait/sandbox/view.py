"""What of the file system an agent sees: paths, each hidden, readable or writable.

Of two paths, one in the other, the inner one counts. So a view is a list from the outside in:
the whole system readable, the home hidden in it, the program's installation in that readable
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from plait.ports import Confinement

# Where other programs put what is nobody else's business, and sockets that open the whole
# machine (of a container engine, of a session's bus).
PASSING = (Path("/tmp"), Path("/var/tmp"), Path("/run"), Path("/var/run"))  # noqa: S108
# In /run, and needed to run programs or to find a host's address.
_NEEDED_THERE = ("/etc/resolv.conf", "/run/current-system", "/run/wrappers", "/run/opengl-driver")


class Access(IntEnum):
    """What an agent may do below a path; of several for one path the last one counts."""

    HIDDEN = 0
    READ = 1
    WRITE = 2
    SHUT = 3  # readable, in a folder that may be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path of a view. `folder`: it is one."""

    path: Path
    access: Access
    folder: bool


def view(confinement: Confinement, programs: Iterable[Path] = ()) -> tuple[Place, ...]:
    """The places of a view, each after those that it lies in. The root is readable.

    Args:
        confinement: What the agent may reach.
        programs: Installations that it runs, readable wherever they lie.
    """
    wanted: dict[Path, Access] = {}

    def add(paths: Iterable[Path], access: Access) -> None:
        for path in paths:
            if path == Path("/"):
                continue
            wanted[path] = max(access, wanted.get(path, access))

    add((each.resolve() for each in PASSING if each.is_dir()), Access.HIDDEN)
    add(confinement.hidden, Access.HIDDEN)
    add((Path(each).resolve() for each in _NEEDED_THERE), Access.READ)
    add(programs, Access.READ)
    add(confinement.readable, Access.READ)
    add((confinement.worktree, confinement.notes), Access.READ)
    add(confinement.write, Access.WRITE)
    add(confinement.writable, Access.WRITE)
    add(confinement.own, Access.WRITE)
    add((confinement.scratch,), Access.WRITE)
    add(() if confinement.git is None else (confinement.git,), Access.WRITE)
    add(confinement.shut, Access.SHUT)
    # A path that the owner opened is not shut by the scope.
    wanted.update(dict.fromkeys(confinement.writable, Access.WRITE))
    return tuple(_told(wanted))


def _told(wanted: Mapping[Path, Access]) -> Iterator[Place]:
    """Those that change something, from the outside in."""
    for path in sorted(wanted, key=lambda each: (len(each.parts), each)):
        if not path.exists():
            continue
        access = wanted[path]
        around = next((wanted[each] for each in path.parents if each in wanted), Access.READ)
        if access == around or (access is Access.SHUT and around is Access.READ):
            continue
        if access is Access.HIDDEN and not path.is_dir():
            continue
        yield Place(path=path, access=access, folder=path.is_dir())
